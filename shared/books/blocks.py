"""What a text without modules of its own is made of: headings, paragraphs, lists, tables, pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a part; level 1 is the highest."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Displayed:
    """A formula on a line of its own, `$LaTeX$`."""

    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; the label is what is printed bold in front of it."""

    text: str
    label: str = ""

    @property
    def line(self) -> str:
        """Label and text together."""
        return f"{self.label}: {self.text}" if self.label else self.text


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Item, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's description and caption."""

    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A set-off paragraph."""

    text: str


Block = Heading | Paragraph | Displayed | Listing | Grid | Picture | Quote

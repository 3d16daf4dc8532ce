"""What a text file says of itself: `key: value` lines between two lines of dashes at its beginning."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.books.book import UNKNOWN_LICENCE, Book, Module, attribution_line, licence_name
from shared.books.text import slugify
from shared.errors import InvalidBook

_BLOCK: Final = re.compile(r"\A---[ \t]*\n(?P<lines>.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_LINE: Final = re.compile(r"^([A-Za-z][\w -]*?)\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys, lower case, and their values."""

    values: Mapping[str, str]

    def get(self, *names: str) -> str:
        """Return the first value of these keys that is given; or an empty string."""
        return next((self.values[name] for name in names if self.values.get(name)), "")

    def book(self, modules: tuple[Module, ...], *, title: str, slug: str, omitted: Mapping[str, int]) -> Book:
        """Return the book; what its licence is, it has to say itself."""
        authors = [name.strip() for name in re.split(r",|;|\band\b", self.get("authors", "author")) if name.strip()]
        given = self.get("licence", "license")
        address = self.get("licence url", "licence_url", "license url", "license_url") or (
            given if given.startswith(("http://", "https://")) else ""
        )
        licence = licence_name(address, given) if address or given else UNKNOWN_LICENCE
        url = self.get("url", "source")
        return Book(
            slug=slug,
            title=title,
            language=self.get("language", "lang") or "en",
            licence=licence,
            licence_url=address,
            attribution=self.get("attribution")
            or attribution_line(title=title, authors=authors, publisher="", licence=licence, url=url),
            url=url,
            modules=modules,
            omitted=omitted,
        )

    def slug(self, title: str) -> str:
        """Return the book's short name."""
        return slugify(self.get("slug") or title) or "book"


def split(text: str) -> tuple[FrontMatter, str]:
    """Return the front matter and the text after it; a block with other lines than `key: value` is none."""
    block = _BLOCK.match(text)
    lines = [line for line in block["lines"].splitlines() if line.strip()] if block else []
    found = [_LINE.match(line) for line in lines]
    if not block or not found or not all(found):
        return FrontMatter({}), text
    values = {match[1].lower(): match[2].strip().strip("\"'") for match in found if match}
    return FrontMatter(values), text[block.end() :]


def decoded(data: bytes, *, name: str, maximum: int) -> str:
    """Return the text of a file; raise InvalidBook where it is too large or not UTF-8."""
    if len(data) > maximum:
        raise InvalidBook(f"{name} is larger than {maximum} bytes", code="book_unreadable", file=name)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidBook(
            f"{name}, line {line}: not UTF-8",
            code="book_unreadable",
            message=f"The file {name} is not UTF-8 text.",
            file=name,
            line=line,
        ) from error

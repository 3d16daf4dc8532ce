"""Shapes of a video, boxes, and what a laid-out scene is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from itertools import combinations
from typing import Final, Self

Point = tuple[float, float]

_TOLERANCE: Final = 0.5  # pixels; font metrics are fractions of one


class Shape(Enum):
    """The frames a lesson can be drawn in: width and height in pixels."""

    WIDE = (1280, 720)
    TALL = (720, 1280)

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.value[0]

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.value[1]

    @property
    def wide(self) -> bool:
        """Whether things go side by side."""
        return self is Shape.WIDE


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; x and y are its upper left corner, in pixels."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.h

    @property
    def centre(self) -> Point:
        """The middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    @classmethod
    def around(cls, centre: Point, w: float, h: float) -> Self:
        """The box of this size with this middle."""
        return cls(centre[0] - w / 2, centre[1] - h / 2, w, h)

    @classmethod
    def hull(cls, points: "list[Point]") -> Self:
        """The smallest box with all the points in it."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return cls(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    def inset(self, dx: float, dy: float | None = None) -> "Box":
        """Smaller by dx on the left and the right, and dy above and below (negative: larger)."""
        dy = dx if dy is None else dy
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def moved(self, dx: float, dy: float) -> "Box":
        """The same box elsewhere."""
        return Box(self.x + dx, self.y + dy, self.w, self.h)

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def contains(self, other: "Box") -> bool:
        """Whether the other lies within this one."""
        return (
            other.x >= self.x - _TOLERANCE
            and other.y >= self.y - _TOLERANCE
            and other.right <= self.right + _TOLERANCE
            and other.bottom <= self.bottom + _TOLERANCE
        )

    def holds(self, point: Point) -> bool:
        """Whether the point lies within."""
        return self.x <= point[0] <= self.right and self.y <= point[1] <= self.bottom

    def overlaps(self, other: "Box") -> bool:
        """Whether both share more than an edge."""
        return (
            self.x < other.right - _TOLERANCE
            and other.x < self.right - _TOLERANCE
            and self.y < other.bottom - _TOLERANCE
            and other.y < self.bottom - _TOLERANCE
        )

    def columns(self, count: int, gap: float) -> "list[Box]":
        """Equal boxes side by side."""
        w = (self.w - gap * (count - 1)) / count
        return [Box(self.x + i * (w + gap), self.y, w, self.h) for i in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Where what lies in a shape."""

    margin: float
    top: float  # of the eyebrow
    bottom: float  # of the content
    captions: Box  # kept free of text
    footer: float  # top of the footer's line
    bar: Box  # of the progress


@lru_cache(maxsize=2)
def zones(shape: Shape) -> Zones:
    """The zones of a shape."""
    if shape.wide:
        return Zones(
            margin=72,
            top=44,
            bottom=596,
            captions=Box(120, 604, 1040, 80),
            footer=688,
            bar=Box(0, 715, 1280, 5),
        )
    return Zones(
        margin=52,
        top=88,
        bottom=1072,
        captions=Box(36, 1084, 648, 112),
        footer=1214,
        bar=Box(0, 1273, 720, 7),
    )


class ElementKind(StrEnum):
    """What an element is, for tests and for the page."""

    HEADING = "heading"
    LABEL = "label"
    CARD = "card"
    ARROW = "arrow"
    CURVE = "curve"
    PICTURE = "picture"
    DECORATION = "decoration"


class Motion(StrEnum):
    """How an element comes."""

    STILL = "still"  # there from the first frame
    RISE = "rise"  # fades in and rises
    FADE = "fade"  # fades in where it stands
    TRACE = "trace"  # is drawn along its line


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """One block of text (or one formula) on the page."""

    text: str
    box: Box
    size: float
    weight: int
    ink: str  # colour of the letters
    ground: str  # colour behind them


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What appears at one moment, drawn as one layer."""

    id: str
    kind: ElementKind
    box: Box  # all its ink is within
    svg: str  # in the page's coordinates
    texts: tuple[TextBox, ...] = ()
    cue: str = ""  # empty: there from the scene's start
    motion: Motion = Motion.RISE
    trace: tuple[Point, ...] = ()  # the line of Motion.TRACE, from its beginning
    replaces: str = ""  # id of the element that this one takes the place of
    steps_back: bool = False  # is dimmed while a later element that steps back is spoken of
    picture: bytes = b""  # an encoded picture drawn instead of `svg`, cut to fill the box


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A scene with every box known."""

    shape: Shape
    ground: str  # name of the page's background, with its palette the key under which it is drawn once
    background: str  # its SVG
    colour: str  # its main colour
    elements: tuple[Element, ...]

    @property
    def cues(self) -> tuple[str, ...]:
        """The phrases that elements wait for, each once, in the order of drawing."""
        return tuple(dict.fromkeys(element.cue for element in self.elements if element.cue))

    @property
    def page(self) -> Box:
        """The whole frame."""
        return Box(0, 0, self.shape.width, self.shape.height)

    def texts(self) -> Iterator[tuple[Element, TextBox]]:
        """All text with the elements it belongs to."""
        for element in self.elements:
            for text in element.texts:
                yield element, text

    def violations(self) -> list[str]:
        """What breaks the rules: ink off the page, text out of its element, over other text, or where captions go."""
        found = [f"{e.id} is off the page" for e in self.elements if not self.page.contains(e.box)]
        captions = zones(self.shape).captions
        for element, text in self.texts():
            if not element.box.contains(text.box):
                found.append(f"text leaves {element.id}: {text.text!r}")
            if text.box.overlaps(captions):
                found.append(f"text of {element.id} lies where captions go: {text.text!r}")
        for (first, one), (second, other) in combinations(self.texts(), 2):
            replaced = first.id == second.replaces or second.id == first.replaces
            if not replaced and one.box.overlaps(other.box):
                found.append(f"text of {first.id} and {second.id} overlap: {one.text!r}, {other.text!r}")
        return found

    def svg(self) -> str:
        """The whole scene as one picture, everything revealed."""
        replaced = {element.replaces for element in self.elements}
        body = "".join(element.svg for element in self.elements if element.id not in replaced)
        return document(self.page, self.background + body)


def document(box: Box, body: str) -> str:
    """An SVG document that shows this part of the page."""
    view = f"{box.x:g} {box.y:g} {box.w:g} {box.h:g}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{box.w:g}" height="{box.h:g}" viewBox="{view}">{body}</svg>'

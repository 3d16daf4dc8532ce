"""Colours and small strokes that the motifs share. A motif is drawn in a field of 400 by 400."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from shared.media.draw.theme import Palette

FIELD: Final = 400.0

CREAM: Final = "#FFF6E6"
CLOUD: Final = "#DCE3F0"
STEEL: Final = "#8A94AD"
NIGHT: Final = "#232A45"
SLATE: Final = "#46527F"  # dark things that must be seen on a dark ground too
ORANGE: Final = "#F08A3C"
EMBER: Final = "#D76A1F"
SUN: Final = "#FFC94D"
ROSE: Final = "#EF5D6C"
SKY: Final = "#58B7F0"
LEAF: Final = "#57B86B"
WOOD: Final = "#C98A4B"
BARK: Final = "#9A6231"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """What a motif takes from the lesson's palette."""

    main: str
    light: str
    spark: str
    disc: str

    @classmethod
    def of(cls, palette: Palette, disc: str) -> "Paint":
        """The colours of a palette, on a disc of this colour."""
        return cls(main=palette.accent, light=palette.bright, spark=palette.spark_bright, disc=disc)


Motif = Callable[[Paint], str]


def stroke(path: str, colour: str, width: float, *, fill: str = "none") -> str:
    """A line with round ends."""
    return (
        f'<path d="{path}" fill="{fill}" stroke="{colour}" stroke-width="{width:g}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def shape(path: str, colour: str) -> str:
    """A filled path."""
    return f'<path d="{path}" fill="{colour}"/>'


def disc(x: float, y: float, r: float, colour: str) -> str:
    """A filled circle."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{colour}"/>'


def ring(x: float, y: float, r: float, colour: str, width: float) -> str:
    """A circle's line."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def oval(x: float, y: float, rx: float, ry: float, colour: str, *, turn: float = 0) -> str:
    """A filled ellipse, turned clockwise by so many degrees."""
    turned = f' transform="rotate({turn:g} {x:g} {y:g})"' if turn else ""
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="{ry:g}" fill="{colour}"{turned}/>'


def bar(x: float, y: float, w: float, h: float, colour: str, *, r: float = 0) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="{colour}"/>'


def spark(x: float, y: float, size: float, colour: str) -> str:
    """A star of four points."""
    k = size * 0.22
    return shape(
        f"M{x:g} {y - size:g}Q{x + k:g} {y - k:g} {x + size:g} {y:g}Q{x + k:g} {y + k:g} {x:g} {y + size:g}"
        f"Q{x - k:g} {y + k:g} {x - size:g} {y:g}Q{x - k:g} {y - k:g} {x:g} {y - size:g}Z",
        colour,
    )


def polygon(x: float, y: float, r: float, sides: int, turn: float) -> str:
    """The path of a regular polygon; `turn` is its first corner's direction in degrees, clockwise from the right."""
    corners = [turn + 360 * i / sides for i in range(sides)]
    return "M" + "L".join(f"{x + r * cos(a * pi / 180):.1f} {y + r * sin(a * pi / 180):.1f}" for a in corners) + "Z"


def clipped(name: str, outline: str, body: str) -> str:
    """The body cut to the outline; `name` is unique among the motif's own."""
    return f'<clipPath id="{name}">{outline}</clipPath><g clip-path="url(#{name})">{body}</g>'


def turned(body: str, degrees: float, x: float = 200, y: float = 200) -> str:
    """The body turned clockwise around a point."""
    return f'<g transform="rotate({degrees:g} {x:g} {y:g})">{body}</g>'

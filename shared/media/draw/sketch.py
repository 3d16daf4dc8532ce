"""A sketch: shapes and text collected into one layer, with what a check of the layout wants to know."""

from collections.abc import Sequence
from itertools import pairwise
from math import atan2, cos, hypot, pi, sin
from typing import Final

from shared.media.draw.canvas import Box, Point, TextBox
from shared.media.draw.formula import Formula
from shared.media.draw.text import Block

_HEAD_SPREAD: Final = 0.46  # radians between an arrow's shaft and the side of its head


class Sketch:
    """Grows by shapes; what comes later lies on top."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._texts: list[TextBox] = []

    @property
    def svg(self) -> str:
        """All shapes."""
        return "".join(self._parts)

    @property
    def texts(self) -> tuple[TextBox, ...]:
        """All text."""
        return tuple(self._texts)

    def raw(self, svg: str) -> "Sketch":
        """Add a fragment as it is."""
        self._parts.append(svg)
        return self

    def rect(
        self, box: Box, fill: str, *, radius: float = 0, stroke: str = "", stroke_width: float = 0, opacity: float = 1
    ) -> "Sketch":
        """Add a rectangle; its stroke stays inside the box."""
        inner = box.inset(stroke_width / 2)
        outline = f' stroke="{stroke}" stroke-width="{stroke_width:g}"' if stroke else ""
        faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
        return self.raw(
            f'<rect x="{inner.x:.1f}" y="{inner.y:.1f}" width="{inner.w:.1f}" height="{inner.h:.1f}" '
            f'rx="{radius:g}" fill="{fill}"{outline}{faint}/>'
        )

    def circle(self, centre: Point, radius: float, fill: str, *, stroke: str = "", stroke_width: float = 0) -> "Sketch":
        """Add a disc."""
        outline = f' stroke="{stroke}" stroke-width="{stroke_width:g}"' if stroke else ""
        return self.raw(f'<circle cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="{radius:.1f}" fill="{fill}"{outline}/>')

    def line(self, points: Sequence[Point], stroke: str, width: float, *, dash: str = "") -> "Sketch":
        """Add a line through the points."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        return self.raw(
            f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}" '
            f'stroke-linecap="round" stroke-linejoin="round"{dashed}/>'
        )

    def arrow(self, points: Sequence[Point], colour: str, width: float, *, head: float = 0) -> "Sketch":
        """Add an arrow along the points, its head at the last; `head` is the head's length."""
        head = head or 9 + 2.6 * width
        shaft = shortened(points, head * 0.8)
        tip, before = points[-1], shaft[-1]
        angle = atan2(tip[1] - before[1], tip[0] - before[0])
        sides = [
            (
                tip[0] - head * cos(angle + turn) / cos(_HEAD_SPREAD),
                tip[1] - head * sin(angle + turn) / cos(_HEAD_SPREAD),
            )
            for turn in (_HEAD_SPREAD, -_HEAD_SPREAD)
        ]
        (ax, ay), (bx, by) = sides
        self.line(shaft, colour, width)
        return self.raw(
            f'<path d="M{tip[0]:.1f} {tip[1]:.1f}L{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}Z" fill="{colour}" '
            f'stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
        )

    def text(self, block: Block, x: float, y: float, ink: str, ground: str, *, align: str = "start") -> "Sketch":
        """Add lines of text from the top y; x is where `align` says."""
        self._texts.append(block.text_box(x, y, ink, ground, align))
        return self.raw(block.svg(x, y, ink, align=align))

    def centred(self, block: Block, box: Box, ink: str, ground: str) -> "Sketch":
        """Add lines of text in the middle of a box."""
        x, y = box.centre
        return self.text(block, x, y - block.height / 2, ink, ground, align="middle")

    def formula(self, formula: Formula, x: float, y: float, ink: str, ground: str) -> "Sketch":
        """Add a formula with its upper left corner there."""
        self._texts.append(formula.text_box(x, y, ink, ground))
        return self.raw(formula.svg(x, y, ink))


def length(points: Sequence[Point]) -> float:
    """Pixels along the line."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def shortened(points: Sequence[Point], by: float) -> list[Point]:
    """The line without its last `by` pixels; at least its first two points' direction remains."""
    kept = list(points)
    while len(kept) > 2 and (last := length(kept[-2:])) <= by:
        by -= last
        kept.pop()
    (ax, ay), (bx, by_) = kept[-2], kept[-1]
    whole = hypot(bx - ax, by_ - ay) or 1.0
    share = max(0.02, 1 - by / whole)
    return [*kept[:-1], (ax + (bx - ax) * share, ay + (by_ - ay) * share)]


def bow(start: Point, end: Point, bend: float, samples: int = 24) -> list[Point]:
    """A curve from start to end, in its middle `bend` pixels left of the straight line (negative: right)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    whole = hypot(dx, dy) or 1.0
    cx = (start[0] + end[0]) / 2 + 2 * bend * dy / whole
    cy = (start[1] + end[1]) / 2 - 2 * bend * dx / whole
    return [
        (
            (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * cx + t**2 * end[0],
            (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * cy + t**2 * end[1],
        )
        for t in (i / samples for i in range(samples + 1))
    ]


def rounded(corners: Sequence[Point], radius: float, samples: int = 6) -> list[Point]:
    """The line through the corners, each turn rounded."""
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        reach = min(radius, length([before, corner]) / 2, length([corner, after]) / 2)
        start, end = toward(corner, before, reach), toward(corner, after, reach)
        for t in (i / samples for i in range(samples + 1)):
            points.append(
                (
                    (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * corner[0] + t**2 * end[0],
                    (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * corner[1] + t**2 * end[1],
                )
            )
    return [*points, corners[-1]]


def toward(start: Point, end: Point, distance: float) -> Point:
    """The point that many pixels from start in the direction of end."""
    whole = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return start[0] + (end[0] - start[0]) * distance / whole, start[1] + (end[1] - start[1]) * distance / whole


def on_circle(centre: Point, rx: float, ry: float, degrees: float) -> Point:
    """The point of an ellipse at this angle, counter-clockwise from the right."""
    angle = degrees * pi / 180
    return centre[0] + rx * cos(angle), centre[1] - ry * sin(angle)


def clipped(points: Sequence[Point], start: Box, end: Box) -> list[Point]:
    """The part of the line that lies in neither box, from where it leaves `start` to where it enters `end`."""
    first = max((i for i, p in enumerate(points) if start.holds(p)), default=-1) + 1
    last = min((i for i, p in enumerate(points) if i >= first and end.holds(p)), default=len(points))
    return list(points[first:last])


def sampled(points: Sequence[Point], step: float = 3.0) -> list[Point]:
    """The same line with a point at least every `step` pixels."""
    result = [points[0]]
    for a, b in pairwise(points):
        count = max(1, int(hypot(b[0] - a[0], b[1] - a[1]) / step))
        result += [(a[0] + (b[0] - a[0]) * i / count, a[1] + (b[1] - a[1]) * i / count) for i in range(1, count + 1)]
    return result

"""Finding a place for a label among what is there already."""

from collections.abc import Iterable, Sequence
from math import cos, pi, sin
from typing import Final

from shared.media.draw.canvas import Box, Point


def place(
    width: float,
    height: float,
    candidates: Iterable[Point],
    within: Box,
    boxes: Sequence[Box],
    points: Sequence[Point],
    *,
    air: float = 6.0,
    anchor: Point | None = None,
) -> Box | None:
    """The candidate (a middle) at which the label lies in `within`, on no box, and on the fewest points.

    Earlier candidates win ties. None where every candidate lies outside or on a box. A line from `anchor` to the
    label keeps clear of the boxes too.
    """
    best: Box | None = None
    fewest = len(points) + 1
    for centre in candidates:
        box = Box.around(centre, width, height)
        wide = box.inset(-air)
        if not within.contains(box) or any(wide.overlaps(other) for other in boxes):
            continue
        if anchor is not None and any(other.holds(point) for point in leader(anchor, box)[4:] for other in boxes):
            continue
        hits = sum(wide.holds(point) for point in points)
        if hits < fewest:
            best, fewest = box, hits
        if not hits:
            break
    return best


def leader(anchor: Point, box: Box, samples: int = 24) -> list[Point]:
    """Points on the line from a place to the nearest point of its label."""
    x, y = min(max(anchor[0], box.x), box.right), min(max(anchor[1], box.y), box.bottom)
    shares = (index / samples for index in range(samples + 1))
    return [(anchor[0] + (x - anchor[0]) * share, anchor[1] + (y - anchor[1]) * share) for share in shares]


_NEAR_RINGS: Final = (0.0, 16.0)
_FAR_RINGS: Final = (36.0, 64.0, 100.0, 140.0)
_NEAR_GAPS: Final = (15.0, 24.0)
_FAR_GAPS: Final = (38.0, 56.0, 80.0)


def around(
    point: Point, width: float, height: float, gap: float, first: float = 45.0, *, far: bool = False
) -> list[Point]:
    """Middles of a label on rings around a point, the first in the direction `first` (degrees), then further round."""
    turns = (0, 90, -90, 45, -45, 180, 135, -135)
    found = []
    for more in _FAR_RINGS if far else _NEAR_RINGS:
        ring = gap + more
        for turn in turns:
            angle = (first + turn) * pi / 180
            dx, dy = cos(angle), -sin(angle)
            found.append((point[0] + dx * (ring + width / 2), point[1] + dy * (ring + height / 2)))
    return found


def beside(points: Sequence[Point], width: float, height: float, *, far: bool = False) -> list[Point]:
    """Middles of a label on either side of a line, nearest to the line's middle first, above before below."""
    found: list[Point] = []
    for gap in _FAR_GAPS if far else _NEAR_GAPS:
        for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.85):
            (ax, ay), (bx, by) = ends = _piece(points, share)
            x, y = ends[0] if len(points) > 2 else (ax + (bx - ax) * share, ay + (by - ay) * share)
            whole = max(1e-6, ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5)
            nx, ny = (by - ay) / whole, -(bx - ax) / whole
            reach = abs(nx) * width / 2 + abs(ny) * height / 2 + gap
            sides = (1, -1) if ny <= 0 else (-1, 1)
            found += [(x + nx * reach * side, y + ny * reach * side) for side in sides]
    return found


def _piece(points: Sequence[Point], share: float) -> tuple[Point, Point]:
    at = min(len(points) - 2, max(0, int(share * (len(points) - 1))))
    return points[at], points[at + 1]

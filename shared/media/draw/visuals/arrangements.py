"""Where the nodes of a diagram stand and how the lines between them run: what every arrangement shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.lesson.storyboard import DiagramEdge, DiagramVisual
from shared.media.draw.canvas import Box, Point
from shared.media.draw.sketch import bow, clipped, length, sampled
from shared.media.draw.text import does_not_fit
from shared.media.draw.visuals.nodes import Badge

Edges = list[tuple[DiagramEdge, list[Point]]]

AIR: Final = 9.0  # pixels between a node and the end of an arrow
_SHORTEST: Final = 18.0  # pixels of an arrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Boxes of the nodes, in their order, and the lines of the edges."""

    boxes: list[Box]
    edges: Edges
    badge: Badge | None = None  # where the numbers of steps sit
    directed: bool = True  # whether lines end in arrowheads
    first_is_main: bool = False
    label_width: float = 200.0  # for the edges' labels


def line(start: Box, end: Box, bend: float = 0.0) -> list[Point]:
    """A line from one box to another, with some air at both ends."""
    return between(sampled(bow(start.centre, end.centre, bend), 2.0), start, end)


def between(points: list[Point], start: Box, end: Box) -> list[Point]:
    """The part of a line that two boxes leave free, with some air; InvalidStoryboard where an arrow has no room."""
    for air in (AIR, 3.0):
        cut = clipped(points, start.inset(-air), end.inset(-air))
        if len(cut) > 1 and length(cut) >= _SHORTEST:
            return cut
    raise does_not_fit("an arrow between two nodes")


def direct(visual: DiagramVisual, boxes: Sequence[Box], edges: Sequence[DiagramEdge], bend: float = 0.0) -> Edges:
    at = {node.id: box for node, box in zip(visual.nodes, boxes, strict=True)}
    return [(edge, line(at[edge.source], at[edge.target], bend)) for edge in edges]

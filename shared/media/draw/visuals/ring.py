"""The arrangement of a cycle."""

from math import cos, pi
from typing import Final

from shared.lesson.storyboard import DiagramEdge, DiagramVisual
from shared.media.draw.canvas import Box, Point
from shared.media.draw.page import Page
from shared.media.draw.sketch import on_circle
from shared.media.draw.visuals.arrangements import Arrangement, Edges, between, direct, line

_TALLEST: Final = 170.0  # pixels of a node on a tall page
_ARROW_SHARE: Final = 0.44  # of a node's height, that the arrow below it needs


def cycle(page: Page, visual: DiagramVisual, lowest: float | None = None) -> Arrangement:
    """A ring: an ellipse on a wide page, two columns with a top and a bottom on a tall one."""
    count = len(visual.nodes)
    edges = _ring_edges(visual)
    if not page.shape.wide:
        boxes = _tall_ring(page.content, count, lowest)
        return Arrangement(boxes=boxes, edges=direct(visual, boxes, edges, bend=-26.0), label_width=170)
    area = page.content
    w, h = (290.0, 132.0) if count <= 4 else (280.0, 112.0) if count == 5 else (256.0, 98.0)
    h = min(h, lowest or h)
    rx = min(430.0, (area.w - w) / 2)
    # The lowest nodes of an odd ring stand above its lowest point, which only the line reaches.
    lowest_node = cos(pi / count) if count % 2 and count > 1 else 1.0
    ry = min((area.h - h - 8) / (1 + lowest_node), (area.h - h / 2 - 8) / 2)
    middle = (area.centre[0], area.y + ry + h / 2)
    start = 180.0 if count == 2 else 90.0
    angles = [start - 360.0 * index / count for index in range(count)]
    boxes = [Box.around(on_circle(middle, rx, ry, angle), w, h) for angle in angles]
    index_of = {node.id: index for index, node in enumerate(visual.nodes)}
    lines: Edges = []
    for edge in edges:
        source, target = index_of[edge.source], index_of[edge.target]
        if (target - source) % count == 1:
            arc = _arc(middle, rx, ry, angles[source], 360.0 / count)
            lines.append((edge, between(arc, boxes[source], boxes[target])))
        elif (source - target) % count == 1 and count > 2:
            arc = _arc(middle, rx, ry, angles[target], 360.0 / count)[::-1]
            lines.append((edge, between(arc, boxes[source], boxes[target])))
        else:
            lines.append((edge, line(boxes[source], boxes[target], 20.0)))
    return Arrangement(boxes=boxes, edges=lines, label_width=190)


def _arc(centre: Point, rx: float, ry: float, start: float, sweep: float) -> list[Point]:
    """Clockwise along the ellipse, in steps of two pixels or so."""
    steps = max(8, int(sweep / 360 * pi * (rx + ry) / 2))
    return [on_circle(centre, rx, ry, start - sweep * i / steps) for i in range(steps + 1)]


def _tall_ring(area: Box, count: int, lowest: float | None) -> list[Box]:
    w = 240.0
    height = min(area.h, 860.0)
    top = area.y + (area.h - height) * 0.4
    sides = (count - 1) // 2
    rows = sides + 1 + (count % 2 == 0)
    h = min(_TALLEST, lowest or _TALLEST, height / (rows + _ARROW_SHARE * (rows - 1)))
    if count == 1:
        return [Box.around(area.centre, w, h)]
    step = (height - h) / max(1, rows - 1)
    middle, left, right = area.centre[0], area.x + w / 2, area.right - w / 2
    centres = [(middle, top + h / 2)]
    centres += [(right, top + h / 2 + step * (index + 1)) for index in range(sides)]
    if count % 2 == 0:
        centres.append((middle, top + h / 2 + step * (rows - 1)))
    centres += [(left, top + h / 2 + step * (index + 1)) for index in reversed(range(sides))]
    return [Box.around(centre, w, h) for centre in centres]


def _ring_edges(visual: DiagramVisual) -> list[DiagramEdge]:
    """The edges of a ring, where the storyboard names none: from each node to the next, and back to the first."""
    if visual.edges or len(visual.nodes) < 2:
        return list(visual.edges)
    following = [*visual.nodes[1:], visual.nodes[0]]
    return [
        DiagramEdge(source=node.id, target=after.id, cue=after.cue if after is not visual.nodes[0] else node.cue)
        for node, after in zip(visual.nodes, following, strict=True)
    ]

"""The arrangement of a flow."""

from collections.abc import Sequence
from typing import Final

from shared.lesson.storyboard import DiagramEdge, DiagramVisual
from shared.media.draw import fonts
from shared.media.draw.canvas import Box, Point
from shared.media.draw.lines import clean
from shared.media.draw.page import Page
from shared.media.draw.sketch import rounded
from shared.media.draw.visuals.arrangements import AIR, Arrangement, Edges, direct, line
from shared.media.draw.visuals.nodes import Badge

_EDGE_LABEL: Final = 24.0  # size that edges' labels have where there is room
_WIDEST_GAP: Final = 226.0


def flow(page: Page, visual: DiagramVisual) -> Arrangement:
    """Left to right, in rows; one below the other on a tall page."""
    edges = _chain_edges(visual)
    labelled = any(clean(edge.label) for edge in edges)
    count = len(visual.nodes)
    area = page.content
    if not page.shape.wide:
        gap = 84.0 if labelled and count <= 5 else 62.0 if count <= 5 else 44.0
        h = min(156.0, (area.h - 14 - gap * (count - 1)) / count)
        top = area.y + 14 + max(0.0, (area.h - 14 - h * count - gap * (count - 1)) * 0.4)
        w = min(area.w, 540.0)
        boxes = [Box(area.centre[0] - w / 2, top + index * (h + gap), w, h) for index in range(count)]
        return Arrangement(boxes=boxes, edges=direct(visual, boxes, edges), label_width=230, badge=Badge.LEFT)
    across = min(count, 3 if labelled or count in {5, 6} else 4)
    down = -(-count // across)
    across = -(-count // down)
    gap = _gap_for(edges) if labelled else 64.0
    row_gap = 116.0 if labelled else 74.0
    w = min(330.0, (area.w - gap * (across - 1)) / across)
    h = min(190.0 if down == 1 else 176.0, (area.h - 14 - row_gap * (down - 1)) / down)
    left = area.x + (area.w - w * across - gap * (across - 1)) / 2
    top = area.y + 10 + (area.h - 10 - h * down - row_gap * (down - 1)) * 0.48
    boxes = [
        Box(left + (index % across) * (w + gap), top + (index // across) * (h + row_gap), w, h)
        for index in range(count)
    ]
    index_of = {node.id: index for index, node in enumerate(visual.nodes)}
    lines: Edges = []
    for edge in edges:
        source, target = index_of[edge.source], index_of[edge.target]
        start, end = boxes[source], boxes[target]
        if target == source + 1 and target % across == 0:
            lines.append((edge, _new_line(start, end, row_gap)))
        else:
            beside = start.y == end.y and abs(target - source) > 1
            lines.append((edge, line(start, end, h * 0.7 if beside else 0.0)))
    return Arrangement(boxes=boxes, edges=lines, label_width=gap - 10 if labelled else 200, badge=Badge.TOP)


def _gap_for(edges: Sequence[DiagramEdge]) -> float:
    """Pixels between nodes that the longest word of the edges' labels needs."""
    words = [word for edge in edges for word in clean(edge.label).split()]
    widest = max(fonts.width(word, _EDGE_LABEL, 600) for word in words)
    return min(_WIDEST_GAP, max(120.0, widest + 34))


def _new_line(start: Box, end: Box, row_gap: float) -> list[Point]:
    """From the end of a row to the beginning of the next, like a carriage return."""
    middle = start.bottom + row_gap / 2 - 4
    x, target = start.centre[0], end.centre[0]
    corners = [(x, start.bottom + AIR - 2), (x, middle), (target, middle), (target, end.y - AIR + 2)]
    return rounded(corners, 18)


def _chain_edges(visual: DiagramVisual) -> list[DiagramEdge]:
    if visual.edges:
        return list(visual.edges)
    pairs = zip(visual.nodes, visual.nodes[1:], strict=False)
    return [DiagramEdge(source=node.id, target=after.id, cue=after.cue) for node, after in pairs]

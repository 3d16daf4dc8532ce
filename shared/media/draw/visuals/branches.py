"""The arrangements of a hub and of a tree."""

from shared.lesson.storyboard import DiagramEdge, DiagramVisual
from shared.media.draw.canvas import Box, Point
from shared.media.draw.page import Page
from shared.media.draw.sketch import rounded
from shared.media.draw.visuals.arrangements import Arrangement, Edges, line


def hub(page: Page, visual: DiagramVisual) -> Arrangement:
    """The first node in the middle; the others left and right of it, or above and below on a tall page."""
    count = len(visual.nodes) - 1
    area = page.content
    boxes = _wide_hub(area, count) if page.shape.wide else _tall_hub(area, count)
    hub = visual.nodes[0]
    directed = bool(visual.edges)
    edges = list(visual.edges) or [
        DiagramEdge(source=hub.id, target=node.id, cue=node.cue) for node in visual.nodes[1:]
    ]
    lines: Edges = []
    at = {node.id: box for node, box in zip(visual.nodes, boxes, strict=True)}
    for edge in edges:
        lines.append((edge, line(at[edge.source], at[edge.target])))
    return Arrangement(boxes=boxes, edges=lines, directed=directed, first_is_main=True, label_width=150)


def _wide_hub(area: Box, count: int) -> list[Box]:
    w, hub_w, hub_h = 340.0, 270.0, 150.0
    rows = max(-(-count // 2), 1)
    h = min(124.0, (area.h - 18 * (rows - 1)) / rows)
    columns = []
    for number, x in ((rows, area.x), (count - rows, area.right - w)):
        step = min((area.h - h) / max(1, number - 1), h + 90)
        top = area.centre[1] - (h + step * (number - 1)) / 2
        columns.append([Box(x, top + step * index, w, h) for index in range(max(0, number))])
    left, right = columns
    ordered = [box for pair in zip(left, right, strict=False) for box in pair] + left[len(right) :]
    return [Box.around(area.centre, hub_w, hub_h), *ordered[:count]]


def _tall_hub(area: Box, count: int) -> list[Box]:
    above = -(-count // 2)
    h, hub_w, hub_h = 160.0, 330.0, 150.0
    height = min(area.h, 800.0)
    middle = (area.centre[0], area.y + height / 2 + (area.h - height) * 0.35)
    boxes = [Box.around(middle, hub_w, hub_h)]
    gap = 18.0
    for number, y in ((above, middle[1] - height / 2), (count - above, middle[1] + height / 2 - h)):
        w = min(250.0, (area.w - gap * (max(number, 1) - 1)) / max(number, 1))
        left = area.centre[0] - (w * number + gap * (number - 1)) / 2
        if number == 2:
            left, gap_between = area.x, area.w - 2 * w
        else:
            gap_between = gap
        boxes += [Box(left + index * (w + gap_between), y, w, h) for index in range(number)]
    return boxes


def tree(page: Page, visual: DiagramVisual) -> Arrangement:
    """Levels from top to bottom; indented rows where a level is too wide for the page."""
    depth = _depths(visual)
    levels = [[n.id for n in visual.nodes if depth[n.id] == level] for level in range(max(depth.values()) + 1)]
    widest = max(len(level) for level in levels)
    area = page.content
    if page.shape.wide and widest <= 5 and len(levels) <= 4:
        at = _levels(area, levels, _parents(visual))
        lines = [(edge, _down(at[edge.source], at[edge.target])) for edge in visual.edges]
    else:
        at = _rows(visual, area, depth, _parents(visual))
        lines = [(edge, _aside(at[edge.source], at[edge.target])) for edge in visual.edges]
    boxes = [at[node.id] for node in visual.nodes]
    return Arrangement(boxes=boxes, edges=lines, first_is_main=True, directed=False, label_width=150)


def _parents(visual: DiagramVisual) -> dict[str, str]:
    """The first edge into each node says whose child it is."""
    parents: dict[str, str] = {}
    for edge in visual.edges:
        parents.setdefault(edge.target, edge.source)
    return parents


def has_circle(visual: DiagramVisual) -> bool:
    """Whether some node is its own ancestor."""
    parents = _parents(visual)
    for node in visual.nodes:
        steps, current = 0, node.id
        while current in parents:
            steps, current = steps + 1, parents[current]
            if steps > len(visual.nodes):
                return True
    return False


def _depths(visual: DiagramVisual) -> dict[str, int]:
    """Steps from the root; a node that nothing leads to is a root."""
    parents = _parents(visual)
    depths: dict[str, int] = {}
    for node in visual.nodes:
        steps, current = 0, node.id
        while current in parents:
            steps, current = steps + 1, parents[current]
        depths[node.id] = steps
    return depths


def _levels(area: Box, levels: list[list[str]], parents: dict[str, str]) -> dict[str, Box]:
    count = len(levels)
    gap = 50.0 if count <= 3 else 40.0
    h = min(124.0, (area.h - gap * (count - 1)) / count)
    gap = min(100.0, (area.h - h * count) / max(1, count - 1)) if count > 1 else 0.0
    top = area.y + (area.h - h * count - gap * (count - 1)) * 0.4
    at: dict[str, Box] = {}
    for row, level in enumerate(levels):
        order = sorted(level, key=lambda name: at[parents[name]].centre[0] if parents.get(name) in at else 0.0)
        cells = area.columns(len(order), 28)
        for name, cell in zip(order, cells, strict=True):
            at[name] = Box.around((cell.centre[0], top + row * (h + gap) + h / 2), min(cell.w, 320.0), h)
    return at


def _rows(visual: DiagramVisual, area: Box, depth: dict[str, int], parents: dict[str, str]) -> dict[str, Box]:
    """Each node on a row of its own below its parent, indented by its depth."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        order.append(name)
        for node in visual.nodes:
            if parents.get(node.id) == name:
                visit(node.id)

    for node in sorted(visual.nodes, key=lambda node: depth[node.id]):
        visit(node.id)
    count = len(order)
    gap = 22.0
    h = min(116.0, (area.h - gap * (count - 1)) / count)
    top = area.y + max(0.0, (area.h - h * count - gap * (count - 1)) * 0.35)
    indent = min(84.0, 240.0 / max(1, max(depth.values())))
    w = min(460.0, area.w - indent * max(depth.values()))
    left = area.x + (area.w - w - indent * max(depth.values())) / 2
    return {name: Box(left + depth[name] * indent, top + row * (h + gap), w, h) for row, name in enumerate(order)}


def _down(start: Box, end: Box) -> list[Point]:
    """From a node down to its child; straight where the other is no child of it."""
    if end.y <= start.bottom:
        return line(start, end)
    middle = (start.bottom + end.y) / 2
    x, target = start.centre[0], end.centre[0]
    if abs(x - target) < 2:
        return [(x, start.bottom + 3), (x, end.y - 3)]
    return rounded([(x, start.bottom + 3), (x, middle), (target, middle), (target, end.y - 3)], 16)


def _aside(start: Box, end: Box) -> list[Point]:
    """From a node down along its left side and right to its child; straight where the other is no child of it."""
    if end.y <= start.bottom or end.x <= start.x:
        return line(start, end)
    x = start.x + min(32.0, start.w / 4)
    y = end.centre[1]
    return rounded([(x, start.bottom + 3), (x, y), (end.x - 3, y)], 16)

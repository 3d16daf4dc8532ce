"""Labelled nodes and arrows."""

from collections.abc import Callable
from itertools import product
from typing import Final

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import DiagramEdge, DiagramVisual
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind, Motion, Point
from shared.media.draw.labels import beside, place
from shared.media.draw.lines import clean
from shared.media.draw.page import Page
from shared.media.draw.sketch import Sketch, sampled
from shared.media.draw.text import Block, does_not_fit, fit
from shared.media.draw.visuals import branches, flow, forces, ring
from shared.media.draw.visuals.arrangements import Arrangement
from shared.media.draw.visuals.nodes import Content, add_node, contents

INVALID_DIAGRAM: Final = "invalid_diagram"

_STROKE: Final = 4.5
_LOWEST_NODE: Final = 68.0
_LOWEST_TALL_NODE: Final = 120.0
_CAPTION_WIDTHS: Final = (400.0, 320.0, 260.0, 220.0)  # of a caption inside a ring
_EDGE_SIZES: Final = (24, 22, 20)


def compose(page: Page, visual: DiagramVisual) -> None:
    """The nodes as its layout says, the arrows between them, their labels where there is room."""
    _check(visual)
    page.heading(visual.heading)
    if visual.layout == "forces":
        page.caption(visual.caption)
        forces.compose(page, visual)
        return
    arrangement, blocks = _arranged(page, visual)
    middle = _middle_caption(page, visual, arrangement)
    if middle is None and clean(visual.caption):
        page.caption(visual.caption)
        arrangement, blocks = _arranged(page, visual)
    badge = arrangement.badge if len(visual.nodes) > 1 else None
    for edge, points in arrangement.edges:
        _arrow(page, points, arrowhead=arrangement.directed, cue=_latest_cue(page, visual, edge))
    for index, (node, box, content) in enumerate(zip(visual.nodes, arrangement.boxes, blocks, strict=True)):
        main = index == 0 and arrangement.first_is_main
        fill, border = (page.palette.accent, "") if main else (theme.CARD, page.palette.accent)
        add_node(page, node, box, content, fill, border, badge=badge, number=index + 1)
    _edge_labels(page, arrangement, [] if middle is None else [middle])


def _arranged(page: Page, visual: DiagramVisual) -> tuple[Arrangement, list[Content]]:
    arrange: dict[str, Callable[[Page, DiagramVisual], Arrangement]] = {
        "cycle": ring.cycle,
        "flow": flow.flow,
        "hub": branches.hub,
        "tree": branches.tree,
    }
    arrangement = arrange[visual.layout](page, visual)
    blocks = contents(visual.nodes, arrangement.boxes, badge=arrangement.badge)
    if visual.layout == "cycle":
        # Now that it is known how low the nodes can be, their arrows get the rest.
        lowest = _LOWEST_NODE if page.shape.wide else _LOWEST_TALL_NODE
        arrangement = ring.cycle(page, visual, max(lowest, max(block.height for block in blocks) + 28))
    return arrangement, blocks


def _middle_caption(page: Page, visual: DiagramVisual, arrangement: Arrangement) -> Box | None:
    """The caption inside a ring, where there is room for it."""
    if visual.layout != "cycle" or not clean(visual.caption):
        return None
    middle = Box.hull([box.centre for box in arrangement.boxes]).centre
    lines = [point for _, points in arrangement.edges for point in points]
    for width in _CAPTION_WIDTHS:
        block = fit(visual.caption, (width, 200.0), theme.DETAIL, largest=26)
        box = Box.around(middle, block.width + 4, block.height)
        wide = box.inset(-26, -18)
        if any(wide.overlaps(node) for node in arrangement.boxes) or any(wide.holds(point) for point in lines):
            continue
        sketch = Sketch().centred(block, box, theme.MUTED, page.ground)
        page.add(ElementKind.LABEL, sketch, box)
        return box
    return None


def _latest_cue(page: Page, visual: DiagramVisual, edge: DiagramEdge) -> str:
    """An arrow appears once both its ends are there: the last step's arrow back to the first must not come first."""
    ends = [node.cue for node in visual.nodes if node.id in (edge.source, edge.target)]
    return max([edge.cue, *ends], key=lambda cue: page.scene.narration.find(cue) if cue else -1)


def _check(visual: DiagramVisual) -> None:
    ids = [node.id for node in visual.nodes]
    if len(set(ids)) != len(ids):
        raise InvalidStoryboard("two nodes of a diagram have one id", code=INVALID_DIAGRAM)
    named = {edge.source for edge in visual.edges} | {edge.target for edge in visual.edges}
    named |= {force.node for force in visual.forces}
    if unknown := named - set(ids):
        raise InvalidStoryboard(f"the diagram has no node {sorted(unknown)}", code=INVALID_DIAGRAM)
    if any(edge.source == edge.target for edge in visual.edges):
        raise InvalidStoryboard("an arrow of a diagram ends where it begins", code=INVALID_DIAGRAM)
    if visual.layout == "tree" and branches.has_circle(visual):
        raise InvalidStoryboard("the arrows of a tree lead in a circle", code=INVALID_DIAGRAM)


def _arrow(page: Page, points: list[Point], *, arrowhead: bool, cue: str) -> None:
    sketch = Sketch()
    if arrowhead:
        sketch.arrow(points, page.palette.accent, _STROKE)
    else:
        sketch.line(points, page.palette.accent, _STROKE)
    box = Box.hull(points).inset(-12)
    page.add(ElementKind.ARROW, sketch, box, cue=cue, motion=Motion.TRACE, trace=tuple(points))


def _edge_labels(page: Page, arrangement: Arrangement, others: list[Box]) -> None:
    taken = [box.inset(-2) for box in arrangement.boxes] + others
    strokes = [point for _, points in arrangement.edges for point in sampled(points, 6.0)]
    for edge, points in arrangement.edges:
        if not clean(edge.label):
            continue
        block, box = _edge_label(page, edge, points, arrangement.label_width, taken, strokes)
        taken.append(box)
        sketch = Sketch()
        if any(box.holds(point) for point in strokes):  # where a label must lie on a line, it interrupts it
            sketch.rect(box, page.ground, radius=6)
        sketch.centred(block, box, page.palette.spark, page.ground)
        page.add(ElementKind.LABEL, sketch, box, cue=edge.cue)


def _edge_label(
    page: Page, edge: DiagramEdge, points: list[Point], wide: float, taken: list[Box], strokes: list[Point]
) -> tuple[Block, Box]:
    widths = (wide, wide * 0.75, wide * 1.5)
    for size, far, width in product(_EDGE_SIZES, (False, True), widths):
        block = fit(edge.label, (width, 140), theme.LABEL, largest=size, weight=600, lines=4)
        w, h = block.width + 4, block.height
        box = place(w, h, beside(points, w, h, far=far), page.content.inset(-8, -4), taken, strokes)
        if box is not None:
            return block, box
    raise does_not_fit(edge.label)

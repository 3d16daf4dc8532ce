"""Bodies with the forces on them, as a free-body diagram shows them."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import cos, pi, sin
from typing import Final

from shared.lesson.storyboard import DiagramVisual, ForceArrow
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind, Motion, Point
from shared.media.draw.labels import around, beside, place
from shared.media.draw.lines import clean
from shared.media.draw.page import Page
from shared.media.draw.sketch import Sketch, sampled
from shared.media.draw.text import Block, does_not_fit, fit
from shared.media.draw.visuals.nodes import add_node, contents

_STROKE: Final = 9.0
_HEAD: Final = 30.0
_BODY: Final = (240.0, 104.0)
_LONGEST: Final = 200.0  # pixels of an arrow of magnitude 1
_SHORTEST: Final = 44.0
_AIR: Final = 5.0  # between a body and its arrows
_SIDE_BY_SIDE: Final = 40.0  # between arrows of one direction
_LABEL_WIDTHS: Final = (260.0, 180.0, 130.0)
_LABEL_AIR: Final = 9.0
_TIP_GAP: Final = 14.0
_LABEL_SIZES: Final = (28, 26, 24, 22, 20)


@dataclass(frozen=True, slots=True)
class _Drawn:
    force: ForceArrow
    points: list[Point]
    colour: str


def compose(page: Page, visual: DiagramVisual) -> None:
    """Each body a card; each force an arrow from the body's edge in its direction, as long as it is strong."""
    cells, boxes = _bodies(page, len(visual.nodes), detailed=any(clean(node.detail) for node in visual.nodes))
    arrows = _arrows(page, visual, cells, boxes)
    blocks = contents(visual.nodes, boxes)
    for node, box, content in zip(visual.nodes, boxes, blocks, strict=True):
        add_node(page, node, box, content, page.palette.deep, "")
    for drawn in arrows:
        sketch = Sketch().arrow(drawn.points, drawn.colour, _STROKE, head=_HEAD)
        page.add(
            ElementKind.ARROW,
            sketch,
            Box.hull(drawn.points).inset(-20),
            cue=drawn.force.cue,
            motion=Motion.TRACE,
            trace=tuple(drawn.points),
        )
    _labels(page, boxes, arrows)


def _bodies(page: Page, count: int, *, detailed: bool) -> tuple[list[Box], list[Box]]:
    """The part of the page that each body has to itself, and the bodies in their middles."""
    area = page.content
    if page.shape.wide:
        cells = area.columns(count, 20)
        wide = min(_BODY[0], cells[0].w * 0.6)
    else:
        height = area.h / count
        cells = [Box(area.x, area.y + height * index, area.w, height) for index in range(count)]
        wide = _BODY[0] + 40
    return cells, [Box.around(cell.centre, wide, _BODY[1] + (24 if detailed else 0)) for cell in cells]


def _arrows(page: Page, visual: DiagramVisual, cells: list[Box], boxes: list[Box]) -> list[_Drawn]:
    index_of = {node.id: index for index, node in enumerate(visual.nodes)}
    beginnings = _beginnings(visual, boxes, index_of)
    rooms = [
        _room(start, force.direction, cells[index_of[force.node]])
        for start, force in zip(beginnings, visual.forces, strict=True)
    ]
    strengths = [min(max(force.magnitude, 0.2), 1.5) for force in visual.forces]
    unit = min([_LONGEST, *(room / strength for room, strength in zip(rooms, strengths, strict=True))])
    colours = (page.palette.accent, page.palette.spark)
    found = []
    for number, (force, start, strength) in enumerate(zip(visual.forces, beginnings, strengths, strict=True)):
        reach = max(_SHORTEST, unit * strength)
        end = _moved(start, force.direction, reach)
        found.append(_Drawn(force, [start, end], colours[number % 2]))
    return found


def _beginnings(visual: DiagramVisual, boxes: list[Box], index_of: dict[str, int]) -> list[Point]:
    """Where each arrow leaves its body; arrows of one direction leave side by side."""
    together = Counter((force.node, round(force.direction) % 360) for force in visual.forces)
    seen: Counter[tuple[str, int]] = Counter()
    found = []
    for force in visual.forces:
        key = (force.node, round(force.direction) % 360)
        shift = (seen[key] - (together[key] - 1) / 2) * _SIDE_BY_SIDE
        seen[key] += 1
        box = boxes[index_of[force.node]]
        middle = _moved(box.centre, force.direction + 90, shift)
        found.append(_moved(middle, force.direction, _room(middle, force.direction, box) + _AIR))
    return found


def _moved(point: Point, direction: float, distance: float) -> Point:
    angle = direction * pi / 180
    return point[0] + cos(angle) * distance, point[1] - sin(angle) * distance


def _room(point: Point, direction: float, box: Box) -> float:
    """Pixels from a point within a box to the box's edge in a direction."""
    angle = direction * pi / 180
    dx, dy = cos(angle), -sin(angle)
    across = (box.right - point[0]) / dx if dx > 1e-9 else (box.x - point[0]) / dx if dx < -1e-9 else float("inf")
    down = (box.bottom - point[1]) / dy if dy > 1e-9 else (box.y - point[1]) / dy if dy < -1e-9 else float("inf")
    return max(0.0, min(across, down))


def _labels(page: Page, boxes: list[Box], arrows: list[_Drawn]) -> None:
    taken = [box.inset(-3) for box in boxes]
    strokes = [point for drawn in arrows for point in sampled(drawn.points, 5.0)]
    for drawn in arrows:
        if not clean(drawn.force.label):
            continue
        block, box = _label(page, drawn, taken, strokes)
        taken.append(box)
        sketch = Sketch().centred(block, box, drawn.colour, theme.PAPER)
        page.add(ElementKind.LABEL, sketch, box, cue=drawn.force.cue)


def _label(page: Page, drawn: _Drawn, taken: list[Box], strokes: list[Point]) -> tuple[Block, Box]:
    (ax, ay), (bx, by) = drawn.points
    for size, far, width in product(_LABEL_SIZES, (False, True), _LABEL_WIDTHS):
        block = fit(drawn.force.label, (width, 150), theme.LABEL, largest=size, weight=600, lines=4)
        w, h = block.width + 4, block.height
        along = beside(drawn.points, w, h, far=far)
        tip = around(drawn.points[-1], w, h, _TIP_GAP, drawn.force.direction, far=far)
        short = abs(bx - ax) > abs(by - ay) and abs(bx - ax) < w
        places = [*tip, *along] if short else [*along, *tip]
        box = place(w, h, places, page.content.inset(-20, -6), taken, strokes, air=_LABEL_AIR)
        if box is not None:
            return block, box
    raise does_not_fit(drawn.force.label)

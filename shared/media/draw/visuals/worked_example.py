"""A problem solved step by step."""

from dataclasses import dataclass
from typing import Final

from shared.lesson.storyboard import ExampleStep, WorkedExampleVisual
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.formula import Formula, formula
from shared.media.draw.lines import clean
from shared.media.draw.motifs import motif
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, does_not_fit, fit, fit_together

_GAP: Final = 10.0
_PADDING: Final = 24.0
_BADGE: Final = 18.0  # radius of a step's number
_INDENT: Final = 58.0  # of a step's text
_PROBLEM_SHARE: Final = 0.36  # of the width
_FORMULA_SIZES: Final = (52.0, 48.0, 44.0, 40.0, 36.0, 33.0, 30.0, 27.0, 24.0)
_TEXT_SHARE: Final = 0.8  # size of a step's words over that of its formulas
_LARGEST_TEXT: Final = 36.0
_SMALLEST_ART: Final = 110.0  # pixels across, of the motif that fills a problem's card
_LARGEST_ART: Final = 230.0
_BETWEEN: Final = 5.0  # pixels between a step's text and its formula


@dataclass(frozen=True, slots=True)
class _Step:
    block: Block | None
    drawn: Formula | None
    beside: bool  # whether the formula follows the text on its line

    @property
    def height(self) -> float:
        """Pixels; beside each other, both stand on one baseline."""
        parts = [part for part in (self.block, self.drawn) if part is not None]
        if self.beside:
            return max(part.ascent for part in parts) + max(part.height - part.ascent for part in parts)
        return sum(part.height for part in parts) + _BETWEEN * (len(parts) - 1)


def compose(page: Page, visual: WorkedExampleVisual) -> None:
    """The problem on a tinted card; the steps beside it, or below; the answer in a box that stands out."""
    page.heading(visual.heading)
    area = page.content
    if page.shape.wide:
        left = Box(area.x, area.y, area.w * _PROBLEM_SHARE, area.h)
        _problem(page, visual, left, fill=True)
        right = Box(left.right + 34, area.y, area.right - left.right - 34, area.h)
        _solution(page, visual, right)
    else:
        box = _problem(page, visual, Box(area.x, area.y, area.w, area.h * 0.34), fill=False)
        _solution(page, visual, Box(area.x, box.bottom + 26, area.w, area.bottom - box.bottom - 26))


def _problem(page: Page, visual: WorkedExampleVisual, room: Box, *, fill: bool) -> Box:
    block = fit(visual.problem, (room.w - 2 * _PADDING, room.h - 2 * _PADDING - 34), theme.BODY, largest=34)
    title = Block(lines=("Problem",), size=22, weight=700, leading=1.3)
    height = room.h if fill else block.height + title.height + 2 * _PADDING + 8
    box = Box(room.x, room.y, room.w, height)
    ground = page.palette.soft
    sketch = card(Sketch(), box, ground, border="")
    sketch.text(title, box.x + _PADDING, box.y + _PADDING, page.palette.accent, ground)
    sketch.text(block, box.x + _PADDING, box.y + _PADDING + title.height + 8, theme.INK, ground)
    used = block.height + title.height + 2 * _PADDING + 8
    side = min(box.h - used - 16, box.w - 2 * _PADDING, _LARGEST_ART)
    if fill and side >= _SMALLEST_ART:
        art = Box(box.centre[0] - side / 2, box.bottom - 20 - side, side, side)
        sketch.raw(motif(page.storyboard.interest, page.palette, art, ground=page.palette.deep))
    page.add(ElementKind.CARD, sketch, card_extent(box))
    return box


def _solution(page: Page, visual: WorkedExampleVisual, area: Box) -> None:
    answer = fit(visual.answer.text, (area.w - 2 * _PADDING - 52, area.h * 0.3), theme.BODY, weight=700)
    if len(answer.lines) > 1:
        answer = fit(visual.answer.text, (area.w - 2 * _PADDING - 52, area.h * 0.3), theme.BODY, weight=700, largest=30)
    answer_height = max(74.0, answer.height + 1.4 * _PADDING)
    steps = _steps(visual, area.w - _INDENT - 4, area.h - answer_height - 18)
    slack = area.h - answer_height - 18 - sum(step.height for step in steps)
    gap = min(slack / len(steps), 48.0)
    y = area.y + gap / 4
    for index, step in enumerate(steps):
        _add_step(page, step, index, Box(area.x, y, area.w, step.height), visual.steps[index].cue)
        y += step.height + gap
    bottom = area.bottom - answer_height
    _answer(page, answer, Box(area.x, min(bottom, y + 18), area.w, answer_height), visual.answer.cue)


def _steps(visual: WorkedExampleVisual, wide: float, high: float) -> list[_Step]:
    """All steps in one size, the largest in which they fit together."""
    room = high - _GAP * len(visual.steps)
    for size in _FORMULA_SIZES:
        steps = [_step(step, wide, size, size * _TEXT_SHARE) for step in visual.steps]
        smallest = min((step.block.size for step in steps if step.block), default=0.0)
        steps = [_step(step, wide, size, smallest, saving=False) for step in visual.steps]
        if sum(step.height for step in steps) <= room:
            return steps
    raise does_not_fit(visual.problem)


def _step(step: ExampleStep, wide: float, size: float, text_size: float, *, saving: bool = True) -> _Step:
    drawn = None
    if step.latex.strip():
        drawn = formula(step.latex).fitted(wide, 220.0, size * 0.95, _FORMULA_SIZES[-1] * 0.8)
        if drawn is None:
            raise does_not_fit(step.latex)
    block = None
    if clean(step.text):
        block = fit(step.text, (wide, 400.0), theme.BODY, largest=min(_LARGEST_TEXT, text_size), saving=saving)
    if block and drawn and len(block.lines) == 1 and block.width + 18 + drawn.width <= wide:
        return _Step(block, drawn, beside=True)
    return _Step(block, drawn, beside=False)


def _add_step(page: Page, step: _Step, index: int, box: Box, cue: str) -> None:
    x = box.x + _INDENT
    first = step.drawn if step.block is None else step.block
    line = (
        2 * _BADGE if first is None else first.height if step.block is None or step.beside else step.block.line_height
    )
    line = step.height if step.beside else line
    middle = (box.x + _BADGE, max(box.y + _BADGE, box.y + line / 2))
    sketch = Sketch().circle(middle, _BADGE, theme.PAPER, stroke=page.palette.accent, stroke_width=2.5)
    number = fit_together([str(index + 1)], [(40, 40)], theme.DETAIL, weight=700, largest=22)[0]
    sketch.text(number, middle[0], middle[1] - number.height / 2, page.palette.accent, theme.PAPER, align="middle")
    right = x
    y = box.y
    if step.block and step.drawn and step.beside:
        baseline = box.y + max(step.block.ascent, step.drawn.ascent)
        sketch.text(step.block, x, baseline - step.block.ascent, theme.INK, theme.PAPER)
        left = x + step.block.width + 18
        sketch.formula(step.drawn, left, baseline - step.drawn.ascent, theme.INK, theme.PAPER)
        right = left + step.drawn.width
    else:
        if step.block:
            sketch.text(step.block, x, y, theme.INK, theme.PAPER)
            right = x + step.block.width
            y += step.block.height + _BETWEEN
        if step.drawn:
            sketch.formula(step.drawn, x, y, theme.INK, theme.PAPER)
            right = max(right, x + step.drawn.width)
    bottom = max(box.bottom, middle[1] + _BADGE + 2)
    top = min(box.y, middle[1] - _BADGE - 2)
    extent = Box(box.x - 2, top, right - box.x + 4, bottom - top)
    page.add(ElementKind.LABEL, sketch, extent, cue=cue, steps_back=True)


def _answer(page: Page, block: Block, box: Box, cue: str) -> None:
    ground = page.palette.accent
    sketch = card(Sketch(), box, ground, border="")
    middle = box.y + box.h / 2
    sketch.circle((box.x + _PADDING + 17, middle), 19, theme.WHITE)
    sketch.raw(icons.icon(icons.CHECK, box.x + _PADDING + 5, middle - 12, 24, ground, weight=3.2))
    sketch.text(block, box.x + _PADDING + 54, middle - block.height / 2, theme.WHITE, ground)
    page.add(ElementKind.CARD, sketch, card_extent(box), cue=cue)

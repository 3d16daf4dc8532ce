"""One question; the answer is marked with its cue."""

from typing import Final

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import QuizVisual
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, ElementKind, Motion
from shared.media.draw.page import Page, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit, fit_together

_GAP: Final = 20.0
_PADDING: Final = 22.0
_BADGE: Final = 25.0  # radius of an option's letter
_ART: Final = 250.0  # pixels across, of the motif that fills an empty page
_TALLEST: Final = 156.0


def compose(page: Page, visual: QuizVisual) -> None:
    """The question over its options, two by two, or one below the other on a narrow page."""
    count = len(visual.options)
    if visual.answer_index >= count:
        raise InvalidStoryboard(f"answer {visual.answer_index} of {count} options", code="invalid_quiz")
    page.eyebrow()
    area = page.content
    question = fit(visual.question, (area.w, area.h * 0.42), theme.HEADING, lines=4 if page.shape.wide else 6)
    boxes, blocks = _options(page, visual, area.y + question.height + 34)
    top = boxes[0].y - question.height - 34
    sketch = Sketch().text(question, area.x, top, page.ink, page.ground)
    page.add(ElementKind.HEADING, sketch, question.box(area.x, top).inset(-2, 0))
    names = [_add_option(page, box, block, i) for i, (box, block) in enumerate(zip(boxes, blocks, strict=True))]
    answer = visual.answer_index
    lowest = boxes[-1].bottom
    if page.content.bottom - lowest > _ART + 40:
        x, y = page.content.right - _ART, page.content.bottom - _ART
        page.ornament(Box(x, y, _ART, _ART))
    _mark(page, boxes[answer], blocks[answer], answer, names[answer], visual.answer_cue)


def _options(page: Page, visual: QuizVisual, top: float) -> tuple[list[Box], list[Block]]:
    count = len(visual.options)
    across = 2 if page.shape.wide and count != 3 else 1
    down = -(-count // across)
    area = Box(page.content.x, top, page.content.w, page.content.bottom - top)
    room = (area.h - _GAP * (down - 1)) / down
    width = (area.w - _GAP * (across - 1)) / across
    inner = (width - 3 * _PADDING - 2 * _BADGE - 40, room - 1.4 * _PADDING)
    blocks = fit_together(visual.options, [inner] * count, theme.BODY, weight=600)
    tallest = max(block.height for block in blocks)
    height = min(room, max(tallest + 2 * _PADDING, min(_TALLEST if across == 2 else 120.0, room)))
    slack = (area.h - height * down - _GAP * (down - 1)) * (0.4 if page.shape.wide else 0.16)
    boxes = [
        Box(
            area.x + (index % across) * (width + _GAP),
            area.y + slack + (index // across) * (height + _GAP),
            width,
            height,
        )
        for index in range(count)
    ]
    return boxes, blocks


def _option(box: Box, block: Block, index: int, fill: str, ink: str, badge: str, letter_ink: str) -> Sketch:
    sketch = Sketch().rect(box, fill, radius=22)
    middle = (box.x + _PADDING + _BADGE, box.y + box.h / 2)
    sketch.circle(middle, _BADGE, badge)
    letter = Block(lines=("ABCD"[index],), size=28, weight=700, leading=1.2)
    sketch.text(letter, middle[0], middle[1] - letter.height / 2, letter_ink, badge, align="middle")
    return sketch.text(block, box.x + 2 * _PADDING + 2 * _BADGE, middle[1] - block.height / 2, ink, fill)


def _add_option(page: Page, box: Box, block: Block, index: int) -> str:
    palette = page.palette
    sketch = _option(box, block, index, palette.panel, theme.WHITE, palette.bright, palette.deep)
    return page.add(ElementKind.CARD, sketch, card_extent(box))


def _mark(page: Page, box: Box, block: Block, index: int, name: str, cue: str) -> None:
    sketch = _option(box, block, index, theme.WHITE, theme.INK, theme.CORRECT, theme.WHITE)
    x, y = box.right - _PADDING - 34, box.y + box.h / 2
    sketch.circle((x + 15, y), 19, theme.CORRECT_SOFT)
    sketch.raw(icons.icon(icons.CHECK, x + 2, y - 13, 26, theme.CORRECT, weight=3.4))
    page.add(ElementKind.CARD, sketch, card_extent(box), cue=cue, motion=Motion.FADE, replaces=name)

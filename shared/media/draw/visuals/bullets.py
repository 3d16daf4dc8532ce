"""A few lines of text, each on a card of its own."""

from typing import Final

from shared.enums import SceneKind
from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import BulletsVisual
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.motifs import has_motif
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit_together

_AIRS: Final = ((16.0, 26.0), (10.0, 8.0))  # between rows, and within them above and below the text
_PADDING: Final = 20.0
_MARKER: Final = 23.0  # radius
_ART: Final = 300.0  # pixels across
_TALLEST: Final = 124.0
_TALLEST_ALONE: Final = 190.0  # of a single row
_FEW: Final = 3  # rows up to which the type is larger
_FEW_SIZE: Final = 42.0


def compose(page: Page, visual: BulletsVisual) -> None:
    """Rows of equal height, in one size of type; a scene about the student's interest gets its motif beside them."""
    page.heading(visual.heading)
    area = _beside_art(page) if page.shape.wide and _wants_art(page) else page.content
    count = len(visual.items)
    gap, blocks = _blocks(visual, area)
    room = (area.h - gap * (count - 1)) / count
    tallest = max(block.height for block in blocks)
    height = min(room, max(tallest + 2 * _PADDING, min(_TALLEST if count > 1 else _TALLEST_ALONE, room)))
    slack = max(0.0, area.h - height * count - gap * (count - 1))
    top = area.y + slack * 0.46
    if not page.shape.wide and _wants_art(page) and slack > _ART + 90:
        top = area.y + (slack - _ART) * 0.3
        page.ornament(Box(area.centre[0] - _ART / 2, area.bottom - _ART - (slack - _ART) * 0.2, _ART, _ART))
    for index, (item, block) in enumerate(zip(visual.items, blocks, strict=True)):
        box = Box(area.x, top + index * (height + gap), area.w, height)
        sketch = _row(page, visual, box, block, index)
        page.add(ElementKind.CARD, sketch, card_extent(box), cue=item.cue, steps_back=True)


def _blocks(visual: BulletsVisual, area: Box) -> tuple[float, list[Block]]:
    """The pixels between rows, and the rows' text: with generous air, or with little where that does not do."""
    count = len(visual.items)
    texts = [item.text for item in visual.items]
    scale = theme.STATEMENT if count == 1 else theme.LEAD if count <= _FEW else theme.BODY
    largest = _FEW_SIZE if 1 < count <= _FEW else None
    inner = area.w - 3 * _PADDING - 2 * _MARKER
    for gap, air in _AIRS[:-1]:
        room = (area.h - gap * (count - 1)) / count - air
        try:
            return gap, fit_together(texts, [(inner, room)] * count, scale, largest=largest)
        except InvalidStoryboard:
            continue
    gap, air = _AIRS[-1]
    room = (area.h - gap * (count - 1)) / count - air
    return gap, fit_together(texts, [(inner, room)] * count, scale, largest=largest)


def _row(page: Page, visual: BulletsVisual, box: Box, block: Block, index: int) -> Sketch:
    sketch = card(Sketch(), box)
    middle = (box.x + _PADDING + _MARKER, box.y + box.h / 2)
    if visual.numbered:
        sketch.circle(middle, _MARKER, page.palette.accent)
        number = Block(lines=(str(index + 1),), size=26, weight=700, leading=1.2)
        sketch.text(number, middle[0], middle[1] - number.height / 2, theme.WHITE, page.palette.accent, align="middle")
    else:
        sketch.circle(middle, _MARKER, page.palette.soft)
        sketch.raw(_sign(page, middle))
    x = box.x + 2 * _PADDING + 2 * _MARKER
    return sketch.text(block, x, middle[1] - block.height / 2, theme.INK, theme.CARD)


def _sign(page: Page, middle: tuple[float, float]) -> str:
    colour = page.palette.accent
    if page.scene.kind is SceneKind.MISCONCEPTION:
        return icons.icon("M12 6v7.4M12 17.6h.01", middle[0] - 14, middle[1] - 14, 28, colour, weight=3)
    if page.scene.kind in {SceneKind.RECAP, SceneKind.OBJECTIVES}:
        return icons.icon(icons.CHECK, middle[0] - 13, middle[1] - 13, 26, colour, weight=3)
    return f'<circle cx="{middle[0]:.1f}" cy="{middle[1]:.1f}" r="7.5" fill="{colour}"/>'


def _wants_art(page: Page) -> bool:
    about_interest = page.scene.kind in {SceneKind.HOOK, SceneKind.CONNECTION}
    return about_interest and has_motif(page.storyboard.interest)


def _beside_art(page: Page) -> Box:
    area = page.content
    side = min(_ART, area.h)
    art = Box(area.right - side, area.y + (area.h - side) / 2, side, side)
    page.ornament(art)
    return Box(area.x, area.y, area.w - side - 44, area.h)

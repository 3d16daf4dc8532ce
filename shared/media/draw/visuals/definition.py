"""One term, large, with its meaning."""

from typing import Final

from shared.lesson.storyboard import DefinitionVisual
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit

_BAR: Final = 8.0
_INDENT: Final = 34.0
_GAP: Final = 30.0
_PADDING: Final = 26.0
_ART: Final = 320.0  # pixels across


def compose(page: Page, visual: DefinitionVisual) -> None:
    """The term and, behind a bar, its meaning; a note on a tinted card below, or a picture where there is none."""
    page.eyebrow()
    area = page.content
    art = None if visual.note else _art(page)
    if art and page.shape.wide:
        area = Box(area.x, area.y, art.x - 48 - area.x, area.h)
    elif art:
        area = Box(area.x, area.y, area.w, art.y - 40 - area.y)
    term = fit(visual.term, (area.w, 200), theme.TERM, lines=2)
    note = _note_block(page, visual)
    note_height = note.height + 2 * _PADDING + _GAP if note else 0.0
    room = area.h - term.height - 26 - note_height
    meaning = fit(visual.meaning.text, (area.w - _INDENT - 20, room), theme.LEAD)
    used = term.height + 26 + meaning.height + note_height
    y = area.y + max(6.0, (area.h - used) * (0.44 if page.shape.wide else 0.36))

    sketch = Sketch().text(term, area.x, y, page.accent, page.ground)
    page.add(ElementKind.HEADING, sketch, term.box(area.x, y).inset(-2, 0))
    y += term.height + 26
    sketch = Sketch().rect(Box(area.x, y + 4, _BAR, meaning.height - 8), page.palette.accent, radius=_BAR / 2)
    sketch.text(meaning, area.x + _INDENT, y, theme.INK, page.ground)
    box = Box(area.x, y, _INDENT + meaning.width + 2, meaning.height)
    page.add(ElementKind.LABEL, sketch, box, cue=visual.meaning.cue)
    if note and visual.note:
        _add_note(page, note, y + meaning.height + _GAP, visual.note.cue)
    elif art:
        page.ornament(art)


def _art(page: Page) -> Box:
    area = page.content
    if page.shape.wide:
        return Box(area.right - _ART, area.y + (area.h - _ART) * 0.55, _ART, _ART)
    return Box(area.centre[0] - _ART / 2, area.bottom - _ART - 20, _ART, _ART)


def _note_block(page: Page, visual: DefinitionVisual) -> Block | None:
    if visual.note is None:
        return None
    return fit(visual.note.text, (page.content.w - 2 * _PADDING - 52, page.content.h * 0.36), theme.BODY, largest=32)


def _add_note(page: Page, block: Block, y: float, cue: str) -> None:
    area = page.content
    box = Box(area.x, y, area.w, block.height + 2 * _PADDING)
    sketch = card(Sketch(), box, page.palette.soft, border="")
    sketch.raw(icons.icon(icons.BULB, box.x + _PADDING - 4, box.y + box.h / 2 - 19, 38, page.palette.accent))
    sketch.text(block, box.x + _PADDING + 52, box.y + _PADDING, theme.INK, page.palette.soft)
    page.add(ElementKind.CARD, sketch, card_extent(box), cue=cue)

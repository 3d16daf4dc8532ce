"""An illustration in a frame; where there is none, its description stands there."""

from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

from shared.errors import InvalidMedia, InvalidStoryboard
from shared.lesson.storyboard import ImageVisual
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, ElementKind, Motion
from shared.media.draw.motifs import motif
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit
from shared.media.draw.theme import Scale

_MADE_BY_A_MODEL: Final = "AI illustration"
_PICTURE_SHARE: Final = 0.66  # of a wide page's width: then the frame is about as wide for its height as the picture
_GAP: Final = 36.0
_MARK: Final = Scale((18,), 600, 1.2)


def compose(page: Page, visual: ImageVisual, picture: bytes | None = None) -> None:
    """The picture cut to fill the frame, what it shows beside it, and who made it; InvalidMedia where it is none."""
    page.heading(visual.heading)
    area = page.content
    if picture is None:
        _described(page, visual, area)
        return
    _check(picture)
    if page.shape.wide:
        frame = Box(area.x, area.y, area.w * _PICTURE_SHARE, area.h)
        words = Box(frame.right + _GAP, area.y, area.right - frame.right - _GAP, area.h)
    else:
        frame = Box(area.x, area.y, area.w, min(area.w, area.h * 0.7))
        words = Box(area.x, frame.bottom + _GAP, area.w, area.bottom - frame.bottom - _GAP)
    page.add(ElementKind.PICTURE, Sketch(), frame, motion=Motion.FADE, picture=picture)
    _declared(page, frame)
    try:
        block = fit(visual.alt, (words.w, words.h), theme.BODY, largest=30)
    except InvalidStoryboard:
        return  # a word too long for the column: that a picture is there shall not keep the scene from being drawn
    y = words.y + ((words.h - block.height) / 2 if page.shape.wide else 0)
    box = block.box(words.x, y)
    sketch = Sketch().text(block, words.x, y, page.ink, page.ground)
    page.add(ElementKind.LABEL, sketch, box.inset(-2, 0), motion=Motion.FADE)


def _declared(page: Page, frame: Box) -> None:
    """The mark in the picture's corner that says what it is."""
    text = Block(lines=(_MADE_BY_A_MODEL,), size=_MARK.sizes[0], weight=_MARK.weight, leading=_MARK.leading)
    pill = Box(frame.x + 16, frame.bottom - 16 - text.height - 12, text.width + 28, text.height + 12)
    sketch = Sketch().rect(pill, page.palette.deep, radius=pill.h / 2)
    sketch.text(text, pill.x + 14, pill.y + 6, theme.WHITE, page.palette.deep)
    page.add(ElementKind.LABEL, sketch, pill, motion=Motion.FADE)


def _described(page: Page, visual: ImageVisual, area: Box) -> None:
    """The words of the picture beside the motif of the student's interest."""
    height = area.h if page.shape.wide else min(area.h, 820.0)
    box = Box(area.x, area.y + (area.h - height) * 0.3, area.w, height)
    sketch = card(Sketch(), box, page.palette.soft, border="", radius=26)
    if page.shape.wide:
        side = min(box.h - 60, 340.0)
        art = Box(box.right - side - 48, box.centre[1] - side / 2, side, side)
        words = Box(box.x + 44, box.y + 34, art.x - box.x - 84, box.h - 68)
    else:
        side = min(400.0, box.w - 80)
        art = Box(box.centre[0] - side / 2, box.y + 40, side, side)
        words = Box(box.x + 40, art.bottom + 24, box.w - 80, box.bottom - art.bottom - 60)
    sketch.raw(motif(page.storyboard.interest, page.palette, art, ground=page.palette.deep))
    block = fit(visual.alt, (words.w, words.h - 60), theme.LEAD)
    y = words.y + (words.h - block.height - 56) * (0.5 if page.shape.wide else 0.2)
    sketch.raw(icons.icon(icons.PICTURE, words.x - 4, y, 42, page.palette.accent, weight=1.8))
    sketch.text(block, words.x, y + 56, theme.INK, page.palette.soft)
    page.add(ElementKind.CARD, sketch, card_extent(box))


def _check(picture: bytes) -> None:
    try:
        with Image.open(BytesIO(picture)) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InvalidMedia("the illustration does not open", code="invalid_picture") from error

"""The opening: a heading over the motif of the student's interest."""

from typing import Final

from shared.lesson.storyboard import TitleVisual
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind, Motion
from shared.media.draw.lines import clean
from shared.media.draw.motifs import motif
from shared.media.draw.page import Page, cover_art
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit

_TRACKING: Final = 0.07


def compose(page: Page, visual: TitleVisual) -> None:
    """Heading and subheading; the motif on the right, or above them on a narrow page."""
    name = visual.motif or page.storyboard.interest
    cover(page, visual.heading, visual.subheading, name)


def cover(page: Page, heading: str, subheading: str, motif_name: str) -> None:
    """The same, as the poster uses it too."""
    text_area, art = _areas(page)
    sketch = Sketch().raw(motif(motif_name, page.palette, art, ground=page.palette.panel))
    page.add(ElementKind.DECORATION, sketch, art, motion=Motion.FADE)
    over = _overline(page)
    title = fit(heading, (text_area.w, text_area.h * 0.62), theme.DISPLAY, lines=4 if page.shape.wide else 5)
    room = text_area.h - title.height - over.height - 70
    below = fit(subheading, (text_area.w, room), theme.LEAD, largest=36, lines=4) if clean(subheading) else None
    height = over.height + 18 + title.height + (34 + below.height if below else 0)
    y = text_area.y + (text_area.h - height) * (0.5 if page.shape.wide else 0.0)
    x = text_area.x
    page.add(
        ElementKind.LABEL,
        Sketch().text(over, x, y, page.palette.bright, page.ground),
        over.box(x, y),
        motion=Motion.FADE,
    )
    y += over.height + 18
    page.add(ElementKind.HEADING, Sketch().text(title, x, y, page.ink, page.ground), title.box(x, y).inset(-2, 0))
    y += title.height
    if below:
        sketch = Sketch().rect(Box(x, y + 12, 72, 6), page.palette.spark_bright, radius=3)
        sketch.text(below, x, y + 34, page.palette.bright, page.ground)
        page.add(ElementKind.LABEL, sketch, Box(x, y + 12, max(below.width, 72), below.height + 22))


def _areas(page: Page) -> tuple[Box, Box]:
    """Where the words go, and the square of the motif."""
    area = page.content
    art = cover_art(page.shape)
    if page.shape.wide:
        return Box(area.x, 84, art.x - area.x - 44, 500), art
    return Box(area.x, art.bottom + 40, area.w, area.bottom - art.bottom - 40), art


def _overline(page: Page) -> Block:
    """The grade, in small capitals."""
    text = f"Grade {page.storyboard.grade_level}"
    scale = theme.EYEBROW
    return Block(lines=(text.upper(),), size=22, weight=scale.weight, leading=1.2, tracking=_TRACKING)

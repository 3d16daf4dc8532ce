"""Where the lesson's content comes from."""

from typing import Final

from shared.lesson.storyboard import CreditLine, CreditsVisual
from shared.media.draw import fonts, theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.lines import clean, hyphenated, wrap
from shared.media.draw.page import Page, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, does_not_fit, fit_together

_GAP: Final = 14.0
_AIR: Final = 10.0  # above and below a card's text, together, at least
_BETWEEN: Final = 6.0  # pixels between a name and its details
_PADDING: Final = 24.0
_DETAIL_SIZES: Final = (24, 22, 20, 18)
_ADDRESS_LINES: Final = 2
_MANY: Final = 4  # cards from which their small print is smaller
_ART: Final = 250.0  # pixels across, of the motif that fills an empty page
_SPINE: Final = 10.0  # width of the coloured edge, like a book's spine


def compose(page: Page, visual: CreditsVisual) -> None:
    """One card a book: its attribution, and below it licence, changes and address."""
    page.heading(visual.heading)
    area = page.content
    count = len(visual.lines)
    room = (area.h - _GAP * (count - 1)) / count
    inner = area.w - 2 * _PADDING - _SPINE
    sizes = _DETAIL_SIZES if count < _MANY else _DETAIL_SIZES[-2:]
    details = [_details(line, inner, sizes) for line in visual.lines]
    limits = [(inner, room - _AIR - detail.height - _BETWEEN) for detail in details]
    names = fit_together([line.attribution for line in visual.lines], limits, theme.CELL, weight=600)
    heights = [n.height + d.height + _BETWEEN + 2 * _PADDING for n, d in zip(names, details, strict=True)]
    if sum(heights) + _GAP * (count - 1) > area.h:
        heights = [room] * count
    y = area.y + max(0.0, (area.h - sum(heights) - _GAP * (count - 1)) * (0.3 if page.shape.wide else 0.2))
    for name, detail, height in zip(names, details, heights, strict=True):
        _add(page, name, detail, Box(area.x, y, area.w, height))
        y += height + _GAP
    if area.bottom - y > _ART + 40:
        page.ornament(Box(area.right - _ART, area.bottom - _ART, _ART, _ART))


def _details(line: CreditLine, width: float, sizes: tuple[int, ...]) -> Block:
    """Licence, changes and address on one line, or the address on lines of its own."""
    terms = "  ·  ".join(filter(None, (clean(line.licence), "text adapted" if line.changed else "")))
    address = clean(line.url).removeprefix("https://").removeprefix("http://")
    scale = theme.DETAIL
    for size in sizes:
        joined = f"{terms}  ·  {address}" if address else terms
        if fonts.width(joined, size, scale.weight) <= width:
            return Block(lines=(joined,), size=size, weight=scale.weight, leading=scale.leading)
        lines = wrap(hyphenated(address, width, size, scale.weight), width, size, scale.weight)
        if lines is not None and len(lines) <= _ADDRESS_LINES and fonts.width(terms, size, scale.weight) <= width:
            return Block(lines=(terms, *lines), size=size, weight=scale.weight, leading=scale.leading)
    raise does_not_fit(address)


def _add(page: Page, name: Block, detail: Block, box: Box) -> None:
    palette = page.palette
    sketch = Sketch().rect(box, palette.panel, radius=18)
    sketch.rect(Box(box.x, box.y + 16, _SPINE, box.h - 32), palette.bright, radius=_SPINE / 2)
    x = box.x + _PADDING + _SPINE
    y = box.centre[1] - (name.height + _BETWEEN + detail.height) / 2
    sketch.text(name, x, y, theme.WHITE, palette.panel)
    sketch.text(detail, x, y + name.height + _BETWEEN, palette.bright, palette.panel)
    page.add(ElementKind.CARD, sketch, card_extent(box))

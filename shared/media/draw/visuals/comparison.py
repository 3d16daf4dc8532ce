"""Two or three things side by side, row by row."""

from dataclasses import dataclass, replace
from typing import Final

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import ComparisonVisual
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.lines import clean
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit_together


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    """Distances of a table, in pixels."""

    gap: float = 12.0
    head: float = 74.0
    padding: float = 20.0  # left and right of a cell's text
    air: float = 24.0  # above and below it, together
    label_share: float = 0.2  # of the width, for the rows' names, where they stand beside the cells


_GENEROUS: Final = _Measures()
_TIGHT: Final = _Measures(gap=8.0, head=60.0, padding=13.0, air=8.0, label_share=0.17)
_TALL_HEAD: Final = 84.0
_LABEL_LINE: Final = 30.0  # for a row's name, where it stands above its cells
_TALLEST: Final = 128.0


def compose(page: Page, visual: ComparisonVisual) -> None:
    """A table: coloured heads, one card a row; the rows' names beside the cells, or above them on a narrow page."""
    count = len(visual.columns)
    if any(len(row.cells) != count for row in visual.rows):
        raise InvalidStoryboard("a row of a comparison has another number of cells", code="invalid_comparison")
    page.heading(visual.heading)
    try:
        table = _Table(page, visual, _GENEROUS)
    except InvalidStoryboard:
        table = _Table(page, visual, _TIGHT)
    table.draw()


class _Table:
    """A comparison measured: every text has its size, every row its height."""

    def __init__(self, page: Page, visual: ComparisonVisual, measures: _Measures) -> None:
        self._page = page
        self._visual = visual
        self._measures = measures
        area = page.content
        if not page.shape.wide:
            measures = replace(measures, head=_TALL_HEAD)
            self._measures = measures
        count, rows = len(visual.columns), len(visual.rows)
        self._beside = page.shape.wide and any(clean(row.label) for row in visual.rows)
        self._label_width = area.w * measures.label_share if self._beside else 0.0
        columns = Box(area.x + self._label_width, area.y, area.w - self._label_width, area.h)
        self._cells = columns.columns(count, measures.gap)
        room = (area.h - measures.head) / rows - measures.gap
        over = 0.0 if self._beside else _LABEL_LINE
        limit = (self._cells[0].w - 2 * measures.padding, room - over - measures.air)
        texts = [cell for row in visual.rows for cell in row.cells]
        self._blocks = fit_together(texts, [limit] * len(texts), theme.CELL)
        needed = max(block.height for block in self._blocks) + measures.air * 2 + over
        self._height = min(room, max(needed, min(room * 0.94, _TALLEST)))
        self._labels = self._fit_labels()
        self._heads = fit_together(
            visual.columns, [(self._cells[0].w - 36, measures.head - 8)] * count, theme.LABEL, weight=700, lines=3
        )

    def _fit_labels(self) -> list[Block]:
        texts = [row.label for row in self._visual.rows]
        if self._beside:
            limits = [(self._label_width - 1.6 * self._measures.padding, self._height - 12)] * len(texts)
            return fit_together(texts, limits, theme.LABEL, weight=700)
        limits = [(self._page.content.w - 40, _LABEL_LINE)] * len(texts)
        return fit_together(texts, limits, theme.DETAIL, weight=700, lines=1, largest=24)

    def draw(self) -> None:
        """Put heads and rows on the page."""
        area, gap, head = self._page.content, self._measures.gap, self._measures.head
        rows = len(self._visual.rows)
        used = head + rows * (self._height + gap)
        top = area.y + max(0.0, (area.h - used) * 0.35)
        self._draw_heads(top)
        for index in range(rows):
            self._draw_row(index, Box(area.x, top + head + gap + index * (self._height + gap), area.w, self._height))

    def _draw_heads(self, top: float) -> None:
        palette = self._page.palette
        boxes = [Box(cell.x, top, cell.w, self._measures.head) for cell in self._cells]
        sketch = Sketch()
        for box, block, colour in zip(boxes, self._heads, (palette.accent, palette.spark, palette.deep), strict=False):
            sketch.rect(box, colour, radius=18).centred(block, box, theme.WHITE, colour)
        self._page.add(ElementKind.HEADING, sketch, boxes[0].union(boxes[-1]))

    def _draw_row(self, index: int, box: Box) -> None:
        label, accent = self._labels[index], self._page.accent
        sketch = card(Sketch(), box)
        over = 0.0
        if self._beside:
            sketch.text(label, box.x + self._measures.padding, box.centre[1] - label.height / 2, accent, theme.CARD)
        elif label.lines:
            over = _LABEL_LINE
            sketch.text(label, box.centre[0], box.y + 7, accent, theme.CARD, align="middle")
        count = len(self._cells)
        for cell, block in zip(self._cells, self._blocks[index * count : (index + 1) * count], strict=True):
            inner = Box(cell.x, box.y + over, cell.w, box.h - over)
            if cell.x > box.x + 1:
                x = cell.x - self._measures.gap / 2
                sketch.line([(x, inner.y + 12), (x, box.bottom - 12)], theme.HAIRLINE, 2)
            sketch.centred(block, inner, theme.INK, theme.CARD)
        self._page.add(ElementKind.CARD, sketch, card_extent(box), cue=self._visual.rows[index].cue)

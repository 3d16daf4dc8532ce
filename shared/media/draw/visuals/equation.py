"""A formula, large, and its symbols."""

from typing import Final

from shared.lesson.storyboard import EquationVisual
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.formula import Formula, broken, formula
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import does_not_fit, fit_together

_LARGEST: Final = 116.0
_COMFORTABLE: Final = 58.0  # a formula that would be smaller is set in two lines
_SMALLEST: Final = 28.0
_LINE_GAP: Final = 14.0
_SYMBOL: Final = 50.0  # size of a symbol beside its meaning
_SYMBOL_SMALLEST: Final = 22.0
_SYMBOL_COLUMN: Final = 52.0  # pixels that a symbol has at least
_TALLEST_ROW: Final = 116.0
_TALLEST_SINGLE_ROW: Final = 124.0
_SHARED_COLUMN: Final = 150.0  # widest column that narrower symbols share
_ART: Final = 280.0  # pixels across, of the motif that fills an empty page
_GAP: Final = 18.0
_PADDING: Final = 22.0
_TALLEST_CARD: Final = 300.0


def compose(page: Page, visual: EquationVisual) -> None:
    """The formula on a card; below, each symbol with its meaning."""
    page.heading(visual.heading)
    area = page.content
    rows = _rows(page, len(visual.symbols))
    row_height = _row_height(page, len(rows))
    below = len(rows) * (row_height + _GAP)
    room = area.h - below
    lines = _lines(visual.latex, area.w - 4 * _PADDING, max(room - 2.6 * _PADDING, 40.0))
    inked = sum(line.height for line in lines) + _LINE_GAP * (len(lines) - 1)
    height = min(room, max(inked + 3.4 * _PADDING, min(_TALLEST_CARD, room) * (0.8 if page.shape.wide else 0.72)))
    top = area.y + max(0.0, (area.h - height - below) * (0.4 if page.shape.wide else 0.22))
    box = Box(area.x, top, area.w, height)
    sketch = card(Sketch(), box, radius=26)
    y = box.centre[1] - inked / 2
    for line in lines:
        sketch.formula(line, box.centre[0] - line.width / 2, y, page.palette.accent, theme.CARD)
        y += line.height + _LINE_GAP
    page.add(ElementKind.CARD, sketch, card_extent(box), cue=visual.cue)
    if area.bottom - box.bottom - below > _ART + 40:
        page.ornament(Box(area.centre[0] - _ART / 2, area.bottom - _ART - 20, _ART, _ART))
    _symbols(page, visual, rows, Box(area.x, box.bottom + _GAP, area.w, row_height))


def _lines(latex: str, wide: float, high: float) -> list[Formula]:
    """The formula on one line, or on two where it would be small on one; InvalidStoryboard where neither fits."""
    one = formula(latex).fitted(wide, high, _LARGEST, _SMALLEST)
    if one is not None and one.size >= _COMFORTABLE:
        return [one]
    halves = broken(latex)
    if halves is not None:
        parts = [formula(half) for half in halves]
        tall = sum(part.height for part in parts)
        sizes = [part.size * wide / part.width for part in parts] + [parts[0].size * (high - _LINE_GAP) / tall]
        size = min(_LARGEST, *sizes)
        if size >= _SMALLEST and (one is None or size > one.size * 1.15):
            return [part.sized(size) for part in parts]
    if one is None:
        raise does_not_fit(latex)
    return [one]


def _rows(page: Page, count: int) -> list[list[int]]:
    """Indices of the symbols, in rows."""
    if not page.shape.wide:
        return [[index] for index in range(count)]
    across = {1: 1, 2: 2, 4: 2}.get(count, 3)
    return [list(range(start, min(start + across, count))) for start in range(0, count, across)]


def _row_height(page: Page, rows: int) -> float:
    if not rows:
        return 0.0
    share = page.content.h * (0.6 if page.shape.wide else 0.66)
    return min(_TALLEST_ROW if rows > 1 else _TALLEST_SINGLE_ROW, share / rows - _GAP)


def _symbols(page: Page, visual: EquationVisual, rows: list[list[int]], first: Box) -> None:
    """Cards of symbols; where they stand below each other, their meanings begin at one line."""
    cells = [
        (index, cell)
        for number, row in enumerate(rows)
        for index, cell in zip(row, first.moved(0, number * (first.h + _GAP)).columns(len(row), _GAP), strict=True)
    ]
    drawn = {index: _symbol(visual.symbols[index].latex, cell) for index, cell in cells}
    columns = {index: max(_SYMBOL_COLUMN, symbol.width) for index, symbol in drawn.items()}
    if not page.shape.wide and columns and max(columns.values()) <= _SHARED_COLUMN:
        columns = dict.fromkeys(columns, max(columns.values()))
    limits = [(cell.w - columns[index] - 2.7 * _PADDING, cell.h - 14) for index, cell in cells]
    blocks = fit_together([visual.symbols[index].meaning for index, _ in cells], limits, theme.BODY)
    ground = page.palette.soft
    for (index, cell), block in zip(cells, blocks, strict=True):
        symbol, column = drawn[index], columns[index]
        sketch = card(Sketch(), cell, ground, border="", radius=18)
        x = cell.x + _PADDING + (column - symbol.width) / 2
        sketch.formula(symbol, x, cell.centre[1] - symbol.height / 2, page.palette.accent, ground)
        left = cell.x + 1.7 * _PADDING + column
        sketch.text(block, left, cell.centre[1] - block.height / 2, theme.INK, ground)
        page.add(ElementKind.CARD, sketch, card_extent(cell), cue=visual.symbols[index].cue)


def _symbol(latex: str, cell: Box) -> Formula:
    symbol = formula(latex).fitted(cell.w * 0.36, cell.h - 20, _SYMBOL, _SYMBOL_SMALLEST)
    if symbol is None:
        raise does_not_fit(latex)
    return symbol

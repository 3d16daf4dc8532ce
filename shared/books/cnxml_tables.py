"""Tables of CNXML (the CALS model: tgroup, thead, tbody, row, entry)."""

from typing import Final

from lxml import etree

from shared.books import drafts, equations
from shared.books.book import Draft
from shared.books.cnxml_prose import Prose
from shared.books.text import count_words
from shared.books.xmlfile import CNXML, child, children, local_name

_EMPTY_SHARE: Final = 0.5  # a table with more empty cells than this is a form to fill in
_NAMED_CELLS: Final = 2  # name and formula


def table_draft(prose: Prose, table: etree._Element, *, section: str) -> Draft | None:
    """Return a table as a passage; None for one without content, or a form to fill in."""
    header, rows = _cells(prose, table)
    cells = [cell for row in rows for cell in row]
    filled = sum(1 for cell in cells if cell)
    if not rows or filled < len(cells) * _EMPTY_SHARE or not any(count_words(cell) for cell in cells):
        return None
    title = prose.inline(child(table, "title")) or prose.inline(child(table, "caption"))
    return drafts.table(section, title=title, header=header, rows=rows)


def key_equations(prose: Prose, table: etree._Element, *, section: str) -> list[Draft]:
    """Return the formulas of a table of names and formulas; rows without a formula are left to the table."""
    found: list[Draft] = []
    for row in table.iter(f"{CNXML}row"):
        cells = [prose.inline(entry) for entry in children(row, "entry")]
        cells = [cell for cell in cells if cell]
        if not cells:
            continue
        name = cells[0] if len(cells) >= _NAMED_CELLS and not equations.formulas(cells[0]) else ""
        for cell in cells[1:] if name else cells:
            stated = equations.formulas(cell) or [equations.from_prose(cell)]
            found += [drafts.equation(section, latex=latex, name=name.rstrip(":")) for latex in stated if latex]
    return found


def _cells(prose: Prose, table: etree._Element) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, all of the same length."""
    heads: list[list[str]] = []
    rows: list[list[str]] = []
    bold: list[bool] = []
    for row in table.iter(f"{CNXML}row"):
        parent = row.getparent()
        entries = children(row, "entry")
        cells = [prose.inline(entry) for entry in entries]
        if not any(cells):
            continue
        if parent is not None and local_name(parent) == "thead":
            heads.append(cells)
        else:
            rows.append(cells)
            bold.append(all(_is_bold(entry) for entry in entries))
    if not heads and len(rows) > 1 and bold[0] and not all(bold):
        heads.append(rows.pop(0))
    width = max((len(row) for row in [*heads[-1:], *rows]), default=0)
    header = _padded(heads[-1], width) if heads else []
    return header, [_padded(row, width) for row in rows]


def _padded(cells: list[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _is_bold(entry: etree._Element) -> bool:
    """Tell whether all of a cell is emphasised, or it is empty."""
    inner = children(entry)
    if not inner:
        return not (entry.text or "").strip()
    only = len(inner) == 1 and not (entry.text or "").strip() and not (inner[0].tail or "").strip()
    return only and local_name(inner[0]) == "emphasis" and inner[0].get("effect", "bold") == "bold"

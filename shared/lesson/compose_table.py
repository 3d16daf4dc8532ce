"""Comparison scenes, from tables that set two or three things side by side."""

import re

from shared.books.passages import Passage
from shared.enums import PassageKind, SceneKind
from shared.lesson.draft import Context, Draft, Take, cue_in, grown, heading, in_order, spoken
from shared.lesson.focus import Intent
from shared.lesson.limits import CELL_WORDS
from shared.lesson.material import field, items
from shared.lesson.phrasing import with_article
from shared.lesson.prose import narrated, on_screen
from shared.lesson.storyboard import ComparisonRow, ComparisonVisual
from shared.lesson.words import content, count, lower_first, stems, upper_first


def comparisons(context: Context) -> list[Draft]:
    """Tables with two or three things side by side."""
    drafts = []
    passages = [passage for passage in context.material.of(PassageKind.TABLE) if _is_comparison(passage)]
    ranked = sorted(passages, key=lambda passage: -context.focus.of_passage(passage))
    for rank, passage in enumerate(ranked[:2]):
        takes = grown(_comparison_take(passage, told, context) for told in (1, 2, 3))
        asked = Intent.COMPARE in context.focus.intents
        covered = sum(bool(facet.stems & frozenset(_column_stems(passage))) for facet in context.focus.facets)
        priority = 60.0 + (32.0 if asked and rank == 0 else 0.0) + (8.0 if covered > 1 else 0.0) - 20 * rank
        priority = min(priority, 97.5)
        if context.focus.is_narrow and not covered and not context.focus.names(passage):
            priority -= 25.0
        order = (2.0, float(context.material.section_order(passage)), 4.0, float(passage.position))
        if takes:
            drafts.append(Draft(SceneKind.COMPARISON, order, priority, takes, preferred=52))
    return drafts


def _column_stems(passage: Passage) -> list[str]:
    return [stem for title in items(passage, "header")[1:] for stem in stems(title)]


def _rows(passage: Passage) -> list[list[str]]:
    raw = passage.structure.get("rows", ())
    return [[str(cell).strip() for cell in row] for row in raw] if isinstance(raw, list | tuple) else []


def _is_comparison(passage: Passage) -> bool:
    """Whether a table compares things in words, rather than listing data."""
    header, rows = items(passage, "header"), _rows(passage)
    if len(header) not in {3, 4} or not 1 <= len(rows) <= 7 or any(len(row) != len(header) for row in rows):
        return False
    cells = [cell for row in rows for cell in row]
    wordy = sum(bool(re.search(r"[A-Za-z]{3}", re.sub(r"\$[^$]*\$", "", cell))) for cell in cells)
    short = all(cell and count(on_screen(cell)) <= CELL_WORDS + 2 for cell in cells)
    return short and wordy >= 0.7 * len(cells) and all(count(title) <= 6 for title in header)


def _comparison_take(passage: Passage, told: int, context: Context) -> Take | None:
    header, rows = items(passage, "header"), _rows(passage)[:5]
    columns = [re.sub(r"\s*\([^)]*\)", "", title) for title in header[1:]]
    ranked = sorted(range(len(rows)), key=lambda place: -context.focus.relevance(content(" ".join(rows[place]))))
    chosen = sorted(ranked[:told])
    names = [_named(_small(column, context), context.material.text) for column in columns]
    parts = ["Here is how they compare."]
    for place in chosen:
        label, cells = rows[place][0], rows[place][1:]
        said = [f"for {name}, {lower_first(cell)}" for name, cell in zip(names, cells, strict=True)]
        question = label.endswith("?")
        joined = "; ".join(said[:-1]) + f"; and {said[-1]}" if len(said) > 2 else "; ".join(said)
        parts.append(f"{label} {upper_first(joined)}." if question else f"{upper_first(label)}: {joined}.")
    narration = spoken(*parts)
    cues = in_order(
        narration, [cue_in(narration, narrated(row[0])) if place in chosen else "" for place, row in enumerate(rows)]
    )
    visual = ComparisonVisual(
        heading=heading(field(passage, "title"), heading(passage.section, context.topic)),
        columns=[upper_first(on_screen(column)) for column in columns],
        rows=[
            ComparisonRow(label=on_screen(row[0]), cells=[on_screen(cell) for cell in row[1:]], cue=cue)
            for row, cue in zip(rows, cues, strict=True)
        ],
    )
    return Take(narration, visual, (passage.passage_id,))


def _small(column: str, context: Context) -> str:
    """A column's title with a small first letter, unless it is a name."""
    first = column.split()[0] if column.split() else ""
    return column if first in context.material.proper_nouns else lower_first(column)


def _named(column: str, text: str) -> str:
    """A column's title with its article: "a ratio with the same unit"."""
    head, link, rest = [*re.split(r" (with|of|in|for|from|without) ", column, maxsplit=1), "", ""][:3]
    return f"{with_article(head, text)} {link} {rest}".strip()

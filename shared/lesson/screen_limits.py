"""Whether the texts of a visual are short enough to be drawn."""

from collections.abc import Iterator

from shared.lesson import limits
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonVisual,
    DefinitionVisual,
    DiagramVisual,
    EquationVisual,
    PlotVisual,
    QuizVisual,
    Visual,
    WorkedExampleVisual,
)
from shared.lesson.words import shown


def excesses(visual: Visual) -> Iterator[str]:
    """Describe every text that is too long."""
    title = getattr(visual, "heading", "")
    yield from _over("heading", title, limits.HEADING_CHARACTERS, limits.HEADING_WORDS)
    match visual:
        case BulletsVisual():
            most = (limits.BULLET_CHARACTERS, limits.BULLET_WORDS)
            if len(visual.items) == 1:
                most = (limits.STATEMENT_CHARACTERS, limits.STATEMENT_WORDS)
            for item in visual.items:
                yield from _over("line", item.text, *most)
        case DefinitionVisual():
            yield from _over("term", visual.term, limits.TERM_CHARACTERS)
            yield from _over("meaning", visual.meaning.text, limits.MEANING_CHARACTERS)
            if visual.note:
                yield from _over("note", visual.note.text, limits.BULLET_CHARACTERS, limits.BULLET_WORDS)
        case EquationVisual():
            yield from _over("formula", visual.latex, limits.LATEX_CHARACTERS)
            for symbol in visual.symbols:
                yield from _over("symbol", symbol.meaning, limits.SYMBOL_CHARACTERS)
        case DiagramVisual():
            for label in (*(node.label for node in visual.nodes), *(force.label for force in visual.forces)):
                yield from _over("label", label, limits.LABEL_CHARACTERS, limits.LABEL_WORDS)
            for node in visual.nodes:
                yield from _over("detail", node.detail, limits.DETAIL_CHARACTERS)
        case PlotVisual():
            for text in (visual.x_label, visual.y_label, *(marker.label for marker in visual.markers)):
                yield from _over("label", text, limits.LABEL_CHARACTERS, limits.LABEL_WORDS)
        case ComparisonVisual():
            for column in visual.columns:
                yield from _over("column", column, limits.COLUMN_CHARACTERS)
            for row in visual.rows:
                yield from _over("row label", row.label, limits.COLUMN_CHARACTERS)
                for cell in row.cells:
                    yield from _over("cell", cell, limits.CELL_CHARACTERS)
                if len(row.cells) != len(visual.columns):
                    yield f"{len(row.cells)} cells under {len(visual.columns)} columns"
        case WorkedExampleVisual():
            yield from _over("problem", visual.problem, limits.PROBLEM_CHARACTERS)
            for step in visual.steps:
                yield from _over("step", step.text, limits.STEP_CHARACTERS)
                yield from _over("formula", step.latex, limits.LATEX_CHARACTERS)
            yield from _over("answer", visual.answer.text, limits.PROBLEM_CHARACTERS)
        case QuizVisual():
            yield from _over("question", visual.question, limits.QUESTION_CHARACTERS)
            for option in visual.options:
                yield from _over("option", option, limits.OPTION_CHARACTERS)
        case _:
            return


def _over(what: str, text: str, characters: int, words: int = 10_000) -> Iterator[str]:
    if len(text) > characters:
        yield f"{what} of {len(text)} characters"
    elif shown(text) > words:
        yield f"{what} of {shown(text)} words"

"""From the visuals that a model writes to those of a storyboard: texts fitted, cues found, numbers made ids."""

from typing import Final

from pydantic import BaseModel

from shared.lesson import limits
from shared.lesson.draft import cued, heading, opening_words
from shared.lesson.drafting import script, texts
from shared.lesson.drafting.texts import cues, line, statement
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonRow,
    ComparisonVisual,
    Cued,
    DefinitionVisual,
    DiagramEdge,
    DiagramNode,
    DiagramVisual,
    EquationSymbol,
    EquationVisual,
    ExampleStep,
    ForceArrow,
    ImageVisual,
    PlotMarker,
    PlotVisual,
    QuizVisual,
    TitleVisual,
    Visual,
    WorkedExampleVisual,
)
from shared.lesson.words import sentences


def _most(model: type[BaseModel], field: str) -> int:
    """How many of something a storyboard holds at most, as its model says."""
    most: int = next(bound.max_length for bound in model.model_fields[field].metadata if hasattr(bound, "max_length"))
    return most


BULLETS_MOST: Final = _most(BulletsVisual, "items")
SYMBOLS_MOST: Final = _most(EquationVisual, "symbols")
NODES_MOST: Final = _most(DiagramVisual, "nodes")
ARROWS_MOST: Final = _most(DiagramVisual, "edges")
FORCES_MOST: Final = _most(DiagramVisual, "forces")
MARKERS_MOST: Final = _most(PlotVisual, "markers")
ROWS_MOST: Final = _most(ComparisonVisual, "rows")
COLUMNS_MOST: Final = _most(ComparisonVisual, "columns")
STEPS_MOST: Final = _most(WorkedExampleVisual, "steps")
OPTIONS_MOST: Final = _most(QuizVisual, "options")
MAGNITUDES: Final = (0.2, 1.5)
PROMPT_CHARACTERS: Final = 600
ALTERNATIVE_CHARACTERS: Final = 240
_IN_ORDER: Final = frozenset({"cycle", "flow", "hub"})  # layouts whose nodes appear one after the other


def made(visual: script.WrittenVisual, narration: str, *, motif: str, subheading: str) -> Visual | None:
    """The storyboard's visual; None where too little of it is left to be one."""
    match visual:
        case script.Title():
            return _title(visual, motif, subheading)
        case script.Bullets():
            return _bullets(visual, narration)
        case script.Definition():
            return _definition(visual, narration)
        case script.Equation():
            return _equation(visual, narration)
        case script.Diagram():
            return _diagram(visual, narration)
        case script.Plot():
            return _plot(visual, narration)
        case script.Comparison():
            return _comparison(visual, narration)
        case script.WorkedExample():
            return _worked_example(visual, narration)
        case script.Image():
            return _image(visual)
        case script.Quiz():
            return _quiz(visual, narration)


def plainest(narration: str, *headings: str) -> BulletsVisual:
    """What any scene can be shown as: its own sentences in short, under the first heading that can be shown."""
    title = next((shown for one in headings if (shown := _heading(one))), "")
    said = sentences(narration)
    lines = [(statement(sentence), opening_words(sentence)) for sentence in said]
    items = cued([one for one in lines if one[0]][:BULLETS_MOST], narration)
    first = line(narration, limits.BULLET_CHARACTERS, limits.BULLET_WORDS)
    return BulletsVisual(heading=title, items=items or [Cued(text=first or title)])


def _heading(text: str) -> str:
    return heading(line(text, 4 * limits.HEADING_CHARACTERS))[: limits.HEADING_CHARACTERS].strip()


def _title(visual: script.Title, motif: str, subheading: str) -> Visual | None:
    shown = _heading(visual.heading)
    return TitleVisual(heading=shown, subheading=subheading, motif=motif) if shown else None


def _bullets(visual: script.Bullets, narration: str) -> Visual | None:
    alone = len(visual.items) == 1
    most = (
        (limits.STATEMENT_CHARACTERS, limits.STATEMENT_WORDS)
        if alone
        else (limits.BULLET_CHARACTERS, limits.BULLET_WORDS)
    )
    shown = {statement(item.text, *most): item.cue for item in visual.items[:BULLETS_MOST]}
    shown.pop("", None)
    found = cues(narration, [(cue, text) for text, cue in shown.items()])
    items = [Cued(text=text, cue=cue) for text, cue in zip(shown, found, strict=True)]
    return BulletsVisual(heading=_heading(visual.heading), items=items, numbered=visual.numbered) if items else None


def _definition(visual: script.Definition, narration: str) -> Visual | None:
    term = line(visual.term, limits.TERM_CHARACTERS)
    meaning = statement(visual.meaning, limits.MEANING_CHARACTERS, limits.MEANING_WORDS)
    note = statement(visual.note)
    found = cues(narration, [(visual.meaning_cue, meaning), *([(visual.note_cue, note)] if note else [])])
    if not term or not meaning:
        return None
    return DefinitionVisual(
        term=term,
        meaning=Cued(text=meaning, cue=found[0]),
        note=Cued(text=note, cue=found[1]) if note else None,
    )


def _equation(visual: script.Equation, narration: str) -> Visual | None:
    kept = [
        (texts.latex(symbol.latex), line(symbol.meaning, limits.SYMBOL_CHARACTERS), symbol.cue)
        for symbol in visual.symbols[:SYMBOLS_MOST]
    ]
    kept = [one for one in kept if one[0] and one[1]]
    formula = texts.latex(visual.latex)
    if not formula or len(formula) > limits.LATEX_CHARACTERS:
        return None
    first, *rest = cues(narration, [(visual.cue, ""), *((cue, meaning) for _, meaning, cue in kept)])
    symbols = [
        EquationSymbol(latex=latex, meaning=meaning, cue=cue)
        for (latex, meaning, _), cue in zip(kept, rest, strict=True)
    ]
    return EquationVisual(heading=_heading(visual.heading), latex=formula, cue=first, symbols=symbols)


def _label(text: str) -> str:
    return line(text, limits.LABEL_CHARACTERS, limits.LABEL_WORDS)


def _diagram(visual: script.Diagram, narration: str) -> Visual | None:
    written = visual.nodes[:NODES_MOST]
    labels = [_label(node.label) for node in written]
    if len(written) < 2 or not all(labels):
        return None
    if visual.layout in _IN_ORDER:
        found = cues(narration, [(node.cue, label) for node, label in zip(written, labels, strict=True)])
    else:
        found = [cues(narration, [(node.cue, label)])[0] for node, label in zip(written, labels, strict=True)]
    nodes = [
        DiagramNode(id=f"n{number}", label=label, detail=line(node.detail, limits.DETAIL_CHARACTERS), cue=cue)
        for number, (node, label, cue) in enumerate(zip(written, labels, found, strict=True), start=1)
    ]
    known = range(1, len(nodes) + 1)
    edges = [
        DiagramEdge(
            source=f"n{arrow.source}",
            target=f"n{arrow.target}",
            label=_label(arrow.label),
            cue=cues(narration, [(arrow.cue, arrow.label)])[0],
        )
        for arrow in visual.arrows
        if arrow.source in known and arrow.target in known and arrow.source != arrow.target
    ]
    least, most = MAGNITUDES
    forces = [
        ForceArrow(
            node=f"n{force.node}",
            direction=force.direction % 360.0,
            magnitude=min(max(force.magnitude, least), most),
            label=_label(force.label),
            cue=cues(narration, [(force.cue, force.label)])[0],
        )
        for force in visual.forces
        if force.node in known and _label(force.label)
    ]
    return DiagramVisual(
        heading=_heading(visual.heading),
        layout=visual.layout,
        nodes=nodes,
        edges=edges[:ARROWS_MOST],
        forces=forces[:FORCES_MOST] if visual.layout == "forces" else [],
        caption=line(visual.caption, limits.CAPTION_CHARACTERS),
    )


def _plot(visual: script.Plot, narration: str) -> Visual | None:
    low, high = sorted((visual.x_from, visual.x_to))
    axes = _label(visual.x_label), _label(visual.y_label)
    expression = texts.expression(visual.expression)
    if low == high or not all(axes) or not expression:
        return None
    markers = [
        PlotMarker(x=marker.x, label=_label(marker.label), cue=cues(narration, [(marker.cue, marker.label)])[0])
        for marker in visual.markers
        if low <= marker.x <= high and _label(marker.label)
    ]
    return PlotVisual(
        heading=_heading(visual.heading),
        expression=expression,
        domain=(low, high),
        x_label=axes[0],
        y_label=axes[1],
        cue=cues(narration, [(visual.cue, "")])[0],
        markers=markers[:MARKERS_MOST],
    )


def _comparison(visual: script.Comparison, narration: str) -> Visual | None:
    columns = [line(column, limits.COLUMN_CHARACTERS) for column in visual.columns[:COLUMNS_MOST]]
    written = [row for row in visual.rows if len(row.cells) == len(visual.columns)][:ROWS_MOST]
    shown = [
        (
            line(row.label, limits.COLUMN_CHARACTERS),
            [line(cell, limits.CELL_CHARACTERS) or "–" for cell in row.cells[:COLUMNS_MOST]],
            row.cue,
        )
        for row in written
    ]
    found = cues(narration, [(cue, label) for label, _, cue in shown])
    rows = [
        ComparisonRow(label=label, cells=cells, cue=cue) for (label, cells, _), cue in zip(shown, found, strict=True)
    ]
    if not all(columns) or not rows:
        return None
    return ComparisonVisual(heading=_heading(visual.heading), columns=columns, rows=rows)


def _worked_example(visual: script.WorkedExample, narration: str) -> Visual | None:
    problem = line(visual.problem, limits.PROBLEM_CHARACTERS)
    answer = statement(visual.answer, limits.PROBLEM_CHARACTERS, limits.PROBLEM_CHARACTERS)
    shown = [
        (line(step.text, limits.STEP_CHARACTERS), texts.latex(step.latex)[: limits.LATEX_CHARACTERS + 1], step.cue)
        for step in visual.steps[:STEPS_MOST]
    ]
    shown = [one for one in shown if (one[0] or one[1]) and len(one[1]) <= limits.LATEX_CHARACTERS]
    if not problem or not answer or not shown:
        return None
    *found, last = cues(narration, [*((cue, text) for text, _, cue in shown), (visual.answer_cue, answer)])
    return WorkedExampleVisual(
        heading=_heading(visual.heading),
        problem=problem,
        steps=[
            ExampleStep(text=text, latex=latex, cue=cue) for (text, latex, _), cue in zip(shown, found, strict=True)
        ],
        answer=Cued(text=answer, cue=last),
    )


def _image(visual: script.Image) -> Visual | None:
    prompt = line(visual.prompt, PROMPT_CHARACTERS)
    alternative = line(visual.alt, ALTERNATIVE_CHARACTERS)
    if not prompt or not alternative:
        return None
    return ImageVisual(heading=_heading(visual.heading), prompt=prompt, alt=alternative)


def _quiz(visual: script.Quiz, narration: str) -> Visual | None:
    question = line(visual.question, limits.QUESTION_CHARACTERS)
    options = [line(option, limits.OPTION_CHARACTERS) for option in visual.options]
    answer = options[visual.answer_index]
    if not question or not all(options):
        return None
    if len(options) > OPTIONS_MOST:
        options = [answer, *(option for option in options if option != answer)][:OPTIONS_MOST]
    return QuizVisual(
        question=question,
        options=options,
        answer_index=options.index(answer),
        answer_cue=cues(narration, [(visual.answer_cue, answer)])[0],
    )

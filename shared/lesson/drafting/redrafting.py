"""A storyboard as the script that it could have been made from: what a model is shown to revise."""

from shared.enums import SceneKind
from shared.lesson.drafting import script
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonVisual,
    CreditsVisual,
    DefinitionVisual,
    DiagramVisual,
    EquationVisual,
    ImageVisual,
    PlotVisual,
    QuizVisual,
    Scene,
    Storyboard,
    TitleVisual,
    WorkedExampleVisual,
)


def draft_of(storyboard: Storyboard, excerpts: Excerpts) -> script.Script:
    """The script, its passages by their handles. Scenes keep their numbers; the credits, the last, are left out."""
    explanations = {question.question: question.explanation for question in storyboard.quiz}
    return script.Script.model_construct(
        title=storyboard.title,
        objectives=list(storyboard.objectives),
        scenes=[
            _scene(scene, excerpts, explanations) for scene in storyboard.scenes if scene.kind is not SceneKind.CREDITS
        ],
        key_terms=[
            script.WrittenTerm(term=term.term, meaning=term.meaning, passage=excerpts.handle(term.citation))
            for term in storyboard.key_terms
        ],
    )


def _scene(scene: Scene, excerpts: Excerpts, explanations: dict[str, str]) -> script.WrittenScene:
    handles = [handle for cited in scene.citations if (handle := excerpts.handle(cited))]
    visual = _visual(scene, explanations)
    return script.WrittenScene.model_construct(
        kind=scene.kind.value, passages=handles, narration=scene.narration, visual=visual
    )


def _visual(scene: Scene, explanations: dict[str, str]) -> script.WrittenVisual:
    match scene.visual:
        case TitleVisual() as visual:
            return script.Title(kind="title", heading=visual.heading)
        case BulletsVisual() as visual:
            items = [script.Line(text=item.text, cue=item.cue) for item in visual.items]
            return script.Bullets(kind="bullets", heading=visual.heading, items=items, numbered=visual.numbered)
        case DefinitionVisual() as visual:
            note = visual.note
            return script.Definition(
                kind="definition",
                term=visual.term,
                meaning=visual.meaning.text,
                meaning_cue=visual.meaning.cue,
                note=note.text if note else "",
                note_cue=note.cue if note else "",
            )
        case EquationVisual() as visual:
            symbols = [script.Symbol(latex=one.latex, meaning=one.meaning, cue=one.cue) for one in visual.symbols]
            return script.Equation(
                kind="equation", heading=visual.heading, latex=visual.latex, cue=visual.cue, symbols=symbols
            )
        case DiagramVisual() as visual:
            return _diagram(visual)
        case PlotVisual() as visual:
            return script.Plot(
                kind="plot",
                heading=visual.heading,
                expression=visual.expression,
                x_from=visual.domain[0],
                x_to=visual.domain[1],
                x_label=visual.x_label,
                y_label=visual.y_label,
                cue=visual.cue,
                markers=[script.Marker(x=one.x, label=one.label, cue=one.cue) for one in visual.markers],
            )
        case ComparisonVisual() as visual:
            rows = [script.Row(label=row.label, cells=row.cells, cue=row.cue) for row in visual.rows]
            return script.Comparison(kind="comparison", heading=visual.heading, columns=visual.columns, rows=rows)
        case WorkedExampleVisual() as visual:
            return script.WorkedExample(
                kind="worked_example",
                heading=visual.heading,
                problem=visual.problem,
                steps=[script.Step(text=step.text, latex=step.latex, cue=step.cue) for step in visual.steps],
                answer=visual.answer.text,
                answer_cue=visual.answer.cue,
            )
        case ImageVisual() as visual:
            return script.Image(kind="image", heading=visual.heading, prompt=visual.prompt, alt=visual.alt)
        case QuizVisual() as visual:
            return script.Quiz.model_construct(
                kind="quiz",
                question=visual.question,
                options=visual.options,
                answer_index=visual.answer_index,
                answer_cue=visual.answer_cue,
                explanation=explanations.get(visual.question, ""),
            )
        case CreditsVisual():
            raise ValueError("the credits are no part of a script")


def _diagram(visual: DiagramVisual) -> script.Diagram:
    numbers = {node.id: number for number, node in enumerate(visual.nodes, start=1)}
    return script.Diagram(
        kind="diagram",
        heading=visual.heading,
        layout=visual.layout,
        nodes=[script.Node(label=node.label, detail=node.detail, cue=node.cue) for node in visual.nodes],
        arrows=[
            script.Arrow(
                source=numbers.get(edge.source, 0), target=numbers.get(edge.target, 0), label=edge.label, cue=edge.cue
            )
            for edge in visual.edges
        ],
        forces=[
            script.Force(
                node=numbers.get(force.node, 0),
                direction=force.direction,
                magnitude=force.magnitude,
                label=force.label,
                cue=force.cue,
            )
            for force in visual.forces
        ],
        caption=visual.caption,
    )

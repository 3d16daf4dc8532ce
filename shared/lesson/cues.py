"""The cues of a visual, in the order in which its elements appear."""

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


def cues(visual: Visual) -> list[list[str]]:
    """The cues in groups; within a group they follow one another in the narration, empty ones left out."""
    match visual:
        case BulletsVisual():
            groups = [[item.cue for item in visual.items]]
        case DefinitionVisual():
            groups = [[visual.meaning.cue, visual.note.cue if visual.note else ""]]
        case EquationVisual():
            groups = [[visual.cue, *(symbol.cue for symbol in visual.symbols)]]
        case DiagramVisual():
            nodes = [node.cue for node in visual.nodes]
            groups = [nodes if visual.layout in {"cycle", "flow", "hub"} else []]
            groups += [[cue] for cue in nodes] if visual.layout not in {"cycle", "flow", "hub"} else []
            groups += [[edge.cue] for edge in visual.edges] + [[force.cue] for force in visual.forces]
        case PlotVisual():
            groups = [[visual.cue], *([marker.cue] for marker in visual.markers)]
        case ComparisonVisual():
            groups = [[row.cue for row in visual.rows]]
        case WorkedExampleVisual():
            groups = [[*(step.cue for step in visual.steps), visual.answer.cue]]
        case QuizVisual():
            groups = [[visual.answer_cue]]
        case _:
            groups = []
    return [[cue for cue in group if cue] for group in groups]

"""From a scene of a storyboard to its layout."""

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
from shared.media.draw.canvas import Layout, Shape
from shared.media.draw.page import Page
from shared.media.draw.visuals import (
    bullets,
    comparison,
    credits,
    definition,
    diagram,
    equation,
    image,
    plot,
    quiz,
    title,
    worked_example,
)

_DARK = (TitleVisual, QuizVisual, CreditsVisual)


def layout(scene: Scene, storyboard: Storyboard, shape: Shape, *, picture: bytes | None = None) -> Layout:
    """The scene with every box known.

    InvalidStoryboard (`scene_does_not_fit`, or another code that names the fault) where it cannot be drawn;
    InvalidMedia where `picture`, which an image scene may be given, does not open.
    """
    visual = scene.visual
    page = Page(scene, storyboard, shape, dark=isinstance(visual, _DARK), cover=isinstance(visual, TitleVisual))
    match visual:
        case TitleVisual():
            title.compose(page, visual)
        case BulletsVisual():
            bullets.compose(page, visual)
        case DefinitionVisual():
            definition.compose(page, visual)
        case EquationVisual():
            equation.compose(page, visual)
        case DiagramVisual():
            diagram.compose(page, visual)
        case PlotVisual():
            plot.compose(page, visual)
        case ComparisonVisual():
            comparison.compose(page, visual)
        case WorkedExampleVisual():
            worked_example.compose(page, visual)
        case ImageVisual():
            image.compose(page, visual, picture)
        case QuizVisual():
            quiz.compose(page, visual)
        case CreditsVisual():
            credits.compose(page, visual)
    return page.layout()

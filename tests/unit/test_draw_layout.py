"""Every scene that may be written can be laid out: text in its box, no two texts over each other, AA contrast."""

import dataclasses
import xml.etree.ElementTree as ET

import pytest

from shared.enums import SceneKind
from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonRow,
    ComparisonVisual,
    Cued,
    DiagramEdge,
    DiagramNode,
    DiagramVisual,
    EquationVisual,
    QuizVisual,
    Scene,
    Storyboard,
    TitleVisual,
    Visual,
)
from shared.media.draw import Box, Layout, Shape, layout, unfit
from shared.media.draw.canvas import ElementKind, Motion, TextBox, zones
from shared.media.draw.theme import DIMMED_SHARE, MINIMUM_CONTRAST, PAPER, contrast, mix
from tests.unit.draw_samples import all_storyboards, at_limits, one_scene, photosynthesis, prose

SCENES = [(storyboard, scene) for storyboard in all_storyboards() for scene in storyboard.scenes]
SMALLEST_SIZE = 18  # pixels, of any text
LARGE_TEXT = 24  # pixels from which a contrast of 3 is enough (WCAG 1.4.3), and for bold:
LARGE_BOLD_TEXT = 18.66


def _laid_out(kind: SceneKind, visual: Visual, shape: Shape = Shape.WIDE) -> Layout:
    storyboard = one_scene(kind, visual)
    return layout(storyboard.scenes[0], storyboard, shape)


def _is_large(text: TextBox) -> bool:
    return text.size >= (LARGE_BOLD_TEXT if text.weight >= 700 else LARGE_TEXT)


def _refusal(kind: SceneKind, visual: Visual) -> str:
    with pytest.raises(InvalidStoryboard) as caught:
        _laid_out(kind, visual)
    return caught.value.code


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("storyboard", "scene"), SCENES, ids=lambda value: getattr(value, "id", ""))
def test_samples_keep_all_rules(storyboard: Storyboard, scene: Scene, shape: Shape) -> None:
    laid_out = layout(scene, storyboard, shape)

    assert laid_out.violations() == []
    assert all(text.size >= SMALLEST_SIZE for _, text in laid_out.texts() if not text.text.startswith("\\"))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("storyboard", "scene"), SCENES, ids=lambda value: getattr(value, "id", ""))
def test_samples_have_enough_contrast(storyboard: Storyboard, scene: Scene, shape: Shape) -> None:
    for element, text in layout(scene, storyboard, shape).texts():
        assert contrast(text.ink, text.ground) >= MINIMUM_CONTRAST, text
        if element.steps_back:
            ink, ground = (mix(colour, PAPER, DIMMED_SHARE) for colour in (text.ink, text.ground))
            assert contrast(ink, ground) >= (3.0 if _is_large(text) else MINIMUM_CONTRAST), text


@pytest.mark.parametrize("shape", Shape)
def test_texts_as_long_as_the_limits_fit(shape: Shape) -> None:
    for kind, visual in at_limits():
        assert _laid_out(kind, visual, shape).violations() == [], visual


@pytest.mark.parametrize("shape", Shape)
def test_layouts_are_svg(shape: Shape) -> None:
    storyboard = photosynthesis()
    for scene in storyboard.scenes:
        root = ET.fromstring(layout(scene, storyboard, shape).svg())
        assert root.get("width") == str(shape.width)


def test_markup_in_text_is_escaped() -> None:
    visual = BulletsVisual(heading="a < b & c", items=[Cued(text='<script>"x"</script> \x00\x1b\u200bend')])

    laid_out = _laid_out(SceneKind.RECAP, visual)

    ET.fromstring(laid_out.svg())
    texts = [text.text for _, text in laid_out.texts()]
    assert "a < b & c" in texts
    assert '<script>"x"</script> end' in texts


def test_too_much_text_is_refused() -> None:
    long = BulletsVisual(heading="Long", items=[Cued(text=prose(900)) for _ in range(5)])

    assert _refusal(SceneKind.RECAP, long) == "scene_does_not_fit"


def test_a_word_too_long_for_its_box_is_cut_or_refused() -> None:
    cut = TitleVisual(heading="Dichlorodiphenyltrichloroethane")
    laid_out = _laid_out(SceneKind.HOOK, cut, Shape.TALL)
    assert laid_out.violations() == []

    hopeless = ComparisonVisual(heading="x", columns=["a", "b"], rows=[ComparisonRow(label="", cells=["x" * 400, "y"])])
    assert _refusal(SceneKind.COMPARISON, hopeless) == "scene_does_not_fit"


def test_unfit_names_the_scenes_that_cannot_be_drawn() -> None:
    storyboard = photosynthesis()
    assert unfit(storyboard) == {}

    too_long = BulletsVisual(heading="Long", items=[Cued(text=prose(2000))])
    broken = storyboard.scenes[3].model_copy(update={"visual": too_long})
    scenes = [*storyboard.scenes[:3], broken, *storyboard.scenes[4:]]
    found = unfit(storyboard.model_copy(update={"scenes": scenes}))

    assert {name: error.code for name, error in found.items()} == {"scene-04": "scene_does_not_fit"}


def test_a_script_without_letters_for_it_is_refused() -> None:
    assert _refusal(SceneKind.HOOK, TitleVisual(heading="光合成の仕組み")) == "text_cannot_be_drawn"


def test_faulty_visuals_are_refused() -> None:
    nodes = [DiagramNode(id="a", label="A"), DiagramNode(id="b", label="B")]

    def diagram(edges: list[tuple[str, str]], layout_name: str = "flow", extra: str = "c") -> DiagramVisual:
        return DiagramVisual.model_validate(
            {
                "heading": "x",
                "layout": layout_name,
                "nodes": [*nodes, DiagramNode(id=extra, label="C")],
                "edges": [DiagramEdge(source=source, target=target) for source, target in edges],
            }
        )

    assert _refusal(SceneKind.PROCESS, diagram([("a", "nowhere")])) == "invalid_diagram"
    assert _refusal(SceneKind.PROCESS, diagram([("a", "a")])) == "invalid_diagram"
    assert _refusal(SceneKind.PROCESS, diagram([], extra="a")) == "invalid_diagram"
    assert _refusal(SceneKind.PROCESS, diagram([("a", "b"), ("b", "a")], "tree")) == "invalid_diagram"
    quiz = QuizVisual(question="?", options=["a", "b"], answer_index=2)
    assert _refusal(SceneKind.QUIZ, quiz) == "invalid_quiz"
    uneven = ComparisonVisual(heading="x", columns=["a", "b"], rows=[ComparisonRow(label="l", cells=["1"])])
    assert _refusal(SceneKind.COMPARISON, uneven) == "invalid_comparison"
    assert _refusal(SceneKind.EQUATION, EquationVisual(heading="x", latex=r"\frac{a")) == "unsupported_formula"


def test_violations_are_found() -> None:
    """The check itself can fail: move things about and see."""
    visual = BulletsVisual(heading="Two lines", items=[Cued(text="One of them"), Cued(text="The other one")])
    good = _laid_out(SceneKind.RECAP, visual)
    card = next(e for e in good.elements if any(t.text == "One of them" for t in e.texts))
    text = next(t for t in card.texts if t.text == "One of them")

    def with_box(box: Box) -> Layout:
        moved = dataclasses.replace(card, texts=(dataclasses.replace(text, box=box),))
        return dataclasses.replace(good, elements=tuple(moved if e is card else e for e in good.elements))

    other = next(t for _, t in good.texts() if t.text == "The other one")
    assert any("overlap" in found for found in with_box(other.box).violations())
    assert any("leaves" in found for found in with_box(text.box.moved(0, -200)).violations())
    assert any("captions" in found for found in with_box(zones(Shape.WIDE).captions).violations())
    away = dataclasses.replace(card, box=card.box.moved(900, 0))
    off_page = dataclasses.replace(good, elements=(away,))
    assert any("off the page" in found for found in off_page.violations())


def test_cues_are_in_the_order_of_drawing_and_elements_share_them() -> None:
    storyboard = photosynthesis()
    cycle = layout(storyboard.scenes[5], storyboard, Shape.WIDE)

    assert set(cycle.cues) == {"fixed", "reduced", "RuBP", "regenerated"}
    assert sum(element.cue == "reduced" for element in cycle.elements) == 3  # the node, the arrow and its label


def test_footer_shows_title_and_progress() -> None:
    storyboard = photosynthesis()
    first, last = (layout(storyboard.scenes[i], storyboard, Shape.WIDE) for i in (0, -1))

    heads = [next(e for e in laid_out.elements if e.id == "progress-head") for laid_out in (first, last)]
    assert heads[0].box.x == 0
    assert heads[1].box.right == pytest.approx(Shape.WIDE.width)
    footer = next(e for e in first.elements if e.id == "footer")
    assert footer.texts[0].text == storyboard.title
    assert footer.motion is Motion.STILL


def test_an_overlong_lesson_title_is_cut_in_the_footer() -> None:
    storyboard = photosynthesis().model_copy(update={"title": prose(300)})
    laid_out = layout(storyboard.scenes[2], storyboard, Shape.TALL)

    footer = next(e for e in laid_out.elements if e.id == "footer")
    assert footer.texts[0].text.endswith("…")
    assert laid_out.violations() == []


def test_an_arrow_waits_for_both_its_ends() -> None:
    names = ("absorb", "carry", "rebuild")
    visual = DiagramVisual(
        heading="A cycle",
        layout="cycle",
        nodes=[DiagramNode(id=name, label=name, cue=name) for name in names],
        edges=[
            DiagramEdge(source=source, target=target, cue=target)
            for source, target in zip(names, (*names[1:], names[0]), strict=True)
        ],
    )
    storyboard = one_scene(SceneKind.PROCESS, visual, narration="First absorb, then carry, then rebuild.")
    laid_out = layout(storyboard.scenes[0], storyboard, Shape.WIDE)
    arrows = [element.cue for element in laid_out.elements if element.kind is ElementKind.ARROW]
    assert arrows == ["carry", "rebuild", "rebuild"]

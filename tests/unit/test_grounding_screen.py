"""What stands on the screen, in key terms and quizzes is held against the passages as well."""

import pytest

from shared.enums import SceneKind
from shared.lesson.compose import compose
from shared.lesson.pruning import pruned
from shared.lesson.shown import Element, unstated
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonRow,
    ComparisonVisual,
    Cued,
    DefinitionVisual,
    DiagramNode,
    DiagramVisual,
    EquationSymbol,
    EquationVisual,
    ExampleStep,
    KeyTerm,
    QuizVisual,
    Storyboard,
    Visual,
    WorkedExampleVisual,
)
from tests.unit.lesson_samples import brief, floating

PASSAGES = {one.passage_id: one for one in floating()}
EVERYTHING = list(PASSAGES)


@pytest.fixture(scope="module")
def lesson() -> Storyboard:
    return compose(brief())


def _showing(lesson: Storyboard, visual: Visual, citations: list[str] = EVERYTHING) -> Storyboard:
    """The lesson with another visual in its scene of key points."""
    scenes = [
        scene.model_copy(update={"visual": visual, "citations": citations})
        if scene.kind is SceneKind.KEY_POINTS
        else scene
        for scene in lesson.scenes
    ]
    return lesson.model_copy(update={"scenes": scenes})


def _found(lesson: Storyboard, visual: Visual) -> set[Element]:
    return {wrong.element for wrong in unstated(_showing(lesson, visual), PASSAGES)}


def _bullets(*lines: str) -> BulletsVisual:
    return BulletsVisual(heading="Heading", items=[Cued(text=line) for line in lines])


def _definition(meaning: str, note: str = "") -> DefinitionVisual:
    return DefinitionVisual(term="Density", meaning=Cued(text=meaning), note=Cued(text=note) if note else None)


def _equation(latex: str, meaning: str = "mass, in kilograms") -> EquationVisual:
    return EquationVisual(heading="Density", latex=latex, symbols=[EquationSymbol(latex="m", meaning=meaning)])


def _diagram(*labels: str) -> DiagramVisual:
    nodes = [DiagramNode(id=f"n{place}", label=label) for place, label in enumerate(labels)]
    return DiagramVisual(heading="Steps", layout="flow", nodes=nodes)


def _comparison(*cells: str) -> ComparisonVisual:
    rows = [ComparisonRow(label="Example", cells=list(cells))]
    return ComparisonVisual(heading="Two", columns=["Floating object", "Sinking object"], rows=rows)


def _example(answer: str) -> WorkedExampleVisual:
    return WorkedExampleVisual(
        heading="A block of wood",
        problem="A block of wood has a mass of 12 kilograms.",
        steps=[ExampleStep(text="Divide the mass by the volume.")],
        answer=Cued(text=answer),
    )


def _quiz(answer_index: int) -> QuizVisual:
    options = ["A steel nail", "A wooden spoon", "A glass marble", "A stone"]
    return QuizVisual(question="Which object floats in water?", options=options, answer_index=answer_index)


CASES: list[tuple[Element, Visual, Visual]] = [
    (Element.LINE, _bullets("Wood floats in water"), _bullets("Steel nails float in water")),
    (Element.LINE, _bullets("Density: mass divided by volume"), _bullets("Density: volume divided by mass")),
    (Element.MEANING, _definition("mass divided by volume"), _definition("the color of a material in daylight")),
    (
        Element.NOTE,
        _definition("mass divided by volume", "A dense material packs a lot of mass into a small space"),
        _definition("mass divided by volume", "A dense material does not pack a lot of mass into a small space"),
    ),
    (Element.FORMULA, _equation(r"d = \frac{m}{V}"), _equation(r"d = \frac{V}{m}")),
    (Element.SYMBOL, _equation(r"d = \frac{m}{V}"), _equation(r"d = \frac{m}{V}", "molarity, in moles")),
    (Element.LABEL, _diagram("Find the mass", "Find the volume"), _diagram("Find the mass", "Ask the teacher")),
    (Element.ROW, _comparison("Wood, ice, cork", "Stone, steel, glass"), _comparison("Helium balloons", "Submarines")),
    (
        Element.EXAMPLE,
        _example("The density of the wood is 600 kilograms per cubic meter."),
        _example("The density of the wood is 900 kilograms per cubic meter."),
    ),
]


@pytest.mark.parametrize(("element", "stated", "invented"), CASES, ids=lambda value: getattr(value, "value", ""))
def test_what_is_shown_has_to_be_stated(lesson: Storyboard, element: Element, stated: Visual, invented: Visual) -> None:
    assert _found(lesson, stated) == set()
    assert _found(lesson, invented) == {element}


def test_a_quiz_has_the_books_answer(lesson: Storyboard) -> None:
    exercise = next(one.passage_id for one in floating() if one.text.startswith("Which object floats"))

    def wrong(answer: int) -> set[Element]:
        return {one.element for one in unstated(_showing(lesson, _quiz(answer), [exercise]), PASSAGES)}

    assert wrong(1) == set()
    assert wrong(0) == wrong(2) == wrong(3) == {Element.ANSWER}


def test_a_question_of_its_own_may_not_contradict_the_passage(lesson: Storyboard) -> None:
    why = next(one.passage_id for one in floating() if one.text.startswith("Density is the mass"))
    question = lesson.quiz[0].model_copy(
        update={
            "question": "An object floats in water when its density is",
            "options": ["lower than the density of water", "higher than the density of water"],
            "explanation": "",
            "citation": why,
        }
    )

    def wrong(answer: int, explanation: str = "") -> bool:
        asked = question.model_copy(update={"answer_index": answer, "explanation": explanation})
        return Element.QUESTION in {
            one.element for one in unstated(lesson.model_copy(update={"quiz": [asked]}), PASSAGES)
        }

    assert not wrong(0)
    assert wrong(1)
    assert wrong(0, "An object sinks when its density is lower than that of water.")


def test_a_key_term_has_the_books_meaning(lesson: Storyboard) -> None:
    known = lesson.key_terms[0]
    invented = KeyTerm(term=known.term, meaning="a kind of boat that was built in Norway", citation=known.citation)
    changed = lesson.model_copy(update={"key_terms": [known, invented]})

    assert [one.place for one in unstated(changed, PASSAGES)] == [1]
    assert pruned(changed, PASSAGES).storyboard.key_terms == [known]


def test_pruning_leaves_out_the_line_and_keeps_the_scene(lesson: Storyboard) -> None:
    result = pruned(_showing(lesson, _bullets("Wood floats in water", "Steel nails float in water")), PASSAGES)

    shown = next(scene.visual for scene in result.storyboard.scenes if scene.kind is SceneKind.KEY_POINTS)
    assert isinstance(shown, BulletsVisual)
    assert [item.text for item in shown.items] == ["Wood floats in water"]
    assert result.dropped[Element.LINE] >= 1
    assert unstated(result.storyboard, PASSAGES) == []


def test_pruning_leaves_out_a_scene_with_a_wrong_formula(lesson: Storyboard) -> None:
    result = pruned(_showing(lesson, _equation(r"d = \frac{V}{m}")), PASSAGES)

    assert SceneKind.KEY_POINTS not in {scene.kind for scene in result.storyboard.scenes}
    assert [scene.id for scene in result.storyboard.scenes] == [
        f"scene-{place:02d}" for place in range(1, len(result.storyboard.scenes) + 1)
    ]

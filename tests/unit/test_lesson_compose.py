"""The offline writer: lessons that answer the question, from the book alone, the same every time."""

import re
from dataclasses import replace

import pytest

from shared.adapters.extractive import ExtractiveWriter
from shared.books.passages import Passage
from shared.enums import DegradedReason, LessonStyle, PassageKind, SceneKind
from shared.errors import ContentNotFound, InvalidStoryboard
from shared.lesson.compose import compose
from shared.lesson.rules import check
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonVisual,
    CreditsVisual,
    DiagramVisual,
    EquationVisual,
    PlotVisual,
    Storyboard,
    TitleVisual,
)
from shared.services import Writer
from tests.unit.lesson_samples import brief, floating, passage, sample_brief, sample_modules

QUESTIONS = (
    ("vf0101", "What are the steps of the scientific method?"),
    ("vf0201", "what is inertia"),
    ("vf0202", "How do I calculate acceleration from force and mass?"),
    ("vf0203", "Explain Newton's third law"),
    ("vf0204", "what is conservation of energy"),
    ("vf0205", "What happens to momentum in a collision?"),
    ("vf0301", "what is the difference between transverse and longitudinal waves"),
    ("vf0302", "why does light bend in water"),
    ("vf0303", "I want to understand Ohm's law"),
    ("vf0401", "what are isotopes and ions"),
    ("vf0402", "why do chemical equations need to be balanced"),
    ("vf0501", "What does the mitochondria do in a cell?"),
    ("vf0502", "Explain photosynthesis, including the light-dependent and light-independent reactions"),
    ("vf0503", "how do punnett squares work"),
    ("vf0504", "How does natural selection lead to evolution?"),
    ("vf0601", "unit rate and proportions"),
    ("vf0602", "How do I find the roots with the quadratic formula?"),
)


def _said(storyboard: Storyboard) -> str:
    return " ".join(scene.narration for scene in storyboard.scenes)


def _kinds(storyboard: Storyboard) -> list[SceneKind]:
    return [scene.kind for scene in storyboard.scenes]


@pytest.mark.parametrize(("module_id", "query"), QUESTIONS)
@pytest.mark.parametrize(
    ("seconds", "style", "grade", "interest"),
    [
        (30, LessonStyle.BALANCED, 10, "soccer"),
        (60, LessonStyle.SIMPLE, 6, ""),
        (90, LessonStyle.BALANCED, 9, "basketball"),
        (180, LessonStyle.PRACTICE, 11, "falconry"),
        (300, LessonStyle.BALANCED, 12, "music"),
    ],
)
def test_every_lesson_keeps_every_rule(
    module_id: str, query: str, seconds: int, style: LessonStyle, grade: int, interest: str
) -> None:
    asked = sample_brief(module_id, query, seconds=seconds, style=style, grade=grade, interest=interest)

    storyboard = compose(asked)

    assert check(storyboard, asked.passages) == []
    assert storyboard.supported_share == 1.0
    assert storyboard.duration_seconds == seconds


def test_the_same_brief_gives_the_same_bytes() -> None:
    asked = sample_brief("vf0502", "How does photosynthesis work?")

    assert compose(asked).model_dump_json() == compose(asked).model_dump_json()
    shuffled = replace(asked, passages=tuple(reversed(asked.passages)))
    assert compose(shuffled).digest() == compose(asked).digest()


def test_the_adapter_is_a_writer() -> None:
    writer: Writer = ExtractiveWriter()

    assert writer.storyboard(brief()).digest() == compose(brief()).digest()


def test_both_parts_of_a_question_are_told_and_drawn() -> None:
    query = "Explain how photosynthesis works, including the light-dependent and light-independent reactions"

    storyboard = compose(sample_brief("vf0502", query))

    drawn = [scene.visual for scene in storyboard.scenes if isinstance(scene.visual, DiagramVisual)]
    assert [picture.layout for picture in drawn] == ["flow", "cycle"]
    assert "Calvin cycle" in _said(storyboard)
    assert "light-dependent reactions have five steps" in _said(storyboard)


def test_two_questions_on_one_section_give_two_lessons() -> None:
    one = compose(sample_brief("vf0502", "What is chlorophyll?"))
    other = compose(sample_brief("vf0502", "How do the light-independent reactions work?"))

    assert one.title == "Photosynthesis: Chlorophyll"
    assert other.title == "Photosynthesis: Calvin Cycle"
    middle = [{s.narration for s in lesson.scenes[1:-2]} for lesson in (one, other)]
    assert len(middle[0] & middle[1]) <= 2  # what the section is about, and the comparison
    assert min(len(middle[0] - middle[1]), len(middle[1] - middle[0])) >= 3


def test_a_comparison_is_made_where_one_is_asked_for() -> None:
    storyboard = compose(sample_brief("vf0301", "difference between transverse and longitudinal waves"))

    table = next(scene.visual for scene in storyboard.scenes if isinstance(scene.visual, ComparisonVisual))
    assert table.columns == ["Transverse wave", "Longitudinal wave"]


def test_a_calculation_is_worked_where_one_is_asked_for() -> None:
    storyboard = compose(sample_brief("vf0303", "How do I calculate the current with Ohm's law?"))

    assert {SceneKind.EQUATION, SceneKind.WORKED_EXAMPLE} <= set(_kinds(storyboard))
    formula = next(scene for scene in storyboard.scenes if isinstance(scene.visual, EquationVisual))
    assert "voltage equals current times resistance" in formula.narration


def test_forces_are_drawn_as_a_pair() -> None:
    storyboard = compose(sample_brief("vf0203", "Explain Newton's third law", interest="basketball"))

    pictures = [
        s.visual for s in storyboard.scenes if isinstance(s.visual, DiagramVisual) and s.visual.layout == "forces"
    ]
    assert pictures
    first, second = pictures[0].forces
    assert abs(first.direction - second.direction) == 180
    assert first.node != second.node


def test_a_parabola_is_drawn_from_the_books_own_function() -> None:
    asked = sample_brief("vf0602", "What is a parabola and what is its vertex?", seconds=150)
    storyboard = compose(asked)

    plots = [scene.visual for scene in storyboard.scenes if isinstance(scene.visual, PlotVisual)]
    assert plots
    assert re.fullmatch(r"[-()\d.x*+ ]+", plots[0].expression)


def test_the_lesson_begins_in_the_students_world_and_comes_back_to_it() -> None:
    storyboard = compose(sample_brief("vf0203", "Explain Newton's third law", interest="Basketball"))

    first = storyboard.scenes[0]
    assert isinstance(first.visual, TitleVisual)
    assert first.visual.motif == "basketball"
    assert "rebound" in first.narration
    connection = next(scene for scene in storyboard.scenes if scene.kind is SceneKind.CONNECTION)
    assert isinstance(connection.visual, BulletsVisual)
    assert storyboard.degraded == []


def test_an_unknown_interest_is_named_and_nothing_is_made_up_about_it() -> None:
    storyboard = compose(brief(interest="Falconry"))

    assert storyboard.degraded == [DegradedReason.GENERIC_INTEREST.value]
    assert storyboard.interest == "falconry"
    assert [scene.kind for scene in storyboard.scenes if "falconry" in scene.narration] == [SceneKind.HOOK]


@pytest.mark.parametrize("interest", ["", "   ", "<script>alert(1)</script>"])
def test_without_an_interest_none_is_spoken_of(interest: str) -> None:
    storyboard = compose(brief(interest=interest))

    assert storyboard.degraded == []
    assert storyboard.interest == ""
    assert SceneKind.CONNECTION not in _kinds(storyboard)
    assert "script" not in storyboard.model_dump_json()


def test_the_questions_own_words_stay_out() -> None:
    query = "pls explain why my grandmother zanzibar thinks density is weird, call 555-0199"

    text = compose(brief(query)).model_dump_json().lower()

    assert not [word for word in ("pls", "grandmother", "zanzibar", "weird", "555-0199") if word in text]


def test_sentences_that_need_the_page_are_left_out() -> None:
    text = compose(brief(seconds=180)).model_dump_json()

    assert "Figure 3" not in text
    assert "Why does a stone sink" not in text


def test_the_credits_name_the_books_that_were_used_and_no_other() -> None:
    stray = passage(
        PassageKind.EXPLANATION,
        "Volcanoes erupt when magma rises through the crust of the planet.",
        module_id="o1",
        title="Volcanoes",
        source="other-book",
        attribution="Other Book by Others, CC BY 4.0",
    )
    storyboard = compose(brief(passages=(*floating(), stray)))

    shown = next(scene.visual for scene in storyboard.scenes if isinstance(scene.visual, CreditsVisual))
    assert [line.attribution for line in shown.lines] == ["Test Book by Testers, CC BY 4.0"]
    assert [source.book for source in storyboard.sources] == ["Test Book of Everyday Science"]
    cited = {one for scene in storyboard.scenes for one in scene.citations}
    assert cited <= {one.passage_id for one in floating()}


def test_the_quiz_is_the_books_own_with_its_reason() -> None:
    question = compose(brief()).quiz[0]

    assert question.options[question.answer_index] == "A wooden spoon"
    assert question.explanation == "Wood is less dense than water, so it floats."


def test_a_quiz_is_made_from_the_terms_where_the_book_has_none() -> None:
    passages = tuple(one for one in floating() if one.kind is not PassageKind.EXERCISE)

    question = compose(brief("What is buoyancy?", passages=passages)).quiz[0]

    assert question.options[question.answer_index] == "Buoyancy"
    assert "upward push" in question.question
    assert len(set(question.options)) == len(question.options) >= 3


def test_too_little_material_makes_a_shorter_lesson_and_says_so() -> None:
    storyboard = compose(brief(seconds=240))

    assert DegradedReason.SHORTER.value in storyboard.degraded
    assert check(storyboard, floating()) == []


@pytest.mark.parametrize("passages", [(), (passage(PassageKind.EXPLANATION, "See the table below."),)])
def test_nothing_to_tell_is_an_error(passages: tuple[Passage, ...]) -> None:
    with pytest.raises(ContentNotFound):
        compose(brief(passages=passages))


def test_another_language_is_refused_clearly() -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        compose(brief(language="de"))

    assert caught.value.code == "language_not_supported"


@pytest.mark.parametrize("seconds", [0, 29, 301])
def test_a_length_that_cannot_be_planned_is_refused(seconds: int) -> None:
    with pytest.raises(InvalidStoryboard):
        compose(brief(seconds=seconds))


def test_structures_that_lack_their_fields_stop_nothing() -> None:
    kinds = (PassageKind.EQUATION, PassageKind.STEPS, PassageKind.TABLE, PassageKind.EXAMPLE, PassageKind.EXERCISE)
    bare = tuple(passage(kind, f"Bare {kind}", position=50 + place) for place, kind in enumerate(kinds))
    odd = (
        passage(PassageKind.STEPS, "odd", position=60, items=[{"label": "", "text": ""}], title="x"),
        passage(PassageKind.TABLE, "odd table", position=61, header=["a"], rows=[["1", "2"]], title=""),
        passage(PassageKind.EXERCISE, "odd quiz", position=62, problem="?", options=["a", "a"], answer="a", reason=""),
    )

    storyboard = compose(brief(passages=(*floating(), *bare, *odd)))

    assert check(storyboard, (*floating(), *bare, *odd)) == []


def test_simple_lessons_are_simpler_and_practice_lessons_work_more() -> None:
    module_id, query = "vf0202", "What is Newton's second law?"
    simple = compose(sample_brief(module_id, query, style=LessonStyle.SIMPLE, seconds=150))
    practice = compose(sample_brief(module_id, query, style=LessonStyle.PRACTICE, seconds=150))

    assert _kinds(practice).count(SceneKind.WORKED_EXAMPLE) > _kinds(simple).count(SceneKind.WORKED_EXAMPLE)


def test_the_sample_book_gives_no_lesson_with_a_bare_sign_or_a_lost_reference() -> None:
    for module_id, passages in sample_modules().items():
        text = _said(compose(sample_brief(module_id, passages[0].module_title, seconds=120)))
        assert not re.search(r"[$\\=^_{}]|\b(?:Figure|Table) \d|as shown|\.\.|,,| ,", text), module_id

"""What every writer has to keep to: the extractive one, the fake, and Gemini on a stand-in for Vertex AI."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.adapters.extractive import ExtractiveWriter
from shared.adapters.gemini import GeminiWriter
from shared.enums import Port, SceneKind
from shared.errors import ContentNotFound, InvalidStoryboard
from shared.lesson.rules import Rule, Violation, check
from shared.lesson.storyboard import CreditsVisual, Storyboard
from shared.media.draw import unfit
from shared.services import ClarificationBrief, LessonBrief, Writer
from tests import writer_cases
from tests.counterparts import vertex
from tests.fakes import GivenLesson

pytestmark = pytest.mark.port(Port.WRITER)

NAMES = (writer_cases.NEWTON, writer_cases.PHOTOSYNTHESIS)
ASKED = ClarificationBrief(
    query="Tell me about forces, said the zebrafish",
    grade_level=9,
    language="en",
    text="Which of these do you mean?",
    options=("Inertia", "Momentum", "Action and Reaction"),
)


@pytest.fixture(scope="module")
def gemini() -> Iterator[vertex.Gemini]:
    with vertex.Gemini().serving() as models:
        yield models


@pytest.fixture(params=NAMES)
def brief(request: pytest.FixtureRequest) -> LessonBrief:
    """A brief; the words of the question are recognisable."""
    brief = writer_cases.brief(request.param)
    return replace(brief, query=f"{brief.query} Asks the zebrafish.")


@pytest.fixture(params=["extractive", "fake", "gemini"])
def writer(request: pytest.FixtureRequest, gemini: vertex.Gemini) -> Iterator[Writer]:
    """A writer, which answers a brief of `brief` with its lesson and ASKED with a question."""
    name = request.node.callspec.params.get("brief", NAMES[0])
    if request.param == "extractive":
        yield ExtractiveWriter()
    elif request.param == "fake":
        yield GivenLesson(lesson=writer_cases.storyboard(name))
    else:
        wording = {"text": "Which part of forces do you mean?", "order": [2, 0], "reasoning": "Forces are in all."}
        good = writer_cases.good(name)
        gemini.will(vertex.said_json(wording if "asks" in request.node.name else good), vertex.said_json(good))
        yield GeminiWriter(
            vertex.MODEL,
            project_id=vertex.PROJECT,
            location=vertex.LOCATION,
            endpoint=gemini.http.url,
            credentials=vertex.CREDENTIALS,
        )
        assert gemini.faults == []


def test_a_lesson_keeps_every_rule_and_can_be_drawn(writer: Writer, brief: LessonBrief) -> None:
    storyboard = writer.storyboard(brief)
    assert check(storyboard, brief.passages) == []
    assert unfit(storyboard) == {}


def test_a_lesson_cites_passages_of_its_brief_alone(writer: Writer, brief: LessonBrief) -> None:
    storyboard = writer.storyboard(brief)
    known = {passage.passage_id for passage in brief.passages}
    assert {cited for scene in storyboard.scenes for cited in scene.citations} <= known
    assert {term.citation for term in storyboard.key_terms} <= known
    assert {question.citation for question in storyboard.quiz} <= known


def test_a_lesson_is_of_its_brief(writer: Writer, brief: LessonBrief) -> None:
    storyboard = writer.storyboard(brief)
    assert (storyboard.grade_level, storyboard.style) == (brief.grade_level, brief.style)
    assert (storyboard.language, storyboard.duration_seconds) == (brief.language, brief.duration_seconds)
    assert storyboard.interest == brief.interest


def test_a_lesson_opens_with_its_hook_and_ends_with_its_credits(writer: Writer, brief: LessonBrief) -> None:
    storyboard = writer.storyboard(brief)
    assert storyboard.scenes[0].kind is SceneKind.HOOK
    last = storyboard.scenes[-1]
    assert last.kind is SceneKind.CREDITS
    assert isinstance(last.visual, CreditsVisual)
    credited = {(line.attribution, line.licence) for line in last.visual.lines}
    assert credited == {(source.attribution, source.licence) for source in storyboard.sources}
    assert credited == {(passage.attribution, passage.licence) for passage in brief.passages}


def test_a_lesson_holds_nothing_of_the_question_and_survives_storage(writer: Writer, brief: LessonBrief) -> None:
    storyboard = writer.storyboard(brief)
    stored = storyboard.model_dump_json()
    assert "zebrafish" not in stored.casefold()
    assert "\\u0000" not in stored
    assert Storyboard.model_validate_json(stored) == storyboard


def test_a_revision_is_a_lesson_that_is_no_worse(writer: Writer, brief: LessonBrief) -> None:
    lesson = writer.storyboard(brief)
    scenes = [
        scene.model_copy(update={"narration": "Far too short."}) if scene.kind is SceneKind.CONNECTION else scene
        for scene in lesson.scenes
    ]
    broken = lesson.model_copy(update={"scenes": scenes})
    violations = check(broken, brief.passages)
    assert Rule.SCENE_LENGTH in {violation.code for violation in violations}

    revised = writer.revise(brief, broken, violations)

    assert len(check(revised, brief.passages)) <= len(violations)
    known = {passage.passage_id for passage in brief.passages}
    assert {cited for scene in revised.scenes for cited in scene.citations} <= known


def test_a_revision_that_mends_nothing_leaves_the_lesson(writer: Writer, brief: LessonBrief) -> None:
    lesson = writer.storyboard(brief)
    revised = writer.revise(brief, lesson, [Violation(Rule.SCENE_COUNT, "", "none")])
    assert check(revised, brief.passages) == []


def test_a_writer_asks_for_no_other_options_than_those_found(writer: Writer) -> None:
    wording = writer.clarification(ASKED)
    assert wording.text.endswith("?")
    assert "zebrafish" not in wording.text
    assert len(set(wording.order)) == len(wording.order) >= 2
    assert set(wording.order) <= set(range(len(ASKED.options)))


def test_a_writer_has_no_lesson_without_passages(writer: Writer, brief: LessonBrief) -> None:
    with pytest.raises(ContentNotFound):
        writer.storyboard(replace(brief, passages=()))


def test_a_writer_has_no_lesson_in_another_language(writer: Writer, brief: LessonBrief) -> None:
    with pytest.raises(InvalidStoryboard) as refused:
        writer.storyboard(replace(brief, language="fr"))
    assert refused.value.code == "language_not_supported"

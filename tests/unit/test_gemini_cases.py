"""The prompt regression set: each authored answer of a model becomes the lesson, or the error, that it has to."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.gemini import GeminiWriter
from shared.enums import SceneKind
from shared.errors import PermanentError
from shared.lesson import foreign
from shared.lesson.cues import cues
from shared.lesson.rules import check
from shared.lesson.storyboard import CreditsVisual, Storyboard
from shared.media.draw import Shape, unfit
from shared.services import LessonBrief
from tests import writer_cases
from tests.counterparts import vertex

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@pytest.fixture(scope="module")
def gemini() -> Iterator[vertex.Gemini]:
    with vertex.Gemini().serving() as models:
        yield models


@pytest.fixture
def writer(gemini: vertex.Gemini) -> Iterator[GeminiWriter]:
    yield GeminiWriter(
        vertex.MODEL,
        project_id=vertex.PROJECT,
        location=vertex.LOCATION,
        endpoint=gemini.http.url,
        credentials=vertex.CREDENTIALS,
    )
    assert gemini.faults == []


def test_there_are_enough_cases() -> None:
    assert len(writer_cases.CASES) >= 60


@pytest.mark.parametrize("name", writer_cases.CASES)
def test_an_answer_becomes_what_its_case_says(gemini: vertex.Gemini, writer: GeminiWriter, name: str) -> None:
    case = writer_cases.case(name)
    expected = case["expect"]
    brief = writer_cases.brief(case["brief"])
    brief = replace(brief, query=case.get("query", brief.query))
    gemini.will(*writer_cases.answers(case))

    if expected["outcome"] == "refused":
        with pytest.raises(PermanentError) as refused:
            writer.storyboard(brief)
        assert refused.value.code == expected["code"]
        assert len(gemini.bodies) == expected["requests"]
        return
    storyboard = writer.storyboard(brief)

    broken = {violation.code.value for violation in check(storyboard, brief.passages)}
    assert broken == set(expected.get("violations", ()))
    assert len(gemini.bodies) == expected.get("requests", 1)
    ends = {"violations"} if broken else {"repaired"} if len(gemini.bodies) > 1 else {"accepted", "mended"}
    assert expected["outcome"] in ends
    holds_what_every_lesson_holds(storyboard, brief)
    holds_what_the_case_says(storyboard, case)


def holds_what_every_lesson_holds(storyboard: Storyboard, brief: LessonBrief) -> None:
    """Whatever a model says, the facts are code's, and the lesson can be drawn and stored."""
    known = {passage.passage_id: passage for passage in brief.passages}
    cited = [cited for scene in storyboard.scenes for cited in scene.citations]
    cited += [term.citation for term in storyboard.key_terms] + [question.citation for question in storyboard.quiz]
    assert set(cited) <= known.keys()
    assert [scene.id for scene in storyboard.scenes] == [f"scene-{n:02d}" for n in range(1, len(storyboard.scenes) + 1)]
    assert storyboard.scenes[0].kind is SceneKind.HOOK
    assert [scene.kind for scene in storyboard.scenes].count(SceneKind.HOOK) == 1
    credits = storyboard.scenes[-1].visual
    assert isinstance(credits, CreditsVisual)
    assert {line.licence for line in credits.lines} == {passage.licence for passage in brief.passages}
    for scene in storyboard.scenes:
        for cue in (cue for group in cues(scene.visual) for cue in group):
            assert cue in scene.narration
    assert not CONTROL.search("".join(texts(storyboard.model_dump())))
    assert not foreign.in_part(storyboard)
    assert Storyboard.model_validate_json(storyboard.model_dump_json()) == storyboard
    assert unfit(storyboard, (Shape.WIDE,)) == {}


def holds_what_the_case_says(storyboard: Storyboard, case: Any) -> None:
    expected = case["expect"]
    whole = "\n".join(texts(storyboard.model_dump()))
    said = writer_cases.edited(writer_cases.good(case["brief"]), case.get("edits", ()))
    assert [text for text in expected.get("absent", ()) if text in whole] == []
    assert [text for text in expected.get("present", ()) if text not in whole] == []
    narrations = [scene.narration for scene in storyboard.scenes]
    assert [sign for sign in expected.get("absent_narration", ()) if any(sign in text for text in narrations)] == []
    if expected["outcome"] == "accepted":
        assert narrations[:-1] == [scene["narration"] for scene in said["scenes"]]
        assert [scene.visual.kind for scene in storyboard.scenes[:-1]] == [
            scene["visual"]["kind"] for scene in said["scenes"]
        ]
    if "scenes" in expected:
        assert len(storyboard.scenes) == expected["scenes"]
    for kind, number in expected.get("visuals", {}).items():
        assert [scene.visual.kind for scene in storyboard.scenes].count(kind) == number


def texts(value: Any) -> Iterator[str]:
    """Every text of a storyboard."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)

"""When two requests share a lesson."""

from typing import Any

import pytest

from shared.books.passages import Passage
from shared.enums import LessonStyle, Modality, PassageKind
from shared.pipeline import PIPELINE_VERSION
from shared.questions.content_key import content_key, focus, grade_band
from shared.questions.reading import read

BASE: dict[str, Any] = {
    "module_ids": ("m1",),
    "focus": ("light",),
    "interest": "basketball",
    "grade": 10,
    "style": LessonStyle.BALANCED,
    "language": "en",
    "modality": Modality.VIDEO,
    "duration_seconds": 90,
    "corpus_version": "c1",
    "writer": "extractive",
}


def passage(text: str) -> Passage:
    return Passage(
        passage_id="p",
        source="book",
        book="Book",
        module_id="m1",
        module_title="Photosynthesis",
        chapter="",
        section="",
        number="1.1",
        position=0,
        kind=PassageKind.EXPLANATION,
        text=text,
        url="",
        licence="",
        attribution="",
    )


SECTION = [passage("Photosynthesis: chlorophyll in plants absorbs light. Absorption of light drives the reactions.")]


def test_the_same_request_has_the_same_key() -> None:
    assert content_key(**BASE) == content_key(**BASE)
    assert len(content_key(**BASE)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"module_ids": ("m2",)},
        {"focus": ("dark",)},
        {"interest": "chess"},
        {"grade": 11},
        {"style": LessonStyle.SIMPLE},
        {"language": "es"},
        {"modality": Modality.TEXT},
        {"duration_seconds": 60},
        {"corpus_version": "c2"},
        {"writer": "gemini gemini-2.5-flash"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_that_changes_the_lesson_changes_the_key(change: dict[str, Any]) -> None:
    assert content_key(**BASE) != content_key(**BASE | change)


def test_a_new_pipeline_makes_new_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_key(**BASE)
    monkeypatch.setattr("shared.questions.content_key.PIPELINE_VERSION", PIPELINE_VERSION + 1)
    assert content_key(**BASE) != before


@pytest.mark.parametrize(
    "change",
    [{"interest": "  BasketBall "}, {"grade": 9}, {"language": "EN"}],
    ids=lambda change: next(iter(change)),
)
def test_what_makes_no_difference_to_the_lesson_makes_none_to_the_key(change: dict[str, Any]) -> None:
    assert content_key(**BASE) == content_key(**BASE | change)


def test_the_order_of_two_sections_does_not_matter() -> None:
    assert content_key(**BASE | {"module_ids": ("a", "b")}) == content_key(**BASE | {"module_ids": ("b", "a")})


@pytest.mark.parametrize(
    ("grade", "band"),
    [(1, "1-5"), (5, "1-5"), (6, "6-8"), (8, "6-8"), (9, "9-10"), (10, "9-10"), (11, "11-13"), (13, "11-13")],
)
def test_grades_fall_into_bands(grade: int, band: str) -> None:
    assert grade_band(grade) == band


@pytest.mark.parametrize("grade", [0, -1, 14])
def test_other_grades_are_refused(grade: int) -> None:
    with pytest.raises(ValueError, match="grade"):
        grade_band(grade)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Explain how photosynthesis works", "photosynthesis please"),
        ("how does chlorophyll absorb light", "Explain how light is absorbed by chlorophyll"),
        ("photosynthesis, I love basketball", "photosynthesis"),
    ],
)
def test_a_question_in_other_words_has_the_same_focus(one: str, other: str) -> None:
    assert focus(read(one), SECTION) == focus(read(other), SECTION)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("photosynthesis", "how does chlorophyll absorb light"),
        ("why do plants absorb light", "how do plants absorb light"),
    ],
)
def test_another_question_has_another_focus(one: str, other: str) -> None:
    assert focus(read(one), SECTION) != focus(read(other), SECTION)

"""When two requests ask for the same lesson: their content keys are equal."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final

from shared.books.passages import Passage
from shared.enums import LessonStyle, Modality
from shared.lesson.words import stem
from shared.pipeline import PIPELINE_VERSION
from shared.questions.normalise import clean
from shared.questions.reading import Question
from shared.questions.words import words

# Upper ends of the bands of grades that share a lesson.
GRADE_BANDS: Final = ((5, "1-5"), (8, "6-8"), (10, "9-10"), (13, "11-13"))


def grade_band(grade: int) -> str:
    """Return the band of a grade of 1 to 13; raise ValueError for another."""
    if not 1 <= grade <= GRADE_BANDS[-1][0]:
        raise ValueError(f"grade {grade} is not within 1 to {GRADE_BANDS[-1][0]}")
    return next(band for end, band in GRADE_BANDS if grade <= end)


def focus(question: Question, passages: Iterable[Passage]) -> tuple[str, ...]:
    """Return what the question asks of the sections: stems that occur in them, sorted, and what is wanted of these.

    "How does chlorophyll absorb light" and "explain the absorption of light by chlorophyll" have the same focus;
    words that the sections do not know, such as the student's interest, have no part in it.
    """
    known = {stem(word) for passage in passages for word in words(f"{passage.section} {passage.text}")}
    return (*sorted(question.stems & known), *(f"?{aim}" for aim in sorted(question.aims)))


def content_key(
    *,
    module_ids: Sequence[str],
    focus: Sequence[str],
    interest: str,
    grade: int,
    style: LessonStyle,
    language: str,
    modality: Modality,
    duration_seconds: int,
    corpus_version: str,
    writer: str,
) -> str:
    """Return 64 hex digits over everything that decides what a lesson says and what it is made of.

    `writer` names who writes, with the model: another one would write another lesson.
    """
    parts = {
        "modules": sorted(module_ids),
        "focus": list(focus),
        "interest": clean(interest).casefold(),
        "grades": grade_band(grade),
        "style": style.value,
        "language": language.casefold(),
        "modality": modality.value,
        "seconds": duration_seconds,
        "corpus": corpus_version,
        "pipeline": PIPELINE_VERSION,
        "writer": writer,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

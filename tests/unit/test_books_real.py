"""The real textbooks: all the traps of their files at once. Parsed only, not indexed."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.books.book import Book
from shared.books.opening import open_book
from shared.books.passages import Passage
from shared.books.text import count_words
from shared.enums import PassageKind
from tests.conftest import ROOT

CHAPTERS = {"physics": 23, "statistics": 13}
MODULES = {"physics": 100, "statistics": 101}


@pytest.fixture(scope="module", params=sorted(MODULES))
def book(request: pytest.FixtureRequest, shared_data: Path) -> Book:
    return open_book(shared_data / request.param)


@pytest.fixture(scope="module")
def passages(book: Book) -> list[Passage]:
    return list(book.passages())


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _texts(passage: Passage) -> Iterator[str]:
    yield from (passage.text, passage.section, passage.module_title, passage.chapter)
    yield from _strings(passage.structure)


def test_every_module_is_there_and_every_chapter_counted(book: Book) -> None:
    assert len(book.modules) == MODULES[book.slug]
    counted = {module.number.split(".")[0] for module in book.modules if module.number}
    assert counted == {str(number) for number in range(1, CHAPTERS[book.slug] + 1)}
    assert book.licence == "CC BY 4.0"


def test_the_attribution_is_the_one_that_the_publisher_asks_for(book: Book) -> None:
    authors = {
        "physics": "Fatih Gozuacik, Denise Pattison and Catherine Tabor",
        "statistics": "Barbara Illowsky and Susan Dean",
    }[book.slug]
    assert book.attribution == (
        f"{book.title} by {authors}, OpenStax, licensed under CC BY 4.0. "
        f"Access for free at https://openstax.org/details/books/{book.slug}"
    )


def test_ids_are_unique(passages: list[Passage]) -> None:
    assert len({passage.passage_id for passage in passages}) == len(passages)


def test_no_control_or_marker_character_is_left(passages: list[Passage]) -> None:
    wrong = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff]")
    assert [text for passage in passages for text in _texts(passage) if wrong.search(text)] == []


def test_dollar_signs_only_delimit_mathematics(passages: list[Passage]) -> None:
    assert [text for passage in passages for text in _texts(passage) if text.count("$") % 2] == []


def test_no_sentence_has_a_gap_where_a_reference_was(passages: list[Passage]) -> None:
    gap = re.compile(r"\b(?:shown|illustrated|seen|given|listed) in [.,;)](?!\d)|\bsee [.,;)](?!\d)|\(\s*\)")
    assert [passage.text for passage in passages if gap.search(passage.text)] == []


def test_teacher_support_and_embedded_exercises_are_left_out(book: Book, passages: list[Passage]) -> None:
    text = " ".join(passage.text for passage in passages)
    assert not re.search(r"\[(?:BL|OL|AL)\]|Teacher Support|#ost/api", text)
    if book.slug == "physics":
        assert book.omitted["teacher note"] > 500
        assert book.omitted["exercise without words"] > 800


def test_explanations_have_about_the_length_of_a_page_column(passages: list[Passage]) -> None:
    lengths = sorted(count_words(p.text) for p in passages if p.kind is PassageKind.EXPLANATION)
    assert lengths[-1] < 420
    assert 120 < lengths[len(lengths) // 2] < 260


def test_every_kind_has_the_structure_it_promises(passages: list[Passage]) -> None:
    shapes: dict[PassageKind, set[str]] = {
        PassageKind.EXPLANATION: {"heading"},
        PassageKind.OBJECTIVE: {"items"},
        PassageKind.DEFINITION: {"term", "meaning"},
        PassageKind.EXAMPLE: {"title", "problem", "solution"},
        PassageKind.EXERCISE: {"problem", "options", "answer", "reason"},
        PassageKind.SUMMARY: {"items"},
        PassageKind.EQUATION: {"latex", "name", "context"},
        PassageKind.STEPS: {"title", "items"},
        PassageKind.TABLE: {"title", "header", "rows"},
        PassageKind.MISCONCEPTION: {"text"},
        PassageKind.FIGURE: {"alt", "caption"},
    }
    assert [p.structure for p in passages if set(p.structure) != shapes[p.kind]] == []
    assert [p for p in passages if not p.text.strip() or p.text != p.text.strip()] == []


KNOWN: dict[str, list[tuple[str, PassageKind, dict[str, Any]]]] = {
    "physics": [
        ("m54138", PassageKind.DEFINITION, {"term": "law of inertia"}),
        ("m54437", PassageKind.EQUATION, {"latex": "V = IR"}),
    ],
    "statistics": [("m79641", PassageKind.EQUATION, {"latex": r"z = \frac{x-\mu}{\sigma}"})],
}


def test_known_passages_are_found(book: Book, passages: list[Passage]) -> None:
    for module_id, kind, expected in KNOWN[book.slug]:
        found = [dict(p.structure) for p in passages if p.module_id == module_id and p.kind is kind]
        assert any(expected.items() <= structure.items() for structure in found)


def test_the_sample_books_formulas_can_be_drawn() -> None:
    import ziamath

    sample = open_book(ROOT / "local" / "sample_book")
    formulas = {latex for p in sample.passages() for text in _texts(p) for latex in re.findall(r"\$([^$]+)\$", text)}
    assert len(formulas) > 50
    for latex in sorted(formulas):
        ziamath.Latex(latex)

"""Fusing two searches, ranking modules, and what is searched of queries and passages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.books.evaluate import read_queries
from shared.books.indexing import indexed_text, plain_words
from shared.books.passages import Passage
from shared.books.search import MOST_CHARACTERS, fuse, rank_modules, searchable
from shared.db.book_search import Hit
from shared.enums import PassageKind


def test_both_searches_are_scaled_to_their_best_and_added() -> None:
    fused = fuse([Hit("a", "m", 20.0), Hit("b", "m", 10.0)], [Hit("b", "m", 0.8), Hit("c", "n", 0.4)])
    assert [(hit.passage_id, hit.score) for hit in fused] == [("b", 0.75), ("a", 0.5), ("c", 0.25)]


def test_one_search_alone_is_enough() -> None:
    assert [hit.passage_id for hit in fuse([], [Hit("a", "m", 0.2)])] == ["a"]
    assert fuse([], []) == []


def test_what_points_the_other_way_is_no_hit() -> None:
    assert fuse([], [Hit("a", "m", -0.2)]) == []


def test_a_module_counts_by_its_three_best_passages() -> None:
    hits = [
        Hit("a", "one", 1.0),
        Hit("b", "two", 0.9),
        Hit("c", "two", 0.8),
        Hit("d", "two", 0.8),
        Hit("e", "two", 0.7),
    ]
    [(first, score, best), (second, _, _)] = rank_modules(hits)
    assert (first, second) == ("two", "one")
    assert score == pytest.approx(0.9 + 0.4 + 0.2)
    assert [hit.passage_id for hit in best] == ["b", "c", "d"]


def test_equal_scores_are_ordered_by_name() -> None:
    assert [m for m, _, _ in rank_modules([Hit("x", "b", 1.0), Hit("y", "a", 1.0)])] == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("  what is\n heat? ", "what is heat?"),
        ("nul\0 byte", "nul byte"),
        ("half \ud83d surrogate", "half surrogate"),
        ("?! …", ""),
        ("", ""),
        ("\x00\x01", ""),
    ],
)
def test_queries_are_made_harmless(query: str, expected: str) -> None:
    assert searchable(query) == expected


@given(st.text())
def test_every_query_can_be_sent(query: str) -> None:
    text = searchable(query)
    assert "\0" not in text
    assert len(text) <= MOST_CHARACTERS + 8
    text.encode()


def _passage(**values: Any) -> Passage:
    return Passage(
        **{
            "passage_id": "p",
            "source": "s",
            "book": "b",
            "module_id": "m",
            "module_title": "Waves",
            "chapter": "c",
            "section": "Sound",
            "number": "1.1",
            "position": 0,
            "kind": PassageKind.EXPLANATION,
            "text": "Loud.",
            "url": "",
            "licence": "",
            "attribution": "",
            **values,
        }
    )


def test_a_passage_is_found_by_its_headings_and_words() -> None:
    assert indexed_text(_passage()) == "Waves: Sound. Loud."
    assert indexed_text(_passage(section="Waves")) == "Waves. Loud."


def test_wrong_options_do_not_lead_to_an_exercise() -> None:
    structure = {"problem": "What is it?", "options": ["a quark"], "answer": "", "reason": ""}
    passage = _passage(kind=PassageKind.EXERCISE, text="What is it? a quark.", structure=structure)
    assert indexed_text(passage) == "Waves: Sound. What is it?"


def test_formulas_are_searched_by_the_words_in_them() -> None:
    assert plain_words(r"Then $\lambda = \frac{v}{f_{\text{net}}}$ holds") == "Then lambda v f net holds"


def test_queries_are_read_line_by_line() -> None:
    lines = ['{"query": "a", "module_id": "m1"}\n', "\n", '{"query": "b", "module_id": "m2", "more": 1}\n']
    assert [(query.text, query.module_id) for query in read_queries(lines)] == [("a", "m1"), ("b", "m2")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", "line 2: not JSON"),
        ('{"query": "a"}', "line 2: needs"),
        ('{"query": 5, "module_id": "m"}', "line 2: needs"),
        ('{"query": " ", "module_id": "m"}', "line 2: needs"),
        ('["a", "m"]', "line 2: needs"),
    ],
)
def test_a_line_that_is_no_query_is_named(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_queries(['{"query": "a", "module_id": "m"}', line])


def test_no_queries_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="no queries"):
        read_queries(["\n"])

"""The measure of grounding: what it refuses and lets pass, and how often it errs on labelled sentences."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.enums import PassageKind
from shared.lesson import foreign, grounding
from shared.lesson.backing import backing
from shared.lesson.evidence import evidence
from shared.lesson.opposites import POLES
from shared.lesson.statements import parsed
from shared.lesson.twists import Twist
from tests.unit import grounding_sets as sets
from tests.unit.grounding_figures import errors, measured, overlapping, rate
from tests.unit.lesson_samples import passage

HEART = passage(
    PassageKind.EXPLANATION,
    "The left side of the heart pumps blood to the body, and the right side pumps blood to the lungs. "
    "A resting heart beats about 70 times each minute. It beats faster during exercise, because the muscles need "
    "more oxygen. Valves do not let the blood flow backward. Most of the blood is plasma. "
    "Arteries are thicker than veins. The blood pressure equals the force divided by the area. "
    "Many people think that blood in the veins is blue.",
)


@pytest.mark.parametrize(
    ("sentence", "twist"),
    [
        ("The left side of the heart pumps blood to the body.", None),
        ("During exercise the heart beats faster, because the muscles need more oxygen.", None),
        ("Veins are thinner than arteries.", None),
        ("The heart does not beat faster during exercise.", Twist.OPPOSITE),
        ("Valves let the blood flow backward.", Twist.OPPOSITE),
        ("It beats slower during exercise.", Twist.OPPOSITE),
        ("Veins are thicker than arteries.", Twist.OPPOSITE),
        ("A resting heart beats about 90 times each minute.", Twist.NUMBER),
        ("A resting heart beats about 70 times each hour.", Twist.NUMBER),
        ("All of the blood is plasma.", Twist.QUANTIFIER),
        (
            "The left side of the heart pumps blood to the lungs, and the right side pumps blood to the body.",
            Twist.EXCHANGE,
        ),
        ("The blood pressure equals the area divided by the force.", Twist.DIVISION),
        ("The muscles need more oxygen because the heart beats faster during exercise.", Twist.CAUSE),
        ("Blood in the veins is blue.", Twist.MISTAKE),
        ("The left side of the heart pumps blood to the body, as Harvey showed.", Twist.NAME),
    ],
)
def test_a_twist_of_the_same_words_is_told_from_a_telling(sentence: str, twist: Twist | None) -> None:
    found = evidence([HEART])

    assert backing(sentence, found).twist is twist
    assert (grounding.support(sentence, found) >= grounding.SUPPORT_THRESHOLD) is (twist is None)


@pytest.mark.parametrize(
    "sentence",
    [
        "The heart of a whale weighs as much as a small car.",
        "The left side of the heart pumps blood, and doctors first replaced one in Cape Town.",
        "Red blood cells are made in the marrow of the bones.",
    ],
)
def test_what_is_invented_is_not_supported(sentence: str) -> None:
    assert grounding.support(sentence, evidence([HEART])) < grounding.SUPPORT_THRESHOLD


def test_what_passages_hold_only_as_wrong_options_is_no_evidence() -> None:
    exercise = passage(
        PassageKind.EXERCISE,
        "Which side pumps blood to the lungs? The left side. The right side.",
        problem="Which side of the heart pumps blood to the lungs?",
        options=["The left side, which is weaker", "The right side of the heart"],
        answer="b",
        reason="",
    )
    found = evidence([exercise])

    assert grounding.support("The right side of the heart pumps blood to the lungs.", found) == 1.0
    assert grounding.support("The weaker left side pumps blood to the lungs.", found) < grounding.SUPPORT_THRESHOLD


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_measured_against_any(sentence: str, source: str) -> None:
    found = evidence([passage(PassageKind.EXPLANATION, source)])

    assert 0.0 <= grounding.support(sentence, found) <= 1.0
    assert 0.0 <= grounding.familiar(sentence, found) <= 1.0


@pytest.mark.timeout(60)
def test_no_text_sends_a_pattern_into_endless_backtracking() -> None:
    for unit in ("a", "a.", "a@", "1-", "+1 ", "<a ", "{{", "\\", "a dot ", "call 1", "so ", "because ", "not ", "2, "):
        text = unit * (3_000 // len(unit))
        assert foreign.in_part(text) in {True, False}
        grounding.support(f"Water boils, {text}.", evidence([HEART]))


def test_without_citations_nothing_is_supported() -> None:
    assert grounding.support("The heart pumps blood.", evidence([])) == 0.0


def test_a_passage_is_read_once_and_another_of_the_same_id_anew() -> None:
    from dataclasses import replace

    changed = replace(HEART, text="The liver stores sugar.")

    assert evidence([HEART]) is evidence([HEART])
    assert grounding.support("The liver stores sugar.", evidence([changed])) == 1.0


def test_no_word_takes_both_sides_of_a_dimension() -> None:
    for word, poles in POLES.items():
        dimensions = [dimension for dimension, _ in poles]
        assert len(dimensions) == len(set(dimensions)), word


def test_every_word_of_a_sentence_is_in_one_of_its_clauses() -> None:
    for case in chain(sets.authored("development"), sets.authored("held_out")):
        statement = parsed(case.sentence)
        assert [token.place for token in statement.tokens] == list(range(len(statement.tokens))), case.sentence


def test_there_are_enough_labelled_sentences_of_every_kind() -> None:
    for name, least in (("development", 250), ("held_out", 150)):
        cases = sets.authored(name)
        assert len(cases) >= least
        assert len({case.sentence for case in cases}) == len(cases)
        assert {case.kind for case in cases if not case.supported} >= {
            "negation", "antonym", "number", "unit", "swap", "comparison", "cause", "order", "quantifier",
            "substitution", "misconception", "hallucination", "half",
        }  # fmt: skip


def _share(cases: Iterable[sets.Case], *, supported: bool) -> float:
    return rate(errors([case for case in cases if case.supported is supported], measured))


# The figures of docs/decisions/0019-what-counts-as-grounded.md, and a margin of a few sentences.
@pytest.mark.parametrize(("name", "rejected", "accepted"), [("development", 0.15, 0.14), ("held_out", 0.23, 0.19)])
def test_the_measure_errs_no_more_than_is_recorded(name: str, rejected: float, accepted: float) -> None:
    cases = sets.authored(name)

    assert _share(cases, supported=True) <= rejected
    assert _share(cases, supported=False) <= accepted
    before = rate(errors([case for case in cases if not case.supported], overlapping))
    assert _share(cases, supported=False) < 0.25 * before


def _guarded(cases: list[sets.Case]) -> None:
    assert _share(cases, supported=True) <= 0.015  # what the composer writes is not cut
    wrong = errors(sets.twisted(cases), measured)
    limits = {"elsewhere": 0.01, "negation": 0.06, "number": 0.05, "quantifier": 0.15, "antonym": 0.22, "swap": 0.22}
    for kind, most in limits.items():
        count, of = wrong[kind]
        assert count <= most * of + 2 * (most * of) ** 0.5, kind  # chance at small numbers
    assert rate(wrong) <= 0.09


def test_the_composers_sentences_pass_and_their_twists_do_not() -> None:
    cases = sets.composed()
    assert len(cases) > 350
    _guarded(cases)


@pytest.mark.parametrize("book", ["physics", "statistics"])
def test_the_same_holds_of_real_books(shared_data: Path, book: str) -> None:
    _guarded(sets.composed(shared_data / book, every=8))

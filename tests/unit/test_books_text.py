"""Cleaning characters, cutting sentences and passages, writing money in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.books.cutting import cut
from shared.books.text import clean, closed, count_words, sentences, slugify, spell_money, squeeze


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Newton\x92s", "Newton’s"),
        ("1\x962", "1–2"),
        ("\x93yes\x94", "“yes”"),
        ("a\x97b", "a—b"),
        ("un\x81known", "unknown"),
        ("â€œquotedâ€\x9d", "“quoted”"),
        ("soft\xadhyphen", "softhyphen"),
        ("nul\0", "nul"),
        ("os‐teacher", "os-teacher"),
        ("\ue000marker\ue001", "marker"),
        ("5 µm", "5 μm"),
    ],
)
def test_wrong_characters_are_mended(wrong: str, right: str) -> None:
    assert clean(wrong) == right


def test_tabs_and_line_breaks_survive_cleaning() -> None:
    assert clean("a\tb\nc") == "a\tb\nc"


@given(st.text())
def test_cleaned_text_holds_no_control_character(text: str) -> None:
    assert not [c for c in clean(text) if (ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs $5.", "It costs 5 dollars."),
        ("between $5 million and $1 billion", "between 5 million dollars and 1 billion dollars"),
        ("a $100 bill", "a 100-dollar bill"),
        ("You pay $1 to play", "You pay 1 dollar to play"),
        ("a $125-million-dollar satellite", "a 125-million-dollar satellite"),
        ("in thousands of $", "in thousands of dollars"),
        ("no money here", "no money here"),
    ],
)
def test_money_is_written_in_words(written: str, spoken: str) -> None:
    assert spell_money(written) == spoken


@given(st.text(alphabet="a1$ .,-"))
def test_no_dollar_sign_is_left_where_money_was(text: str) -> None:
    assert "$" not in spell_money(text)


def test_sentences_end_where_they_should() -> None:
    text = "Dr. Lee ran 3.5 m, e.g. home. She won! Is $x. Y$ split? No: $a = b$. The end"
    assert sentences(text) == [
        "Dr. Lee ran 3.5 m, e.g. home.",
        "She won!",
        "Is $x. Y$ split?",
        "No: $a = b$.",
        "The end",
    ]


def test_an_initial_does_not_end_a_sentence() -> None:
    assert sentences("J. Watt built it. It worked.") == ["J. Watt built it.", "It worked."]


def test_closing_leaves_an_end_alone() -> None:
    assert [closed(text) for text in ("a", "a.", "a?", "(a.)", "so:")] == ["a.", "a.", "a?", "(a.)", "so:"]


def test_squeeze_keeps_decimals_and_drops_space_before_punctuation() -> None:
    assert squeeze("so ,\n this  is .5 and (that )") == "so, this is .5 and (that)"


def test_slugs_are_ascii() -> None:
    assert slugify("Newton’s First Law of Motion: Inertia") == "newtons-first-law-of-motion-inertia"
    assert slugify("Équations à part") == "equations-a-part"


def _prose(words: int) -> str:
    return " ".join(f"Word{number} goes on for ten words in all here now." for number in range(words // 10))


def test_a_section_is_cut_into_passages_of_about_the_target() -> None:
    passages = cut([_prose(90), _prose(120), _prose(60), _prose(150), _prose(180)])
    assert [150 <= count_words(passage) <= 260 for passage in passages] == [True] * 3


def test_a_cut_prefers_the_border_of_a_paragraph() -> None:
    first, second = cut([_prose(180), _prose(220)])
    assert (count_words(first), count_words(second)) == (180, 220)


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    passages = cut([_prose(600)])
    assert len(passages) == 3
    assert all(passage.endswith(".") for passage in passages)


def test_a_short_section_is_one_passage_with_its_paragraphs() -> None:
    assert cut(["One.", "Two. Three."]) == ["One.\n\nTwo. Three."]
    assert cut([]) == []


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), max_size=12))
def test_cutting_loses_and_repeats_nothing(lengths: list[list[int]]) -> None:
    paragraphs = [" ".join(f"{'word ' * (length - 1)}End." for length in lengths_) for lengths_ in lengths]
    assert " ".join(cut(paragraphs)).split() == " ".join(paragraphs).split()

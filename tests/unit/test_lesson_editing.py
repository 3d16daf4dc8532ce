"""Which sentences can stand in a lesson, and how they are shortened without saying something else."""

import pytest

from shared.lesson.editing import (
    bullet,
    cleaned,
    explains_symbols,
    is_standalone,
    is_usable,
    shortened,
    split_long,
    told_briefly,
)
from shared.lesson.limits import BULLET_WORDS
from shared.lesson.readability import grade, syllables
from shared.lesson.words import content, count, lower_first, sentences, stem


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("However, light bends.", "Light bends."),
        ("Note that mass (in kilograms) stays the same.", "Mass stays the same."),
        ("Light bends in glass, as shown in Figure 3.", "Light bends in glass."),
        ("Recall that forces add.", "Forces add."),
        ("Metals, for example, conduct heat.", "Metals conduct heat."),
    ],
)
def test_what_only_the_page_needs_is_left_out(raw: str, clean: str) -> None:
    assert cleaned(raw) == clean


@pytest.mark.parametrize(
    "text",
    [
        "What makes a stone sink?",
        "This relationship is illustrated in, which shows a ball.",
        "The table below lists the results.",
        "In the previous section we saw that forces add.",
        "Calculate the mass of the block.",
        "Consider a block on a table.",
        "Now imagine that the cart is loaded.",
        "Density of wood",
        "$F = ma$.",
        "The values are 1, 2, 3, 4, 5, 6 and 7.",
        "By the end, students can add forces.",
    ],
)
def test_sentences_that_need_the_page_or_a_reader_are_not_used(text: str) -> None:
    assert not is_usable(cleaned(text))


@pytest.mark.parametrize("text", ["This force is small.", "It bends toward the normal.", "As a result, light bends."])
def test_a_sentence_that_refers_back_cannot_open_a_scene(text: str) -> None:
    assert is_usable(text)
    assert not is_standalone(text)


@pytest.mark.parametrize(
    "text",
    [
        "Each step of the cycle needs energy.",
        "The law of conservation of energy holds always.",
        "Wood floats on water.",
    ],
)
def test_a_sentence_that_only_looks_like_it_can(text: str) -> None:
    assert is_standalone(text)


def test_what_letters_mean_is_told_beside_the_formula_only() -> None:
    assert explains_symbols("In the equation for density, $d$ is the density.")
    assert explains_symbols("The acceleration is 3 meters per second squared.")
    assert not explains_symbols("A larger mass gives a smaller acceleration.")


def test_a_long_sentence_is_split_where_two_clauses_meet() -> None:
    text = (
        "The light-dependent reactions take place in the thylakoid membranes of the chloroplast, and the reactions of "
        "the Calvin cycle take place in the fluid that surrounds the thylakoids, which is called the stroma."
    )

    parts = split_long(text, 20)

    assert len(parts) == 2
    assert parts[1].startswith("The reactions of the Calvin cycle")
    assert content(" ".join(parts)) == content(text)


def test_a_list_is_no_place_to_split() -> None:
    text = "The plant uses water from the soil, carbon dioxide from the air, and energy from the light of the sun."

    assert split_long(text, 12) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Forces can cancel only when they act on the same object at the same time and in the same place everywhere.",
        "Equal forces do not always produce equal accelerations, because acceleration also depends on mass.",
        "An enzyme splits water into oxygen gas, hydrogen ions, and electrons that replace the ones chlorophyll lost.",
        "Plants use light energy to turn carbon dioxide and water into glucose and oxygen.",
        "Antibiotic resistance is the inherited ability of bacteria to survive a drug that kills other bacteria.",
    ],
)
def test_a_bullet_is_short_and_says_nothing_else(text: str) -> None:
    line = bullet(text)

    assert count(line) <= BULLET_WORDS
    assert content(line) <= content(text)
    if line:
        assert ("not" in line.split()) or "not" not in text.split() or "because" in text
        assert not ("only" in text and "only" not in line and "cancel" in line)


def test_shortening_never_drops_a_restriction() -> None:
    text = "The object keeps its velocity, but only if no net force acts on it at any time during the motion."

    assert shortened(text, 8) == text


def test_a_step_is_told_without_its_closing_clause() -> None:
    text = "ATP supplies energy and NADPH supplies electrons that turn the molecules into a simple sugar."

    assert told_briefly(text, 8) == "ATP supplies energy and NADPH supplies electrons."


def test_sentences_end_where_they_should() -> None:
    text = "Water (e.g. Rain) has $x = 1.5$. It boils at 100.0 degrees. Dr. Hooke knew $F = kx.$ A spring obeys."

    assert sentences(text) == [
        "Water (e.g. Rain) has $x = 1.5$.",
        "It boils at 100.0 degrees.",
        "Dr. Hooke knew $F = kx.$.",
        "A spring obeys.",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reacts", "reaction"),
        ("waves", "wave"),
        ("mitochondria", "mitochondrion"),
        ("Newton’s", "newton"),
        ("forces", "force"),
    ],
)
def test_forms_of_a_word_meet_in_its_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_names_keep_their_capital_inside_a_sentence() -> None:
    assert lower_first("ATP production") == "ATP production"
    assert lower_first("Newton’s law") == "Newton’s law"
    assert lower_first("Light absorption") == "light absorption"


def test_the_grade_follows_the_formula() -> None:
    # 6 words in one sentence, one syllable each: 0.39 * 6 + 11.8 - 15.59.
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert grade("") == 0.0


def test_what_a_lesson_teaches_is_not_what_makes_it_hard() -> None:
    text = "Photosynthesis feeds the plant."

    assert grade(text, ["photosynthesis"]) < grade(text)


@pytest.mark.parametrize(
    ("word", "number"), [("cat", 1), ("water", 2), ("energy", 3), ("acceleration", 5), ("molecule", 3)]
)
def test_syllables_are_counted(word: str, number: int) -> None:
    assert abs(syllables(word) - number) <= 1

"""The parts that speaking is made of: SSML, times of words, and keeping to a rate."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.rate import RequestsPerMinute
from shared.adapters.ssml import utterances
from shared.errors import InvalidMedia, TransientError
from shared.media.normalise import SpokenToken, spoken_tokens
from shared.media.word_times import sounding_end, word_starts

WEIGHTS = [4.0, 2.0, 6.0, 4.0]
ANYTHING = st.text(st.sampled_from("aA9.,;!?'\"&<>/=-— é²"), max_size=120) | st.text(max_size=60)


@given(ANYTHING)
def test_any_text_is_sound_ssml_with_its_words_and_marks_in_order(text: str) -> None:
    tokens = spoken_tokens(text)
    try:
        made = utterances(tokens, most_bytes=200)
    except InvalidMedia:
        return
    marked: list[int] = []
    words: list[str] = []
    for utterance in made:
        assert len(utterance.ssml.encode()) <= 200
        root = ElementTree.fromstring(utterance.ssml)
        assert {element.tag for element in root.iter()} <= {"speak", "mark", "say-as"}
        assert all(set(element.attrib) <= {"name", "interpret-as"} for element in root.iter())
        marked += [int(element.attrib["name"]) for element in root.iter("mark")]
        words += "".join(root.itertext()).split()
        assert utterance.billed == len(utterance.ssml) - sum(
            len(f'<mark name="{element.attrib["name"]}"/>') for element in root.iter("mark")
        )
    spoken = [place for place, token in enumerate(tokens) if token.words]
    assert marked == [place for utterance in made for place in utterance.tokens] == spoken
    assert words == [word for token in tokens for word in token.words]


def test_text_that_was_not_normalised_is_escaped_all_the_same() -> None:
    [utterance] = utterances([SpokenToken("x", ("</speak><audio", 'src="a">', "&amp;"))])

    assert [element.tag for element in ElementTree.fromstring(utterance.ssml).iter()] == ["speak", "mark"]


def test_a_narration_is_divided_after_a_sentence_before_a_clause_before_a_word() -> None:
    def divided(text: str, most_bytes: int) -> list[str]:
        found = utterances(spoken_tokens(text), most_bytes=most_bytes)
        return ["".join(ElementTree.fromstring(one.ssml).itertext()) for one in found]

    assert divided("One two. Three, four five six", 130) == [
        "one two.".title().replace("Two", "two"),
        "Three, four five six",
    ]
    assert divided("One two, three four five six", 120) == ["One two,", "three four five six"]
    assert divided("one two three four five six", 80) == ["one two three", "four five six"]


def test_words_without_marks_are_spread_by_their_lengths() -> None:
    assert word_starts(WEIGHTS, {}, 8.0) == ([0.0, 2.0, 3.0, 6.0], True)
    assert word_starts(WEIGHTS, {2: 5.0}, 7.0) == (pytest.approx([0.0, 10 / 3, 5.0, 6.2]), True)


def test_words_with_marks_begin_there() -> None:
    assert word_starts(WEIGHTS, {0: 0.1, 1: 1.0, 2: 1.5, 3: 4.0}, 8.0) == ([0.1, 1.0, 1.5, 4.0], False)


@pytest.mark.parametrize("wild", [-1.0, 9.0, 0.2, float("nan"), float("inf")])
def test_one_wild_mark_costs_only_itself(wild: float) -> None:
    starts, estimated = word_starts([1.0] * 5, {0: 0.5, 1: 1.0, 2: wild, 3: 3.0, 4: 4.0}, 8.0)

    assert starts == [0.5, 1.0, 2.0, 3.0, 4.0]
    assert estimated


def test_marks_that_contradict_each_other_tell_nothing() -> None:
    assert word_starts([1.0] * 4, {0: 3.0, 1: 2.0, 2: 1.0, 3: 0.5}, 8.0) == ([0.0, 2.0, 4.0, 6.0], True)


@given(
    st.lists(st.floats(0.5, 40), min_size=1, max_size=20),
    st.dictionaries(st.integers(0, 25), st.floats(allow_nan=True, allow_infinity=True)),
    st.floats(0.01, 100),
)
def test_starts_never_fall_and_lie_within_the_sound(
    weights: list[float], marks: dict[int, float], seconds: float
) -> None:
    starts, _ = word_starts(weights, marks, seconds)

    assert len(starts) == len(weights)
    assert all(one <= two + 1e-9 for one, two in zip([0.0, *starts], [*starts, seconds], strict=True))


def test_a_word_ends_where_it_falls_silent() -> None:
    sound = np.concatenate([np.full(1000, 8000), np.full(1000, 20)]).astype(np.int16)

    assert sounding_end(sound, 0.0, 2.0, 1000) == pytest.approx(1.04)
    assert sounding_end(sound, 0.0, 1.01, 1000) == pytest.approx(1.01)
    assert sounding_end(sound, 1.5, 2.0, 1000) == 2.0  # nothing to be heard: nothing is known


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_no_minute_has_more_turns_than_it_may() -> None:
    clock = Clock()
    rate = RequestsPerMinute(3, longest_wait=60, clock=clock.time, sleep=clock.sleep)
    turns = []
    for _ in range(8):
        rate.wait()
        turns.append(clock.now)
        clock.now += 5

    assert turns[:3] == [100, 105, 110]
    assert clock.slept[0] == pytest.approx(45)
    assert all(sum(begin <= turn < begin + 60 for turn in turns) <= 3 for begin in turns)


def test_who_would_wait_too_long_is_told_at_once() -> None:
    clock = Clock()
    rate = RequestsPerMinute(1, longest_wait=30, clock=clock.time, sleep=clock.sleep)
    rate.wait()

    with pytest.raises(TransientError):
        rate.wait()
    assert clock.slept == []
    clock.now += 60
    rate.wait()
    assert clock.slept == []

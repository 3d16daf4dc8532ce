"""Elements appear with the first word of the phrase that names them."""

import pytest

from shared.media.cues import cue_times
from shared.services import SpokenWord
from tests.unit.draw_samples import words

NARRATION = "The light-dependent reactions come first. “Then” the Calvin cycle, which needs CO₂, builds sugar. Sugar!"


def _at(index: int) -> float:
    return words(NARRATION)[index].start


def test_cues_are_found_in_spite_of_case_and_punctuation() -> None:
    cues = ["Light dependent reactions", "then the", "calvin cycle", "co2", "sugar"]

    assert cue_times(NARRATION, words(NARRATION), cues) == [_at(1), _at(5), _at(7), _at(11), _at(13)]


def test_cues_are_looked_up_in_order() -> None:
    text = "Force acts. Mass resists. Force wins."
    times = [word.start for word in words(text)]

    assert cue_times(text, words(text), ["mass", "force"]) == [times[2], times[4]]
    assert cue_times(text, words(text), ["force", "mass", "wins"]) == [times[0], times[2], times[5]]


def test_a_cue_before_its_predecessor_is_still_found() -> None:
    text = "Force acts. Mass resists."

    assert cue_times(text, words(text), ["resists", "force"]) == [words(text)[3].start, 0.0]


def test_an_empty_cue_is_there_from_the_start() -> None:
    assert cue_times(NARRATION, words(NARRATION), ["", "sugar", " "]) == [0.0, _at(13), 0.0]


def test_unknown_cues_are_spread_between_their_neighbours() -> None:
    clip = words(NARRATION)
    end = clip[-1].end

    assert cue_times(NARRATION, clip, ["nowhere"]) == [pytest.approx(end / 2)]
    times = cue_times(NARRATION, clip, ["reactions", "nowhere", "missing", "sugar"])
    start, stop = _at(2), _at(13)
    assert times == [start, *(pytest.approx(start + (stop - start) * share) for share in (1 / 3, 2 / 3)), stop]
    assert cue_times(NARRATION, clip, ["—"])[0] == pytest.approx(end / 2)


def test_no_words_means_no_waiting() -> None:
    assert cue_times(NARRATION, (), ["sugar", "x"]) == [0.0, 0.0]


def test_a_clip_with_fewer_words_than_the_narration_is_no_error() -> None:
    short = (SpokenWord(text="The", start=0.2, end=0.5),)

    assert cue_times(NARRATION, short, ["sugar"]) == [0.2]


def test_words_without_letters_hold_their_place() -> None:
    text = "One — two"

    assert cue_times(text, words(text), ["two"]) == [words(text)[2].start]

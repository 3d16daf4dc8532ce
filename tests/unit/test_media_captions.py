"""Captions: how words become cues, and what of a WebVTT file is refused."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InvalidMedia
from shared.media.captions import LINE_CHARACTERS, Cue, SceneWords, cues, parse_vtt, to_vtt
from shared.services import SpokenWord


def spoken(text: str, *, per_word: float = 0.3, gap: float = 0.05, start: float = 0.35) -> list[SpokenWord]:
    words = []
    for word in text.split():
        words.append(SpokenWord(text=word, start=start, end=start + per_word))
        start += per_word + gap
    return words


def scene(text: str, offset: float = 0.0, **timing: float) -> SceneWords:
    return SceneWords(offset=offset, words=spoken(text, **timing))


FORCES = (
    "Every time you jump for a rebound, two forces are at work. Your feet push down on the floor, and the floor pushes "
    "up on you with a force of the same size. The two forces act on different bodies, so they never cancel each other."
)


def test_cues_are_divided_where_sentences_are() -> None:
    texts = [cue.text.replace("\n", " ") for cue in cues([scene(FORCES)])]

    assert texts[0] == "Every time you jump for a rebound, two forces are at work."
    assert all(text[-1] in ".," for text in texts)


def test_no_cue_spans_two_scenes() -> None:
    found = cues([scene("One two."), scene("Three four five six.", offset=4.0)])

    assert [cue.text for cue in found] == ["One two.", "Three four five six."]
    assert found[1].start == pytest.approx(4.35)


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    found = cues([scene("One two three four."), scene("Five six seven.", offset=2.0), scene("Eight.", offset=20.0)])

    assert found[0].end == found[1].start
    assert found[1].end == pytest.approx(2.0 + 0.35 + 3 * 0.35 - 0.05)


def test_a_short_cue_stays_for_a_second_where_there_is_room() -> None:
    found = cues([scene("Yes."), scene("No more words.", offset=9.0)])

    assert found[0].end - found[0].start == pytest.approx(1.0)


def test_the_last_cue_ends_with_the_last_word_and_is_not_too_short() -> None:
    words = spoken("Done.")

    found = cues([scene("Some words before."), SceneWords(offset=9.0, words=words)])

    assert found[-1].end == pytest.approx(9.0 + words[-1].end)
    assert found[-1].end - found[-1].start == pytest.approx(1.0)


def test_signs_of_markup_are_escaped_and_come_back() -> None:
    text = "If a<b & b>c then a&lt;c."

    written = to_vtt(cues([scene(text)]))

    assert "a&lt;b &amp; b&gt;c" in written
    assert parse_vtt(written)[0].text == text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["a", "an", "photosynthesis", "of", "the,", "force.", "(e.g.", "H2O", "x<y?!", "antidis" * 8 + "-ly"]
            ),
            min_size=1,
            max_size=40,
        ),
        min_size=1,
        max_size=3,
    ),
    st.floats(0.08, 0.9),
)
def test_any_narration_is_captioned_as_written(scenes: list[list[str]], per_word: float) -> None:
    parts: list[SceneWords] = []
    offset = 0.0
    for words in scenes:
        parts.append(scene(" ".join(words), offset, per_word=per_word))
        offset += parts[-1].words[-1].end + 0.6
    found = cues(parts)

    assert " ".join(" ".join(cue.text.split()) for cue in found) == " ".join(word for words in scenes for word in words)
    assert found[-1].end == pytest.approx(parts[-1].offset + parts[-1].words[-1].end)
    for cue in found:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(len(line) <= LINE_CHARACTERS or " " not in line for line in lines)
        assert 0 < cue.end - cue.start <= 6.0 + 1e-6
    assert all(one.end <= two.start + 1e-9 for one, two in pairwise(found))
    again = parse_vtt(to_vtt(found))
    assert [cue.text for cue in again] == [cue.text for cue in found]
    assert all(a.start == pytest.approx(b.start, abs=0.001) for a, b in zip(again, found, strict=True))


def test_times_past_an_hour() -> None:
    written = to_vtt([Cue(start=3599.9996, end=3661.5, text="x")])

    assert "01:00:00.000 --> 01:01:01.500" in written
    assert parse_vtt(written) == [Cue(start=3600.0, end=3661.5, text="x")]


def test_files_of_others_are_read() -> None:
    text = (
        "\ufeffWEBVTT - title\r\nKind: captions\r\n\r\nNOTE\r\nnothing\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "00:01.000 --> 00:02.500 align:start\r\n<v Ann>Hello <b>there</b>\r\n"
    )

    assert parse_vtt(text) == [Cue(start=1.0, end=2.5, text="Hello there")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1\n00:00.000 --> 00:01.000\nno header",
        "WEBVTT\n\njust text",
        "WEBVTT\n\n00:02.000 --> 00:01.000\nbackwards",
        "WEBVTT\n\n00:02.000 --> 00:03.000\na\n\n00:01.000 --> 00:04.000\nearlier",
        "WEBVTT\n\n00:02,000 --> 00:03,000\nSubRip",
        "WEBVTT\n\n00:61.000 --> 00:62.000\nsixty-one seconds",
    ],
)
def test_what_is_not_webvtt_is_refused(text: str) -> None:
    with pytest.raises(InvalidMedia) as raised:
        parse_vtt(text)
    assert raised.value.code == "invalid_captions"


def test_no_words_make_no_cues() -> None:
    assert cues([SceneWords(offset=0, words=[])]) == []
    assert parse_vtt(to_vtt([])) == []

"""Each thing that can be wrong with a lesson is found, by its own code."""

from typing import Any

import numpy as np
import pytest

from shared.errors import InvalidMedia
from shared.media.audio import master
from shared.media.captions import Cue
from shared.media.container import mux_in_order, opened, sound_packets, write_file, write_fragment
from shared.media.draw import Frame
from shared.media.encode import encode_scene, join_scenes
from shared.media.inspect import check_lesson_video, inspect_video, is_faststart

WIDTH, HEIGHT = 320, 180
SPANS = [(0.0, 2.0), (2.0, 4.0)]
CAPTIONS = [Cue(start=0.3, end=1.5, text="One."), Cue(start=2.3, end=3.4, text="Two.")]


def card(seed: int) -> Any:
    """A light card with some lines of dark text on it."""
    random = np.random.default_rng(seed)
    pixels = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    for line in range(4):
        for column in range(30):
            if random.random() < 0.6:
                pixels[30 + 30 * line : 42 + 30 * line, 20 + 9 * column : 26 + 9 * column] = 40
    return pixels


def scene(pixels: Any, seconds: float = 2.0) -> bytes:
    return encode_scene([Frame(0.0, pixels)], seconds, width=WIDTH, height=HEIGHT)


def sound(seconds: float = 4.0, level: float = 8000) -> bytes:
    time = np.arange(round(seconds * 22_050)) / 22_050
    return master((level * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes(), 22_050)


@pytest.fixture(scope="module")
def narration() -> bytes:
    return sound()


@pytest.fixture(scope="module")
def good(narration: bytes) -> bytes:
    return join_scenes([scene(card(1)), scene(card(2))], narration)


def code_of(media: bytes, **changes: Any) -> str:
    arguments: dict[str, Any] = {"captions": CAPTIONS, "scene_spans": SPANS, "end_card": card(2)} | changes
    with pytest.raises(InvalidMedia) as raised:
        check_lesson_video(media, **arguments)
    return raised.value.code


def test_a_sound_lesson_passes_and_its_facts_are_told(good: bytes) -> None:
    facts, level = check_lesson_video(good, captions=CAPTIONS, scene_spans=SPANS, end_card=card(2))

    assert (facts.width, facts.height, facts.video_codec, facts.audio_codec) == (WIDTH, HEIGHT, "h264", "aac")
    assert facts.seconds == pytest.approx(4.0, abs=0.03)
    assert facts.faststart
    assert facts.frames == 6
    assert level.integrated == pytest.approx(-16, abs=0.6)


def test_another_end_card_is_found(good: bytes) -> None:
    assert code_of(good, end_card=card(3)) == "no_end_card"
    assert code_of(good, end_card=np.zeros((10, 10, 3), np.uint8)) == "no_end_card"


def test_a_single_missing_line_of_the_credits_is_found(narration: bytes) -> None:
    half = card(2)
    half[110:140] = 240

    assert code_of(join_scenes([scene(card(1)), scene(half)], narration)) == "no_end_card"


def test_a_blank_scene_is_found(narration: bytes) -> None:
    blank = np.full((HEIGHT, WIDTH, 3), (20, 90, 160), np.uint8)

    assert code_of(join_scenes([scene(blank), scene(card(2))], narration)) == "blank_picture"


def test_a_blank_last_scene_is_found(narration: bytes) -> None:
    blank = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    assert code_of(join_scenes([scene(card(1)), scene(blank)], narration), end_card=blank) == "blank_picture"


def test_captions_that_end_elsewhere_are_found(good: bytes) -> None:
    assert code_of(good, captions=CAPTIONS[:1]) == "captions_differ"
    assert code_of(good, captions=[Cue(start=3, end=4.5, text="late")]) == "captions_differ"
    assert code_of(good, captions=[]) == "captions_differ"


def test_a_missing_stream_is_found(narration: bytes) -> None:
    assert code_of(scene(card(2))) == "no_audio_stream"
    assert code_of(narration) == "no_video_stream"


def test_sound_that_is_too_short_is_found(good: bytes) -> None:
    def fill(container: Any) -> None:
        with opened(good) as source:
            picture = container.add_stream_from_template(source.streams.video[0])
            voice = container.add_stream_from_template(source.streams.audio[0])
            pictures = [packet for packet in source.demux(source.streams.video[0]) if packet.pts is not None]
        early = [packet for packet in sound_packets(good) if packet.pts < 48_000 * 3]
        mux_in_order(container, (picture, pictures), (voice, early))

    assert code_of(write_file(fill)) == "durations_differ"


def test_sound_off_the_target_is_found(good: bytes, narration: bytes) -> None:
    import av

    def quieter(container: Any) -> None:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        with opened(narration) as source:
            for frame in source.decode(audio=0):
                softer = av.AudioFrame.from_ndarray(
                    frame.to_ndarray() * np.float32(0.5), format="fltp", layout="stereo"
                )
                softer.sample_rate, softer.pts, softer.time_base = frame.sample_rate, frame.pts, frame.time_base
                container.mux(stream.encode(softer))
        container.mux(stream.encode(None))

    quiet = join_scenes([scene(card(1)), scene(card(2))], write_file(quieter, format="ipod"))
    assert code_of(quiet) == "loudness_off_target"


def test_an_index_at_the_end_is_found(good: bytes) -> None:
    def fill(container: Any) -> None:
        with opened(good) as source:
            streams = {s.index: container.add_stream_from_template(s) for s in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    container.mux(packet)

    assert code_of(write_fragment(fill)) == "not_faststart"


@pytest.mark.parametrize("cut", [0, 30, 2000])
def test_a_broken_file_is_refused(good: bytes, cut: int) -> None:
    with pytest.raises(InvalidMedia):
        check_lesson_video(good[:cut], captions=CAPTIONS, scene_spans=SPANS, end_card=card(2))


def test_what_is_no_mp4_is_not_faststart() -> None:
    assert not is_faststart(b"")
    assert not is_faststart(b"\0" * 64)
    with pytest.raises(InvalidMedia):
        inspect_video(b"<html>not a video</html>")

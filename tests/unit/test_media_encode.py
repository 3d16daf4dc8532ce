"""Scenes as H.264, joined without a frame of drift."""

import io
from collections.abc import Iterator
from itertools import accumulate, pairwise

import av
import numpy as np
import pytest

from shared.errors import InvalidMedia
from shared.media import h264
from shared.media.audio import master
from shared.media.draw import Frame
from shared.media.encode import encode_scene, join_scenes
from shared.media.inspect import inspect_video, is_faststart

WIDTH, HEIGHT = 192, 108
RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    pixels = np.full((HEIGHT, WIDTH, 3), colour, dtype=np.uint8)
    pixels[::8, ::8] = 255  # not one colour alone
    return pixels


def video(*changes: tuple[float, tuple[int, int, int]], seconds: float) -> bytes:
    frames = [Frame(time, plain(colour)) for time, colour in changes]
    return encode_scene(iter(frames), seconds, width=WIDTH, height=HEIGHT)


def tone(seconds: float) -> bytes:
    time = np.arange(round(seconds * 22_050)) / 22_050
    return master((8000 * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes(), 22_050)


def decoded(media: bytes) -> Iterator[av.VideoFrame]:
    with av.open(io.BytesIO(media)) as container:
        yield from container.decode(video=0)


def packets(media: bytes) -> list[tuple[int, int, bool]]:
    """(slot, length in slots, whether it is a keyframe) of each video packet."""
    with av.open(io.BytesIO(media)) as container:
        found = [packet for packet in container.demux(video=0) if packet.pts is not None]
        return [
            (
                round(float(packet.pts * packet.time_base) * 30),
                round(float(packet.duration * packet.time_base) * 30),
                packet.is_keyframe,
            )
            for packet in found
        ]


def colour_at(media: bytes, seconds: float) -> tuple[int, int, int]:
    shown = None
    for frame in decoded(media):
        if frame.time > seconds + 1e-9:
            break
        shown = frame
    assert shown is not None
    return tuple(int(value) for value in shown.to_ndarray(format="rgb24")[4, 4])


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 8


def test_a_picture_stays_until_the_next_and_the_last_until_the_end() -> None:
    media = video((0.0, RED), (1.5, GREEN), (5.2, BLUE), seconds=9.3)

    for seconds, colour in ((0, RED), (1.4, RED), (1.5, GREEN), (5.1, GREEN), (5.3, BLUE), (9.2, BLUE)):
        assert near(colour_at(media, seconds), colour), seconds


def test_the_length_is_exact_and_no_picture_is_held_for_long() -> None:
    found = packets(video((0.0, RED), (1.5, GREEN), seconds=9.3))

    assert found[0][0] == 0
    assert sum(length for _, length, _ in found) == 279
    assert max(length for _, length, _ in found) <= 30
    assert found[-1][0] == 278
    assert all(slot + length == following for (slot, length, _), (following, _, _) in pairwise(found))


def test_keyframes_come_every_four_seconds_and_nowhere_else() -> None:
    found = packets(video(*((k / 7, RED if k % 2 else BLUE) for k in range(70)), seconds=10))

    assert [slot for slot, _, is_key in found if is_key] == [0, 120, 240]


def test_only_changes_are_encoded() -> None:
    assert len(packets(video((0.0, RED), seconds=1.0))) == 2  # the picture, and itself once more at the end


def test_pictures_in_one_slot_are_one_picture() -> None:
    media = video((0.0, RED), (0.005, GREEN), (1.0, RED), (1.01, BLUE), seconds=2)

    assert near(colour_at(media, 0), GREEN)
    assert near(colour_at(media, 1.0), BLUE)


def test_pictures_after_the_end_are_left_out() -> None:
    media = video((0.0, RED), (1.99, GREEN), (3.0, BLUE), seconds=2)

    assert near(colour_at(media, 5), RED)
    assert sum(length for _, length, _ in packets(media)) == 60


def test_colours_are_those_of_bt709() -> None:
    frame = next(decoded(video((0.0, RED), seconds=0.5)))

    assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)
    luma = frame.to_ndarray()[4, 4]
    expected = 16 + 219 * (0.2126 * RED[0] + 0.7152 * RED[1] + 0.0722 * RED[2]) / 255
    assert abs(float(luma) - expected) < 4


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(InvalidMedia) as raised:
        encode_scene([Frame(0.0, np.zeros((10, 10, 3), np.uint8))], 1.0, width=WIDTH, height=HEIGHT)
    assert raised.value.code == "wrong_frame_size"


@pytest.mark.parametrize("seconds", [1.0, 0.0, -1.0, 0.01])
def test_a_scene_without_pictures_or_length_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidMedia) as raised:
        encode_scene([] if seconds == 1.0 else [Frame(0.0, plain(RED))], seconds, width=WIDTH, height=HEIGHT)
    assert raised.value.code == "empty_scene"


def test_scenes_are_joined_without_drift() -> None:
    lengths = [1.1, 2.3, 0.7, 1.9, 5.2, 0.9]
    colours = [RED, GREEN, BLUE, GREEN, RED, BLUE]
    scenes = [video((0.0, colour), seconds=length) for colour, length in zip(colours, lengths, strict=True)]

    lesson = join_scenes(scenes, tone(sum(lengths)), tags={"title": "A lesson"})

    facts = inspect_video(lesson)
    assert facts.video_seconds == pytest.approx(sum(lengths), abs=1e-6)
    assert facts.audio_seconds == pytest.approx(sum(lengths), abs=0.03)
    assert is_faststart(lesson)
    starts = list(accumulate(lengths, initial=0.0))
    for start, end, colour in zip(starts, starts[1:], colours, strict=False):
        assert near(colour_at(lesson, start), colour)
        assert near(colour_at(lesson, end - 1 / 30), colour)
    with av.open(io.BytesIO(lesson)) as container:
        assert container.metadata["title"] == "A lesson"


def test_a_lesson_can_be_entered_anywhere() -> None:
    lesson = join_scenes([video((0.0, RED), seconds=5.0), video((0.0, BLUE), seconds=6.0)], tone(11.0))

    with av.open(io.BytesIO(lesson)) as container:
        for target in (10.9, 0.2, 5.0, 7.7):
            container.seek(int(target * av.time_base))
            frame = next(container.decode(video=0))
            assert target - h264.KEYFRAME_SECONDS <= frame.time <= target


def test_sound_and_picture_are_stored_side_by_side() -> None:
    lesson = join_scenes([video((0.0, RED), seconds=6.0)], tone(6.0))

    with av.open(io.BytesIO(lesson)) as container:
        order = [
            (packet.pos, float(packet.dts * packet.time_base)) for packet in container.demux() if packet.dts is not None
        ]
    times = [time for _, time in sorted(order)]
    assert all(following >= time - 1.0 for time, following in pairwise(times))


def test_scenes_that_were_encoded_differently_are_refused() -> None:
    other = encode_scene([Frame(0.0, np.zeros((64, 64, 3), np.uint8))], 1.0, width=64, height=64)

    with pytest.raises(InvalidMedia) as raised:
        join_scenes([video((0.0, RED), seconds=1.0), other], tone(2.0))
    assert raised.value.code == "scenes_differ"


def test_scenes_of_another_length_than_the_sound_are_refused() -> None:
    with pytest.raises(InvalidMedia) as raised:
        join_scenes([video((0.0, RED), seconds=2.0)], tone(1.5))
    assert raised.value.code == "durations_differ"


@pytest.mark.parametrize("scenes", [[], [b"nothing"]])
def test_what_is_no_scene_is_refused(scenes: list[bytes]) -> None:
    with pytest.raises(InvalidMedia):
        join_scenes(scenes, tone(1.0))

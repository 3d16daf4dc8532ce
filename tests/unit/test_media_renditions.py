"""HLS: three sizes that can be changed between at any segment, and playlists that are right to the frame."""

import io
import re

import av
import numpy as np
import pytest

from shared.errors import InvalidMedia
from shared.media.audio import master
from shared.media.draw import Frame
from shared.media.encode import encode_scene, join_scenes
from shared.media.playlists import MASTER, media_playlist
from shared.media.renditions import renditions
from shared.security.playlists import sign_playlist

SECONDS = 9.3


def lesson(width: int, height: int, seconds: float) -> bytes:
    frames = [
        Frame(0.0, np.full((height, width, 3), 90, np.uint8)),
        Frame(5.5, np.full((height, width, 3), 200, np.uint8)),
    ]
    time = np.arange(round(seconds * 22_050)) / 22_050
    sound = master((8000 * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes(), 22_050)
    return join_scenes([encode_scene(frames, seconds, width=width, height=height)], sound)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return renditions(lesson(640, 360, SECONDS), remark="made from 1234")


def segments(files: dict[str, bytes], name: str) -> list[tuple[float, bytes, bytes]]:
    """(seconds, header, segment) as a player cuts them out of the file."""
    text, media = files[f"{name}.m3u8"].decode(), files[f"{name}.mp4"]
    header = re.search(r'#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@0"', text)
    assert header is not None
    assert header[1] == f"{name}.mp4"
    found = re.findall(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
    assert {uri for *_, uri in found} == {f"{name}.mp4"}
    return [
        (float(seconds), media[: int(header[2])], media[int(start) : int(start) + int(size)])
        for seconds, size, start, _ in found
    ]


def test_the_master_playlist_names_three_sizes(files: dict[str, bytes]) -> None:
    text = files[MASTER].decode()

    assert text.startswith("#EXTM3U\n")
    assert "# made from 1234\n" in text
    sizes = re.findall(
        r'BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+),RESOLUTION=(\d+x\d+),CODECS="(avc1\.64[0-9a-f]{4}),mp4a\.40\.2",'
        r"FRAME-RATE=30\.000\n(\S+)",
        text,
    )
    assert [(size, uri) for *_, size, _, uri in sizes] == [
        ("1280x720", "720p.m3u8"),
        ("854x480", "480p.m3u8"),
        ("640x360", "360p.m3u8"),
    ]
    assert all(int(peak) >= int(average) * 0.9 for peak, average, *_ in sizes)
    assert set(files) == {MASTER} | {f"{name}.{end}" for name in ("720p", "480p", "360p") for end in ("m3u8", "mp4")}


@pytest.mark.parametrize("name", ["720p", "480p", "360p"])
def test_segments_are_four_seconds_and_together_the_lesson(files: dict[str, bytes], name: str) -> None:
    found = segments(files, name)

    assert [seconds for seconds, *_ in found] == [4.0, 4.0, pytest.approx(1.3)]
    assert sum(len(data) for *_, data in found) + len(found[0][1]) == len(files[f"{name}.mp4"])


@pytest.mark.parametrize("name", ["720p", "480p", "360p"])
def test_each_segment_begins_with_a_keyframe_at_its_time(files: dict[str, bytes], name: str) -> None:
    for number, (seconds, header, data) in enumerate(segments(files, name)):
        with av.open(io.BytesIO(header + data)) as container:
            pictures, sounds = [], []
            for packet in container.demux():
                if packet.pts is not None:
                    (pictures if packet.stream.type == "video" else sounds).append(packet)
        start = float(pictures[0].pts * pictures[0].time_base)
        end = float((pictures[-1].pts + pictures[-1].duration) * pictures[-1].time_base)
        assert start == pytest.approx(4 * number, abs=1e-6)
        assert end == pytest.approx(4 * number + seconds, abs=1e-3)
        assert [packet.is_keyframe for packet in pictures] == [True] + [False] * (len(pictures) - 1)
        assert float(sounds[0].pts * sounds[0].time_base) == pytest.approx(start, abs=0.03)


def test_a_size_shows_the_same_pictures(files: dict[str, bytes]) -> None:
    with av.open(io.BytesIO(files["480p.mp4"])) as container:
        levels = {}
        for frame in container.decode(video=0):
            levels[round(frame.time, 2)] = float(frame.to_ndarray(format="rgb24").mean())
    assert levels[0.0] == pytest.approx(90, abs=4)
    assert levels[4.0] == pytest.approx(90, abs=4)
    assert levels[5.5] == pytest.approx(200, abs=4)
    assert levels[8.0] == pytest.approx(200, abs=4)


def test_an_upright_lesson_is_measured_across() -> None:
    text = renditions(lesson(360, 640, 0.5))[MASTER].decode()

    assert re.findall(r"RESOLUTION=(\S+?),", text) == ["720x1280", "480x854", "360x640"]


def test_a_file_without_sound_is_refused() -> None:
    silent = encode_scene([Frame(0.0, np.zeros((90, 160, 3), np.uint8))], 1.0, width=160, height=90)

    with pytest.raises(InvalidMedia) as raised:
        renditions(silent)
    assert raised.value.code == "missing_stream"


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(InvalidMedia) as raised:
        renditions(b"\0\0\0\x20ftypisom and nothing else")
    assert raised.value.code == "undecodable_media"


def test_parts_of_files_are_still_named_rightly_once_the_references_are_signed() -> None:
    text = media_playlist("480p.mp4", header=700, segments=[10, 20], seconds=[4.0, 1.5])

    signed = sign_playlist(text, "lessons/ab/hls/480p.m3u8", lambda name: f"https://storage.test/{name}?signature=a")

    link = "https://storage.test/lessons/ab/hls/480p.mp4?signature=a"
    assert signed == text.replace("480p.mp4", link)
    assert f'#EXT-X-MAP:URI="{link}",BYTERANGE="700@0"\n' in signed
    assert f"#EXTINF:1.50000,\n#EXT-X-BYTERANGE:20@710\n{link}\n" in signed

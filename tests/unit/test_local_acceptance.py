"""The acceptance check fails where it has to: for artefacts that do not open, and for all that it cannot look at."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from local.acceptance import artefacts
from local.acceptance.authentication import _forged
from local.acceptance.checklist import Checklist, Failure, expect
from local.acceptance.happy_path import IN_ORDER, Visit, _progress, _statuses
from local.client import Refused, Unreachable
from shared.enums import ContentRequestStatus as Status

GOOD = (
    "WEBVTT\n\nNOTE made for a test\n\n1\n00:00.000 --> 00:02.500 line:80%\nHello\n\n"
    "01:00:02.500 --> 01:00:04.000\nyou\nthere\n"
)


def test_captions_are_parsed():
    cues = artefacts.captions(GOOD.encode())

    assert [(cue.start, cue.end, cue.text) for cue in cues] == [(0, 2.5, "Hello"), (3602.5, 3604, "you\nthere")]
    assert artefacts.captions(("\ufeff" + GOOD.replace("\n", "\r\n")).encode()) == cues


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEBVTT\n",
        "WEBVTTX\n\n00:00.000 --> 00:01.000\na\n",
        "1\n00:00:00,000 --> 00:00:01,000\nsubrip\n",
        "WEBVTT\n\n00:02.000 --> 00:01.000\nbackwards\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n\n",
        "WEBVTT\n\n00:61.000 --> 00:62.000\nx\n",
        "WEBVTT\n\nno times\nat all\n",
        "WEBVTT\n\n00:05.000 --> 00:06.000\nlate\n\n00:01.000 --> 00:02.000\nearly\n",
    ],
)
def test_captions_that_are_none_fail(text):
    with pytest.raises(Failure):
        artefacts.captions(text.encode())


def make_film(path: Path, *, sound: bool = True, loud: bool = True) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        voice = container.add_stream("aac", rate=44_100) if sound else None
        for index in range(20):
            image = np.full((48, 64, 3), index * 10, dtype=np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(picture.encode())
        if voice is not None:
            wave = np.sin(np.arange(2 * 44_100) * 0.06) * (0.5 if loud else 0)
            frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None, :], format="fltp", layout="mono")
            frame.sample_rate = 44_100
            container.mux(voice.encode(frame))
            container.mux(voice.encode())


def test_film_is_decoded_to_its_end(tmp_path):
    make_film(tmp_path / "a.mp4")
    film = artefacts.film(tmp_path / "a.mp4")

    assert (film.width, film.height, film.pictures) == (64, 48, 20)
    assert film.seconds == pytest.approx(2.0, abs=0.15)
    assert film.sound_seconds == pytest.approx(2.0, abs=0.15)
    assert 0.2 < film.loudest < 0.6


def test_silence_is_heard_as_silence(tmp_path):
    make_film(tmp_path / "a.mp4", loud=False)
    assert artefacts.film(tmp_path / "a.mp4").loudest < 0.01


def test_film_without_sound_and_what_is_no_film_fail(tmp_path):
    make_film(tmp_path / "mute.mp4", sound=False)
    with pytest.raises(Failure, match="no audio"):
        artefacts.film(tmp_path / "mute.mp4")
    for content in (b"", b"not a film", (tmp_path / "mute.mp4").read_bytes()[:500]):
        (tmp_path / "bad.mp4").write_bytes(content)
        with pytest.raises((ValueError, Failure)):
            artefacts.film(tmp_path / "bad.mp4")


def picture(colours: int) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (320, 180))
    image.putdata([(x * 40 % 256, (x % colours) * 25 % 256, 7) if colours > 1 else (9, 9, 9) for x in range(320 * 180)])
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def test_poster_has_to_show_something():
    assert artefacts.poster(picture(10)) == (320, 180)
    with pytest.raises(Failure):
        artefacts.poster(picture(1))
    with pytest.raises(OSError, match="image"):
        artefacts.poster(b"no picture")


@pytest.mark.parametrize(
    "body", [[], {}, {"scenes": []}, {"scenes": [{"id": "s", "narration": " ", "citations": ["p"]}]},
             {"scenes": [{"id": "s", "narration": "x", "citations": []}]}],
)  # fmt: skip
def test_storyboard_without_citations_fails(body):
    with pytest.raises(Failure):
        artefacts.storyboard(json.dumps(body).encode())


def visit(statuses: list[Status], progress: list[int]) -> Visit:
    timeline = [
        {"status": s, "at": f"2026-01-01T00:00:{i:02}Z", "progress_percentage": 0} for i, s in enumerate(statuses)
    ]
    return Visit("id", 1.0, {"timeline": timeline}, progress)


def test_statuses_have_to_be_all_and_in_order():
    assert _statuses(visit(IN_ORDER, [])) == "8 statuses"
    for wrong in (IN_ORDER[:-1], [*IN_ORDER[:3], *IN_ORDER[4:]], [IN_ORDER[1], IN_ORDER[0], *IN_ORDER[2:]]):
        with pytest.raises(Failure):
            _statuses(visit(wrong, []))


def test_progress_has_to_rise_to_the_end():
    _progress(visit(IN_ORDER, [0, 5, 5, 100]))
    for wrong in ([0, 50, 49, 100], [0, 50, 97]):
        with pytest.raises(Failure):
            _progress(visit(IN_ORDER, wrong))


def raising(error: Exception) -> Any:
    def look() -> str:
        raise error

    return look


@pytest.mark.parametrize(
    "error",
    [Failure("x"), Refused(500, {}), Unreachable("gone"), KeyError("assets"), TypeError(), ValueError(), OSError()],
    ids=lambda error: type(error).__name__,
)
def test_what_cannot_be_looked_at_has_failed(error):
    shown: list[Any] = []
    checklist = Checklist(shown.append)

    assert checklist.check("good", lambda: "fine")
    assert checklist.ok
    assert not checklist.check("bad", raising(error))
    assert not checklist.ok
    assert [result.ok for result in shown] == [True, False]
    assert checklist.as_json()["checks"][0]["measured"] == "fine"


def test_no_check_at_all_is_no_success():
    assert not Checklist(lambda result: None).ok


def test_expectation_says_what_was_measured():
    expect(True, "unused")
    with pytest.raises(Failure, match="200"):
        expect(False, "status 200")


def test_forged_tokens_differ_from_the_real_one():
    import jwt

    token = jwt.encode({"sub": "x", "role": "student", "exp": 1}, "k" * 32, algorithm="HS256")
    forged = _forged(token)

    assert len(forged) == 4
    assert token not in forged.values()
    for text in forged.values():
        with pytest.raises(jwt.InvalidTokenError):
            jwt.decode(text, "k" * 32, algorithms=["HS256"], options={"verify_exp": False})

"""Opens what a lesson is made of: the video, the captions, the poster, the stream."""

import io
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from local.acceptance.checklist import Failure, expect

_TIME: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption, in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Film:
    """What a video turned out to be."""

    seconds: float
    width: int
    height: int
    pictures: int  # decoded
    sound_seconds: float  # decoded
    loudest: float  # 0 to 1


def captions(data: bytes) -> list[Cue]:
    """Parse WebVTT; raise Failure or ValueError where it is none. https://www.w3.org/TR/webvtt1/#file-structure"""
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = re.split(r"\n{2,}", text.strip("\n"))
    expect(re.fullmatch(r"WEBVTT(?:[ \t].*)?", blocks[0].split("\n")[0]) is not None, "no WEBVTT header")
    cues = []
    for block in blocks[1:]:
        lines = block.split("\n")
        if lines[0].startswith(("NOTE", "STYLE", "REGION")):
            continue
        at = next((index for index, line in enumerate(lines[:2]) if "-->" in line), len(lines))
        match = _TIMING.fullmatch(lines[at]) if at < len(lines) else None
        if match is None:
            raise Failure(f"a block whose times do not parse: {block[:60]!r}")
        parts = match.groups()
        cues.append(Cue(_seconds(parts[:4]), _seconds(parts[4:]), "\n".join(lines[at + 1 :])))
    expect(bool(cues), "no cue")
    for cue in cues:
        expect(cue.start < cue.end, f"a cue from {cue.start} to {cue.end}")
        expect(bool(cue.text.strip()), f"an empty cue at {cue.start}")
    for before, after in pairwise(cues):
        expect(before.start <= after.start, f"cues out of order at {after.start}")
    return cues


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def film(path: Path) -> Film:
    """Decode a video file from end to end."""
    import av
    import numpy as np

    try:
        with av.open(str(path)) as container:
            expect(bool(container.streams.video), "no video stream")
            expect(bool(container.streams.audio), "no audio stream")
            picture, sound = container.streams.video[0], container.streams.audio[0]
            picture.thread_type = "AUTO"
            pictures, samples, loudest = 0, 0, 0.0
            floating = av.AudioResampler(format="fltp")
            for frame in container.decode(picture, sound):
                if isinstance(frame, av.VideoFrame):
                    pictures += 1
                elif isinstance(frame, av.AudioFrame):
                    samples += frame.samples
                    for part in floating.resample(frame):
                        loudest = max(loudest, float(np.abs(part.to_ndarray()).max(initial=0)))
            expect(pictures > 0, "no picture decodes")
            expect(samples > 0, "no sound decodes")
            seconds = float(container.duration or 0) / av.time_base
            return Film(seconds, picture.width, picture.height, pictures, samples / sound.rate, loudest)
    except av.FFmpegError as error:
        raise ValueError(f"{path.name} does not decode: {error}") from error


def poster(data: bytes) -> tuple[int, int]:
    """Decode a picture; return its size."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        image.load()
        colours = len(image.convert("RGB").resize((32, 18)).getcolors(32 * 18) or ())
        expect(colours > 2, "a picture of nothing")
        return image.size


def storyboard(data: bytes) -> dict[str, Any]:
    """Parse a storyboard, and see that every scene of teaching cites something."""
    body = json.loads(data)
    expect(isinstance(body, dict) and bool(body.get("scenes")), "no scenes")
    for scene in body["scenes"]:
        expect(bool(scene["narration"].strip()), f"scene {scene['id']} says nothing")
        expect(bool(scene["citations"]), f"scene {scene['id']} cites nothing")
    return dict(body)

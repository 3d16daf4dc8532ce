"""A stand-in for Google Cloud Text-to-Speech, after its public REST reference (v1beta1, `text:synthesize`).

It refuses what the service refuses, and otherwise answers with a buzz for every word, silence at every pause, and a
time for every mark. Like the service it plays what an `<audio>` element names: here it only remembers that it was told
to, so that a test can see that no text ever brings it to.
"""

import base64
import io
import re
import wave
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.counterparts.http_fake import Answer, Asked, HttpFake

MOST_BYTES = 5000
LETTER_SECONDS = 0.05
PAUSE_SECONDS = 0.25
PATH = "/v1beta1/text:synthesize"


def error(status: int, name: str, message: str = "no", **more: Any) -> Answer:
    """An error as Google's services answer it."""
    return Answer.of({"error": {"code": status, "message": message, "status": name}}, status=status, **more)


def wav(seconds: float, *, rate: int = 24_000, channels: int = 1, width: int = 2, extra: bool = False) -> bytes:
    """A quiet sound in a WAV file; `extra` puts another chunk before the samples, as the format allows."""
    return _file(bytes(round(seconds * rate) * channels * width), rate, channels=channels, width=width, extra=extra)


def answer_of(sound: bytes, marks: Sequence[tuple[str, Any]] = ()) -> Answer:
    """The answer that holds this file and these times."""
    points = [{"markName": name, "timeSeconds": seconds} for name, seconds in marks]
    return Answer.of({"audioContent": base64.b64encode(sound).decode(), "timepoints": points})


@dataclass
class TextToSpeech:
    """What the service was asked to say, and how it changes the times of the marks before it answers them."""

    said: list[str] = field(default_factory=list)  # the words of each request, without markup
    documents: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)  # what it was told to play
    marked: Callable[[list[tuple[str, Any]]], list[tuple[str, Any]]] = list

    def __post_init__(self) -> None:
        self.http = HttpFake(self._answer)

    @contextmanager
    def serving(self) -> Iterator["TextToSpeech"]:
        """Serve meanwhile."""
        with self.http.serving():
            yield self

    def _answer(self, asked: Asked) -> Answer:
        if asked.method != "POST" or asked.path.split("?")[0] != PATH:
            return error(404, "NOT_FOUND")
        body = asked.json
        document = body["input"].get("ssml", "")
        refused = _refused(body, document)
        if refused:
            return error(400, "INVALID_ARGUMENT", refused)
        speak = ElementTree.fromstring(document)
        self.documents.append(document)
        self.said.append(" ".join("".join(speak.itertext()).split()))
        self.played += [element.get("src", "") for element in speak.iter("audio")]
        sound, marks = _spoken(speak, body["audioConfig"]["sampleRateHertz"])
        wanted = "SSML_MARK" in body.get("enableTimePointing", [])
        return answer_of(sound, self.marked(marks) if wanted else [])


def _refused(body: Any, document: str) -> str:
    if not document or set(body["input"]) != {"ssml"}:
        return "Either text or SSML input should be set."
    if len(document.encode()) > MOST_BYTES:
        return "The input size limit exceeded: 5000 bytes"
    voice = body["voice"]
    if not re.fullmatch(r"[a-z]{2,3}-[A-Z]{2}-(Standard|Wavenet|Neural2|Studio|Chirp3-HD)-\w+", voice["name"]):
        return f"Voice '{voice['name']}' does not exist. Is it misspelled?"
    if not voice["name"].startswith(voice["languageCode"]):
        return "Requested language code doesn't match the voice's language code."
    if body["audioConfig"]["audioEncoding"] != "LINEAR16":
        return "this stand-in speaks LINEAR16 only"
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return "Invalid SSML. Newer voices like Neural2 require valid SSML."
    return "" if root.tag == "speak" else "Invalid SSML."


def _spoken(speak: ElementTree.Element, rate: int) -> tuple[bytes, list[tuple[str, float]]]:
    pieces: list[bytes] = []
    marks: list[tuple[str, float]] = []

    def now() -> float:
        return sum(map(len, pieces)) / 2 / rate

    def say(text: str | None) -> None:
        for word in (text or "").split():
            time = np.arange(round(LETTER_SECONDS * rate * len(word))) / rate
            pieces.append((np.sin(2 * np.pi * 180 * time) * 8000).astype("<i2").tobytes())
            if word[-1] in ",;:.!?":
                pieces.append(bytes(2 * round(PAUSE_SECONDS * rate)))

    say(speak.text)
    for element in speak:
        if element.tag == "mark":
            marks.append((element.get("name", ""), now()))
        say(element.text)
        say(element.tail)
    return _file(b"".join(pieces), rate), marks


def _file(samples: bytes, rate: int, *, channels: int = 1, width: int = 2, extra: bool = False) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(samples)
    file = data.getvalue()
    if not extra:
        return file
    chunk = b"LIST" + (5).to_bytes(4, "little") + b"odd.." + b"\0"  # of odd length, so padded
    at = file.index(b"data")
    return file[:4] + (len(file) - 8 + len(chunk)).to_bytes(4, "little") + file[8:at] + chunk + file[at:]

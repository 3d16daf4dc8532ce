"""Stand-ins for the ports that keep what they were given. Tests alone use them."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from shared.adapters.mail_message import address, message
from shared.books import EMBEDDING_DIMENSIONS
from shared.errors import ContentNotFound, ObjectMissing
from shared.lesson import feasible
from shared.pipeline import Topic
from shared.services import Clarification, ClarificationBrief, Clip, LessonBrief, Mail, SpokenWord, StoredObject
from shared.settings import Settings

SETTINGS = Settings(
    database_url="postgresql+pg8000://nobody@127.0.0.1:1/nothing",
    secret_key="k" * 32,
    webhook_secret="w" * 16,
    public_url="http://api.test",
    environment="local",
    commit="test",
    requests_per_minute=100_000,
)


@dataclass
class RecordingBus:
    """Keeps every message; `fail_next` makes the next publishes fail."""

    messages: list[tuple[Topic, bytes, Mapping[str, str]]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        if self.failures and topic is not Topic.STATUS_CHANGED:
            raise self.failures.pop(0)
        self.messages.append((topic, data, dict(attributes)))

    @property
    def topics(self) -> list[Topic]:
        """What was handed off, without the announcements for the mirror."""
        return [topic for topic, _, _ in self.messages if topic is not Topic.STATUS_CHANGED]


@dataclass
class MemoryObjects:
    """Objects in a dictionary."""

    data: dict[str, bytes] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        self.data[name] = data
        self.writes[name] += 1

    def read(self, name: str) -> bytes:
        try:
            return self.data[name]
        except KeyError:
            raise ObjectMissing(name) from None

    def exists(self, name: str) -> bool:
        return name in self.data

    def stat(self, name: str) -> StoredObject:
        return StoredObject(size=len(self.read(name)), version=str(self.writes[name]))

    def list(self, prefix: str) -> Iterable[str]:
        return sorted(name for name in self.data if name.startswith(prefix))

    def delete_prefix(self, prefix: str) -> int:
        names = [name for name in self.data if name.startswith(prefix)]
        for name in names:
            del self.data[name]
        return len(names)

    def signed_url(self, name: str, *, expires_in: timedelta) -> str:
        return f"http://objects.test/{name}"


class HashEmbeddings:
    """Unit vectors by words: texts that share words are near each other."""

    model = "hash"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * EMBEDDING_DIMENSIONS
        for word in text.lower().split():
            vector[sum(word.encode()) * 31 % EMBEDDING_DIMENSIONS] += 1.0
        length = sum(value * value for value in vector) ** 0.5 or 1.0
        return [value / length for value in vector]


@dataclass
class ToneSpeech:
    """Speaks every word as 0.3 s of silence; keeps what it spoke."""

    spoken: list[str] = field(default_factory=list)
    voice: str = "tone"

    def speak(self, text: str) -> Clip:
        self.spoken.append(text)
        words = text.split()
        rate = 22_050
        return Clip(
            pcm=b"\0\0" * int(0.3 * rate * len(words)),
            sample_rate=rate,
            words=tuple(
                SpokenWord(text=word, start=0.3 * index, end=0.3 * (index + 1)) for index, word in enumerate(words)
            ),
        )


@dataclass
class Outbox:
    """Keeps mails and webhook events."""

    mails: list[Mail] = field(default_factory=list)
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        message(mail, address("lessons@school.test"))  # what could not be sent is refused here as well
        self.mails.append(mail)

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        self.events.append((event_id, body))


@dataclass
class MemoryMirror:
    """Keeps the newest snapshot of each request."""

    documents: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        with self.lock:
            if request_id in self.documents and self.documents[request_id][0] > version:
                return False
            self.documents[request_id] = (version, dict(snapshot))
            return True

    def delete(self, request_ids: Sequence[str]) -> None:
        for request_id in request_ids:
            self.documents.pop(request_id, None)


@dataclass
class NoWriter:
    """For tests that write no lesson; questions to students are asked as they were found."""

    def storyboard(self, brief: LessonBrief) -> Any:
        raise AssertionError("this test writes no lesson")

    def revise(self, brief: LessonBrief, storyboard: Any, violations: Sequence[Any]) -> Any:
        raise AssertionError("this test writes no lesson")

    def clarification(self, brief: ClarificationBrief) -> Clarification:
        return Clarification(text=brief.text, order=tuple(range(len(brief.options))), reasoning="")


@dataclass
class GivenLesson(NoWriter):
    """A writer that has one lesson for whoever asks; keeps the briefs, and revises nothing."""

    lesson: Any = None
    briefs: list[LessonBrief] = field(default_factory=list)

    def storyboard(self, brief: LessonBrief) -> Any:
        feasible.check(brief)
        self.briefs.append(brief)
        if not brief.passages:
            raise ContentNotFound("there is nothing to write from")
        return self.lesson

    def revise(self, brief: LessonBrief, storyboard: Any, violations: Sequence[Any]) -> Any:
        return storyboard


@dataclass
class Sketches:
    """An illustrator that keeps what it was asked for, and answers with `picture`."""

    picture: bytes | None = None
    prompts: list[str] = field(default_factory=list)
    model: str = "sketches"

    def illustrate(self, prompt: str) -> bytes | None:
        self.prompts.append(prompt)
        return self.picture


@dataclass
class FakeServices:
    """The bundle of ports, each replaceable."""

    engine: Engine
    settings: Settings = SETTINGS
    bus: Any = field(default_factory=RecordingBus)
    objects: Any = field(default_factory=MemoryObjects)
    writer: Any = field(default_factory=NoWriter)
    speech: Any = field(default_factory=ToneSpeech)
    embeddings: Any = field(default_factory=HashEmbeddings)
    illustrator: Any = field(default_factory=Sketches)
    mirror: Any = field(default_factory=MemoryMirror)
    outbox: Outbox = field(default_factory=Outbox)

    @property
    def schema(self) -> Engine:
        return self.engine

    @property
    def sources(self) -> Any:
        return self.objects

    @property
    def mailer(self) -> Outbox:
        return self.outbox

    @property
    def webhook(self) -> Outbox:
        return self.outbox

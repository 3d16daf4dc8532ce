"""The ports: what the system needs from outside, in its own words. Adapters are in `shared/adapters/`.

No SDK type crosses a port. Adapters translate SDK errors into those of `shared.errors`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from shared.books.passages import Passage
from shared.enums import LessonStyle
from shared.pipeline import Topic

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from shared.lesson.rules import Violation
    from shared.lesson.storyboard import Storyboard
    from shared.settings import Settings


class MessageBus(Protocol):
    """Delivers messages at least once, in no order."""

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Return once the message is safe with the bus; raise TransientError where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What is known of an object without reading it."""

    size: int  # bytes
    version: str  # another one after each write


class ObjectStore(Protocol):
    """Holds artefacts by name ("lessons/ab12/video.mp4")."""

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        """Store `data`, whole or not at all; what had the name is replaced."""

    def read(self, name: str) -> bytes:
        """Return the bytes; raise ObjectMissing where there are none."""

    def exists(self, name: str) -> bool:
        """Tell whether the name is taken."""

    def stat(self, name: str) -> StoredObject:
        """Tell an object's size and version; raise ObjectMissing where there is none."""

    def list(self, prefix: str) -> Iterable[str]:
        """Yield the names that begin with `prefix`, sorted."""

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object whose name begins with `prefix`; return how many there were."""

    def signed_url(self, name: str, *, expires_in: timedelta) -> str:
        """Return a URL that reads this one object until it expires."""


@runtime_checkable
class ForgettingStore(Protocol):
    """A store that has to be told what is old; a bucket has a rule for it (terraform/storage.tf)."""

    def forget(self, prefix: str, *, older_than: timedelta, at_most: int) -> int:
        """Delete objects below `prefix` that were written longer ago than that, `at_most` so many; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonBrief:
    """What a writer is given. `query` is the student's text: data, never an instruction."""

    query: str
    topic: str  # title of the section that the question was resolved to
    module_ids: tuple[str, ...]
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    duration_seconds: int
    passages: tuple[Passage, ...]  # retrieved, best first, with the structure of the chosen sections


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationBrief:
    """A question that was found vague, and what code found to ask back. `query` is the student's text: data."""

    query: str
    grade_level: int
    language: str
    text: str  # the question to the student, in words that always serve
    options: tuple[str, ...]  # titles of the sections that are offered, best first


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """How to ask the student. `order` holds places in the brief's options: what is offered, best first."""

    text: str
    order: tuple[int, ...]
    reasoning: str


class Writer(Protocol):
    """Writes lessons, and words questions to students."""

    def storyboard(self, brief: LessonBrief) -> "Storyboard":
        """Return a storyboard that cites only passages of the brief; raise InvalidStoryboard or ContentNotFound."""

    def revise(self, brief: LessonBrief, storyboard: "Storyboard", violations: "Sequence[Violation]") -> "Storyboard":
        """Return the storyboard with its violations mended as well as can be, in one try; it may be unchanged."""

    def clarification(self, brief: ClarificationBrief) -> Clarification:
        """Word the question to the student; `order` is never empty where options are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """When one word sounds, in seconds from the clip's start."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Spoken text: mono 16-bit little-endian PCM, and one SpokenWord for each whitespace-separated word of the text."""

    pcm: bytes
    sample_rate: int
    words: tuple[SpokenWord, ...]
    timings_estimated: bool = False

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self.pcm) / 2 / self.sample_rate


class Speech(Protocol):
    """Speaks."""

    @property
    def voice(self) -> str:
        """Name of the voice; part of the name of what it spoke, so that another voice speaks anew."""

    def speak(self, text: str) -> Clip:
        """Return the text spoken. The text has mathematics in words; abbreviations and signs are normalised here."""


class Embeddings(Protocol):
    """Turns text into vectors of unit length, `shared.books.EMBEDDING_DIMENSIONS` long."""

    @property
    def model(self) -> str:
        """Name of the model; vectors of different models are never compared."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector a text, in order."""


class Illustrator(Protocol):
    """Draws what a scene only describes."""

    @property
    def model(self) -> str:
        """Name of the model; part of the name of what it drew. Empty where there is none."""

    def illustrate(self, prompt: str) -> bytes | None:
        """Return a wide picture (JPEG) without words in it; None where none can be made of this prompt."""


class StatusMirror(Protocol):
    """Shows live status to clients."""

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        """Store the snapshot unless a higher version is there; tell whether it was stored."""

    def delete(self, request_ids: Sequence[str]) -> None:
        """Forget these requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail; the same `message_id` marks a repeat as the same mail."""

    message_id: str
    recipient: str
    subject: str
    text: str


class Mailer(Protocol):
    """Sends e-mail."""

    def send(self, mail: Mail) -> None:
        """Return once the server accepted it."""


class Webhook(Protocol):
    """Tells another system, signed."""

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        """Return once the receiver accepted it."""


class Services(Protocol):
    """All ports of one process. `shared.bootstrap` builds each on first use."""

    @property
    def settings(self) -> "Settings": ...
    @property
    def engine(self) -> "Engine": ...
    @property
    def schema(self) -> "Engine": ...
    @property
    def bus(self) -> MessageBus: ...
    @property
    def objects(self) -> ObjectStore: ...
    @property
    def sources(self) -> ObjectStore: ...
    @property
    def writer(self) -> Writer: ...
    @property
    def speech(self) -> Speech: ...
    @property
    def embeddings(self) -> Embeddings: ...
    @property
    def illustrator(self) -> Illustrator: ...
    @property
    def mirror(self) -> StatusMirror: ...
    @property
    def mailer(self) -> Mailer: ...
    @property
    def webhook(self) -> Webhook: ...

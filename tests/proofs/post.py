"""The world outside, as the state machine sees it: every message kept, every telling counted, places where it waits."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import Topic
from shared.services import Mail
from tests.fakes import MemoryMirror
from tests.proofs.plans import MIRROR_DELETE, MIRROR_WRITE


@dataclass(eq=False)
class Letter:
    """A message that was published once; it may come again at any time."""

    topic: Topic
    data: bytes
    attributes: Mapping[str, str]
    request_id: UUID
    waiting: bool = True  # not acknowledged yet


@dataclass
class Post:
    """The bus: keeps what is published. `refuse` tells whether it takes a message now, `published` hears of it."""

    refuse: Callable[[], bool]
    published: Callable[[Topic], None]
    letters: list[Letter] = field(default_factory=list)

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        if topic is not Topic.STATUS_CHANGED:
            if self.refuse():
                raise TransientError("the bus refuses")
            self.published(topic)
        self.letters.append(Letter(topic, data, dict(attributes), RequestMessage.decode(data).request_id))

    def waiting(self, *, announcements: bool) -> list[Letter]:
        """What is not acknowledged, the oldest first: the announcements, or all else."""
        return [one for one in self.letters if one.waiting and (one.topic is Topic.STATUS_CHANGED) == announcements]


@dataclass
class Tellings:
    """Mailer and webhook: `ask` may raise, or says whether this telling may be a repeat of an earlier one."""

    ask: Callable[[str], bool]
    told: Counter[str] = field(default_factory=Counter)
    doubled: list[str] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self._tell(mail.message_id)

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        self._tell(event_id)

    def _tell(self, identifier: str) -> None:
        may_repeat = self.ask(identifier)
        if self.told[identifier] and not may_repeat:
            self.doubled.append(identifier)
        self.told[identifier] += 1


@dataclass
class PausingMirror(MemoryMirror):
    """A mirror that stops at its places before it does anything."""

    reach: Callable[[str], None] = lambda place: None

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        self.reach(MIRROR_WRITE)
        return super().write(request_id, snapshot, version)

    def delete(self, request_ids: Sequence[str]) -> None:
        self.reach(MIRROR_DELETE)
        super().delete(request_ids)

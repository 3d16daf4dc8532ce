"""What the broker holds and notes: messages on their way, a function's queue of them, the deliveries that were made."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shared.pipeline import STAGES, Function

STAGE_TOPICS: Final = frozenset(stage.listens for stage in STAGES)


class Again(StrEnum):
    """Which messages are delivered once more, and when."""

    BY_CHANCE = "by chance"  # a share of all: half of them at once, half some time later
    BESIDE = "beside"  # every stage's message, at the same moment
    AFTER = "after"  # every stage's first one about a request, as soon as it is acknowledged and before any other
    LATE = "late"  # the same, when the next stage has finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """How much the broker does beside what it should: shares of the messages."""

    again: Again = Again.BY_CHANCE
    duplicates: float = 0.0  # where they come by chance
    reorder: float = 0.0
    losses: float = 0.0  # of stages' messages
    refusals: float = 0.0  # of publishes, which then fail for now
    forgotten: float = 0.0  # of pushes that broke off, which are then not repeated


@dataclass(slots=True)
class Message:
    """One message on its way to one function."""

    topic: str
    data: str
    attributes: dict[str, str]
    identifier: int
    origin: str  # the function that published it
    published: float
    duplicate: bool = False
    attempts: int = 0
    turn: int = 0  # grows with each scheduling: what was planned before is void
    settled: bool = False

    @property
    def request(self) -> str:
        """The request that it is about, if any."""
        return self.attributes.get("request_id", "")

    def twin(self) -> "Message":
        """The same message, to be delivered once more."""
        return Message(
            self.topic, self.data, self.attributes, self.identifier, self.origin, self.published, duplicate=True
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A push that was made, and how it ended: an HTTP status, or 0 where the connection broke."""

    function: str
    worker: str
    request: str
    message: int
    origin: str
    attempt: int
    began: float
    ended: float
    status: int


@dataclass(slots=True)
class Queue:
    """A function's messages, and the connections that wait for them."""

    function: Function
    ready: deque[tuple[Message, int]] = field(default_factory=deque)
    waiting: deque["asyncio.Future[None]"] = field(default_factory=deque)
    unsettled: int = 0

    def put(self, message: Message) -> None:
        """Have the message pushed now."""
        self.ready.append((message, message.turn))
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break

    async def take(self) -> Message:
        """Wait for a message that is still to be pushed."""
        while True:
            while self.ready:
                message, turn = self.ready.popleft()
                if not message.settled and message.turn == turn:
                    return message
            waiter = asyncio.get_running_loop().create_future()
            self.waiting.append(waiter)
            await waiter

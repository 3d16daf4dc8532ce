"""Calls that begin at the same moment, deliveries beside each other, and what the record and the bus say then."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from shared import runtime
from shared.errors import RequestBusy
from shared.messages import RequestMessage
from shared.pipeline import Stage, Topic, listener
from shared.work import Advance, Handle, Outcome, Request, Work
from tests import factories
from tests.fakes import FakeServices

T = TypeVar("T")

CONNECTIONS: Final = 40  # of the sixty that the server has
ROUNDS: Final = 40  # of a race, unless it says otherwise
HEAD_START: Final = 0.0004  # seconds, times up to seven, that one of two has before the other


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results of calls that begin at the same moment, each in a thread of its own; what one raises is raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result() for running in [threads.submit(run, call) for call in calls]]


def rows(engine: sa.Engine, statement: str, **values: object) -> list[Any]:
    """What the record says."""
    with engine.begin() as connection:
        return list(connection.execute(sa.text(statement), values))


def sent_for(services: FakeServices) -> Counter[UUID]:
    """How many messages of stages each request has."""
    return Counter(
        RequestMessage.decode(data).request_id
        for topic, data, _ in services.bus.messages
        if topic is not Topic.STATUS_CHANGED
    )


def nothing(request: Request, work: Work) -> Outcome:
    return Advance()


class Crowd:
    """Delivers messages with many threads at once, some twice, until none is left."""

    def __init__(self, services: FakeServices, work: dict[str, Handle]) -> None:
        self._services = services
        self._work = work
        self._turns = threading.BoundedSemaphore(CONNECTIONS // 2)  # a run takes a second one now and then

    def deliver(self, topic: Topic, data: bytes) -> None:
        """One delivery; again when it is not acknowledged."""
        stage = listener(topic)
        assert isinstance(stage, Stage)
        for _ in range(200):
            try:
                with self._turns:
                    runtime.run(stage, self._work.get(stage.name, nothing), factories.raw_event(data), self._services)
            except RequestBusy:
                time.sleep(HEAD_START)
                continue
            return
        raise AssertionError("busy for ever")

    def settle(self) -> None:
        """Deliver all that is published, and what follows from it; each message twice at the same moment."""
        bus = self._services.bus
        done = 0
        while len(bus.messages) > done:
            fresh = [(topic, data) for topic, data, _ in bus.messages[done:] if topic is not Topic.STATUS_CHANGED]
            done = len(bus.messages)
            calls = [lambda one=one: self.deliver(*one) for one in fresh for _ in range(2)]  # type: ignore[misc]
            if calls:
                at_once(calls)

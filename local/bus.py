"""The message bus of one machine: at least once, with the back-off, deadlines and dead letters of the real one.

A message waits in the queue of the one function that listens to its topic, and is pushed to it by that queue's threads
as Pub/Sub would push it. An answer of 2xx acknowledges; anything else is delivered again, later and later, until the
limit; then the message goes to the dead letters. What waits is lost with the process: `sweep` gets its requests going.
"""

import base64
import heapq
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType
from typing import Final

from shared import log
from shared.containment import place_of
from shared.errors import TransientError
from shared.pipeline import (
    FUNCTIONS,
    GENERATE_VIDEO,
    HANDLE_DEAD_LETTER,
    MAX_DELIVERY_ATTEMPTS,
    MIRROR_STATUS,
    PROCESS_VIDEO,
    RETRY_MAXIMUM_SECONDS,
    RETRY_MINIMUM_SECONDS,
    SWEEP,
    Function,
    Topic,
)

PROJECT: Final = "local"
DEFAULT_WORKERS: Final = 4
# Encoding takes all cores by itself; two at once keep a second student from waiting for the first to end.
WORKERS: Final = MappingProxyType({GENERATE_VIDEO.name: 2, PROCESS_VIDEO.name: 2, SWEEP.name: 1, MIRROR_STATUS.name: 1})
LONGEST_WAIT: Final = 60.0  # seconds a worker sleeps at most before it looks again

# Takes one push (function, URL path, JSON body), returns the HTTP status of the answer.
Deliver = Callable[[Function, str, bytes], int]


@dataclass(slots=True)
class _Message:
    topic: Topic
    data: bytes
    attributes: Mapping[str, str]
    identifier: str
    published: datetime
    attempts: int = 0
    settled: bool = False  # acknowledged or dead-lettered; what is still queued of it is void
    turn: int = 0  # grows with each scheduling: a deadline that was overtaken by an answer is void


@dataclass(slots=True)
class _Queue:
    """One subscription: a function's messages by when they are due, and the threads that push them."""

    function: Function
    workers: int
    due: list[tuple[float, int, int, _Message]] = field(default_factory=list)  # (when, order, turn, message)
    threads: list[threading.Thread] = field(default_factory=list)
    idle: int = 0
    unsettled: int = 0


class LocalBus:
    """A MessageBus in this process. `factor` scales every time, for tests."""

    def __init__(
        self,
        deliver: Deliver,
        *,
        factor: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        functions: tuple[Function, ...] = FUNCTIONS,
    ) -> None:
        self._deliver = deliver
        self._factor = factor
        self._clock = clock
        self._changed = threading.Condition()
        self._numbers = count(1)
        self._closed = False
        self._queues = {
            function.listens: _Queue(function, WORKERS.get(function.name, DEFAULT_WORKERS))
            for function in functions
            if function.listens is not None
        }

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Queue the message; raise TransientError when the bus was closed."""
        with self._changed:
            if self._closed:
                raise TransientError("the bus is closed")
            number = next(self._numbers)
            message = _Message(topic, bytes(data), dict(attributes), str(number), datetime.now(UTC))
            queue = self._queues[topic]
            queue.unsettled += 1
            self._schedule(queue, message, 0.0)

    def drain(self, timeout: float) -> bool:
        """Wait until every message is settled; False when some still are not after `timeout` real seconds."""
        with self._changed:
            return self._changed.wait_for(self._is_empty, timeout)

    def close(self, timeout: float = 2.0) -> bool:
        """Take and begin nothing more; wait for what is under way. False when some of it outlasts `timeout`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            threads = [thread for queue in self._queues.values() for thread in queue.threads]
        deadline = time.monotonic() + timeout
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def wake(self) -> None:
        """Look at the clock again: for clocks that are moved by hand."""
        with self._changed:
            self._changed.notify_all()

    def waiting(self) -> dict[str, int]:
        """How many messages of each function are not settled yet."""
        with self._changed:
            return {queue.function.name: queue.unsettled for queue in self._queues.values() if queue.unsettled}

    def _is_empty(self) -> bool:
        return not any(queue.unsettled for queue in self._queues.values())

    def _schedule(self, queue: _Queue, message: _Message, delay: float) -> None:
        """Have the message pushed after `delay` seconds; what was planned for it before is void."""
        message.turn += 1
        heapq.heappush(queue.due, (self._clock() + delay, next(self._numbers), message.turn, message))
        if queue.idle == 0 and len(queue.threads) < queue.workers:
            name = f"bus-{queue.function.name}-{len(queue.threads)}"
            # A daemon: a lesson that is being encoded must not hold up the end of the program.
            thread = threading.Thread(target=self._work, args=(queue,), name=name, daemon=True)
            queue.threads.append(thread)
            thread.start()
        self._changed.notify_all()

    def _work(self, queue: _Queue) -> None:
        while (taken := self._next(queue)) is not None:
            message, turn = taken
            acknowledged = self._push(queue.function, message)
            with self._changed:
                self._answered(queue, message, turn, acknowledged)

    def _next(self, queue: _Queue) -> tuple[_Message, int] | None:
        """Wait for the next message that is due and count the delivery; None when the bus closes."""
        with self._changed:
            while not self._closed:
                wait = queue.due[0][0] - self._clock() if queue.due else LONGEST_WAIT
                if wait > 0:
                    queue.idle += 1
                    self._changed.wait(min(wait, LONGEST_WAIT))
                    queue.idle -= 1
                    continue
                _, _, turn, message = heapq.heappop(queue.due)
                if message.settled or turn != message.turn or self._given_up(queue, message):
                    continue
                message.attempts += 1
                # Unanswered for as long as the deadline, it is delivered again beside the first.
                self._schedule(queue, message, queue.function.ack_deadline * self._factor)
                return message, message.turn
            return None

    def _answered(self, queue: _Queue, message: _Message, turn: int, acknowledged: bool) -> None:
        if message.settled:
            return
        if acknowledged:
            self._settle(queue, message)
        elif message.turn == turn and not self._given_up(queue, message):
            # Dead letters come again for ever: a power without end would become too great for a number.
            doublings = min(message.attempts - 1, MAX_DELIVERY_ATTEMPTS)
            backoff = min(RETRY_MINIMUM_SECONDS * 2.0**doublings, RETRY_MAXIMUM_SECONDS)
            self._schedule(queue, message, backoff * self._factor)

    def _given_up(self, queue: _Queue, message: _Message) -> bool:
        """Dead-letter a message that ran out of deliveries; the dead letters' own are delivered for ever."""
        if message.attempts < MAX_DELIVERY_ATTEMPTS or message.topic is Topic.DEAD_LETTER:
            return False
        attributes = {
            **message.attributes,
            "CloudPubSubDeadLetterSourceDeliveryCount": str(message.attempts),
            "CloudPubSubDeadLetterSourceSubscription": queue.function.name,
            "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT,
            "CloudPubSubDeadLetterSourceTopicPublishTime": _timestamp(message.published),
        }
        if not self._closed and HANDLE_DEAD_LETTER.listens in self._queues:
            self.publish(Topic.DEAD_LETTER, message.data, attributes)
        self._settle(queue, message)
        return True

    def _settle(self, queue: _Queue, message: _Message) -> None:
        message.settled = True
        queue.unsettled -= 1
        self._changed.notify_all()

    def _push(self, function: Function, message: _Message) -> bool:
        try:
            status = self._deliver(function, f"/projects/{PROJECT}/topics/{message.topic}", _body(function, message))
        except Exception as error:  # noqa: BLE001 - as a server answers 500: the message comes again, the thread goes on
            name, where = type(error).__name__, place_of(error)
            log.event("push failed", level=logging.ERROR, function=function.name, error_type=name, where=where)
            return False
        return 200 <= status < 300


def _timestamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _body(function: Function, message: _Message) -> bytes:
    """The JSON that Pub/Sub posts to a push endpoint: both spellings of two names, as it has them."""
    published = _timestamp(message.published)
    return json.dumps(
        {
            "message": {
                "data": base64.b64encode(message.data).decode(),
                "attributes": dict(message.attributes),
                "messageId": message.identifier,
                "message_id": message.identifier,
                "publishTime": published,
                "publish_time": published,
            },
            "deliveryAttempt": message.attempts,
            "subscription": f"projects/{PROJECT}/subscriptions/{function.name}",
        }
    ).encode()

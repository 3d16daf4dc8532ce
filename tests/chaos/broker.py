"""The message bus of a chaos run: at least once, with the declared back-off, ack deadlines and dead letters.

It lives in the harness, so that messages outlive the functions. Beside what is declared it delivers some messages once
more, holds some back, and loses a few, each decided by the seed. What it saw is kept for the checker.
"""

import asyncio
import base64
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from typing import Any, Final

from shared.pipeline import (
    HANDLE_DEAD_LETTER,
    MAX_DELIVERY_ATTEMPTS,
    RETRY_MAXIMUM_SECONDS,
    RETRY_MINIMUM_SECONDS,
    Function,
    Topic,
)
from tests.chaos.http_client import Connection
from tests.chaos.messages import STAGE_TOPICS, Again, Delivery, Disorder, Message, Queue
from tests.chaos.times import scaled
from tests.chaos.turns import Turns

PROJECT: Final = "chaos"
HELD_BACK_SECONDS: Final = 20.0  # declared; the longest that a message or its duplicate is held back


class Broker:
    """Takes messages on a port and pushes them to the workers."""

    def __init__(self, functions: tuple[Function, ...], *, scale: Fraction, disorder: Disorder, seed: int) -> None:
        self._scale = scale
        self._disorder = disorder
        self._chance = random.Random(f"broker {seed}")
        self._numbers = count(1)
        in_turn = disorder.again in (Again.AFTER, Again.LATE)
        self._turns = Turns(late=disorder.again is Again.LATE) if in_turn else None
        self._queues = {function.listens: Queue(function) for function in functions if function.listens is not None}
        self._tasks: set[asyncio.Task[None]] = set()
        self.deliveries: list[Delivery] = []
        self.under_way: dict[str, int] = Counter()  # pushes that are not answered, by worker
        self.published: list[tuple[float, str, str, str]] = []  # (when, topic, request, by whom)
        self.lost: list[tuple[float, str, str]] = []  # (when, topic, request)
        self.counts: Counter[str] = Counter()

    def serve(self, function: Function, worker: str, port: int, *, connections: int) -> None:
        """Push to a worker over so many connections from now on."""
        if function.listens is not None:
            for _ in range(connections):
                self._begin(self._push_on(self._queues[function.listens], worker, port))

    def publish(self, topic: str, data: str, attributes: Mapping[str, str], origin: str) -> bool:
        """Take a message; False when it is refused for now."""
        disorder, chance = self._disorder, self._chance
        if chance.random() < disorder.refusals:
            self.counts["refused"] += 1
            return False
        now = time.time()
        message = Message(topic, data, dict(attributes), next(self._numbers), origin, now)
        self.published.append((now, topic, message.request, origin))
        if topic in STAGE_TOPICS and chance.random() < disorder.losses:
            self.lost.append((now, topic, message.request))
            return True
        held = chance.random() < disorder.reorder
        self.counts["reordered"] += held
        self._enqueue(message, self._some_time() if held else 0.0)
        if disorder.again is Again.BESIDE and topic in STAGE_TOPICS:
            self._enqueue(message.twin(), 0.0)
        elif chance.random() < disorder.duplicates:
            self._enqueue(message.twin(), self._some_time() if chance.random() < 0.5 else 0.0)
        return True

    def unsettled(self) -> int:
        """How many messages are not acknowledged yet."""
        return sum(queue.unsettled for queue in self._queues.values())

    def lose_nothing(self) -> None:
        """From now on, every message arrives: sooner or later, and once or twice."""
        self._disorder = replace(self._disorder, losses=0.0, refusals=0.0, forgotten=0.0)

    async def listen(self) -> int:
        """Take messages from now on; return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Publisher(self.publish), "127.0.0.1", 0, backlog=512)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Push no more."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _some_time(self) -> float:
        return scaled(self._chance.uniform(0.0, HELD_BACK_SECONDS), self._scale)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _enqueue(self, message: Message, delay: float) -> None:
        self._queues[Topic(message.topic)].unsettled += 1
        if self._turns is None or message.topic not in STAGE_TOPICS or self._turns.joins(message):
            self._schedule(message, delay)

    def _schedule(self, message: Message, delay: float) -> None:
        message.turn += 1
        if delay <= 0:
            self._queues[Topic(message.topic)].put(message)
        else:
            asyncio.get_running_loop().call_later(delay, self._due, message, message.turn)

    def _due(self, message: Message, turn: int) -> None:
        if not message.settled and message.turn == turn:
            self._queues[Topic(message.topic)].put(message)

    async def _push_on(self, queue: Queue, worker: str, port: int) -> None:
        """One connection's life: it takes a message, pushes it, and takes the next."""
        connection = Connection(port)
        while True:
            message = await queue.take()
            if self._given_up(queue, message):
                continue
            message.attempts += 1
            self.counts["repeated"] += message.duplicate and message.attempts == 1
            message.turn += 1
            turn, attempt, began = message.turn, message.attempts, time.time()
            deadline = scaled(queue.function.ack_deadline, self._scale)
            overdue = asyncio.get_running_loop().call_later(deadline, self._overdue, queue, message, turn)
            self.under_way[worker] += 1
            path = f"/projects/{PROJECT}/topics/{message.topic}"
            status = (await connection.call("POST", path, _body(queue.function, message))).status
            self.under_way[worker] -= 1
            overdue.cancel()
            self.deliveries.append(
                Delivery(
                    function=queue.function.name, worker=worker, request=message.request, message=message.identifier,
                    origin=message.origin, attempt=attempt, began=began, ended=time.time(), status=status,
                )
            )  # fmt: skip
            broken = status == 0 and message.topic in STAGE_TOPICS
            forgotten = broken and self._chance.random() < self._disorder.forgotten
            self._answered(queue, message, turn, acknowledged=forgotten or 200 <= status < 300)

    def _overdue(self, queue: Queue, message: Message, turn: int) -> None:
        """Unanswered for as long as its deadline, a message is delivered again beside the first."""
        if not message.settled and message.turn == turn:
            self.counts["overdue"] += 1
            self._schedule(message, 0.0)

    def _answered(self, queue: Queue, message: Message, turn: int, *, acknowledged: bool) -> None:
        if message.settled:
            return
        if acknowledged:
            self._settle(queue, message)
        elif message.turn == turn:
            doublings = min(message.attempts - 1, MAX_DELIVERY_ATTEMPTS)
            backoff = min(RETRY_MINIMUM_SECONDS * 2.0**doublings, RETRY_MAXIMUM_SECONDS)
            self._schedule(message, scaled(backoff, self._scale))

    def _given_up(self, queue: Queue, message: Message) -> bool:
        if message.attempts < MAX_DELIVERY_ATTEMPTS or queue.function is HANDLE_DEAD_LETTER:
            return False
        self.counts["dead letters"] += 1
        attributes = message.attributes | {"CloudPubSubDeadLetterSourceSubscription": queue.function.name}
        number = next(self._numbers)
        self._settle(queue, message)
        letter = Message(Topic.DEAD_LETTER, message.data, attributes, number, queue.function.name, time.time())
        self._enqueue(letter, 0.0)
        return True

    def _settle(self, queue: Queue, message: Message) -> None:
        message.settled = True
        queue.unsettled -= 1
        if self._turns is not None and message.topic in STAGE_TOPICS:
            queue.unsettled += self._turns.leaves(message) is not None
            following = self._turns.next(message.request)
            if following is not None:
                self._schedule(following, 0.0)


class _Publisher(asyncio.Protocol):
    """One publisher's connection: a line in, a letter back."""

    def __init__(self, publish: Callable[[str, str, Mapping[str, str], str], bool]) -> None:
        self._publish = publish
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            taken = self._publish(message["topic"], message["data"], message["attributes"], message["origin"])
            self._transport.write(b"y" if taken else b"n")


def _body(function: Function, message: Message) -> bytes:
    """The JSON that Pub/Sub posts to a push endpoint."""
    published = datetime.fromtimestamp(message.published, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "message": {
                "data": base64.b64encode(message.data.encode()).decode(),
                "attributes": message.attributes,
                "messageId": str(message.identifier),
                "message_id": str(message.identifier),
                "publishTime": published,
                "publish_time": published,
            },
            "deliveryAttempt": message.attempts,
            "subscription": f"projects/{PROJECT}/subscriptions/{function.name}",
        }
    ).encode()

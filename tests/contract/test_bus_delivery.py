"""What every MessageBus owes: each message reaches the function that listens, at least once, or the dead letters."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from local.bus import LocalBus
from shared.adapters.pubsub import PubSubBus
from shared.enums import Port
from shared.pipeline import (
    HANDLE_DEAD_LETTER,
    MAX_DELIVERY_ATTEMPTS,
    RETRIEVE_CONTENT,
    VALIDATE_REQUEST,
    Function,
    Topic,
    resource_name,
)
from shared.services import MessageBus
from tests.counterparts.http_fake import Answer, Asked, HttpFake
from tests.counterparts.pubsub import PREFIX, Project, use

pytestmark = pytest.mark.port(Port.BUS)

PATIENCE = 20.0  # seconds; reached only by a bus that does not deliver
FEWEST_ATTEMPTS = 5  # that Pub/Sub allows before it dead-letters
SERVED = {function.name: function for function in (VALIDATE_REQUEST, RETRIEVE_CONTENT, HANDLE_DEAD_LETTER)}
PROBE = b"what comes after all else"


@dataclass
class Receiver:
    """Stands where the functions' HTTP servers stand; answers as `answer` says."""

    answer: Callable[[Function, dict[str, Any]], int] = lambda function, body: 200
    pushes: list[tuple[Function, str, dict[str, Any]]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, function: Function, path: str, body: bytes) -> int:
        decoded = json.loads(body)
        with self.arrived:
            self.pushes.append((function, path, decoded))
            self.arrived.notify_all()
        return 200 if data_of(decoded) == PROBE else self.answer(function, decoded)

    def wait_for(self, function: Function, times: int = 1) -> list[dict[str, Any]]:
        """The bodies pushed to a function, once there are so many."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.of(function)) >= times, PATIENCE), "not delivered"
            return self.of(function)

    def of(self, function: Function) -> list[dict[str, Any]]:
        return [body for found, _, body in self.pushes if found is function and data_of(body) != PROBE]

    def probed(self, times: int) -> bool:
        return sum(data_of(body) == PROBE for _, _, body in self.pushes) >= times


@dataclass
class Line:
    """A bus that pushes to a receiver."""

    bus: MessageBus
    attempts: int  # deliveries after which a message is a dead letter
    settled: Callable[[], bool]  # waits until nothing is on its way to VALIDATE_REQUEST any more; False if it stays so


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def local_line(receiver: Receiver) -> Iterator[Line]:
    """The bus of one machine, with its waits shortened."""
    bus = LocalBus(receiver, factor=0.001)
    yield Line(bus, MAX_DELIVERY_ATTEMPTS, lambda: bus.drain(PATIENCE))
    bus.close()


def pubsub_line(receiver: Receiver) -> Iterator[Line]:
    """Google's emulator with a push subscription for each function."""

    def answer(asked: Asked) -> Answer:
        _, name, path = asked.path.split("/", 2)
        return Answer(status=receiver(SERVED[name], f"/{path}", asked.body))

    project = Project()
    project.topics(Topic)
    bus = PubSubBus(project.name, prefix=PREFIX)

    def settled() -> bool:
        # The emulator does not tell what it still has. What was refused comes again at once, and so before the last of
        # several messages that are sent one after the other.
        for number in range(1, 4):
            bus.publish(VALIDATE_REQUEST.listens, PROBE, {})
            with receiver.arrived:
                if not receiver.arrived.wait_for(partial(receiver.probed, number), PATIENCE):
                    return False
        return True

    with HttpFake(answer).serving() as server:
        for function in SERVED.values():
            attempts = 0 if function is HANDLE_DEAD_LETTER else FEWEST_ATTEMPTS
            project.pushed(function, f"{server.url}/{function.name}", attempts=attempts)
        yield Line(bus, FEWEST_ATTEMPTS, settled)
        project.end_pushes()


@pytest.fixture(params=["local", "pubsub"])
def line(request: pytest.FixtureRequest, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Each bus there is."""
    if request.param == "local":
        yield from local_line(receiver)
    else:
        use(monkeypatch, request.getfixturevalue("pubsub_emulator").host)
        yield from pubsub_line(receiver)


def data_of(body: dict[str, Any]) -> bytes:
    return base64.b64decode(body["message"].get("data", ""))


def names(function: Function) -> set[str]:
    """What a function's subscription is called, with and without the prefix of what is deployed."""
    return {function.name, resource_name(PREFIX, function.name)}


def test_message_reaches_the_function_that_listens_with_data_and_attributes(line: Line, receiver: Receiver) -> None:
    line.bus.publish(VALIDATE_REQUEST.listens, b"\x00\xff text", {"request_id": "7", "note": "é"})

    body = receiver.wait_for(VALIDATE_REQUEST)[0]

    assert data_of(body) == b"\x00\xff text"
    assert body["message"]["attributes"] == {"request_id": "7", "note": "é"}
    assert body["message"]["messageId"]
    assert body["message"]["publishTime"].endswith("Z")
    assert body["subscription"].rpartition("/")[2] in names(VALIDATE_REQUEST)
    assert "/topics/" in receiver.pushes[0][1], "by it the framework knows the topic"
    assert [function.name for function, _, _ in receiver.pushes] == [VALIDATE_REQUEST.name]


def test_every_one_of_many_messages_is_delivered(line: Line, receiver: Receiver) -> None:
    for number in range(50):
        line.bus.publish(RETRIEVE_CONTENT.listens, str(number).encode(), {})

    bodies = receiver.wait_for(RETRIEVE_CONTENT, 50)

    assert {data_of(body) for body in bodies} == {str(number).encode() for number in range(50)}


@pytest.mark.parametrize("status", [200, 201, 204])
def test_acknowledged_message_of_any_success_status_is_settled(line: Line, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda function, body: status
    line.bus.publish(VALIDATE_REQUEST.listens, b"a", {})
    receiver.wait_for(VALIDATE_REQUEST)

    assert line.settled()
    assert len(receiver.of(VALIDATE_REQUEST)) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 400, 302])
def test_refused_message_is_delivered_again_as_the_same_message(line: Line, receiver: Receiver, status: int) -> None:
    answers = iter([status, status, 200])
    receiver.answer = lambda function, body: next(answers)

    line.bus.publish(VALIDATE_REQUEST.listens, b"again", {"n": "1"})
    bodies = receiver.wait_for(VALIDATE_REQUEST, 3)

    assert {body["message"]["messageId"] for body in bodies} == {bodies[0]["message"]["messageId"]}
    assert {data_of(body) for body in bodies} == {b"again"}
    # Pub/Sub counts where it dead-letters, and its emulator nowhere.
    assert [body.get("deliveryAttempt") for body in bodies] in ([1, 2, 3], [None] * 3)
    assert line.settled()


def test_message_refused_to_the_limit_goes_to_the_dead_letters_with_its_origin(line: Line, receiver: Receiver) -> None:
    receiver.answer = lambda function, body: 200 if function is HANDLE_DEAD_LETTER else 500

    line.bus.publish(VALIDATE_REQUEST.listens, b"poison", {"request_id": "9"})
    letter = receiver.wait_for(HANDLE_DEAD_LETTER)[0]

    assert len(receiver.of(VALIDATE_REQUEST)) == line.attempts
    assert data_of(letter) == b"poison"
    attributes = letter["message"]["attributes"]
    assert attributes["request_id"] == "9"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] in names(VALIDATE_REQUEST)
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == str(line.attempts)
    assert line.settled()


def test_poison_message_does_not_hold_up_the_others(line: Line, receiver: Receiver) -> None:
    receiver.answer = lambda function, body: 500 if data_of(body) == b"poison" else 200

    line.bus.publish(VALIDATE_REQUEST.listens, b"poison", {})
    receiver.wait_for(VALIDATE_REQUEST)
    line.bus.publish(VALIDATE_REQUEST.listens, b"good", {})

    with receiver.arrived:
        assert receiver.arrived.wait_for(
            lambda: b"good" in [data_of(body) for body in receiver.of(VALIDATE_REQUEST)], PATIENCE
        )


def test_two_messages_of_one_function_are_worked_on_at_once(line: Line, receiver: Receiver) -> None:
    """One student's lesson does not wait for another's to be finished."""
    both = threading.Barrier(2, timeout=PATIENCE)

    def answer(function: Function, body: dict[str, Any]) -> int:
        both.wait()
        return 200

    receiver.answer = answer
    line.bus.publish(VALIDATE_REQUEST.listens, b"1", {})
    line.bus.publish(VALIDATE_REQUEST.listens, b"2", {})

    assert len(receiver.wait_for(VALIDATE_REQUEST, 2)) == 2
    assert line.settled(), "the second was not begun while the first was under way"
    assert not both.broken


def test_what_a_function_publishes_while_it_works_is_delivered(line: Line, receiver: Receiver) -> None:
    def answer(function: Function, body: dict[str, Any]) -> int:
        if function is VALIDATE_REQUEST:
            line.bus.publish(Topic.REQUEST_VALIDATED, data_of(body), {})
        return 200

    receiver.answer = answer
    line.bus.publish(Topic.REQUEST_CREATED, b"x", {})

    assert data_of(receiver.wait_for(RETRIEVE_CONTENT)[0]) == b"x"

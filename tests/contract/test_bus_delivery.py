"""What every MessageBus owes: each message reaches the function that listens, at least once, or the dead letters."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.bus import LocalBus
from shared.enums import Port
from shared.pipeline import (
    HANDLE_DEAD_LETTER,
    MAX_DELIVERY_ATTEMPTS,
    RETRIEVE_CONTENT,
    VALIDATE_REQUEST,
    Function,
    Topic,
)
from shared.services import MessageBus

pytestmark = pytest.mark.port(Port.BUS)

PATIENCE = 20.0  # seconds; reached only by a bus that does not deliver


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
        return self.answer(function, decoded)

    def wait_for(self, function: Function, times: int = 1) -> list[dict[str, Any]]:
        """The bodies pushed to a function, once there are so many."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.of(function)) >= times, PATIENCE), "not delivered"
            return self.of(function)

    def of(self, function: Function) -> list[dict[str, Any]]:
        return [body for found, _, body in self.pushes if found is function]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture(params=["local"])
def bus(request: pytest.FixtureRequest, receiver: Receiver) -> Iterator[MessageBus]:
    """Each bus there is, with its waits shortened where that can be done."""
    made = LocalBus(receiver, factor=0.001)
    yield made
    made.close()


def data_of(body: dict[str, Any]) -> bytes:
    return base64.b64decode(body["message"]["data"])


def test_message_reaches_the_function_that_listens_with_data_and_attributes(bus, receiver):
    bus.publish(VALIDATE_REQUEST.listens, b"\x00\xff text", {"request_id": "7", "note": "é"})

    body = receiver.wait_for(VALIDATE_REQUEST)[0]

    assert data_of(body) == b"\x00\xff text"
    assert body["message"]["attributes"] == {"request_id": "7", "note": "é"}
    assert body["message"]["messageId"]
    assert body["message"]["publishTime"].endswith("Z")
    assert body["subscription"].rpartition("/")[2].endswith(VALIDATE_REQUEST.name)
    assert [function.name for function, _, _ in receiver.pushes] == [VALIDATE_REQUEST.name]


def test_every_one_of_many_messages_is_delivered(bus, receiver):
    for number in range(50):
        bus.publish(RETRIEVE_CONTENT.listens, str(number).encode(), {})

    bodies = receiver.wait_for(RETRIEVE_CONTENT, 50)

    assert {data_of(body) for body in bodies} == {str(number).encode() for number in range(50)}


def test_acknowledged_message_of_any_success_status_is_settled(bus, receiver):
    receiver.answer = lambda function, body: 204
    bus.publish(VALIDATE_REQUEST.listens, b"a", {})
    receiver.wait_for(VALIDATE_REQUEST)

    assert bus.drain(PATIENCE)
    assert len(receiver.of(VALIDATE_REQUEST)) == 1


@pytest.mark.parametrize("status", [500, 503, 429, 400, 302])
def test_refused_message_is_delivered_again_as_the_same_message(bus, receiver, status):
    answers = iter([status, status, 200])
    receiver.answer = lambda function, body: next(answers)

    bus.publish(VALIDATE_REQUEST.listens, b"again", {"n": "1"})
    bodies = receiver.wait_for(VALIDATE_REQUEST, 3)

    assert {body["message"]["messageId"] for body in bodies} == {bodies[0]["message"]["messageId"]}
    assert [body["deliveryAttempt"] for body in bodies] == [1, 2, 3]
    assert bus.drain(PATIENCE)


def test_message_refused_to_the_limit_goes_to_the_dead_letters_with_its_origin(bus, receiver):
    receiver.answer = lambda function, body: 200 if function is HANDLE_DEAD_LETTER else 500

    bus.publish(VALIDATE_REQUEST.listens, b"poison", {"request_id": "9"})
    letter = receiver.wait_for(HANDLE_DEAD_LETTER)[0]

    assert len(receiver.of(VALIDATE_REQUEST)) == MAX_DELIVERY_ATTEMPTS
    assert data_of(letter) == b"poison"
    attributes = letter["message"]["attributes"]
    assert attributes["request_id"] == "9"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"].endswith(VALIDATE_REQUEST.name)
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == str(MAX_DELIVERY_ATTEMPTS)
    assert bus.drain(PATIENCE)


def test_poison_message_does_not_hold_up_the_others(bus, receiver):
    receiver.answer = lambda function, body: 500 if data_of(body) == b"poison" else 200

    bus.publish(VALIDATE_REQUEST.listens, b"poison", {})
    receiver.wait_for(VALIDATE_REQUEST)
    bus.publish(VALIDATE_REQUEST.listens, b"good", {})

    with receiver.arrived:
        assert receiver.arrived.wait_for(
            lambda: b"good" in [data_of(body) for body in receiver.of(VALIDATE_REQUEST)], PATIENCE
        )


def test_two_messages_of_one_function_are_worked_on_at_once(bus, receiver):
    """One student's lesson does not wait for another's to be finished."""
    both = threading.Barrier(2, timeout=PATIENCE)

    def answer(function: Function, body: dict[str, Any]) -> int:
        both.wait()
        return 200

    receiver.answer = answer
    bus.publish(VALIDATE_REQUEST.listens, b"1", {})
    bus.publish(VALIDATE_REQUEST.listens, b"2", {})

    assert bus.drain(PATIENCE), "the second was not begun while the first was under way"
    assert not both.broken


def test_what_a_function_publishes_while_it_works_is_delivered(bus, receiver):
    def answer(function: Function, body: dict[str, Any]) -> int:
        if function is VALIDATE_REQUEST:
            bus.publish(Topic.REQUEST_VALIDATED, data_of(body), {})
        return 200

    receiver.answer = answer
    bus.publish(Topic.REQUEST_CREATED, b"x", {})

    assert data_of(receiver.wait_for(RETRIEVE_CONTENT)[0]) == b"x"

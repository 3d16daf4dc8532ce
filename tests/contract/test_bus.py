"""What every MessageBus owes whoever publishes, on each bus there is; `test_bus_delivery.py` is about what follows."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.bus import LocalBus
from shared.adapters.pubsub import PubSubBus
from shared.enums import Port
from shared.errors import TransientError
from shared.pipeline import Function, Topic
from shared.services import MessageBus
from tests.counterparts.pubsub import PREFIX, Project, Sent, free_address, use
from tests.fakes import RecordingBus

pytestmark = pytest.mark.port(Port.BUS)

PATIENCE = 20.0  # seconds; reached only by a bus that loses messages
TOPICS = (Topic.REQUEST_CREATED, Topic.STATUS_CHANGED)


@dataclass
class Line:
    """A bus, what arrives at its other end, and a bus of the same kind that cannot deliver."""

    bus: MessageBus
    arrived: Callable[[], list[Sent]]  # all so far, in any order
    broken: MessageBus

    def wait_for(self, number: int) -> list[Sent]:
        """What has arrived, once it is so much."""
        deadline = time.monotonic() + PATIENCE
        while len(found := self.arrived()) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        return found


def local_line() -> Iterator[Line]:
    taken: list[Sent] = []

    def deliver(function: Function, path: str, body: bytes) -> int:
        message = json.loads(body)["message"]
        taken.append((Topic(path.rpartition("/")[2]), base64.b64decode(message["data"]), message["attributes"]))
        return 204

    bus, closed = LocalBus(deliver), LocalBus(deliver)
    closed.close()
    yield Line(bus, lambda: taken, closed)
    bus.close()


def recording_line() -> Iterator[Line]:
    bus = RecordingBus()
    yield Line(
        bus,
        lambda: [(topic, data, dict(attributes)) for topic, data, attributes in bus.messages],
        RecordingBus(failures=[TransientError("away")]),
    )


def pubsub_line(host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    use(monkeypatch, host)
    project = Project()
    project.topics(TOPICS)
    project.pulled(TOPICS)
    broken = PubSubBus(project.name, prefix=PREFIX, seconds=0.4)
    with monkeypatch.context() as away:
        use(away, free_address())
        with pytest.raises(TransientError):
            broken.publish(Topic.STATUS_CHANGED, b"a client is made on first use, and is this one's for good", {})
    yield Line(PubSubBus(project.name, prefix=PREFIX), project.arrived, broken)


@pytest.fixture(params=["local", "recording", "pubsub"])
def line(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    if request.param == "local":
        yield from local_line()
    elif request.param == "recording":
        yield from recording_line()
    else:
        yield from pubsub_line(request.getfixturevalue("pubsub_emulator").host, monkeypatch)


MESSAGES: dict[str, tuple[bytes, dict[str, str]]] = {
    "text": (b"text", {"request_id": "7"}),
    "binary": (bytes(range(256)) * 4, {"a": "1"}),
    "letters of all kinds": ("naïve 数 😀".encode(), {"note": "é 数 😀", "ключ": "b"}),
    "no attributes": (b"x", {}),
    "no data": (b"", {"a": "1"}),
    "an empty attribute": (b"x", {"a": ""}),
    "names that a client library uses itself": (
        b"x",
        {name: name for name in ("self", "topic", "data", "timeout", "retry", "ordering_key", "request", "messages")},
    ),
    "a megabyte": (b"\x00\xff" * 500_000, {"a": "1"}),
}


@pytest.mark.parametrize(("data", "attributes"), MESSAGES.values(), ids=MESSAGES)
def test_what_is_published_arrives_as_it_was(line: Line, data: bytes, attributes: dict[str, str]) -> None:
    line.bus.publish(Topic.REQUEST_CREATED, data, attributes)

    assert line.wait_for(1) == [(Topic.REQUEST_CREATED, data, attributes)]


def test_each_topic_has_its_own_messages(line: Line) -> None:
    for topic in TOPICS:
        line.bus.publish(topic, topic.encode(), {})

    assert sorted(line.wait_for(2)) == sorted((topic, topic.encode(), {}) for topic in TOPICS)


def test_what_the_publisher_does_with_its_attributes_later_changes_nothing(line: Line) -> None:
    attributes = {"a": "1"}
    line.bus.publish(Topic.REQUEST_CREATED, b"x", attributes)
    attributes["a"] = "2"

    assert line.wait_for(1) == [(Topic.REQUEST_CREATED, b"x", {"a": "1"})]


def test_of_what_64_threads_publish_at_once_nothing_is_lost(line: Line) -> None:
    together = threading.Barrier(64, timeout=PATIENCE)

    def publish(number: int) -> None:
        together.wait()
        for part in range(4):
            line.bus.publish(Topic.REQUEST_CREATED, f"{number}.{part}".encode(), {"number": str(number)})

    with ThreadPoolExecutor(max_workers=64) as pool:
        list(pool.map(publish, range(64)))

    found = line.wait_for(256)
    assert sorted(found) == sorted(
        (Topic.REQUEST_CREATED, f"{number}.{part}".encode(), {"number": str(number)})
        for number in range(64)
        for part in range(4)
    )


def test_a_bus_that_cannot_take_a_message_says_that_it_may_later(line: Line) -> None:
    with pytest.raises(TransientError) as raised:
        line.broken.publish(Topic.REQUEST_CREATED, b"secret words", {"a": "secret words"})

    assert "secret" not in str(raised.value)
    assert line.arrived() == []

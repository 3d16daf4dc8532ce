"""Messages from our bus through Google's emulator into our functions: pushed, pushed again, dead-lettered."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from functions.handle_dead_letter.main import SOURCE_ATTRIBUTE
from local.emulators import Emulator
from local.functions import FunctionHost
from shared.adapters.pubsub import PubSubBus
from shared.enums import ContentRequestStatus as Status
from shared.errors import TransientError
from shared.pipeline import GENERATE_VIDEO, HANDLE_DEAD_LETTER, MIRROR_STATUS, Function, Topic, resource_name
from shared.publishing import announce
from tests import factories
from tests.counterparts.pubsub import PREFIX, Project, use
from tests.fakes import FakeServices, MemoryMirror
from tests.integration.conftest import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE = 60.0  # seconds; reached only where nothing is delivered
FEWEST_ATTEMPTS = 5  # that Pub/Sub allows before it dead-letters


@dataclass
class Front:
    """Stands before a function: keeps what is pushed, and answers itself where `answer` says so."""

    app: "WSGIApplication"
    answer: Callable[[dict[str, Any]], int | None] = lambda push: None
    pushes: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        push = json.loads(body)
        with self.changed:
            self.pushes.append(push)

        def noted(status: str, *rest: Any) -> Any:
            with self.changed:
                self.statuses.append(int(status.split()[0]))
                self.changed.notify_all()
            return start_response(status, *rest)

        status = self.answer(push)
        if status is None:
            return self.app(environ, noted)
        noted(f"{status} As told", [])
        return []

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Return once `reached`, asked after each push."""
        with self.changed:
            assert self.changed.wait_for(reached, PATIENCE), f"answers so far: {self.statuses}"


@pytest.fixture
def project(pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    use(monkeypatch, pubsub_emulator.host)
    made = Project()
    made.topics(Topic)
    yield made
    made.end_pushes()


@pytest.fixture
def system(project: Project, shared_database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """Real functions on a real record, publishing through the emulator."""
    services = FakeServices(engine=shared_database, bus=PubSubBus(project.name, prefix=PREFIX))
    yield from serving(services, monkeypatch)


@pytest.fixture
def served(system: FakeServices) -> Iterator[Callable[[Function], tuple[Front, str]]]:
    """Serves a function behind a Front; returns it with its address."""
    host = FunctionHost()
    running = []

    def serve(function: Function) -> tuple[Front, str]:
        front = Front(host.app(function))
        server = make_server("127.0.0.1", 0, front, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread))
        return front, f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


def data_of(push: Mapping[str, Any]) -> bytes:
    return base64.b64decode(push["message"].get("data", ""))


def test_a_push_reaches_the_function_that_its_sender_meant(system, project, served) -> None:
    front, url = served(MIRROR_STATUS)
    project.pushed(MIRROR_STATUS, url)
    request_id = factories.add_request(system.engine, status=Status.RETRIEVING)

    announce(system.bus, request_id, request_id)
    front.wait_until(lambda: bool(front.statuses))

    assert front.statuses == [200]
    version, shown = system.mirror.documents[str(request_id)]
    assert (version, shown["status"]) == (factories.row(system.engine, request_id)["version"], Status.RETRIEVING)


def test_the_attributes_of_a_push_reach_the_function(system, project, served) -> None:
    """What says which subscription gave a message up is an attribute, and so can be what names the request."""
    front, url = served(HANDLE_DEAD_LETTER)
    project.pushed(HANDLE_DEAD_LETTER, url)
    request_id = factories.add_request(system.engine, status=Status.GENERATING_SCRIPT)
    source = resource_name(PREFIX, GENERATE_VIDEO.name)

    system.bus.publish(Topic.DEAD_LETTER, b"\xff\x00", {SOURCE_ATTRIBUTE: source, "request_id": str(request_id)})
    front.wait_until(lambda: bool(front.statuses))

    assert front.pushes[0]["message"]["attributes"] == {SOURCE_ATTRIBUTE: source, "request_id": str(request_id)}
    assert data_of(front.pushes[0]) == b"\xff\x00"
    assert factories.row(system.engine, request_id)["error_code"] == "malformed_message"


def test_what_a_function_fails_at_is_pushed_again_until_it_succeeds(system, project, served) -> None:
    class AwayOnce(MemoryMirror):
        away = True

        def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
            if self.away:
                self.away = False
                raise TransientError("mirror away")
            return super().write(request_id, snapshot, version)

    system.mirror = AwayOnce()
    front, url = served(MIRROR_STATUS)
    project.pushed(MIRROR_STATUS, url)
    request_id = factories.add_request(system.engine, status=Status.RETRIEVING)

    announce(system.bus, request_id, request_id)
    front.wait_until(lambda: 200 in front.statuses)

    assert front.statuses == [500, 200]
    assert front.pushes[0]["message"]["messageId"] == front.pushes[1]["message"]["messageId"]
    assert str(request_id) in system.mirror.documents


def test_an_answer_of_204_is_the_end_of_a_message(system, project, served) -> None:
    front, url = served(MIRROR_STATUS)
    project.pushed(MIRROR_STATUS, url)
    refusals = iter([500, 500])
    front.answer = lambda push: 204 if data_of(push) == b"done" else next(refusals, 204)

    system.bus.publish(Topic.STATUS_CHANGED, b"done", {})
    front.wait_until(lambda: 204 in front.statuses)
    system.bus.publish(Topic.STATUS_CHANGED, b"refused", {})
    front.wait_until(lambda: front.statuses.count(204) == 2)

    assert [data_of(push) for push in front.pushes] == [b"done", b"refused", b"refused", b"refused"]


def test_a_stages_poison_fails_its_request_through_the_dead_letters(system, project, served) -> None:
    stage, stage_url = served(GENERATE_VIDEO)
    letters, letters_url = served(HANDLE_DEAD_LETTER)
    project.pushed(GENERATE_VIDEO, stage_url, attempts=FEWEST_ATTEMPTS)
    project.pushed(HANDLE_DEAD_LETTER, letters_url)
    request_id = factories.add_request(system.engine, status=Status.GENERATING_SCRIPT)
    poison = json.dumps({"schema": 2, "request_id": str(request_id), "note": "é"}).encode()

    system.bus.publish(GENERATE_VIDEO.listens, poison, {"note": "é"})
    letters.wait_until(lambda: 200 in letters.statuses)

    assert stage.statuses == [500] * FEWEST_ATTEMPTS
    assert data_of(letters.pushes[0]) == poison
    attributes = letters.pushes[0]["message"]["attributes"]
    assert attributes[SOURCE_ATTRIBUTE] == resource_name(PREFIX, GENERATE_VIDEO.name)
    assert attributes["note"] == "é"
    row = factories.row(system.engine, request_id)
    assert (row["status"], row["error_code"], row["error_stage"]) == (
        Status.FAILED,
        "malformed_message",
        GENERATE_VIDEO.name,
    )

"""What a request meets when something that it depends on takes a call and never answers.

The adapters give up by themselves, each within its own limit (`tests/contract`). Here nobody gives up: whatever hangs,
hangs for ever, and the request still goes on without it, or ends.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from functions.notify_student.main import handle as notify
from functions.sweep.main import handle as sweep
from shared import crash_points, runs, runtime
from shared.crash_points import Step
from shared.db import claims, sweeping
from shared.db import engine as connections
from shared.db.engine import engine_for
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.errors import PipelineError, TransientError
from shared.pipeline import (
    API,
    GENERATE_SCRIPT,
    GENERATE_VIDEO,
    HEARTBEAT_SECONDS,
    LEASE_SECONDS,
    MIRROR_STATUS,
    NOTIFY_STUDENT,
    PROCESS_VIDEO,
    RETRIEVE_CONTENT,
    STAGE_ATTEMPTS,
    Stage,
    Topic,
)
from shared.work import Advance, Handle, Outcome, Request, Work
from tests import factories
from tests.counterparts.silent_proxy import SilentProxy
from tests.fakes import FakeServices, RecordingBus
from tests.integration.api_client import GOOD, Caller, caller
from tests.integration.conftest import serving

# Each declared time as it passes here. A lease is whole seconds; the others stand to it about as declared.
LEASE: Final = 1
HEARTBEAT: Final = LEASE * HEARTBEAT_SECONDS / LEASE_SECONDS
BUDGET: Final = 0.6
ANSWERED_WITHIN: Final = 1.0  # the ack deadline
BACKOFF: Final = 0.2
SWEEP_EVERY: Final = 1.0
SWEEP_DECLARED: Final = 60
PATIENCE: Final = 120.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (claims, runs):
        monkeypatch.setattr(module, "LEASE_SECONDS", LEASE)
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", HEARTBEAT)
    monkeypatch.setattr(sweeping, "SWEEP_SUCCESSOR_SECONDS", LEASE)


class Hanging:
    """Anything that takes calls and does not answer the first so many."""

    def __init__(self, ended: threading.Event, times: int) -> None:
        self._ended = ended
        self._left = times
        self.hung = 0

    def __getattr__(self, name: str) -> Any:
        return self.call

    def call(self, *arguments: Any, **named: Any) -> None:
        if self._left:
            self._left -= 1
            self.hung += 1
            self._ended.wait(PATIENCE)
            raise TransientError("the test is over")


@dataclass
class HangingBus(RecordingBus):
    """Takes what it is told, and answers no hand-over so many times."""

    gate: Any = None

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        if topic is not Topic.STATUS_CHANGED:
            self.gate.call()
        super().publish(topic, data, attributes)


def using(call: Callable[[FakeServices], object]) -> Handle:
    def work(request: Request, run: Work) -> Outcome:
        services: Any = run.services
        call(services)
        return Advance()

    return work


def nothing(request: Request, run: Work) -> Outcome:
    return Advance()


# Whoever hangs, where it is called, and how.
DEPENDENCIES: Final[Mapping[str, tuple[Stage, Handle]]] = {
    "embeddings": (RETRIEVE_CONTENT, using(lambda services: services.embeddings.embed(["text"]))),
    "writer": (GENERATE_SCRIPT, using(lambda services: services.writer.storyboard(None))),
    "speech": (GENERATE_VIDEO, using(lambda services: services.speech.speak("text"))),
    "illustrator": (GENERATE_VIDEO, using(lambda services: services.illustrator.illustrate("text"))),
    "objects": (PROCESS_VIDEO, using(lambda services: services.objects.read("name"))),
    "mailer": (NOTIFY_STUDENT, notify),
    "webhook": (NOTIFY_STUDENT, notify),
    "bus": (RETRIEVE_CONTENT, nothing),
}


class OneRequest:
    """A request at one stage, with its message delivered as the bus does it: each time to another instance."""

    def __init__(self, engine: sa.Engine, name: str, times: int, ended: threading.Event) -> None:
        self.name = name
        declared, self._handle = DEPENDENCIES[name]
        self.stage = replace(declared, budget=BUDGET)
        self.gate = Hanging(ended, times)
        self.services = _with(FakeServices(engine=engine), name, self.gate)
        before = next(status for status, modalities in self.stage.takes.items() if Modality.VIDEO in modalities)
        self.id = factories.add_request(engine, status=before, storyboard_digest=f"digest of {name}")
        self.seconds = 0.0

    def live(self) -> None:
        """Deliver until the message is acknowledged; an instance that does not answer is left to itself."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            answers: list[bool] = []
            instance = threading.Thread(target=self._deliver, args=(answers,), daemon=True)
            instance.start()
            instance.join(ANSWERED_WITHIN)
            if answers == [True]:
                break
            time.sleep(BACKOFF)
        self.seconds = time.monotonic() - began

    def _deliver(self, answers: list[bool]) -> None:
        try:
            runtime.run(self.stage, self._handle, factories.event(self.id), self.services)
        except PipelineError:
            answers.append(False)
        else:
            answers.append(True)


def _with(services: FakeServices, name: str, gate: Hanging) -> FakeServices:
    if name == "bus":
        services.bus = HangingBus(gate=gate)
    elif name in ("mailer", "webhook"):
        setattr(services.outbox, {"mailer": "send", "webhook": "post"}[name], gate.call)
    else:
        setattr(services, name, gate)
    return services


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set at the end, for whatever still hangs."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def renewals() -> Iterator[Counter[str]]:
    """How often a lease was renewed."""
    counted: Counter[str] = Counter()
    crash_points.observe(lambda place: counted.update([place]))
    yield counted
    crash_points.observe(None)


def all_at_once(engine: sa.Engine, times: int, ended: threading.Event) -> list[OneRequest]:
    """One request for each dependency, which hangs so many times; return when all messages are acknowledged."""
    requests = [OneRequest(engine, name, times, ended) for name in DEPENDENCIES]
    threads = [threading.Thread(target=request.live) for request in requests]
    for thread in threads:
        thread.start()
    sweeper = FakeServices(engine=engine)
    while any(thread.is_alive() for thread in threads):
        sweep(sweeper)
        threads[0].join(SWEEP_EVERY)
    return requests


def test_whatever_hangs_once_is_gone_round(
    database: sa.Engine, ended: threading.Event, renewals: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    requests = all_at_once(database, 1, ended)

    for request in requests:
        row = factories.row(database, request.id)
        assert request.gate.hung == 1, request.name
        last = request.stage.then[Modality.VIDEO] is None
        assert (row["status"], row["lease_until"]) == (Status.COMPLETED if last else request.stage.during, None)
        assert row["attempt"] == (1 if request.name == "bus" else 2), request.name
    # A run that hangs holds its request for its budget, and for no longer.
    assert renewals[f"before_{Step.RENEW}"] <= len(requests) * (BUDGET / HEARTBEAT + 2)
    with capsys.disabled():
        print()
        for request in requests:
            declared, _ = DEPENDENCIES[request.name]
            limit = declared.budget + LEASE_SECONDS + SWEEP_DECLARED
            print(
                f"  {request.name:<12} hung once: gone round after {request.seconds:.1f} s here, "
                f"where budget, lease and sweep are {BUDGET + LEASE + SWEEP_EVERY:.1f} s; as declared {limit} s"
            )


def test_what_hangs_for_ever_ends_its_request(
    database: sa.Engine, ended: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = [request for request in all_at_once(database, STAGE_ATTEMPTS, ended) if request.name != "bus"]

    for request in requests:
        row = factories.row(database, request.id)
        assert request.gate.hung == STAGE_ATTEMPTS, request.name
        assert (row["status"], row["error_code"]) == (Status.FAILED, "attempts_exhausted"), request.name
    with capsys.disabled():
        print()
        for request in requests:
            limit = STAGE_ATTEMPTS * (DEPENDENCIES[request.name][0].budget + LEASE_SECONDS + SWEEP_DECLARED)
            print(
                f"  {request.name:<12} hung for ever: failed after {request.seconds:.1f} s here; as declared {limit} s"
            )


def test_a_mirror_that_hangs_keeps_no_request(database: sa.Engine, ended: threading.Event) -> None:
    """Its own messages wait; the request goes its way."""
    from functions.mirror_status.main import handle as mirror
    from shared.messages import RequestMessage

    services = FakeServices(engine=database)
    services.mirror = Hanging(ended, 1)
    request_id = factories.add_request(database, status=Status.PROCESSING_VIDEO)
    message = RequestMessage(request_id=request_id, correlation_id=request_id)
    hung = threading.Thread(target=_quietly, args=(lambda: mirror(message, services),), daemon=True)
    hung.start()

    runtime.run(NOTIFY_STUDENT, notify, factories.event(request_id), services)

    assert hung.is_alive()
    assert factories.row(database, request_id)["status"] == Status.COMPLETED
    assert MIRROR_STATUS.ack_deadline > MIRROR_STATUS.budget


def _quietly(act: Callable[[], None]) -> None:
    with suppress(PipelineError):
        act()


SOCKET: Final = 2.0  # the longest silence of the database in a statement, here
DECLARED_SOCKET: Final = connections.SOCKET_SECONDS


@dataclass(frozen=True)
class Behind:
    """A database behind a proxy that can fall silent."""

    engine: sa.Engine
    proxy: SilentProxy


@pytest.fixture
def behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    scale = SOCKET / connections.SOCKET_SECONDS
    for name in ("CONNECT_SECONDS", "SOCKET_SECONDS", "POOL_SECONDS", "PONG_SECONDS"):
        monkeypatch.setattr(connections, name, getattr(connections, name) * scale)
    parts = urlsplit(database_url)
    with SilentProxy(parts.port or 0).serving() as proxy:
        there = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}"
        engine = engine_for(urlunsplit(parts._replace(netloc=there)), pool_size=2)
        yield Behind(engine, proxy)
        engine.dispose()


@pytest.fixture
def student(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """Somebody who calls the api on that database."""
    for services in serving(FakeServices(engine=behind.engine), monkeypatch):
        yield caller(services)


@pytest.mark.parametrize("lay_long", [False, True], ids=["connections lately used", "connections long unused"])
def test_the_api_answers_within_its_budget_when_the_database_does_not(
    lay_long: bool,
    behind: Behind,
    student: Caller,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request_id = student.request()
    path = f"/v1/requests/{request_id}"
    assert student.get(path).status_code == 200
    if lay_long:
        monkeypatch.setattr(connections, "PING_SECONDS", -1)
    answers: dict[str, tuple[int, float]] = {}

    def timed(name: str, call: Callable[[], Any]) -> None:
        began = time.monotonic()
        answers[name] = (call().status_code, time.monotonic() - began)

    calls: dict[str, Callable[[], Any]] = {
        "status": lambda: student.get(path),
        "submit": lambda: student.post("/v1/requests", GOOD),
        "cancel": lambda: student.post(f"{path}/cancel"),
    }
    with behind.proxy.silent():
        threads = [threading.Thread(target=timed, args=item) for item in calls.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    slowest = max(seconds for _, seconds in answers.values()) * DECLARED_SOCKET / SOCKET
    assert {name: status for name, (status, _) in answers.items()} == dict.fromkeys(calls, 503)
    assert slowest < API.budget
    assert student.get(path).status_code == 200, "the database is back"
    with capsys.disabled():
        print(f"\n  database silent: the api answers 503 after {slowest:.0f} s as declared, of {API.budget} s")


def until_acknowledged(stage: Stage, request_id: UUID, services: FakeServices) -> None:
    for _ in range(100):
        try:
            return runtime.run(stage, nothing, factories.event(request_id), services)
        except TransientError:
            time.sleep(BACKOFF)
    raise AssertionError("delivered for ever")


@pytest.mark.parametrize("falls_silent", ["before the claim", "in the work"])
def test_a_stage_gives_a_silent_database_up_and_goes_on_when_it_is_back(falls_silent: str, behind: Behind) -> None:
    services = FakeServices(engine=behind.engine)
    request_id = factories.add_request(behind.engine, status=Status.VALIDATING)

    def working(request: Request, run: Work) -> Outcome:
        behind.proxy.fall_silent()
        return Advance()

    if falls_silent == "before the claim":
        behind.proxy.fall_silent()
    with pytest.raises(TransientError):
        runtime.run(RETRIEVE_CONTENT, working, factories.event(request_id), services)
    behind.proxy.speak()
    until_acknowledged(RETRIEVE_CONTENT, request_id, services)

    row = factories.row(behind.engine, request_id)
    assert (row["status"], row["lease_until"]) == (Status.RETRIEVING, None)
    pool: Any = behind.engine.pool
    assert pool.checkedout() == 0

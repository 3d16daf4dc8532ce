"""All functions that a topic wakes, behind a bus, on a record of requests that poison names; and what they log."""

import json
import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from werkzeug.test import EnvironBuilder, run_wsgi_app

from local.bus import LocalBus
from local.functions import FunctionHost
from shared import log
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.pipeline import FUNCTIONS, STAGES, SWEEP, SWEEP_ANNOUNCE_SECONDS, Function, Stage
from tests import factories
from tests.fakes import FakeServices
from tests.proofs.hand_clock import HandClock
from tests.proofs.poison_kinds import CANARY, KINDS, NOBODY, Subject

WOKEN: Final = [function for function in FUNCTIONS if function.listens is not None]
MARK: Final = "poison"  # attribute that tells the pushes of one message from another's
QUICK: Final = 1e-5  # of the declared times
PATIENCE: Final = 120.0  # seconds; reached only where something is delivered for ever
ONCE: Final = "once"
DEAD_LETTER: Final = "dead letter"


class Lines(logging.Handler):
    """What all loggers write."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(f"{record.name} {self.format(record)} {getattr(record, 'fields', '')}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear all that is logged meanwhile."""
        # The second propagates nothing to the first.
        loggers = [logging.getLogger(name) for name in ("", "vividly")]
        log.configure("DEBUG")
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(self)

    def telling(self) -> list[str]:
        """The lines that repeat what poison said; each is told once."""
        told = [line for line in self.written if CANARY in line]
        self.written.clear()
        return told


@dataclass
class Ending:
    """How the pushes of one message were answered, and those of it as a dead letter."""

    answers: list[int] = field(default_factory=list)
    letters: list[int] = field(default_factory=list)

    @property
    def said(self) -> str:
        """In a word, for the table."""
        if len(self.answers) == 1 and not self.letters:
            return ONCE
        return DEAD_LETTER if self.letters in ([200], [204]) else f"{self.answers} {self.letters}"


class Poisoned:
    """All functions behind a bus whose times are short, on a record of requests that messages name."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.clock = HandClock(engine)
        self.lines = Lines()
        self.host = FunctionHost()
        # Deadlines that no delivery reaches, however short the rest is.
        functions = tuple(replace(function, budget=10_000_000) for function in FUNCTIONS)
        self.bus = LocalBus(self._deliver, factor=QUICK, functions=functions)
        self.services = FakeServices(engine=engine, bus=self.bus)
        self.kinds = {kind.name: kind for kind in KINDS}
        self.subjects: dict[tuple[str, str], UUID] = {}
        self.endings: defaultdict[tuple[str, str], Ending] = defaultdict(Ending)
        self._lock = threading.Lock()

    def _deliver(self, function: Function, path: str, body: bytes) -> int:
        push = json.loads(body)
        mark = push["message"]["attributes"].get(MARK, "/")
        kind_name, _, meant = mark.partition("/")
        if kind_name in self.kinds:
            self.kinds[kind_name].push(push["message"])
        status = self.post(function, json.dumps(push).encode(), path=path)
        with self._lock:
            ending = self.endings[kind_name, meant]
            (ending.answers if function.name == meant else ending.letters).append(status)
        return status

    def post(self, function: Function, body: bytes, *, path: str = "/projects/p/topics/t", **request: Any) -> int:
        """Call the function's own entry point; the status of its answer."""
        given = {"method": "POST", "content_type": "application/json"} | request
        environ = EnvironBuilder(path=path, data=body, **given).get_environ()
        _, status, _ = run_wsgi_app(self.host.app(function), environ, buffered=True)
        return int(status.split()[0])

    def prepare(self) -> None:
        """A request of its own for each message that names one."""
        named = [(kind, function) for kind in KINDS for function in WOKEN if kind.subject is not Subject.NONE]
        # What has ended is announced by each sweep for a while: that while is over.
        for kind, function in sorted(named, key=lambda pair: pair[0].subject is not Subject.FINISHED):
            if kind.subject is not Subject.FINISHED and self.clock.seconds == 0:
                self.clock.advance(SWEEP_ANNOUNCE_SECONDS + 1)
            self.subjects[kind.name, function.name] = self._subject(kind.subject, function)
        for function in WOKEN:
            self.host.app(function)

    def _subject(self, subject: Subject, function: Function) -> UUID:
        stage = function if isinstance(function, Stage) else STAGES[3]
        waiting = next(status for status, modalities in stage.takes.items() if Modality.VIDEO in modalities)
        elsewhere = Status.GENERATING_SCRIPT if stage is STAGES[0] else Status.PENDING
        match subject:
            case Subject.WAITING:
                return factories.add_request(self.engine, status=waiting)
            case Subject.ELSEWHERE:
                return factories.add_request(self.engine, status=elsewhere)
            case Subject.FINISHED:
                return factories.add_request(self.engine, status=Status.COMPLETED)
            case Subject.PARKED:
                parked = factories.add_request(self.engine)
                factories.update(self.engine, parked, clarification_requested_at=self.clock.now)
                return parked
            case Subject.FOLLOWER:
                key = uuid.uuid4().hex
                leader = factories.add_request(self.engine, status=Status.GENERATING_SCRIPT, content_key=key)
                follower = factories.add_request(self.engine, status=Status.VALIDATING, content_key=key)
                factories.update(self.engine, follower, follows=leader)
                return follower
            case Subject.ERASED:
                student = factories.add_user(self.engine)
                erased = factories.add_request(self.engine, student_id=student)
                with self.engine.begin() as connection:
                    connection.execute(sa.text("DELETE FROM users WHERE id = :id"), {"id": student})
                return erased
            case _:
                return uuid.uuid4()

    def publish_all(self) -> None:
        """Each kind to each function; return when all have ended."""
        # The sweeps first: each announces whatever has ended lately.
        for function in sorted(WOKEN, key=lambda function: function is not SWEEP):
            assert function.listens is not None
            for kind in KINDS:
                request_id = self.subjects.get((kind.name, function.name), NOBODY)
                attributes = {name: value.replace("{id}", str(request_id)) for name, value in kind.attributes.items()}
                marked = attributes | {MARK: f"{kind.name}/{function.name}"}
                self.bus.publish(function.listens, kind.data(request_id), marked)
            if function is SWEEP:
                assert self.bus.drain(PATIENCE)
        assert self.bus.drain(PATIENCE), f"delivered for ever: {self.bus.waiting()}"

    def record(self) -> dict[str, set[str]]:
        """All rows of all tables, as text."""
        with self.engine.connect() as connection:
            tables = connection.execute(
                sa.text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            ).scalars()
            rows = {table: sa.text(f'SELECT CAST(t AS text) FROM "{table}" AS t') for table in tables}
            return {table: set(connection.scalars(statement)) for table, statement in rows.items()}


@dataclass
class Outcome:
    """What became of it all."""

    system: Poisoned
    before: dict[str, set[str]]
    after: dict[str, set[str]]
    lines: list[str]

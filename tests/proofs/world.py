"""The system under proof, on a real record and without its functions: what is held of it, and the places it reaches.

An operation may die at any place of `shared.crash_points`, and others may happen in the midst of it, so that runs lie
within runs as zombies do. At each commit the model is told what was committed; after each operation both are compared.
"""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from functions.notify_student import main as notifying
from shared import crash_points
from shared.crash_points import Step
from shared.db.models import users
from shared.enums import Role
from shared.errors import PermanentError, TransientError
from shared.pipeline import Topic
from shared.services import Services
from shared.work import Outcome
from tests.fakes import SETTINGS, FakeServices
from tests.proofs.expected import Expected
from tests.proofs.expected_state import Account, Run, Verdict
from tests.proofs.hand_clock import HandClock
from tests.proofs.plans import Crash, Meanwhile, Plan, Result
from tests.proofs.post import Letter, PausingMirror, Post, Tellings
from tests.proofs.record_look import RecordLook

QUOTA: Final = 6
RETENTION_DAYS: Final = 30
STUDENTS: Final = 3

Settings = replace(SETTINGS, daily_request_quota=QUOTA, requests_per_minute=100_000, retention_days=RETENTION_DAYS)


@dataclass
class Frame:
    """One operation under way."""

    plan: Plan
    committed: dict[Step, Callable[[], None]] = field(default_factory=dict)
    before: dict[Step, Callable[[], None]] = field(default_factory=dict)
    before_place: dict[str, Callable[[], None]] = field(default_factory=dict)
    letter: Letter | None = None
    verdict: Verdict | None = None
    run: Run | None = None
    worked: bool = False
    done: bool = False  # recorded as its run's
    outcome: Outcome | None = None
    handed: list[Topic] = field(default_factory=list)  # what has to be published
    published: list[Topic] = field(default_factory=list)
    refused: bool = False
    struck: bool = False  # what happens meanwhile has happened
    telling: str | None = None  # sent, and not noted yet
    at_door: bool = False  # something else happened right before sending


class World:
    """Everything, in one state that rules change."""

    def __init__(self, engine: sa.Engine, clock: HandClock) -> None:
        self.engine, self.clock = engine, clock
        self.look = RecordLook(engine)
        self.reached: set[str] = set()
        self.seen: Counter[str] = Counter()  # what happened how often, to tell that much was tried
        self.services = FakeServices(engine=engine, settings=Settings)
        self._frames: list[Frame] = []
        self._thread = threading.current_thread()
        self.begin()

    def begin(self) -> None:
        """An empty record and three students."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM lessons")
            connection.exec_driver_sql("DELETE FROM users")
        self.clock.reset()
        look = self.look
        look.seen, look.histories, look.event_versions = {}, {}, {}
        self.expected = Expected(quota=QUOTA)
        self.post = Post(refuse=self._refuse, published=lambda topic: self._frames[-1].published.append(topic))
        self.tellings = Tellings(ask=self._tell)
        self.repeatable: set[str] = set()
        self._frames.clear()
        self.services.bus = self.post
        self.services.mirror = PausingMirror(reach=self._reach)
        self.services.outbox = self.tellings  # type: ignore[assignment]
        self.students = STUDENTS * [uuid.UUID(int=0)]
        for number in range(STUDENTS):
            self.enrol(number)

    def enrol(self, number: int) -> None:
        """A student comes, in the place of one who left."""
        student = self.students[number] = uuid.uuid4()
        row = {"id": student, "email": f"{student.hex}@school.test", "password_hash": "none", "role": Role.STUDENT}
        with self.engine.begin() as connection:
            connection.execute(users.insert(), row)
        self.expected.accounts[student] = Account()

    def close(self) -> None:
        """Give back what is held."""
        self.look.close()

    @contextmanager
    def observing(self) -> Iterator[None]:
        """Have the places of the code tell where they are."""
        crash_points.observe(self._at)
        try:
            yield
        finally:
            crash_points.observe(None)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.expected.now = self.clock.seconds

    def given(self, function: object) -> Services:
        """The ports, for `bootstrap.build_with`."""
        return self.services

    def check(self) -> None:
        """Compare the record with the model, and the views with the record."""
        assert not self._frames
        self.look.check(self.expected)
        assert not self.tellings.doubled, "told twice without a crash between acceptance and record"
        waiting = {letter.request_id for letter in self.post.waiting(announcements=True)}
        for name, (version, _) in self.services.mirror.documents.items():
            seen = self.look.seen.get(UUID(name))
            if seen is None:
                assert UUID(name) in waiting, "the mirror shows what is no more"
            else:
                assert version <= seen.version, "the mirror is ahead of the record"

    # Places

    def _at(self, place: str) -> None:
        if threading.current_thread() is not self._thread or not self._frames:
            return
        side, _, name = place.partition("_")
        step, frame = Step(name), self._frames[-1]
        if side == "after":
            frame.committed.get(step, lambda: None)()
        if step is Step.NOTE_SENT and side == "after":
            frame.telling = None
        self._reach(place)
        if side == "before":
            frame.before.get(step, lambda: None)()

    def _reach(self, place: str) -> None:
        if not self._frames:
            return
        self.reached.add(place)
        frame = self._frames[-1]
        frame.before_place.get(place, lambda: None)()
        planned = frame.plan.meanwhile
        if planned is not None and planned.place == place and not frame.struck:
            frame.struck = True
            self.seen["meanwhile"] += 1
            if frame.telling is not None:
                self.repeatable.add(frame.telling)
            frame.at_door = place == f"before_{Step.TELL}"
            self.happen(planned, frame.letter)
        if frame.plan.dies_at == place:
            if frame.telling is not None:
                self.repeatable.add(frame.telling)
            self.seen["died"] += 1
            raise Crash(place)

    def happen(self, planned: Meanwhile, letter: Letter | None) -> None:
        """What happens meanwhile; the rules decide how."""
        raise NotImplementedError

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Letters of many requests lie in the order of these: the record's own order is anybody's guess."""
        before = len(self.post.letters)
        ages = {request_id: age for age, request_id in enumerate(self.expected.requests)}
        try:
            yield
        finally:
            new = self.post.letters[before:]
            self.post.letters[before:] = sorted(new, key=lambda letter: ages.get(letter.request_id, len(ages)))

    def _refuse(self) -> bool:
        frame = self._frames[-1]
        if frame.plan.refused and not frame.refused:
            frame.refused = True
            return True
        return False

    def _tell(self, identifier: str) -> bool:
        frame = self._frames[-1]
        match frame.plan.result:
            case Result.TRANSIENT:
                raise TransientError("the channel is away")
            case Result.PERMANENT:
                raise PermanentError("the channel refuses", code=notifying.NO_SUCH_RECIPIENT)
            case Result.UNFORESEEN:
                raise RuntimeError("something of the channel")
        may_repeat = identifier in self.repeatable or frame.at_door
        frame.telling, frame.at_door = identifier, False
        return may_repeat

    @contextmanager
    def operation(self, plan: Plan, letter: Letter | None = None) -> Iterator[Frame]:
        """One operation; what raises Crash in it has died, and is caught here."""
        frame = Frame(plan=plan, letter=letter)
        self._frames.append(frame)
        try:
            yield frame
        finally:
            self._frames.pop()

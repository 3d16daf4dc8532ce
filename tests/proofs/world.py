"""The system under proof: the real runtime, sweep, dead letters, mirror and api on a real record, step by step.

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

from functions.handle_dead_letter import main as dead_letters
from functions.mirror_status import main as mirroring
from functions.notify_student import main as notifying
from functions.sweep import main as sweeping
from shared import crash_points, runtime
from shared.crash_points import Step
from shared.db.models import users
from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.errors import ContentRefused, PermanentError, PipelineError, RequestBusy, TransientError
from shared.messages import RequestMessage
from shared.pipeline import GENERATE_SCRIPT, NOTIFY_STUDENT, RETRIEVE_CONTENT, VALIDATE_REQUEST, Stage, Topic, listener
from shared.services import Services
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.fakes import SETTINGS, FakeServices
from tests.proofs.expected import Account, Expected, Run, Verdict
from tests.proofs.hand_clock import HandClock
from tests.proofs.plans import AT_WORK, Crash, Meanwhile, Plan, Result
from tests.proofs.post import Letter, PausingMirror, Post, Tellings
from tests.proofs.record_look import RecordLook, digest_of

QUOTA: Final = 6
RETENTION_DAYS: Final = 30
STUDENTS: Final = 3
ROUNDS: Final = 3  # how often a stand-in asks at most
QUESTION: Final = {"id": "q", "text": "Which part?", "options": [{"id": "a", "label": "One", "module_id": "m"}]}

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

    # Deliveries

    def deliver(self, letter: Letter, plan: Plan) -> None:
        """One delivery of a message, whatever became of it before."""
        try:
            if letter.topic is Topic.STATUS_CHANGED:
                self._mirror(letter, plan)
            else:
                self._stage(letter, plan)
        except Crash:
            return
        except TransientError:
            return
        letter.waiting = False

    def _mirror(self, letter: Letter, plan: Plan) -> None:
        with self.operation(plan, letter):
            mirroring.handle(RequestMessage.decode(letter.data), self.services)

    def _stage(self, letter: Letter, plan: Plan) -> None:
        stage = listener(letter.topic)
        assert isinstance(stage, Stage)
        with self.operation(plan, letter) as frame:
            self._expect_run(frame, letter.request_id, stage)
            error: PipelineError | None = None
            try:
                runtime.run(stage, self._work(frame, stage), factories.raw_event(letter.data), self.services)
            except PipelineError as raised:
                error = raised
            self._check_ending(frame, stage, error)
        if error is not None:
            raise error

    def _expect_run(self, frame: Frame, request_id: UUID, stage: Stage) -> None:
        expected = self.expected

        def claimed() -> None:
            frame.verdict, frame.run = expected.claim(request_id, stage)
            lesson = expected.requests.get(request_id)
            topic = stage.then[lesson.asked.modality] if lesson else None
            if frame.verdict is Verdict.FINISHED and topic is not None:
                frame.handed.append(topic)

        def finished() -> None:
            assert frame.run is not None
            match frame.outcome:
                case Settle(content_key=key):
                    handed = expected.settle(frame.run, key)
                    self.seen["followed"] += handed == [] and expected.requests[request_id].follows is not None
                case AskStudent():
                    handed = expected.ask(frame.run)
                case _:
                    digest = self._digest(frame.run) if stage is GENERATE_SCRIPT else None
                    handed = expected.advance(frame.run, digest)
            frame.handed += handed or []
            frame.done = handed is not None

        def failed() -> None:
            handed = expected.fail(request_id, run=frame.run)
            frame.handed += handed or []
            frame.done = handed is not None

        def of_run(effect: Callable[[Run], object]) -> Callable[[], None]:
            def happen() -> None:
                assert frame.run is not None
                effect(frame.run)

            return happen

        frame.committed |= {
            Step.CLAIM: claimed,
            Step.FINISH: finished,
            Step.FAIL: failed,
            Step.RELEASE: of_run(expected.release),
            Step.RENEW: of_run(expected.renew),
            Step.BEGIN_LESSON: of_run(lambda run: expected.begin_lesson(run, self._digest(run))),
            Step.PROGRESS: of_run(lambda run: expected.report(run, stage.progress_end - 1)),
        }

    def _digest(self, run: Run) -> str | None:
        lesson = self.expected.requests.get(run.request)
        return digest_of(lesson.key) if lesson else None

    def _work(self, frame: Frame, stage: Stage) -> Handle:
        def handle(request: Request, work: Work) -> Outcome:
            frame.worked = True
            self._reach(AT_WORK)
            if frame.plan.reports:
                work.progress(stage.progress_end - 1, "half of it")
            if stage is NOTIFY_STUDENT:
                return notifying.handle(request, work)
            match frame.plan.result:
                case Result.TRANSIENT:
                    raise TransientError("away")
                case Result.UNFORESEEN:
                    raise ValueError("a mistake")
                case Result.PERMANENT:
                    raise ContentRefused("refused")
            if stage is GENERATE_SCRIPT:
                work.begin_lesson(digest_of(request.content_key))
            frame.outcome = self._outcome(request, stage, frame.plan)
            return frame.outcome

        return handle

    def _outcome(self, request: Request, stage: Stage, plan: Plan) -> Outcome:
        rounds = (request.metadata.get("clarification") or {}).get("round", 0)
        if plan.result is Result.ASK and stage in (VALIDATE_REQUEST, RETRIEVE_CONTENT) and rounds < ROUNDS:
            return AskStudent(questions=(QUESTION,), reasoning="vague")
        if stage is VALIDATE_REQUEST:
            key = f"{request.query} {request.modality} {request.style} {request.grade_level} {rounds}"
            return Settle(content_key=key, topic=request.query)
        return Advance(
            columns={"storyboard_digest": digest_of(request.content_key)} if stage is GENERATE_SCRIPT else {}
        )

    def _check_ending(self, frame: Frame, stage: Stage, error: PipelineError | None) -> None:
        """How the delivery ended, against what it found."""
        assert frame.verdict is not None
        self.seen[frame.verdict.name] += 1
        granted = frame.verdict is Verdict.GRANTED
        fresh = frame.run is not None and frame.run.failures < stage.attempts
        assert frame.worked == (granted and fresh)
        match frame.verdict:
            case Verdict.HELD:
                assert isinstance(error, RequestBusy)
            case Verdict.NOTHING:
                assert error is None
            case _:
                excused = frame.refused or frame.plan.result in (Result.TRANSIENT, Result.UNFORESEEN)
                assert error is None or excused, error
        if error is None:
            assert sorted(frame.published) == sorted(frame.handed)
            self.seen["superseded"] += frame.worked and not frame.done

    # Dead letters and the sweep

    def dead_letter(self, letter: Letter, plan: Plan) -> None:
        """The message ran out of deliveries."""
        stage = listener(letter.topic)
        assert isinstance(stage, Stage)

        def failed() -> None:
            frame.handed += self.expected.dead_letter(letter.request_id, stage) or []

        attributes = {**letter.attributes, dead_letters.SOURCE_ATTRIBUTE: f"vividly-{stage.name}"}
        with self.operation(plan, letter) as frame:
            frame.committed[Step.FAIL] = failed
            try:
                dead_letters.handle(factories.raw_event(letter.data, attributes), self.services)
            except Crash:
                return
            except TransientError:
                assert frame.refused
                return
            assert sorted(frame.published) == sorted(frame.handed)
        letter.waiting = False

    def sweep(self, plan: Plan) -> None:
        """One tick of the scheduler."""
        with self.operation(plan) as frame:
            self._expect_sweep(frame)
            try:
                with self.in_order():
                    sweeping.handle(self.services)
            except Crash:
                return
            except TransientError:
                assert frame.refused
                return
            assert sorted(frame.published) == sorted(frame.handed)

    def _expect_sweep(self, frame: Frame) -> None:
        expected, changed, given_up = self.expected, dict[UUID, float](), set[UUID]()

        def remember() -> None:
            changed.update(self._changed_at())

        def counted() -> None:
            for lesson in expected.requests.values():
                if expected.stuck(lesson, changed[lesson.id]):
                    topic = expected.swept(lesson)
                    if topic is None:
                        given_up.add(lesson.id)
                    else:
                        frame.handed.append(topic)

        def failed() -> None:
            rows = self.look.ask(f"SELECT id FROM content_requests WHERE status = '{Status.FAILED}'")
            for (request_id,) in rows:
                if request_id in given_up and expected.requests[request_id].open:
                    frame.handed.extend(expected.fail(request_id) or [])

        def removed() -> None:
            left = self._changed_at()
            limit = expected.now - RETENTION_DAYS * 24 * 60 * 60
            gone = {lesson.id for lesson in expected.requests.values() if lesson.id not in left}
            assert all(not expected.requests[one].open and changed[one] <= limit for one in gone)
            expected.remove(gone)

        def freed() -> None:
            raise AssertionError("a flight was left without its leader")

        frame.before[Step.COUNT_SWEEP] = remember
        frame.committed |= {
            Step.COUNT_SWEEP: counted,
            Step.FAIL: failed,
            Step.EXPIRE: expected.expire,
            Step.REMOVE: removed,
            Step.FREE_FLIGHT: freed,
            Step.FORGET_KEYS: expected.forget_keys,
            Step.CLEAR_LESSON: lambda: expected.cleared(self._lessons()),
        }

    def _lessons(self) -> set[str]:
        return {key for (key,) in self.look.ask("SELECT content_key FROM lessons")}

    def _changed_at(self) -> dict[UUID, float]:
        start = self.clock.now.timestamp() - self.clock.seconds
        rows = self.look.ask("SELECT id, extract(epoch FROM updated_at) FROM content_requests")
        return {request_id: float(at) - start for request_id, at in rows}

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.expected.now = self.clock.seconds

    def given(self, function: object) -> Services:
        """The ports, for `bootstrap.build_with`."""
        return self.services

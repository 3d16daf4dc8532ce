"""What the system does by itself, beside the model: the real stages' runs, mirror, dead letters and sweep."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from functions.handle_dead_letter import main as dead_letters
from functions.mirror_status import main as mirroring
from functions.notify_student import main as notifying
from functions.sweep import main as sweeping
from shared import runtime
from shared.crash_points import Step
from shared.enums import ContentRequestStatus as Status
from shared.errors import ContentRefused, PipelineError, RequestBusy, TransientError
from shared.messages import RequestMessage
from shared.pipeline import GENERATE_SCRIPT, NOTIFY_STUDENT, RETRIEVE_CONTENT, VALIDATE_REQUEST, Stage, Topic, listener
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.proofs.expected_state import Run, Verdict
from tests.proofs.plans import AT_WORK, Crash, Plan, Result
from tests.proofs.post import Letter
from tests.proofs.record_look import digest_of
from tests.proofs.world import RETENTION_DAYS, Frame, World

ROUNDS: Final = 3  # how often a stand-in asks at most
QUESTION: Final = {"id": "q", "text": "Which part?", "options": [{"id": "a", "label": "One", "module_id": "m"}]}


class Workers(World):
    """The world with its functions."""

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

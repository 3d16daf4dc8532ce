"""What the record has to hold: the promises of a request's life once more, in plain Python, without a database.

Each method is the effect of one commit. The times are seconds of the hand clock.
"""

from uuid import UUID

from shared.enums import ContentRequestStatus as Status
from shared.enums import StageRunState
from shared.pipeline import (
    CLARIFICATION_DAYS,
    IDEMPOTENCY_DAYS,
    IN_PROGRESS,
    LEASE_SECONDS,
    STAGE_BY_STATUS,
    SWEEP_LIMIT,
    SWEEP_SUCCESSOR_SECONDS,
    VALIDATE_REQUEST,
    Stage,
    Topic,
)
from tests.proofs.expected_state import Account, Asked, Entry, Lesson, Run, Verdict

DAY = 24 * 60 * 60


class Expected:
    """The record as it has to be."""

    def __init__(self, *, quota: int) -> None:
        self.now = 0
        self.quota = quota
        self.requests: dict[UUID, Lesson] = {}  # in the order in which they were made
        self.lessons: dict[str, str] = {}
        self.accounts: dict[UUID, Account] = {}

    # Stages

    def claim(self, request_id: UUID, stage: Stage) -> tuple[Verdict, Run | None]:
        """Waiting or abandoned: taken."""
        lesson = self.requests.get(request_id)
        if lesson is None:
            return Verdict.NOTHING, None
        takes = lesson.asked.modality in stage.takes.get(lesson.status, frozenset())
        during = lesson.status is stage.during
        if (lesson.idle and takes) or (during and lesson.lease is not None and lesson.lease <= self.now):
            lesson.move(stage.during)
            failures = sum(
                name == stage.name and attempt > lesson.attempts_from and state is not StageRunState.FINISHED
                for (name, attempt), state in lesson.runs.items()
            )
            lesson.attempt += 1
            lesson.lease = self.now + LEASE_SECONDS
            lesson.progress = max(lesson.progress, stage.progress)
            lesson.runs[stage.name, lesson.attempt] = StageRunState.RUNNING
            return Verdict.GRANTED, Run(request_id, stage, lesson.attempt, failures)
        if during and lesson.idle:
            return Verdict.FINISHED, None
        return (Verdict.HELD if during and lesson.lease is not None else Verdict.NOTHING), None

    def held(self, run: Run) -> Lesson | None:
        """The request of a run, while it is the run's."""
        lesson = self.requests.get(run.request)
        if lesson is None or (lesson.status, lesson.attempt) != (run.stage.during, run.attempt):
            return None
        return lesson if lesson.lease is not None else None

    def renew(self, run: Run) -> bool:
        """Hold on for another lease."""
        if (lesson := self.held(run)) is None:
            return False
        lesson.lease = self.now + LEASE_SECONDS
        return True

    def report(self, run: Run, percentage: int) -> None:
        """Progress, within the stage's own."""
        if self.renew(run):
            lesson = self.requests[run.request]
            lesson.progress = max(lesson.progress, run.stage.progress, min(percentage, run.stage.progress_end))

    def begin_lesson(self, run: Run, digest: str | None) -> None:
        """The lesson's objects are about to be written."""
        if (lesson := self.held(run)) is not None:
            lesson.digest = digest

    def release(self, run: Run) -> None:
        """Given up, for the next delivery to take."""
        if (lesson := self.held(run)) is not None:
            lesson.lease = self.now
            lesson.runs[run.stage.name, run.attempt] = StageRunState.FAILED

    def _finished(self, run: Run) -> Lesson | None:
        if (lesson := self.held(run)) is not None:
            lesson.lease = None
            lesson.runs[run.stage.name, run.attempt] = StageRunState.FINISHED
        return lesson

    def advance(self, run: Run, digest: str | None) -> list[Topic] | None:
        """Done; what is handed on. None: it was somebody else's by then."""
        if (lesson := self._finished(run)) is None:
            return None
        lesson.sweeps = 0
        lesson.digest = digest or lesson.digest
        topic = run.stage.then[lesson.asked.modality]
        if topic is not None:
            return [topic]
        self._completed(lesson, lesson.digest)
        for follower in self.followers(lesson.id):
            follower.follows = None
            self._completed(follower, lesson.digest)
        if lesson.key and lesson.digest:
            assert lesson.key not in self.lessons, "the same lesson was made twice"
            self.lessons[lesson.key] = lesson.digest
        return []

    def _completed(self, lesson: Lesson, digest: str | None) -> None:
        lesson.move(Status.COMPLETED)
        lesson.progress, lesson.digest = 100, digest

    def settle(self, run: Run, key: str) -> list[Topic] | None:
        """Understood: from the cache, behind another, or on."""
        if (lesson := self._finished(run)) is None:
            return None
        lesson.key = key
        if key in self.lessons:
            self._completed(lesson, self.lessons[key])
            return []
        lesson.sweeps = 0
        leader = self.leader(key, apart_from=lesson)
        lesson.follows = leader.id if leader else None
        return [] if leader else [Topic.REQUEST_VALIDATED]

    def ask(self, run: Run) -> list[Topic] | None:
        """Back to the student; who follows is set free, for the answer may lead to another lesson."""
        if (lesson := self._finished(run)) is None:
            return None
        lesson.move(Status.PENDING)
        lesson.progress, lesson.parked_at, lesson.key = 0, self.now, None
        lesson.rounds += 1
        return self._leave_flight(lesson)

    def fail(self, request_id: UUID, *, run: Run | None = None) -> list[Topic] | None:
        """Failed, by a run or from outside; None: there was nothing to fail."""
        lesson = self.requests.get(request_id)
        if lesson is None or (run is not None and self.held(run) is None):
            return None
        return self._end(lesson, Status.FAILED)

    def dead_letter(self, request_id: UUID, stage: Stage) -> list[Topic] | None:
        """A stage's message ran out of tries: fails what still needs that stage."""
        lesson = self.requests.get(request_id)
        if lesson is None or lesson.parked_at is not None or lesson.follows is not None:
            return None
        takes = lesson.asked.modality in stage.takes.get(lesson.status, frozenset())
        return self._end(lesson, Status.FAILED) if takes or lesson.status is stage.during else None

    def _end(self, lesson: Lesson, status: Status) -> list[Topic] | None:
        if not lesson.open:
            return None
        lesson.move(status)
        lesson.lease = lesson.parked_at = lesson.follows = None
        for (name, attempt), state in lesson.runs.items():
            if attempt == lesson.attempt and state is StageRunState.RUNNING:
                lesson.runs[name, attempt] = StageRunState.FAILED
        return self._leave_flight(lesson)

    # Flights

    def followers(self, leader: UUID) -> list[Lesson]:
        """Who follows a request, the oldest first."""
        return [lesson for lesson in self.requests.values() if lesson.follows == leader]

    def leader(self, key: str, *, apart_from: Lesson | None = None) -> Lesson | None:
        """Who makes the lesson of a key."""
        making = [
            lesson
            for lesson in self.requests.values()
            if lesson.key == key
            and lesson.follows is None
            and lesson.status in IN_PROGRESS
            and lesson is not apart_from
        ]
        assert len(making) <= 1, "two make the same lesson"
        return making[0] if making else None

    def _leave_flight(self, lesson: Lesson) -> list[Topic]:
        left = self.followers(lesson.id)
        for follower in left:
            follower.follows = None if follower is left[0] else left[0].id
        return [Topic.REQUEST_VALIDATED] if left else []

    # Students

    def submit(self, student: UUID, key: str | None, meaning: object) -> tuple[Entry, UUID | None]:
        """Whether a question is taken; `made` says which request it became."""
        account, today = self.accounts[student], self.now // DAY
        if key is not None and key in account.keys:
            known, request_id, _ = account.keys[key]
            return (Entry.REPEATED, request_id) if known == meaning else (Entry.KEY_REUSED, None)
        used = account.used if account.day == today else 0
        if used >= self.quota:
            return Entry.QUOTA_SPENT, None
        account.day, account.used = today, used + 1
        return Entry.ACCEPTED, None

    def made(
        self, request_id: UUID, student: UUID, asked: Asked, key: str | None, meaning: object, rounds: int
    ) -> None:
        """The request that an accepted question became."""
        self.requests[request_id] = Lesson(id=request_id, student=student, asked=asked, rounds=rounds)
        if key is not None:
            self.accounts[student].keys[key] = (meaning, request_id, self.now)

    def answer(self, request_id: UUID) -> bool:
        """Answered, and on again; False where nothing was asked."""
        lesson = self.requests[request_id]
        if lesson.parked_at is None:
            return False
        lesson.parked_at, lesson.sweeps = None, 0
        return True

    def cancel(self, request_id: UUID) -> list[Topic] | None:
        """Ended by the student; None where it had ended."""
        return self._end(self.requests[request_id], Status.CANCELLED)

    def retry(self, request_id: UUID) -> bool:
        """Begun anew; False where it did not fail."""
        lesson = self.requests[request_id]
        if lesson.status is not Status.FAILED:
            return False
        lesson.move(Status.PENDING)
        lesson.attempts_from = lesson.attempt
        lesson.progress = lesson.sweeps = 0
        lesson.key = lesson.digest = None
        return True

    def withdraw(self, student: UUID) -> None:
        """Part of an erasure: lessons that nobody else uses."""
        mine = {lesson.digest for lesson in self._of(student)}
        others = {lesson.digest for lesson in self.requests.values() if lesson.student != student}
        self.lessons = {key: digest for key, digest in self.lessons.items() if digest not in mine - others}

    def erased(self, student: UUID) -> None:
        """Last part: all rows are gone, of requests that had ended."""
        assert not [lesson for lesson in self._of(student) if lesson.open], "others may follow what was removed"
        self.remove({lesson.id for lesson in self._of(student)})
        del self.accounts[student]

    def _of(self, student: UUID) -> list[Lesson]:
        return [lesson for lesson in self.requests.values() if lesson.student == student]

    # Sweep

    def stuck(self, lesson: Lesson, changed_at: float) -> bool:
        """Whether the sweep gets a request going that changed last at this time."""
        if not lesson.open or lesson.parked_at is not None or lesson.follows is not None:
            return False
        if lesson.lease is not None:
            return lesson.lease <= self.now
        return changed_at <= self.now - SWEEP_SUCCESSOR_SECONDS

    def swept(self, lesson: Lesson) -> Topic | None:
        """A sweep is counted; the topic that gets the request going, None when it is given up."""
        lesson.sweeps += 1
        if lesson.sweeps > SWEEP_LIMIT:
            return None
        if lesson.status is Status.PENDING:
            return VALIDATE_REQUEST.listens
        stage = STAGE_BY_STATUS[lesson.status]
        return stage.listens if lesson.lease is not None else stage.then[lesson.asked.modality]

    def expire(self) -> None:
        """Questions that nobody answered in time."""
        for lesson in self.requests.values():
            if lesson.parked_at is not None and lesson.parked_at <= self.now - CLARIFICATION_DAYS * DAY:
                lesson.move(Status.CANCELLED)
                lesson.parked_at = None

    def forget_keys(self) -> None:
        """Calls that nobody repeats any more."""
        for account in self.accounts.values():
            limit = self.now - IDEMPOTENCY_DAYS * DAY
            account.keys = {key: call for key, call in account.keys.items() if call[2] > limit}

    def cleared(self, left: set[str]) -> None:
        """These lessons are left in the cache; of those that are gone nobody has one."""
        used = {lesson.digest for lesson in self.requests.values()}
        gone = {key: digest for key, digest in self.lessons.items() if key not in left}
        assert not used & set(gone.values()), "a lesson that somebody has was cleared away"
        self.lessons = {key: digest for key, digest in self.lessons.items() if key in left}

    def remove(self, gone: set[UUID]) -> None:
        """Rows are deleted, and what refers to them."""
        self.requests = {key: lesson for key, lesson in self.requests.items() if key not in gone}
        for lesson in self.requests.values():
            if lesson.follows in gone:
                lesson.follows = None
        for account in self.accounts.values():
            account.keys = {key: call for key, call in account.keys.items() if call[1] not in gone}

"""What can happen, one operation a step: each finds something to happen to, or tells that there is nothing."""

from dataclasses import dataclass

from hypothesis import strategies

from shared.crash_points import Step
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, LessonStyle, Modality
from shared.pipeline import (
    CLARIFICATION_DAYS,
    LEASE_SECONDS,
    STAGES,
    SWEEP_LIMIT,
    SWEEP_SUCCESSOR_SECONDS,
    VALIDATE_REQUEST,
    Stage,
)
from tests import factories
from tests.proofs.calls import GOOD, Students
from tests.proofs.expected import DAY
from tests.proofs.expected_state import Asked
from tests.proofs.plans import AT_WORK, MIRROR_DELETE, MIRROR_WRITE, Event, Meanwhile, Plan, Result, places
from tests.proofs.world import RETENTION_DAYS

NEWEST = -1
SKY = Asked("why is the sky blue")


@dataclass(frozen=True)
class Operation:
    """`pick` says which of those that it can happen to."""

    pick: int = 0
    plan: Plan = GOOD

    def happen(self, world: Students) -> bool:
        """Let it happen; False when there was nothing for it to happen to."""
        raise NotImplementedError


@dataclass(frozen=True)
class TimePasses(Operation):
    """Nobody does anything."""

    seconds: int = LEASE_SECONDS + 1

    def happen(self, world: Students) -> bool:
        world.wait(self.seconds)
        return bool(world.expected.requests)


@dataclass(frozen=True)
class Submit(Operation):
    """A student asks."""

    asked: Asked = SKY
    key: str | None = None

    def happen(self, world: Students) -> bool:
        world.submit(world.students[self.pick % len(world.students)], self.asked, self.key, self.plan)
        return True


@dataclass(frozen=True)
class Crowd(Operation):
    """All ask the same, and all are understood before the first is on its way."""

    asked: Asked = SKY

    def happen(self, world: Students) -> bool:
        for student in world.students:
            world.submit(student, self.asked, None, GOOD)
        for letter in world.post.waiting(announcements=False):
            if letter.topic is VALIDATE_REQUEST.listens:
                world.deliver(letter, GOOD)
        return True


@dataclass(frozen=True)
class Deliver(Operation):
    """A message that waits is delivered; where none does, a student asks."""

    def happen(self, world: Students) -> bool:
        letter = world.letter(self.pick, waiting=True)
        if letter is None:
            return Submit(self.pick).happen(world)
        world.deliver(letter, self.plan)
        return True


@dataclass(frozen=True)
class DeliverOnceMore(Operation):
    """A message is delivered that was delivered before, however long ago."""

    def happen(self, world: Students) -> bool:
        letter = world.letter(self.pick, waiting=False)
        if letter is not None:
            world.deliver(letter, self.plan)
        return letter is not None


@dataclass(frozen=True)
class Stray(Operation):
    """A message comes that nobody sent: for any stage, about any request."""

    stage: Stage = VALIDATE_REQUEST

    def happen(self, world: Students) -> bool:
        # Best about one that nobody may claim.
        still = [one for one in world.expected.requests.values() if one.follows or one.parked_at is not None]
        lesson = still[self.pick % len(still)] if still and self.pick % 3 else world.request(self.pick)
        if lesson is not None:
            world.stray(lesson, self.stage, self.plan)
        return lesson is not None


@dataclass(frozen=True)
class Mirror(Operation):
    """An announcement is delivered."""

    def happen(self, world: Students) -> bool:
        waiting = world.post.waiting(announcements=True)
        if waiting:
            world.deliver(waiting[self.pick % len(waiting)], self.plan)
        return bool(waiting)


@dataclass(frozen=True)
class DeadLetter(Operation):
    """A message, as old as it may be, ran out of deliveries."""

    def happen(self, world: Students) -> bool:
        letter = world.letter(self.pick, waiting=self.pick % 2 == 0)
        if letter is not None:
            world.dead_letter(letter, self.plan)
        return letter is not None


@dataclass(frozen=True)
class Answer(Operation):
    """A student answers what was asked, or what was not; perhaps twice."""

    twice: bool = False

    def happen(self, world: Students) -> bool:
        lesson = world.request(self.pick, parked=True)
        if lesson is not None:
            world.answer(lesson, self.plan)
            if self.twice:
                world.answer(lesson, GOOD)
        return lesson is not None


@dataclass(frozen=True)
class Cancel(Operation):
    """A student has enough."""

    def happen(self, world: Students) -> bool:
        lesson = world.request(self.pick)
        if lesson is not None:
            world.cancel(lesson, self.plan)
        return lesson is not None


@dataclass(frozen=True)
class Retry(Operation):
    """A student tries again."""

    def happen(self, world: Students) -> bool:
        lesson = world.request(self.pick, Status.FAILED)
        if lesson is not None:
            world.retry(lesson, self.plan)
        return lesson is not None


@dataclass(frozen=True)
class Feedback(Operation):
    """A student says what a lesson is worth."""

    kind: FeedbackKind = FeedbackKind.HELPFUL
    key: str | None = None

    def happen(self, world: Students) -> bool:
        lesson = world.request(self.pick, Status.COMPLETED)
        if lesson is not None:
            world.feedback(lesson, self.kind, self.key and f"f-{self.key}", self.plan)
        return lesson is not None


@dataclass(frozen=True)
class Sweep(Operation):
    """The scheduler ticks, after some time."""

    seconds: int = SWEEP_SUCCESSOR_SECONDS + 1

    def happen(self, world: Students) -> bool:
        world.wait(self.seconds)
        world.sweep(self.plan)
        return bool(world.expected.requests)


@dataclass(frozen=True)
class Neglect(Operation):
    """A request has been swept for so long that the next time is one too many."""

    def happen(self, world: Students) -> bool:
        lesson = world.request(self.pick)
        if lesson is None:
            return False
        factories.update(world.engine, lesson.id, sweeps=SWEEP_LIMIT)
        lesson.sweeps = SWEEP_LIMIT
        world.wait(SWEEP_SUCCESSOR_SECONDS + 1)
        world.sweep(self.plan)
        return True


@dataclass(frozen=True)
class Erase(Operation):
    """A student leaves, and another comes."""

    def happen(self, world: Students) -> bool:
        number = self.pick % len(world.students)
        world.erase(world.students[number], self.plan)
        if world.students[number] not in world.expected.accounts:
            world.enrol(number)
        return True


# Some things happen more often than others.
RESULTS = [Result.GOOD, Result.GOOD, Result.ASK, *Result]
# Where a run is overtaken in its most delicate moments, by what is worst for it.
DELICATE = [AT_WORK, *places(Step.CLAIM, Step.FINISH), f"before_{Step.PUBLISH}", f"before_{Step.NOTE_SENT}"]
WORST = [Event.WAIT, Event.TAKE_OVER, Event.TAKEN, Event.TAKEN, Event.CANCEL, Event.ERASE]
KINDS = [FeedbackKind.SIMPLER, FeedbackKind.HELPFUL]
DAYS = [days * DAY for days in (1, CLARIFICATION_DAYS + 1, RETENTION_DAYS + 1)]
RUN_PLACES = [
    *4 * [AT_WORK],
    *places(Step.CLAIM, Step.FINISH, Step.PUBLISH, Step.ANNOUNCE, Step.PROGRESS, Step.TELL, Step.NOTE_SENT),
    *places(Step.RELEASE, Step.FAIL, Step.SPEND, Step.NOTE_GIVEN_UP, Step.BEGIN_LESSON, Step.RENEW),
]
CALL_PLACES = places(Step.PUBLISH, Step.ANNOUNCE)
SWEEP_PLACES = [
    *places(Step.COUNT_SWEEP, Step.PUBLISH, Step.EXPIRE, Step.FAIL),
    *[MIRROR_DELETE, *places(Step.REMOVE, Step.CLEAR_LESSON, Step.FORGET_KEYS)],
]

numbers = strategies.sampled_from(range(12))
any_number = strategies.sampled_from(range(400))
waits = strategies.sampled_from([*4 * [LEASE_SECONDS + 1], *3 * [SWEEP_SUCCESSOR_SECONDS + 1], *DAYS])
keys = strategies.sampled_from([None, None, "k1", "k2"])
asked = strategies.builds(
    Asked,
    strategies.sampled_from([SKY.query, SKY.query, "how do plants eat"]),
    strategies.sampled_from([*5 * [Modality.TEXT], Modality.AUDIO, Modality.VIDEO]),
    strategies.sampled_from([*5 * [LessonStyle.BALANCED], LessonStyle.SIMPLE]),
)


def plans(here: list[str], *, results: list[Result] | None = None) -> strategies.SearchStrategy[Plan]:
    """Some go well, some die, and in some there happens something else meanwhile."""
    place = strategies.sampled_from(here)
    common = {
        "result": strategies.sampled_from(results or [Result.GOOD]),
        "reports": strategies.booleans(),
        "refused": strategies.sampled_from([False, False, True]),
    }
    meanwhile = strategies.builds(Meanwhile, place, strategies.sampled_from(Event), numbers)
    dying = strategies.builds(Plan, dies_at=place, **common)
    disturbed = strategies.builds(Plan, meanwhile=meanwhile, dies_at=strategies.none() | place, **common)
    return strategies.just(GOOD) | dying | disturbed


def at(*steps: Step) -> list[str]:
    """Where a call may die: at its own commit, or as it tells the others."""
    return [*places(*steps), *CALL_PLACES]


overtaken = strategies.builds(
    Plan,
    meanwhile=strategies.builds(
        Meanwhile, strategies.sampled_from(DELICATE), strategies.sampled_from(WORST), any_number
    ),
    reports=strategies.booleans(),
)
run_plans = plans(RUN_PLACES, results=RESULTS) | overtaken
results = strategies.builds(Plan, result=strategies.sampled_from(RESULTS))
build = strategies.builds
# `one_of` would take each as often as the other.
WEIGHTED = [
    build(TimePasses, seconds=waits),
    *2 * [build(Submit, numbers, plans(at(Step.SUBMIT)), asked, keys)],
    *2 * [build(Submit, numbers, asked=asked)],
    build(Crowd, asked=asked),
    *5 * [build(Deliver, numbers, run_plans)],
    *5 * [build(Deliver, strategies.just(NEWEST), run_plans)],
    *4 * [build(Deliver, strategies.just(NEWEST))],
    *3 * [build(Deliver, strategies.just(NEWEST), overtaken)],
    *2 * [build(DeliverOnceMore, any_number, results)],
    *2 * [build(Stray, numbers, results, strategies.sampled_from(STAGES))],
    *2 * [build(Mirror, any_number, plans([MIRROR_WRITE, MIRROR_DELETE]))],
    *1 * [build(DeadLetter, any_number, plans(at(Step.FAIL)))],
    *2 * [build(Answer, numbers, plans(at(Step.ANSWER)), strategies.booleans())],
    *1 * [build(Cancel, numbers, plans(at(Step.CANCEL)))],
    *2 * [build(Retry, numbers, plans(at(Step.RETRY)))],
    *1 * [build(Feedback, numbers, plans(at(Step.RATE, Step.SUBMIT)), strategies.sampled_from(KINDS), keys)],
    *2 * [build(Sweep, plan=plans(SWEEP_PLACES), seconds=strategies.just(0) | waits)],
    build(Neglect, numbers, plans(SWEEP_PLACES)),
    build(Erase, numbers, plans([MIRROR_DELETE, *at(Step.ERASE)])),
]
operations: strategies.SearchStrategy[Operation] = strategies.sampled_from(WEIGHTED).flatmap(lambda chosen: chosen)

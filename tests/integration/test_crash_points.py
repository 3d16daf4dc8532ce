"""A process that dies before or after any commit or publish loses nothing and does nothing twice.

The places are not listed by hand: they stand in the code around each commit and publish, a test reads the code and
refuses one without, and what each delivery, call or tick reaches is recorded before it is made to die there.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import pytest
import sqlalchemy as sa

from shared import crash_points, runs
from shared.crash_points import Step
from shared.db import sweeping
from shared.errors import PipelineError
from tests.crashing import Crash, dying_at, reached
from tests.fakes import FakeServices
from tests.integration import crash_code
from tests.integration.api_client import caller
from tests.integration.conftest import serving
from tests.integration.crash_cases import CASES, Case
from tests.integration.crash_world import World

# A channel has accepted, and the record does not know it yet: what dies here says it again, with the same id.
UNTOLD = frozenset({f"after_{Step.TELL}", f"before_{Step.NOTE_SENT}"})
BY_NAME = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))

Make = Callable[[Case], World]


@pytest.fixture
def world(database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes the world of a case, on a database that the cases of a test have one after another."""
    monkeypatch.setattr(sweeping, "SWEEP_SUCCESSOR_SECONDS", 0)  # a minute passes between two sweeps
    services = FakeServices(engine=database)
    serve = serving(services, monkeypatch)
    next(serve)

    def make(case: Case) -> World:
        fresh = FakeServices(engine=database)
        services.__dict__.update(fresh.__dict__)
        monkeypatch.setattr(runs, "LEASE_SECONDS", 0 if case.renewing else 15)
        return World(services, caller(services))

    yield make
    crash_points.observe(None)
    next(serve, None)


def undisturbed(case: Case, world: World) -> tuple[list[str], dict[str, Any]]:
    """The places that a case reaches, and what comes of it."""
    act = case.prepare(world)
    with reached() as trace:
        try_once(act)
    places = list(trace)
    world.acknowledged(act)
    world.come_to_rest()
    return places, world.outcome()


def try_once(act: Callable[[], None]) -> None:
    """Do it; an error of ours is what the bus hears, and delivers again."""
    with suppress(PipelineError):
        act()


def dies(act: Callable[[], None], place: str, nth: int) -> bool:
    """Do it until it dies there; nothing is committed or published by whatever unwinds thereafter."""
    with dying_at(place, nth) as trace:
        try:
            try_once(act)
        except Crash:
            assert trace.count(place) == nth
            assert trace[-1] == place, "a dead process went on"
            return True
    return False


@BY_NAME
def test_whatever_dies_anywhere_comes_to_the_same_end(case: Case, world: Make) -> None:
    places, expected = undisturbed(case, world(case))
    assert places

    for times in (1, 2) if case.twice else (1,):
        for index, place in enumerate(places):
            nth = places[: index + 1].count(place)
            where = f"{case.name}: died {times} times at {place} ({nth})"
            this = world(case)
            act = case.prepare(this)
            assert dies(act, place, nth), where
            this.pass_time()
            if times == 2:
                dies(act, place, nth)
                this.pass_time()

            this.acknowledged(act)
            this.come_to_rest()

            assert this.outcome() == expected, where
            assert this.repeats() <= (times if place in UNTOLD else 0), where


def test_every_place_of_the_code_is_reached_by_a_case(world: Make) -> None:
    seen = set(chain.from_iterable(undisturbed(case, world(case))[0] for case in CASES))
    assert seen == set(crash_points.POINTS)


def test_each_commit_and_publish_of_the_code_stands_between_two_places() -> None:
    assert crash_code.unguarded() == []


def test_each_place_stands_in_the_code_once() -> None:
    assert crash_code.uses_of_steps() == {step.name: 1 for step in Step}


def test_what_writes_is_known_by_its_statements() -> None:
    """The test above knows nothing of what it does not take for a write."""
    assert {"claims.claim", "outcomes.finish", "outcomes.settle", "actions.cancel"} <= crash_code.writers()
    assert {"notifications.record_sent", "submissions.submit", "sweeping.stuck_requests"} <= crash_code.writers()
    assert not {"views.request_view", "snapshots.snapshot", "notifications.recipients"} & crash_code.writers()

"""The harness sees what it looks for: each invariant that is broken on purpose is found, by the check that is to."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from shared.crash_points import Step
from shared.pipeline import GENERATE_SCRIPT, PROCESS_VIDEO, RETRIEVE_CONTENT
from tests.chaos.command import exit_code
from tests.chaos.dooms import Doom
from tests.chaos.harness import Ground
from tests.chaos.messages import Again
from tests.chaos.mutations import MUTATIONS
from tests.chaos.options import Options
from tests.chaos.questions import Kind
from tests.chaos.report import Report, shortfalls

SCALE = Fraction(1, 15)
FURTHER_SEEDS = 3
BEFORE_FINISH, AFTER_CLAIM = f"before_{Step.FINISH}", f"after_{Step.CLAIM}"
# A run in which nothing but the provocation happens: what it does to a mutation does not hang on the machine's speed.
QUIET: dict[str, Any] = {"requests": 4, "kills": 0, "duplicates": 0.0, "reorder": 0.0, "settle_seconds": 60.0}
ALL_AT_ONCE: dict[str, Any] = {"requests": 3, "kinds": (Kind.SHARED,), "work_seconds": 0.4}
PROVOKED: dict[str, dict[str, Any]] = {
    "claim ignores leases": {"again": Again.BESIDE, "work_seconds": 0.3},
    "claim takes the finished": {"again": Again.AFTER},
    "claim takes any status": {"again": Again.LATE},
    # The duplicate takes over what the frozen process held, and is at work when that one wakes and records.
    "finish without a fence": {
        "again": Again.BESIDE,
        "work_seconds": 0.8,
        "waking": 0.0,
        "planned": tuple(
            (stage.name, Doom(place=BEFORE_FINISH, sign=signal.SIGSTOP))
            for stage in (RETRIEVE_CONTENT, GENERATE_SCRIPT)
            for _ in range(2)
        ),
    },
    "leases for ever": {
        "planned": tuple((stage.name, Doom(place=AFTER_CLAIM)) for stage in (RETRIEVE_CONTENT, PROCESS_VIDEO))
    },
    "released as finished": {"requests": 24, "kinds": (Kind.FLAKY,)},
    "what was sent is forgotten": {"requests": 24, "unaccepted": 0.5},
    "nobody is followed": ALL_AT_ONCE,
    "followers are left behind": ALL_AT_ONCE,
}


class Runs:
    """Runs of the harness on one ground."""

    def __init__(self, runner: asyncio.Runner, ground: Ground) -> None:
        self._runner = runner
        self._ground = ground

    def run(self, **options: Any) -> Report:
        return self._runner.run(self._ground.run(Options(**{"scale": SCALE, **QUIET, **options})))


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One PostgreSQL and one launcher for all runs here."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        ground = runner.run(stack.enter_async_context(Ground.opened(SCALE)))
        yield Runs(runner, ground)
        runner.run(stack.aclose())


@pytest.mark.parametrize(
    "options",
    [
        {"again": Again.AFTER},
        {"again": Again.LATE},
        {
            **PROVOKED["finish without a fence"],
            "requests": 24,
            "kinds": (Kind.PLAIN, Kind.FLAKY, Kind.SHARED),
            "work_seconds": 0.2,
            "unaccepted": 0.3,
        },
        PROVOKED["leases for ever"],
    ],
    ids=["after", "late", "beside", "killed"],
)
def test_unbroken_every_provocation_passes(options: dict[str, Any], runs: Runs) -> None:
    report = runs.run(**options, settle_seconds=None)
    assert exit_code(report) == 0, report.lines()


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_invariant_is_seen(name: str, runs: Runs) -> None:
    # The provocations are no matter of luck, save that a machine may stand still for as long as a stage's work lasts.
    for seed in range(1, 2 + FURTHER_SEEDS):
        report = runs.run(mutation=name, seed=seed, **PROVOKED.get(name, {}))
        found = sorted(kind for kind, texts in report.violations.items() if texts)
        print(f"{name}: seed {seed}, seen as {', '.join(found) or 'nothing'}")
        if MUTATIONS[name].seen_as & set(found):
            break

    assert exit_code(report) == 1
    assert MUTATIONS[name].seen_as & set(found), report.lines()


def test_too_little_of_anything_is_no_success(runs: Runs) -> None:
    """A run in which nothing happened would have no violations either."""
    report = runs.run(requests=6)
    assert exit_code(report) == 0, report.lines()

    asked = Options(requests=8, kills=2, pg_restarts=1, duplicates=0.5, reorder=0.5)
    short = shortfalls(asked, {**report.figures, "worked": 2, "ended_by_themselves": 1}, lessons=6, published=100)

    assert short == [
        "submitted: 6 of 8",
        "kills: 0 of 2",
        "pg_restarts: 0 of 1",
        "worked: 2 of 6",
        "duplicates: 0 of 21",
        "reordered: 0 of 21",
        "1 processes ended by themselves",
    ]
    assert exit_code(replace(report, shortfalls=short)) == 1

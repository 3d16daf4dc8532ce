"""The harness sees what it looks for: each invariant that is broken on purpose is found, by the check that is to."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tests.chaos.command import exit_code
from tests.chaos.harness import Ground
from tests.chaos.mutations import MUTATIONS
from tests.chaos.options import Options
from tests.chaos.report import Report, shortfalls

SCALE = Fraction(1, 15)
# As little of each fault as it takes to bring the fault of the code to light.
SMALL: dict[str, Any] = {"requests": 16, "kills": 0, "duplicates": 0.0, "reorder": 0.0, "settle_seconds": 30.0}
MIXED: dict[str, Any] = {"requests": 40, "plain": False, "work_seconds": 0.01}
PROVOKED: dict[str, dict[str, Any]] = {
    "claim ignores leases": {"duplicates": 1.0, "work_seconds": 0.1},
    "claim takes the finished": {"duplicates": 1.0},
    "claim takes any status": {"duplicates": 1.0},
    "finish without a fence": {"zombies": 6, "work_seconds": 0.4, "seconds": 1.0, "freeze_at": ("before_finish",)},
    "leases for ever": {"kills": 6, "seconds": 1.0, "requests": 8},
    "released as finished": MIXED,
    "what was sent is forgotten": {"work_seconds": 0.01, "requests": 40},
    "nobody is followed": MIXED,
    "followers are left behind": MIXED,
}


class Runs:
    """Runs of the harness on one ground."""

    def __init__(self, runner: asyncio.Runner, ground: Ground) -> None:
        self._runner = runner
        self._ground = ground

    def run(self, **options: Any) -> Report:
        return self._runner.run(self._ground.run(Options(**{"scale": SCALE, **SMALL, **options})))


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One PostgreSQL and one launcher for all runs here."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        ground = runner.run(stack.enter_async_context(Ground.opened(SCALE)))
        yield Runs(runner, ground)
        runner.run(stack.aclose())


def test_unbroken_every_provocation_passes(runs: Runs) -> None:
    report = runs.run(
        duplicates=1.0, work_seconds=0.02, zombies=2, seconds=1.0, plain=False, requests=30, settle_seconds=None
    )
    assert exit_code(report) == 0, report.lines()


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_invariant_is_seen(name: str, runs: Runs) -> None:
    report = runs.run(mutation=name, **PROVOKED.get(name, {}))

    assert exit_code(report) == 1
    assert report.violations[MUTATIONS[name].seen_as], report.lines()


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
        "duplicates: 0 of 15",
        "reordered: 0 of 15",
        "1 processes ended by themselves",
    ]
    assert exit_code(replace(report, shortfalls=short)) == 1

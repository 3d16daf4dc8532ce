"""Runs that die, in this process, at a named place of `shared.crash_points`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shared import crash_points
from shared.crash_points import Step

# What a stage's run reaches that goes well at its first delivery.
OF_A_RUN: Final = tuple(
    f"{side}_{step}" for step in (Step.CLAIM, Step.ANNOUNCE, Step.FINISH, Step.PUBLISH) for side in ("before", "after")
)


class Crash(BaseException):
    """The process dies here: nothing may catch it."""


@contextmanager
def reached() -> Iterator[list[str]]:
    """The places that are reached in the block, in order."""
    trace: list[str] = []
    crash_points.observe(trace.append)
    try:
        yield trace
    finally:
        crash_points.observe(None)


@contextmanager
def dying_at(point: str, nth: int = 1) -> Iterator[list[str]]:
    """Let the block die where it reaches the place for the n-th time; yields all that was reached, also thereafter."""
    trace: list[str] = []

    def observer(place: str) -> None:
        trace.append(place)
        if place == point and trace.count(point) == nth:
            raise Crash(f"{point} {nth}")

    crash_points.observe(observer)
    try:
        yield trace
    finally:
        crash_points.observe(None)

"""How a process ends, or freezes, from within: exactly at a named place of the code, or in the midst of its work.

A doom is given to a process as it is made. What it waits for may never come about: then it strikes a moment after the
process has taken so many deliveries.
"""

import os
import random
import signal
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from shared import crash_points
from shared.crash_points import Step

IN_WORK: Final = "in_work"  # some moment after the stage's work began
ANY_MOMENT: Final = "any_moment"  # some moment after a delivery began
OF_EVERY_RUN: Final = (Step.CLAIM, Step.FINISH, Step.PUBLISH, Step.ANNOUNCE)
OF_NOTIFYING: Final = (Step.CLAIM, Step.FINISH, Step.ANNOUNCE, Step.TELL, Step.NOTE_SENT)
OF_THE_API: Final = (Step.SUBMIT, Step.PUBLISH, Step.ANNOUNCE, Step.ANSWER, Step.CANCEL, Step.RETRY)
OF_THE_SWEEP: Final = (Step.COUNT_SWEEP, Step.PUBLISH, Step.FREE_FLIGHT)
# Reached in some runs alone.
NOW_AND_THEN: Final = (Step.PROGRESS, Step.RENEW, Step.RELEASE, Step.FAIL, Step.SPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """What befalls a process, and where."""

    place: str
    nth: int = 1  # time that the place is reached
    sign: int = signal.SIGKILL
    deliveries: int = 4  # after so many it strikes anyway
    patience: float = 0.02  # seconds within which it strikes where the moment is left to chance

    def spelled(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def read(cls, spelled: dict[str, Any]) -> Self:
        """From JSON."""
        return cls(**spelled)


def places(steps: tuple[Step, ...]) -> list[str]:
    """The places before and after these steps."""
    return [f"{side}_{step}" for step in steps for side in ("before", "after")]


class Fate:
    """Carries a doom out in this process."""

    def __init__(self, doom: Doom | None, *, seed: str, note: Callable[[str], None]) -> None:
        self._doom = doom
        self._chance = random.Random(seed)
        self._note = note
        self._lock = threading.Lock()
        self._reached = 0
        self._deliveries = 0

    def watch(self) -> None:
        """Have the places of the code told to this."""
        if self._doom is not None and self._doom.place not in (IN_WORK, ANY_MOMENT):
            crash_points.observe(self._at)

    def delivered(self) -> None:
        """A delivery begins."""
        with self._lock:
            self._deliveries += 1
            due = self._doom is not None and self._deliveries == self._doom.deliveries
        if due:
            self._strike_soon()
        self._at(ANY_MOMENT)

    def working(self) -> None:
        """A stage's work begins."""
        self._at(IN_WORK)

    def _at(self, place: str) -> None:
        doom = self._doom
        if doom is None or doom.place != place:
            return
        with self._lock:
            self._reached += 1
            if self._reached != doom.nth:
                return
        if place in (IN_WORK, ANY_MOMENT):
            self._strike_soon()
        else:
            self._strike(place)

    def _strike_soon(self) -> None:
        if self._doom is not None:
            wait = self._chance.uniform(0.0, self._doom.patience)
            timer = threading.Timer(wait, self._strike, (self._doom.place,))
            timer.daemon = True
            timer.start()

    def _strike(self, place: str) -> None:
        with self._lock:
            doom, self._doom = self._doom, None
        if doom is not None:
            self._note(place)
            os.kill(os.getpid(), doom.sign)

"""How one operation is to go: what a stage's work comes to, where the process dies, what happens in the midst of it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from shared.crash_points import Step
from tests.crashing import Crash

__all__ = ["AT_WORK", "MIRROR_DELETE", "MIRROR_WRITE", "Crash", "Event", "Meanwhile", "Plan", "Result", "places"]

# Places beside those of the code, of our stand-ins.
AT_WORK: Final = "at_work"
MIRROR_WRITE: Final = "mirror_write"
MIRROR_DELETE: Final = "mirror_delete"


class Result(Enum):
    """What the work of a stage comes to."""

    GOOD = auto()
    ASK = auto()
    TRANSIENT = auto()
    UNFORESEEN = auto()
    PERMANENT = auto()


class Event(Enum):
    """What can happen while something else is going on."""

    WAIT = auto()  # until every lease has run out
    AGAIN = auto()  # the same message is delivered beside
    TAKE_OVER = auto()  # the same, once the lease has run out
    TAKEN = auto()  # the same, and whoever took over dies at once
    NEXT = auto()  # another message is delivered
    SUBMIT = auto()
    ANSWER = auto()
    CANCEL = auto()
    RETRY = auto()
    SWEEP = auto()
    DEAD_LETTER = auto()
    ERASE = auto()


@dataclass(frozen=True)
class Meanwhile:
    """Something happens at a place; `pick` says to what."""

    place: str
    event: Event
    pick: int = 0


@dataclass(frozen=True)
class Plan:
    """One operation's fate."""

    result: Result = Result.GOOD
    reports: bool = False  # whether the work reports progress
    dies_at: str | None = None
    meanwhile: Meanwhile | None = None
    refused: bool = False  # whether the bus refuses the first message that is no announcement


def places(*steps: Step) -> list[str]:
    """The places before and after these steps."""
    return [f"{side}_{step}" for step in steps for side in ("before", "after")]

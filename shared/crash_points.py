"""Named places before and after each commit and each publish, where tests let a run die. In production nothing happens.

    with around(Step.CLAIM), single_statement(engine) as connection: …

reaches `before_claim` before the connection is taken and `after_claim` once the statement is committed. A test reads
the code and refuses a commit or a publish that has no such places around it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """What is committed or published between two places. Each stands in the code once."""

    CLAIM = "claim"  # the stages' runs
    RENEW = "renew"
    PROGRESS = "progress"
    BEGIN_LESSON = "begin_lesson"
    FINISH = "finish"  # whatever the outcome: handed on, completed, settled, asked back
    RELEASE = "release"
    SPEND = "spend"
    FAIL = "fail"
    PUBLISH = "publish"  # a stage's message, whoever publishes it
    ANNOUNCE = "announce"
    TELL = "tell"  # notify_student: a channel's own acceptance
    NOTE_SENT = "note_sent"
    NOTE_GIVEN_UP = "note_given_up"
    SUBMIT = "submit"  # api
    ANSWER = "answer"
    CANCEL = "cancel"
    RETRY = "retry"
    RATE = "rate"
    ERASE = "erase"
    COUNT_SWEEP = "count_sweep"  # sweep
    EXPIRE = "expire"
    FREE_FLIGHT = "free_flight"
    REMOVE = "remove"
    CLEAR_LESSON = "clear_lesson"
    FORGET_KEYS = "forget_keys"
    FORGET_TRIES = "forget_tries"


POINTS: Final = tuple(f"{side}_{step}" for step in Step for side in ("before", "after"))

_observer: Callable[[str], None] | None = None


@contextmanager
def around(step: Step) -> Iterator[None]:
    """Reach the place before the block, and the one after it unless the block raises."""
    _reach(f"before_{step}")
    yield
    _reach(f"after_{step}")


def _reach(point: str) -> None:
    if _observer is not None:
        _observer(point)


def observe(observer: Callable[[str], None] | None) -> None:
    """Have every place told to `observer` as it is reached, which may raise; None to stop."""
    global _observer
    _observer = observer

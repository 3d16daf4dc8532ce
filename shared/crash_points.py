"""Named places around each commit and publish, where tests let a run die. In production they do nothing."""

from collections.abc import Callable
from typing import Final

from shared.pipeline import Stage

POINTS: Final = ("before_claim", "after_claim", "before_finish", "before_publish", "after_publish")

_observer: Callable[[str, Stage], None] | None = None


def reach(point: str, stage: Stage) -> None:
    """Say that a run reached this point."""
    if _observer is not None:
        _observer(point, stage)


def observe(observer: Callable[[str, Stage], None] | None) -> None:
    """Have every point told to `observer`, which may raise; None to stop."""
    global _observer
    _observer = observer

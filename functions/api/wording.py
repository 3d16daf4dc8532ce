"""What students read about a request: sentences for codes, and whether trying again may help."""

from collections.abc import Mapping
from typing import Final

from shared.enums import DegradedReason
from shared.errors import AttemptsExhausted, ContentNotFound, ContentRefused
from shared.pipeline import VALIDATE_REQUEST

DEGRADED: Final[Mapping[str, str]] = {
    DegradedReason.GENERIC_INTEREST: "No comparisons from your interest are known yet, so everyday ones are used.",
    DegradedReason.SHORTER: "The books hold too little on this for the length you asked for, so the lesson is shorter.",
    DegradedReason.NO_ILLUSTRATION: "A picture could not be made, so a drawing stands in its place.",
    DegradedReason.ESTIMATED_TIMINGS: "The voice gave no timings: captions and drawings may be a little early or late.",
}
_UNNAMED: Final = "A part of this lesson is simpler than it was meant to be."

# The question itself is the reason: the same question ends the same way.
_FINAL: Final = frozenset({ContentRefused.code, ContentNotFound.code})


def degraded(code: str) -> str:
    """Say what a reason means for the lesson."""
    return DEGRADED.get(code, _UNNAMED)


def retryable(code: str, stage: str | None) -> bool:
    """Tell whether a failed request may succeed when it is tried again as it is."""
    if code == AttemptsExhausted.code:
        return True
    return code not in _FINAL and stage != VALIDATE_REQUEST.name


def notification(topic: str) -> str:
    """Say that a lesson is ready."""
    return f"Your lesson on {topic} is ready." if topic else "Your lesson is ready."

"""The gate that every script passes, whoever wrote it: checked, revised once, pruned, checked again, or refused."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from shared import log
from shared.enums import DegradedReason
from shared.errors import InvalidStoryboard, PipelineError
from shared.lesson import interests
from shared.lesson.grounding import measure
from shared.lesson.limits import LENGTH_TOLERANCE
from shared.lesson.pruning import pruned, renumbered
from shared.lesson.rules import Rule, Violation, check, spoken_seconds
from shared.lesson.storyboard import Storyboard
from shared.services import LessonBrief, Writer

# What code mends by itself, or writes itself: asking the writer again would change nothing.
_CODES_OWN: Final = frozenset(
    {Rule.CUE_MISSING, Rule.HIDDEN_CHARACTER, Rule.SCENE_ORDER, Rule.CREDITS_MISSING, Rule.CREDITS_FOREIGN}
)


@dataclass(frozen=True)
class Passed:
    """A storyboard that may be made into a lesson, and what it took."""

    storyboard: Storyboard
    found: Mapping[str, int]  # violations of the script as it was written, by rule
    revised: Mapping[str, int] | None  # those that were left after the writer's revision; None where there was none
    dropped: Mapping[str, int]  # what was left out, by what it was

    def as_output(self) -> dict[str, Any]:
        """The report for operators: counts, never texts."""
        report: dict[str, Any] = {
            "supported_share": self.storyboard.supported_share,
            "claims": self.storyboard.claims,
            "violations": dict(self.found),
        }
        if self.revised is not None:
            report["violations_after_revision"] = dict(self.revised)
        if self.dropped:
            report["dropped"] = dict(self.dropped)
        return report


def passed(
    storyboard: Storyboard,
    brief: LessonBrief,
    writer: Writer,
    *,
    fitted: Callable[[Storyboard], Storyboard] = lambda storyboard: storyboard,
) -> Passed:
    """Return the storyboard as it may be made; raise InvalidStoryboard where it cannot be brought within the rules.

    `fitted` leaves out what cannot be drawn, where the lesson is to be drawn.
    """
    storyboard = _of_the_brief(storyboard, brief)
    first = check(storyboard, brief.passages)
    left: Sequence[Violation] | None = None
    if {violation.code for violation in first} - _CODES_OWN:
        storyboard, left = _revised(storyboard, brief, writer, first)
    known = {passage.passage_id: passage for passage in brief.passages}
    result = pruned(storyboard, known)
    scenes = len(storyboard.scenes)
    storyboard = fitted(result.storyboard)
    found = measure(storyboard, known)  # whatever the writer said of it
    storyboard = storyboard.model_copy(update={"supported_share": found.share, "claims": found.claims})
    storyboard = _declared(storyboard, lost_scenes=len(storyboard.scenes) < scenes)
    problems = check(storyboard, brief.passages)
    if problems:
        rules = sorted({violation.code for violation in problems})
        raise InvalidStoryboard(
            f"storyboard breaks {', '.join(rules)}",
            rules=rules,
            found=_counts(first),
            dropped={what: number for what, number in result.dropped.items() if number},
        )
    return Passed(
        storyboard=storyboard,
        found=_counts(first),
        revised=None if left is None else _counts(left),
        dropped={what: number for what, number in sorted(result.dropped.items()) if number},
    )


def _revised(
    storyboard: Storyboard, brief: LessonBrief, writer: Writer, violations: Sequence[Violation]
) -> tuple[Storyboard, Sequence[Violation]]:
    """The writer's revision and what it left, where it is better; a revision that cannot be had is done without."""
    asked = [violation for violation in violations if violation.code not in _CODES_OWN]
    try:
        revision = _of_the_brief(writer.revise(brief, storyboard, asked), brief)
    except PipelineError as error:
        log.event("a revision could not be had", level=logging.WARNING, error_type=type(error).__name__)
        return storyboard, violations
    left = check(revision, brief.passages)
    return (revision, left) if len(left) < len(violations) else (storyboard, violations)


def _of_the_brief(storyboard: Storyboard, brief: LessonBrief) -> Storyboard:
    """The storyboard with what was asked for as it was asked for, its scenes counted: no writer decides that."""
    known = interests.find(brief.interest) if brief.interest.strip() else None
    names = {"", known.display if known else "", interests.sayable(brief.interest)}
    own = storyboard.model_copy(
        update={
            "scenes": renumbered(storyboard.scenes),
            "grade_level": brief.grade_level,
            "style": brief.style,
            "language": brief.language.lower().partition("-")[0],
            "duration_seconds": brief.duration_seconds,
            "interest": storyboard.interest if storyboard.interest in names else "",
            "degraded": [reason for reason in storyboard.degraded if reason in set(DegradedReason)],
        }
    )
    try:
        return Storyboard.model_validate(own.model_dump())
    except ValidationError:
        # Its text would repeat the writer's.
        raise InvalidStoryboard("what was written is no storyboard") from None


def _declared(storyboard: Storyboard, *, lost_scenes: bool) -> Storyboard:
    """The storyboard, saying whether it is shorter than it was asked to be, or was written."""
    degraded = {*storyboard.degraded} - {DegradedReason.SHORTER.value}
    if lost_scenes or spoken_seconds(storyboard) < storyboard.duration_seconds * (1 - LENGTH_TOLERANCE):
        degraded.add(DegradedReason.SHORTER.value)
    return storyboard.model_copy(update={"degraded": sorted(degraded)})


def _counts(violations: Sequence[Violation]) -> dict[str, int]:
    return dict(sorted(Counter(violation.code.value for violation in violations).items()))

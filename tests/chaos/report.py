"""What a run comes to: its figures, what was found, and whether it stands."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from shared.enums import ContentRequestStatus as Status
from shared.pipeline import STAGES
from tests.chaos import checker
from tests.chaos.notified import repeated
from tests.chaos.observed import Observed
from tests.chaos.options import FULL, Options
from tests.chaos.recoveries import recoveries

# The figures that every reader looks for.
FIRST: Final = (
    "seed", "submitted", "completed", "worked", "kills", "pg_restarts", "duplicates", "lost", "double_completed",
    "double_notified", "illegal_moves", "stale_writes", "stuck", "recovery_p50_s", "recovery_p95_s", "requests_per_s",
)  # fmt: skip
CERTAIN: Final = 16.0  # so many expected, and not one of them: chance does not do that
SHOWN: Final = 5  # violations of a kind that are told
REDELIVERY_SECONDS: Final = 30.0  # the longest that is promised of 95 of 100 recoveries
SWEEP_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run's figures and findings."""

    figures: Mapping[str, Any]
    violations: Mapping[str, list[str]]
    shortfalls: list[str]  # what was asked for and did not happen

    @property
    def stands(self) -> bool:
        """Whether nothing was found, and all that was asked for was done."""
        return not any(self.violations.values()) and not self.shortfalls

    def lines(self) -> list[str]:
        """What is wrong, for people."""
        found = [
            f"{name}: {text}" for name, texts in self.violations.items() for text in [*texts[:SHOWN], *_more(texts)]
        ]
        return [*self.shortfalls, *found]

    @classmethod
    def of(
        cls,
        options: Options,
        seen: Observed,
        *,
        began: float,
        accepted: Mapping[UUID, float],
        retried: Mapping[str, int],
        counts: Mapping[str, int],
        spent: Mapping[str, float],
    ) -> Self:
        """Check and count."""
        found = checker.violations(seen)
        made = worked(seen)
        ends = Counter(row["status"] for row in seen.record.requests.values())
        kills = Counter(death.function for death in seen.deaths if death.by)
        stages = [stage.name for stage in STAGES]
        figures = {
            "seed": options.seed,
            "submitted": len(accepted),
            "completed": ends[Status.COMPLETED],
            "worked": len(made),
            "kills": sum(kills[name] for name in stages),
            "pg_restarts": len(seen.away),
            "duplicates": counts.get("repeated", 0),
            **{name: len(texts) for name, texts in found.items()},
            **recoveries(seen).figures(options.scale),
            "requests_per_s": _rate(seen, accepted),
            "time_scale": str(options.scale),
            "failed": ends[Status.FAILED],
            "cancelled": ends[Status.CANCELLED],
            "kills_by_stage": {name: kills[name] for name in stages},
            "ended_by_themselves": sum(not death.by for death in seen.deaths),
            "kills_at_work": _at_work(seen, stages),
            "other_kills": {name: count for name, count in sorted(kills.items()) if name not in stages},
            "places_of_death": _places(seen),
            "frozen": len(seen.freezes),
            "reordered": counts.get("reordered", 0),
            "lost_messages": len(seen.lost),
            "refused_publishes": counts.get("refused", 0),
            "dropped_sessions": len(seen.drops),
            "overdue_deliveries": counts.get("overdue", 0),
            "dead_letters": counts.get("dead letters", 0),
            "repeated_sends_allowed": repeated(seen).allowed,
            "tried_again_by_students": dict(retried),
            "processor_seconds": dict(spent),
        }
        # What all of their askers wait for has to be made by one of them, whatever happens.
        lessons = len({(question.about, question.modality) for question in seen.asked.values() if question.is_made})
        short = shortfalls(options, figures, lessons=lessons, published=len(seen.published))
        ordered = {name: figures[name] for name in FIRST} | figures
        return cls(figures=ordered, violations=found, shortfalls=short)


def worked(seen: Observed) -> set[UUID]:
    """The requests that were completed by their own work, every stage of it."""
    done = {(note["request"], note["stage"]) for note in seen.notes("worked")}
    return {
        request_id
        for request_id, row in seen.record.requests.items()
        if row["status"] == Status.COMPLETED
        and all((str(request_id), stage.name) in done for stage in checker.path_of(row["modality"]))
    }


def shortfalls(options: Options, figures: Mapping[str, Any], *, lessons: int, published: int) -> list[str]:
    """What was asked for and did not happen; `lessons` were there to be made, `published` messages to be disturbed."""
    expected = {
        "submitted": options.requests,
        "kills": options.kills,
        "pg_restarts": options.restarts,
        "worked": lessons,
        "duplicates": _at_least(options.duplicates * published),
        "reordered": _at_least(options.reorder * published),
    }
    short = [f"{name}: {figures[name]} of {least}" for name, least in expected.items() if figures[name] < least]
    limits = {"by_redelivery": REDELIVERY_SECONDS, "by_sweep": SWEEP_SECONDS}
    if options.forgotten:
        del limits["by_redelivery"]  # there is none, but for duplicates that happened to be held back
    if options.scale < FULL:
        limits.clear()  # the machine's own time, which is not scaled, may be the larger part of a recovery
    for name, longest in limits.items():
        if (figures[f"recovery_{name}_p95_s"] or 0.0) > longest:
            short.append(f"recovery {name}: p95 above {longest:.0f} s")
    if figures["ended_by_themselves"]:
        short.append(f"{figures['ended_by_themselves']} processes ended by themselves")
    return short


def _at_least(expected: float) -> int:
    """What chance does not fall below where each message is decided about by itself: four deviations less."""
    return max(int(expected - 4 * math.sqrt(expected)), int(expected >= CERTAIN))


def _more(texts: list[str]) -> list[str]:
    return [f"… and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []


def _rate(seen: Observed, accepted: Mapping[UUID, float]) -> float:
    """Requests a second from the first that was accepted to the last that ended."""
    ended = [events[-1]["at"] for events in seen.record.events.values()]
    if not accepted or not ended:
        return 0.0
    seconds: float = max(ended) - min(accepted.values())
    return round(len(ended) / max(1e-3, seconds), 2)


def _at_work(seen: Observed, stages: list[str]) -> int:
    """Kills that broke a delivery off."""
    broken = [(delivery.worker, delivery.began, delivery.ended) for delivery in seen.deliveries if not delivery.status]
    return sum(
        any(
            worker == death.worker and began <= death.at and abs(ended - death.at) < 1.0
            for worker, began, ended in broken
        )
        for death in seen.deaths
        if death.function in stages and death.by
    )


def _places(seen: Observed) -> dict[str, int]:
    """How often each place of the code was where a process died or froze."""
    return dict(sorted(Counter(note["place"] for note in seen.notes("doom")).items()))

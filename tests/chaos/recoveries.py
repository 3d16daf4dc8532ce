"""How long a request waited for its next run after its process was killed, or its message lost.

Who is hit again before that run begins waits anew: the time is taken from the last that befell the request, and the
recoveries that were interrupted are counted.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from shared.pipeline import STAGES, SWEEP, TERMINAL
from tests.chaos.observed import Observed

STAGE_NAMES: Final = frozenset(stage.name for stage in STAGES)


@dataclass(slots=True, kw_only=True)
class Recoveries:
    """Seconds until the next claim, or the end, of a request; by what brought it about."""

    by_redelivery: list[float] = field(default_factory=list)
    by_sweep: list[float] = field(default_factory=list)
    lost_messages: list[float] = field(default_factory=list)  # which no real bus loses
    interrupted: int = 0

    def figures(self, scale: Fraction) -> dict[str, Any]:
        """How many there were, and the seconds of 50 and of 95 of a hundred: as they passed, and as they are declared.

        The latter are too high by as much as the machine's own time is stretched with the rest.
        """
        both = self.by_redelivery + self.by_sweep
        told: dict[str, Any] = {"recoveries_interrupted": self.interrupted}
        parts = {"_by_redelivery": self.by_redelivery, "_by_sweep": self.by_sweep, "_of_lost": self.lost_messages}
        for name, seconds in {"": both, **parts}.items():
            told[f"recoveries{name}"] = len(seconds)
            for share in (50, 95):
                passed = percentile(seconds, share / 100)
                told[f"recovery{name}_p{share}_s"] = passed
                told[f"recovery{name}_p{share}_declared_s"] = (
                    None if passed is None else round(passed / float(scale), 1)
                )
        return told


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 3)


def recoveries(seen: Observed) -> Recoveries:
    """Every push that broke off with its process, and every message that was lost, with what came next."""
    claims: defaultdict[str, list[float]] = defaultdict(list)
    for request_id, runs in seen.record.runs.items():
        claims[str(request_id)] = sorted(run["started_at"] for run in runs)
    ends: dict[str, float] = {}
    for request_id, events in seen.record.events.items():
        if events[-1]["to_status"] in TERMINAL:
            ends[str(request_id)] = events[-1]["at"]
    found = Recoveries()
    faults = [(when, request, False) for when, request in _broken(seen)]
    faults += [(when, request, True) for when, _, request in seen.lost]
    struck: defaultdict[str, list[float]] = defaultdict(list)
    for when, request, _ in sorted(faults):
        struck[request].append(when)
    for when, request, is_lost in faults:
        times = claims[request]
        place = bisect_right(times, when)
        following = times[place] if place < len(times) else None
        end = ends.get(request)
        if end is not None and end <= when:
            continue  # there was nothing left to do
        if following is None:
            following = end
        if following is None:
            continue  # stuck, or waiting for an answer or another's lesson
        again = bisect_right(struck[request], when)
        if again < len(struck[request]) and struck[request][again] < following:
            found.interrupted += 1
            continue
        swept = _woken_by(seen, request, following) == SWEEP.name
        kind = found.lost_messages if is_lost else found.by_sweep if swept else found.by_redelivery
        kind.append(following - when)
    return found


def _broken(seen: Observed) -> list[tuple[float, str]]:
    """Pushes to stages that broke off because their worker was killed, where the worker had the request."""
    holders: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for note in seen.notes("began"):
        holders[note["request"]].append((note["at"], note["process"]))
    killed = [
        (delivery.ended, delivery.request)
        for delivery in seen.deliveries
        if delivery.status == 0 and delivery.function in STAGE_NAMES and delivery.request
    ]
    dead = {death.process for death in seen.deaths}
    return [(when, request) for when, request in killed if _held_by_the_dead(holders[request], when, dead)]


def _held_by_the_dead(holders: Sequence[tuple[float, int]], when: float, dead: set[int]) -> bool:
    last = [process for at, process in holders if at <= when]
    return not last or last[-1] in dead


def _woken_by(seen: Observed, request: str, moment: float) -> str:
    """The function whose message was being delivered when the request was claimed."""
    under_way = [
        delivery
        for delivery in seen.deliveries
        if delivery.request == request
        and delivery.function in STAGE_NAMES
        and delivery.began <= moment <= delivery.ended
    ]
    return max(under_way, key=lambda delivery: delivery.began).origin if under_way else ""

"""Processor time that a run's processes used, by whose they are; a busy machine makes a run slower, not this."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.chaos.fleet import Fleet
    from tests.chaos.harness import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Seconds at a beginning, to be compared with those at an end."""

    fleet: "Fleet"
    ground: "Ground"
    began: Mapping[str, float]

    @classmethod
    def of(cls, fleet: "Fleet", ground: "Ground") -> Self:
        """Begin to count."""
        return cls(fleet=fleet, ground=ground, began=_all(fleet, ground))

    def spent(self) -> dict[str, float]:
        """Seconds since then, by function, and of database and harness. Processes that have ended are not in it."""
        now = _all(self.fleet, self.ground)
        return {name: round(max(0.0, seconds - self.began.get(name, 0.0)), 2) for name, seconds in now.items()}


def _all(fleet: "Fleet", ground: "Ground") -> dict[str, float]:
    server = ground.cluster.process
    spent: dict[str, float] = defaultdict(
        float, {"database": sum(_seconds(process) for process in (server, *_children(server)))}
    )
    spent["harness"] = sum((os.times().user, os.times().system))
    for worker in fleet.workers.values():
        spent[worker.function.name] += _seconds(worker.process)
    return spent


def _seconds(process: int) -> float:
    """User and system time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []

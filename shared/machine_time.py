"""What a run takes of the machine: processor time, and the processors that are held for it while it works or waits.

A process may serve several runs at once, and the system tells what all of them took together. What passes while
several are at work is therefore split evenly between them: an estimate for each, and exact in sum.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared import usage
from shared.usage import Measure


class Share:
    """What one run took so far, in seconds."""

    def __init__(self) -> None:
        self.processor = 0.0
        self.wall = 0.0


class SharedClock:
    """Splits the process's time between the runs that are at work."""

    def __init__(
        self, processor: Callable[[], float] = time.process_time, wall: Callable[[], float] = time.monotonic
    ) -> None:
        self._processor = processor
        self._wall = wall
        self._lock = threading.Lock()
        self._shares: list[Share] = []
        self._seen = (0.0, 0.0)

    def begin(self) -> Share:
        """Let a run take part in what passes from now on."""
        share = Share()
        with self._lock:
            self._split()
            self._shares.append(share)
        return share

    def end(self, share: Share) -> None:
        """Complete a run's share."""
        with self._lock:
            self._split()
            self._shares.remove(share)

    def _split(self) -> None:
        """Give out what passed since the last time that a run began or ended."""
        now = (self._processor(), self._wall())
        for share in self._shares:
            share.processor += (now[0] - self._seen[0]) / len(self._shares)
            share.wall += (now[1] - self._seen[1]) / len(self._shares)
        self._seen = now


_CLOCK = SharedClock()


@contextmanager
def counted(where: str, *, clock: SharedClock = _CLOCK, processors: int | None = None) -> Iterator[None]:
    """Count what the block takes for the run at hand, even if it fails; `where` is the first part of the units."""
    share = clock.begin()
    try:
        yield
    finally:
        clock.end(share)
        usage.count(where, Measure.CPU_SECONDS, share.processor)
        usage.count(where, Measure.VCPU_SECONDS, share.wall * (processors or os.cpu_count() or 1))

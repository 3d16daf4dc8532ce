"""How many failed sign-ins are borne: by account, and by the address that they come from.

The counts are this process's own and bounded in memory; with several instances, each counts for itself. What this
cannot stop, a slow password hash makes expensive.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 15 * 60
FAILURES_PER_ACCOUNT: Final = 10
FAILURES_PER_ADDRESS: Final = 100  # a whole school may share one
REMEMBERED: Final = 10_000  # names; the longest untouched is forgotten first


class Throttle:
    """Counts tries by name within a sliding window; those that succeed are taken back."""

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> int:
        """Count a try before it is made, so that many at once cannot slip through.

        Return 0, or the seconds to wait before the next one: then nothing was counted.
        """
        with self._lock:
            now = self._clock()
            tries = self._tries.setdefault(name, deque())
            self._tries.move_to_end(name)
            if len(self._tries) > REMEMBERED:
                self._tries.popitem(last=False)
            while tries and tries[0] <= now - WINDOW_SECONDS:
                tries.popleft()
            if len(tries) >= self._limit:
                return max(1, math.ceil(tries[0] + WINDOW_SECONDS - now))
            tries.append(now)
            return 0

    def take_back(self, name: str) -> None:
        """The last try succeeded, or was not made after all."""
        with self._lock:
            if tries := self._tries.get(name):
                tries.pop()

    def forget(self, name: str) -> None:
        """Count from nothing again."""
        with self._lock:
            self._tries.pop(name, None)

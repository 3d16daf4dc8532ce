"""Keeping to a service's requests per minute: whoever would be too early waits."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from shared.errors import TransientError

_MINUTE: Final = 60.0


class RequestsPerMinute:
    """At most so many turns in any minute, for all threads of the process together."""

    def __init__(
        self,
        most: int,
        *,
        longest_wait: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._turns: deque[float] = deque(maxlen=most)
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is this thread's turn; raise TransientError at once where that is longer than it may wait."""
        with self._lock:
            now = self._clock()
            full = len(self._turns) == self._turns.maxlen
            turn = max(now, self._turns[0] + _MINUTE) if full else now
            if turn - now > self._longest_wait:
                raise TransientError("the requests of this minute are used up")
            self._turns.append(turn)
        if turn > now:
            self._sleep(turn - now)

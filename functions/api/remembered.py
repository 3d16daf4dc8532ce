"""What need not be looked up again at every poll: a small memory of this process, with an end to what it believes."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

ENTRIES: Final = 256
SECONDS: Final = 600

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Values by key, the least used forgotten first, each for so many seconds at most."""

    def __init__(self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Value | None:
        """The value, or None when it is not (or no longer) known."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry[0] <= self._clock():
                return None
            self._entries.move_to_end(key)
            return entry[1]

    def keep(self, key: str, value: Value) -> None:
        """Keep the value under its key."""
        with self._lock:
            self._entries[key] = (self._clock() + self._seconds, value)
            self._entries.move_to_end(key)
            if len(self._entries) > ENTRIES:
                self._entries.popitem(last=False)

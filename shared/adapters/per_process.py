"""What must not cross a fork, such as a client with connections and threads: built on first use, once per process."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One `T` for each process that asks."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        # A lock a process: one that was held during the fork would stay locked for ever in the child.
        self._locks: dict[int, threading.Lock] = {}
        # The parent's stays referenced in the child: closing it there would end connections that the parent uses.
        self._made: dict[int, T] = {}

    def get(self) -> T:
        """This process's own; what building it raises is raised, and the next call builds again."""
        process = os.getpid()
        known = self._made.get(process)
        if known is not None:
            return known
        with self._locks.setdefault(process, threading.Lock()):
            if process not in self._made:
                self._made[process] = self._build()
            return self._made[process]

    def forget(self, known: T | None = None) -> T | None:
        """Have the next call build anew; return what is forgotten. Where `known` is given, forget nothing newer."""
        process = os.getpid()
        with self._locks.setdefault(process, threading.Lock()):
            made = self._made.get(process)
            if made is None or (known is not None and known is not made):
                return None
            return self._made.pop(process)

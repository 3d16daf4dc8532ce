"""An end to a conversation as a whole: a time-out of a socket begins anew with every byte that arrives."""

import os
import socket
import threading
from types import TracebackType
from typing import Self

from shared.errors import TransientError


class Deadline:
    """Hangs up the sockets that it watches once `seconds` have passed; what fails from then on is a TransientError."""

    def __init__(self, seconds: float, what: str) -> None:
        self._seconds = seconds
        self._what = what
        self._lock = threading.Lock()
        self._passed = False
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()
        if self._passed and isinstance(error, Exception):
            raise TransientError(f"{self._what}: it took longer than {self._seconds:g} s") from error

    @property
    def passed(self) -> bool:
        """Whether the connections were hung up: what was read to its end may have been cut there."""
        return self._passed

    def watch(self, opened: socket.socket) -> None:
        """Hang up this connection as well when the time has passed, whatever it is wrapped into by then."""
        with self._lock:
            # A number of its own for the connection: TLS takes the socket's away, and is not safe between threads.
            self._watched.append(socket.socket(fileno=os.dup(opened.fileno())))
            if self._passed:
                self._hang_up()

    def _pass(self) -> None:
        with self._lock:
            self._passed = True
            self._hang_up()

    def _hang_up(self) -> None:
        for watched in self._watched:
            try:
                watched.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                continue

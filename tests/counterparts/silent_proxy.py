"""A TCP proxy that can fall silent: what is connected stays so, what connects is accepted, and nothing is answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536
LOOK_SECONDS = 0.1


class SilentProxy:
    """Forwards from a port of loopback to another one, unless it is silent."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._speaks = threading.Event()
        self._speaks.set()
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def serving(self) -> Iterator["SilentProxy"]:
        """Serve until the block ends."""
        self._begin(self._accept)
        try:
            yield self
        finally:
            self._closing.set()
            self._speaks.set()
            for thread in self._threads:
                thread.join()
            self._listener.close()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Forward nothing while the block lasts; what was sent meanwhile arrives after it."""
        self.fall_silent()
        try:
            yield
        finally:
            self.speak()

    def fall_silent(self) -> None:
        """Forward nothing from now on."""
        self._speaks.clear()

    def speak(self) -> None:
        """Forward again, what was held back first."""
        self._speaks.set()

    def _begin(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="silent-proxy")  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._listener.settimeout(LOOK_SECONDS)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                self._begin(self._serve, self._listener.accept()[0])

    def _serve(self, near: socket.socket) -> None:
        with near:
            self._speaks.wait()
            if self._closing.is_set():
                return
            with socket.create_connection(("127.0.0.1", self._upstream)) as far:
                back = threading.Thread(target=self._pump, args=(far, near), name="silent-proxy-back")
                back.start()
                self._pump(near, far)
                back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        source.settimeout(LOOK_SECONDS)
        with suppress(OSError):
            while not self._closing.is_set():
                try:
                    data = source.recv(CHUNK)
                except TimeoutError:
                    continue
                self._speaks.wait()
                if not data:
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

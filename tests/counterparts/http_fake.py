"""A local HTTP server that answers as it is told: well, late, cut off, or not at all. It keeps what it was asked."""

import json
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_SILENCE = 30.0  # seconds; a server that never answers must not outlast the tests
PATIENCE = 10.0  # seconds to notice that a client has gone
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str  # with the query
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server does: `delay` seconds of silence, then status, headers and body.

    `cut`: the connection is closed after so many bytes of the body; `hang`: it never answers at all.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    hang: bool = False

    @classmethod
    def of(cls, value: Any, *, status: int = 200, **more: Any) -> "Answer":
        """An answer in JSON."""
        return cls(status=status, body=json.dumps(value).encode(), headers={"content-type": "application/json"}, **more)


class HttpFake:
    """Answers from `script`, one answer a request, and with `otherwise` when that is used up."""

    def __init__(self, otherwise: Callable[[Asked], Answer]) -> None:
        self.asked: list[Asked] = []
        self.script: list[Answer | Callable[[Asked], Answer]] = []
        self.otherwise = otherwise
        self.url = ""
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._left = 0

    def answer(self, asked: Asked) -> Answer:
        """Keep the request and choose its answer."""
        with self._lock:
            self.asked.append(asked)
            chosen = self.script.pop(0) if self.script else self.otherwise
        return chosen(asked) if callable(chosen) else chosen

    def wait(self, seconds: float) -> None:
        """Stay silent, unless the server is closed meanwhile."""
        self._closing.wait(seconds)

    def be_silent(self, connection: socket.socket) -> None:
        """Say nothing until the client has gone, the server is closed, or it has lasted long enough."""
        ends = time.monotonic() + LONGEST_SILENCE
        while not self._closing.is_set() and time.monotonic() < ends:
            # Who waits for an answer says nothing more: there is something to read where the client hangs up.
            if select.select([connection], [], [], LOOK_SECONDS)[0]:
                with self._lock:
                    self._left += 1
                return

    def was_left(self, times: int = 1) -> bool:
        """Whether so many clients ended a silence by hanging up: without a time-out they would wait for its end."""
        ends = time.monotonic() + PATIENCE
        while self._left < times and time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
        return self._left >= times

    @contextmanager
    def serving(self, tls: ssl.SSLContext | None = None) -> Iterator["HttpFake"]:
        """Serve on a free port of loopback, encrypted where a context is given; `url` is set meanwhile."""
        server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        if tls is not None:
            # Each connection's own thread greets: one that says nothing keeps nobody waiting.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = self.url.replace("http:", "https:")
        thread = threading.Thread(target=server.serve_forever, name="http-fake", kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self._closing.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; they are what is tested."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


def _handler(fake: HttpFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            asked = Asked(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            answer = fake.answer(asked)
            if answer.hang:
                fake.be_silent(self.connection)
                self._hang_up()
                return
            fake.wait(answer.delay)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if answer.cut is None:
                self.wfile.write(answer.body)
            else:
                self.wfile.write(answer.body[: answer.cut])
                self.wfile.flush()
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            with suppress(OSError):  # the client was faster
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler

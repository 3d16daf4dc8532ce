"""What stands before the storage emulator: the emulator gives every object to everybody, a private bucket does not.

Calls of the JSON API pass. Any other path names an object, which is read through a good signed link or not at all.
"""

import http.client
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from local.emulated.identity import Identity
from local.emulated.signatures import Refusal, refusal

API: Final = ("/storage/v1/", "/upload/", "/download/", "/resumable/", "/batch/")
FORWARD_SECONDS: Final = 30.0
# Of one connection alone (RFC 9110 section 7.6.1); the length is told anew.
HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


class Gate(ThreadingHTTPServer):
    """Answers at `host`, which clients take for Cloud Storage itself, from `open` on until the context ends."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, identity: Identity) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.identity = identity
        self.host = f"127.0.0.1:{self.server_port}"
        self.emulator: str
        self._thread = threading.Thread(target=self.serve_forever, name="storage-gate", daemon=True)

    def open(self, emulator: str) -> None:
        """Begin to answer for the emulator at this "host:port"."""
        self.emulator = emulator
        self._thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Take no notice of a client that is gone: one that was killed is what tests are about."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Gate
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait for an acknowledgement
    timeout = 60.0

    def answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "chunked" in self.headers.get("Transfer-Encoding", "") or not length.isdecimal():
            self.close_connection = True
            self._refuse(Refusal(status=411, code="MissingContentLength"))
            return
        body = self.rfile.read(int(length))
        if self.command != "OPTIONS" and not self.path.startswith(API):
            headers = {name.lower(): value for name, value in self.headers.items()}
            refused = refusal(self.command, self.path, headers, self.server.identity)
            if refused is not None:
                self._refuse(refused)
                return
        self._forward(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def _forward(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self.server.emulator, timeout=FORWARD_SECONDS)
        try:
            # With the host that was called, under which the emulator finds the object and names it.
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, body=body or None, headers=sent)
            found = connection.getresponse()
            data = found.read()
        except (OSError, http.client.HTTPException):
            self._refuse(Refusal(status=503, code="ServiceUnavailable"))
            return
        finally:
            connection.close()
        length = found.headers["Content-Length"] if self.command == "HEAD" else str(len(data))
        self._send(found.status, [*found.headers.items(), ("Content-Length", length or "0")], data)

    def _refuse(self, refused: Refusal) -> None:
        data = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{refused.code}</Code></Error>".encode()
        headers = [("Content-Type", "application/xml; charset=UTF-8"), ("Content-Length", str(len(data)))]
        self._send(refused.status, headers, data)

    def _send(self, status: int, headers: Iterable[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in {name.title(): value for name, value in headers}.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: links are as good as keys while they last."""

"""A small HTTP server for WSGI applications: each thread takes a connection and answers what comes on it.

Only what the broker and the students of a chaos run send is understood: requests with a length, one after another.
"""

import io
import socket
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LONGEST_LINE: Final = 8192


def serve(listener: socket.socket, application: "WSGIApplication", *, threads: int) -> None:
    """Serve for ever, with so many connections at once."""
    for number in range(threads - 1):
        threading.Thread(target=_serve, args=(listener, application), name=f"http-{number}", daemon=True).start()
    _serve(listener, application)


def _serve(listener: socket.socket, application: "WSGIApplication") -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as reading:
                while _exchange(connection, reading, application):
                    pass
        except OSError:
            pass  # the other side has gone


def _exchange(connection: socket.socket, reading: BinaryIO, application: "WSGIApplication") -> bool:
    """Answer one request; False when there is none any more."""
    request = reading.readline(LONGEST_LINE).split()
    if len(request) != 3:
        return False
    headers = {}
    while (line := reading.readline(LONGEST_LINE)).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reading.read(int(headers.get("content-length", 0)))
    answer = _answered(application, _environ(request[0].decode(), request[1].decode(), headers, body))
    connection.sendall(answer)
    return headers.get("connection", "").lower() != "close"


def _environ(method: str, target: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.pop("content-type", ""),
        "CONTENT_LENGTH": headers.pop("content-length", "0"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return environ | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def _answered(application: "WSGIApplication", environ: dict[str, Any]) -> bytes:
    told: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], trouble: object = None) -> Any:
        told[:] = [status, headers]
        return None

    parts: Iterable[bytes] = application(environ, start_response)
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    status, headers = told
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers if name != "Content-Length")]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body

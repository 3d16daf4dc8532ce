"""HTTP as somebody writes it who does not mean well: byte by byte, over a socket."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.gunicorn_server import PATIENCE


@dataclass(frozen=True)
class Reply:
    """What came back until the other side closed, and how long that took."""

    data: bytes
    seconds: float

    @property
    def status(self) -> int:
        """The status of the first answer; 0 where there was none."""
        match = re.match(rb"HTTP/1\.[01] (\d{3}) ", self.data)
        return int(match[1]) if match else 0

    @property
    def answers(self) -> int:
        """How many answers there were."""
        return len(re.findall(rb"HTTP/1\.[01] \d{3} ", self.data))


def request(method: str, path: str, *headers: str, body: bytes = b"", close: bool = True) -> bytes:
    """A request; what is not a line of text has to be put in afterwards."""
    lines = [f"{method} {path} HTTP/1.1", "Host: api.test", *headers]
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        yield connection


def talk(port: int, data: bytes, *, slowly: Iterable[bytes] = (), every: float = 0.2) -> Reply:
    """Send `data` at once and the rest piece by piece, until there is an answer; then read until the end."""
    began = time.monotonic()
    received = b""
    with connected(port) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(every)
            for piece in slowly:
                try:
                    received += connection.recv(65536)
                    break
                except TimeoutError:
                    connection.sendall(piece)
            connection.settimeout(PATIENCE)
            while more := connection.recv(65536):
                received += more
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed before it had read all
    return Reply(received, time.monotonic() - began)

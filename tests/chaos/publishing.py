"""How a process of the harness publishes: a line of JSON to the broker, which answers once it has the message."""

import json
import socket
import threading
from collections.abc import Mapping
from typing import Final

from shared.errors import TransientError
from shared.pipeline import Function, Topic

PATIENCE: Final = 10.0  # seconds, as the real bus has them
TAKEN: Final = b"y"


class BrokerBus:
    """A MessageBus whose other end is the broker; each thread has a connection of its own."""

    def __init__(self, port: int, function: Function) -> None:
        self._address = ("127.0.0.1", port)
        self._origin = function.name
        self._mine = threading.local()

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Return once the broker has the message."""
        line = {"topic": topic, "data": data.decode(), "attributes": dict(attributes), "origin": self._origin}
        try:
            answer = self._asked(json.dumps(line).encode() + b"\n")
        except OSError as error:
            self._mine.connection = None
            raise TransientError(f"not published: {type(error).__name__}") from error
        if answer != TAKEN:
            raise TransientError("not published: the bus takes nothing now")

    def _asked(self, line: bytes) -> bytes:
        connection: socket.socket | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = socket.create_connection(self._address, timeout=PATIENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._mine.connection = connection
        connection.sendall(line)
        answer = connection.recv(1)
        if not answer:
            raise ConnectionResetError
        return answer

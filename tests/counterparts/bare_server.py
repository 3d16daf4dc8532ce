"""A server that sends some bytes to whoever connects, and then is silent, goes on slowly, or hangs up."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sending(
    first: bytes, *, again: bytes = b"", every: float = 0.05, hang_up: bool = False
) -> Iterator[tuple[str, int]]:
    """Serve on a free port of loopback; `again` is sent over and over after `first`."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    closing = threading.Event()

    def serve() -> None:
        opened: list[socket.socket] = []
        while not closing.wait(every if opened else 0):
            try:
                connection, _ = listener.accept() if not opened else (None, None)
            except TimeoutError:
                continue
            if connection is not None:
                connection.sendall(first)
                if hang_up:
                    connection.close()
                    continue
                opened.append(connection)
            try:
                opened[0].sendall(again)
            except OSError:
                break
        for one in opened:
            one.close()

    thread = threading.Thread(target=serve, name="bare-server")
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        closing.set()
        thread.join()
        listener.close()

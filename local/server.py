"""The HTTP server of a local system: waitress, on loopback, in a thread."""

import errno
import socket
import threading
from typing import TYPE_CHECKING, Final

from local.errors import LocalProblem, PortInUse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST: Final = "127.0.0.1"
THREADS: Final = 24  # each long poll holds one
BODY_BYTES: Final = 2**20  # the api refuses far less; this bounds what is buffered before it is asked
HEADER_BYTES: Final = 32 * 1024  # of a request, its line among them
IDLE_SECONDS: Final = 30  # of silence, after which a connection that no call is made on is closed


def bind(port: int) -> socket.socket:
    """Take the port (0: any free one) before anything else is started; connections are refused until it is served."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except OverflowError:
        taken.close()
        raise LocalProblem(f"{port} is no port: use 0 to 65535.", code="invalid_port") from None
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} is in use by another program: choose one with --port, or 0 for any."
            ) from None
        if error.errno == errno.EACCES:
            raise PortInUse(f"Port {port} may not be used by this user: choose one above 1023.") from None
        raise
    return taken


class Server:
    """Serves one application on a bound socket until it is closed."""

    def __init__(self, app: "WSGIApplication", listener: socket.socket, *, idle_seconds: int = IDLE_SECONDS) -> None:
        from waitress.server import create_server

        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._server = create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            max_request_body_size=BODY_BYTES,
            max_request_header_size=HEADER_BYTES,
            channel_timeout=idle_seconds,
            cleanup_interval=idle_seconds,
            ident=None,
            asyncore_use_poll=True,
            connection_limit=500,
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Take no more calls; long polls that wait are cut."""
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=0.5)
        self._server.close()
        self._thread.join(0.2)  # it may sleep for a second more, and then finds nothing to serve

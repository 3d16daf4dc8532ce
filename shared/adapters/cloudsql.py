"""Opens connections to a Cloud SQL instance through Google's connector: TLS with short-lived certificates, IAM sign-in.

The connector's own limits are few: it connects and shakes hands on its event loop without a time-out, waits for its
own answers without one, and hands pg8000 a socket that has none. So the loop is ours, every wait on it ends, and the
sockets of this process get a default time-out.
"""

import asyncio
import concurrent.futures
import socket
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import google.auth.exceptions
from google.cloud.sql.connector import Connector
from google.cloud.sql.connector import exceptions as connector_errors

from shared.adapters.per_process import PerProcess
from shared.cloudsql_url import CloudSqlAddress
from shared.db.engine import APPLICATION, SOCKET_SECONDS
from shared.db.errors import RecordMisconfigured
from shared.errors import TransientError

if TYPE_CHECKING:
    import pg8000.dbapi
    from google.auth.credentials import Credentials

CONNECT_SECONDS: Final = 20.0  # certificate, handshake and sign-in together

# An error's class, the HTTP statuses that the row is for (None: any), and what it means to the record; the first row
# that fits is taken. None is permanent: no request is at fault when no connection can be opened.
ERRORS: Final[Sequence[tuple[type[Exception], Container[int] | None, type[TransientError]]]] = (
    (aiohttp.ClientResponseError, (408, 409, 429), TransientError),
    (aiohttp.ClientResponseError, range(400, 500), RecordMisconfigured),  # no grant, no such instance, API not enabled
    (aiohttp.ClientError, None, TransientError),
    (google.auth.exceptions.DefaultCredentialsError, None, RecordMisconfigured),
    (google.auth.exceptions.GoogleAuthError, None, TransientError),
    (connector_errors.CloudSQLIPTypeError, None, RecordMisconfigured),  # the instance has no such address
    (connector_errors.AutoIAMAuthNotSupported, None, RecordMisconfigured),
    (connector_errors.IncompatibleDriverError, None, RecordMisconfigured),
    (connector_errors.TLSVersionError, None, RecordMisconfigured),
    (connector_errors.CloudSQLConnectionError, None, TransientError),
    (connector_errors.CacheClosedError, None, TransientError),
    (connector_errors.ClosedConnectorError, None, TransientError),
    (OSError, None, TransientError),  # refused, reset, TLS, time-outs
    # Another thread gave the connector up meanwhile.
    (concurrent.futures.CancelledError, None, TransientError),
    (RuntimeError, None, TransientError),
    # What the connector lets out where an answer of the Admin API is not what it should be.
    (LookupError, None, TransientError),
    (NameError, None, TransientError),
    (ValueError, None, RecordMisconfigured),  # the instance is in another region
)


class CloudSqlConnections:
    """Opens connections to one database; its connector is made on first use, and again after a fork.

    `user` signs in by IAM, unless the address has a user and password of its own. `credentials` and `admin_endpoint`
    replace the function's own and Google's.
    """

    def __init__(
        self,
        address: CloudSqlAddress,
        *,
        user: str = "",
        credentials: "Credentials | None" = None,
        admin_endpoint: str | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        socket_seconds: float = SOCKET_SECONDS,
    ) -> None:
        if not (user or address.user):
            raise ValueError("neither the URL nor DATABASE_USER says who signs in")
        self._address = address
        self._sign_in: dict[str, Any] = {"user": user, "enable_iam_auth": True}
        if address.user:
            self._sign_in = {"user": address.user, "password": address.password, "enable_iam_auth": False}
        self._credentials = credentials
        self._admin_endpoint = admin_endpoint
        self._connect_seconds = connect_seconds
        self._socket_seconds = socket_seconds
        self._running = PerProcess(self._run)

    def connect(self) -> "pg8000.dbapi.Connection":
        """Open a connection; raise TransientError, or RecordMisconfigured where the deployment is at fault."""
        with _explained():
            running = self._running.get()
            try:
                return running.connect(self._address, self._sign_in, seconds=self._connect_seconds)
            except TimeoutError:
                # Its loop may be stuck in a handshake, and every later connection behind it.
                self._stop(running)
                raise

    def close(self) -> None:
        """End the connector; connections that it opened live on, and the next `connect` makes another."""
        self._stop()

    def _stop(self, running: "_Running | None" = None) -> None:
        stopped = self._running.forget(running)
        if stopped is not None:
            stopped.stop()

    def _run(self) -> "_Running":
        # The connector opens sockets without a time-out, and knows no way to give them one.
        socket.setdefaulttimeout(self._socket_seconds)
        return _Running(self._credentials, self._admin_endpoint)


class _Running:
    """A connector, and the event loop that it lives on in a thread of its own."""

    def __init__(self, credentials: "Credentials | None", admin_endpoint: str | None) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._connector = Connector(
                refresh_strategy="lazy",  # between requests there is no CPU for refreshing in the background
                loop=self._loop,
                credentials=credentials,
                sqladmin_api_endpoint=admin_endpoint,
            )
        except BaseException:
            self._loop.close()
            raise
        threading.Thread(target=self._run, name="cloud-sql", daemon=True).start()

    def connect(
        self, address: CloudSqlAddress, sign_in: dict[str, Any], *, seconds: float
    ) -> "pg8000.dbapi.Connection":
        """Open a connection, or raise TimeoutError after so many seconds."""
        opened = asyncio.run_coroutine_threadsafe(
            self._connector.connect_async(
                address.instance,
                "pg8000",
                ip_type=address.ip_type,
                database=address.database,
                application_name=APPLICATION,
                # The socket speaks TLS already. The default would ask the server for TLS within it, and build a
                # context for every connection.
                ssl_context=False,
                **sign_in,
            ),
            self._loop,
        )
        try:
            return opened.result(seconds)
        finally:
            opened.cancel()

    def stop(self) -> None:
        """End the connector and its loop as soon as the loop is free; does not wait."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop)

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._connector.close_async()
        self._loop.stop()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what `ERRORS` says in place of the connector's errors; those of the driver pass."""
    try:
        yield
    except Exception as error:
        status = getattr(error, "status", None)
        for kind, statuses, meaning in ERRORS:
            if isinstance(error, kind) and (statuses is None or status in statuses):
                # The error's own text can hold the instance's name or an address: only its class is told.
                shown = f"{type(error).__name__} {status}" if status else type(error).__name__
                raise meaning(f"Cloud SQL cannot be reached: {shown}") from error
        raise

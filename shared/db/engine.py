"""The one place that opens connections to PostgreSQL, through `pg8000.dbapi` as in production."""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from shared import cloudsql_url
from shared.db import prepared
from shared.db.errors import opening, translated

if TYPE_CHECKING:
    import pg8000.dbapi

    from shared.settings import Settings

# What a call of the api may meet one after the other, together, is less than its budget.
CONNECT_SECONDS = 10  # longest silence of the server while a connection is opened
SOCKET_SECONDS = 20  # the same in every statement
POOL_SECONDS = 5  # longest wait for a connection of the pool
PING_SECONDS = 30  # a connection that lay for longer is asked whether it is still one
PONG_SECONDS = 3  # and has to answer within so long
RECYCLE_SECONDS = 1800  # a connection is not kept longer than this
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
APPLICATION = "vividly"  # how the server names our connections


def engine(settings: "Settings") -> sa.Engine:
    """Return a new engine on `settings.database_url` with a small pool."""
    return engine_for(settings.database_url, pool_size=settings.database_pool_size, user=settings.database_user)


def engine_for(url: str, *, pool_size: int, user: str = "") -> sa.Engine:
    """Return a new engine on a PostgreSQL or Cloud SQL URL; `user` signs in by IAM where a Cloud SQL URL names nobody.

    ValueError says what is wrong with the URL, and shows nothing of it.
    """
    if url.startswith(cloudsql_url.SCHEME):
        from shared.adapters.cloudsql import CloudSqlConnections

        connections = CloudSqlConnections(cloudsql_url.parse(url), user=user)
        return pooled(connections.connect, pool_size=pool_size, close=connections.close)
    return pooled(_direct(url), pool_size=pool_size)


def _direct(url: str) -> "Callable[[], pg8000.dbapi.Connection]":
    parsed = sa.make_url(url)

    def connect() -> "pg8000.dbapi.Connection":
        import pg8000.dbapi

        connection = pg8000.dbapi.connect(
            user=parsed.username or "postgres",
            password=parsed.password,
            host=parsed.host or "127.0.0.1",
            port=parsed.port or 5432,
            database=parsed.database,
            timeout=CONNECT_SECONDS,
            # The default builds a TLS context for every connection: 66 ms, for nothing on one machine.
            ssl_context=False if (parsed.host or "127.0.0.1") in LOOPBACK else None,
            application_name=APPLICATION,
        )
        connection._usock.settimeout(SOCKET_SECONDS)
        return connection

    return connect


def pooled(
    connect: "Callable[[], pg8000.dbapi.Connection]", *, pool_size: int, close: Callable[[], None] | None = None
) -> sa.Engine:
    """Return a new engine over `connect`, which opens `pg8000.dbapi` connections: their errors carry an SQLSTATE.

    `close` is called when the engine is disposed of.
    """

    def creator() -> "pg8000.dbapi.Connection":
        with opening():
            return connect()

    made = sa.create_engine(
        "postgresql+pg8000://",
        creator=creator,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        hide_parameters=True,  # the text of an error must not quote a question
    )
    sa.event.listen(made, "connect", _remember_process)
    sa.event.listen(made, "checkout", _leave_to_parent)
    sa.event.listen(made, "checkin", _returned)
    sa.event.listen(made, "checkout", _replace_broken)
    prepared.install(made)
    if close is not None:
        sa.event.listen(made, "engine_disposed", lambda disposed: close())
    return made


def _remember_process(connection: "pg8000.dbapi.Connection", record: Any) -> None:
    record.info["process"] = os.getpid()


def _leave_to_parent(connection: "pg8000.dbapi.Connection", record: Any, proxy: Any) -> None:
    """Replace a connection that was opened before this process was forked: the parent goes on using it."""
    if record.info["process"] != os.getpid():
        # Let go of, not closed: a goodbye on the common socket would end the parent's session.
        record.dbapi_connection = proxy.dbapi_connection = None
        raise sa.exc.DisconnectionError("connection is the parent process's")


def _returned(connection: "pg8000.dbapi.Connection | None", record: Any) -> None:
    record.info["returned"] = time.monotonic()


def _replace_broken(connection: "pg8000.dbapi.Connection", record: Any, proxy: object) -> None:
    """Replace a connection that broke while it lay in the pool.

    A server that ends a session says so or closes it, and both can be read here without asking it. Only where the
    connection lay for long is the server asked: what is between may have dropped it without a word to either side.
    """
    if "returned" not in record.info:
        return  # it was just opened
    lay = time.monotonic() - record.info["returned"]
    if not _silent(connection):
        raise sa.exc.DisconnectionError("connection was closed in the pool")
    if lay > PING_SECONDS:
        _ping(connection)


def _silent(connection: "pg8000.dbapi.Connection") -> bool:
    """Whether the server has said nothing since its last answer."""
    waiting = select.poll()
    try:
        waiting.register(connection._usock, select.POLLIN)
        return not waiting.poll(0)
    except (OSError, TypeError, ValueError):  # it is closed on our side
        return False


def _ping(connection: "pg8000.dbapi.Connection") -> None:
    """`pool_pre_ping` would ask too, but leaves the transaction open that its query began: a statement that is then
    run in AUTOCOMMIT becomes part of it and is rolled back with it."""
    before, connection.autocommit = connection.autocommit, True
    patience = connection._usock.gettimeout()
    connection._usock.settimeout(PONG_SECONDS)
    try:
        connection.cursor().execute("SELECT 1")
    except Exception as error:
        # Whatever the driver raises here, the connection is of no use.
        raise sa.exc.DisconnectionError("connection broke in the pool") from error
    connection._usock.settimeout(patience)
    connection.autocommit = before


@contextmanager
def single_statement(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on which each statement commits by itself; saves the BEGIN and COMMIT round trips.

    SQLAlchemy's own AUTOCOMMIT is not used: it resets the session's isolation level by three more statements each time
    that a connection is given back, and one that breaks there is never given back: its place in the pool is lost.
    """
    with translated(), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True
        try:
            yield connection
        finally:
            driver.autocommit = False


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction that commits at the end and rolls back on any error."""
    with translated(), engine.begin() as connection:
        yield connection

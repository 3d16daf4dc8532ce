"""The one place that opens connections to PostgreSQL, through `pg8000.dbapi` as in production."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from shared import cloudsql_url
from shared.db.errors import opening, translated

if TYPE_CHECKING:
    import pg8000.dbapi

    from shared.settings import Settings

SOCKET_SECONDS = 30  # longest silence of the server, while connecting and in every statement
POOL_SECONDS = 10  # longest wait for a connection of the pool
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

        return pg8000.dbapi.connect(
            user=parsed.username or "postgres",
            password=parsed.password,
            host=parsed.host or "127.0.0.1",
            port=parsed.port or 5432,
            database=parsed.database,
            timeout=SOCKET_SECONDS,
            # The default builds a TLS context for every connection: 66 ms, for nothing on one machine.
            ssl_context=False if (parsed.host or "127.0.0.1") in LOOPBACK else None,
            application_name=APPLICATION,
        )

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
    sa.event.listen(made, "checkout", _ping)
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


def _ping(connection: "pg8000.dbapi.Connection", record: object, proxy: object) -> None:
    """Replace a connection that broke while it lay in the pool.

    `pool_pre_ping` would do so too, but leaves the transaction open that its query began: a statement that is then
    run in AUTOCOMMIT becomes part of it and is rolled back with it.
    """
    before, connection.autocommit = connection.autocommit, True
    try:
        connection.cursor().execute("SELECT 1")
    except Exception as error:
        # Whatever the driver raises here, the connection is of no use.
        raise sa.exc.DisconnectionError("connection broke in the pool") from error
    finally:
        connection.autocommit = before


@contextmanager
def single_statement(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on which each statement commits by itself; saves the BEGIN and COMMIT round trips."""
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction that commits at the end and rolls back on any error."""
    with translated(), engine.begin() as connection:
        yield connection

"""The one place that opens connections to PostgreSQL, through `pg8000.dbapi` as in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from shared.db.errors import translated

if TYPE_CHECKING:
    import pg8000.dbapi

    from shared.settings import Settings

SOCKET_SECONDS = 30  # longest silence of the server, while connecting and in every statement
POOL_SECONDS = 10  # longest wait for a connection of the pool
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def engine(settings: "Settings") -> sa.Engine:
    """Return a new engine on `settings.database_url` with a small pool."""
    return engine_for(settings.database_url, pool_size=settings.database_pool_size)


def engine_for(url: str, *, pool_size: int) -> sa.Engine:
    """Return a new engine whose connections are `pg8000.dbapi` ones: its errors carry an SQLSTATE."""
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
            application_name="vividly",
        )

    made = sa.create_engine(
        "postgresql+pg8000://",
        creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_recycle=1800,
    )
    sa.event.listen(made, "checkout", _ping)
    return made


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

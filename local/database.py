"""The record of a local system: the embedded PostgreSQL, or one that DATABASE_URL names; migrated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from local import postgres
from local.console import Console
from local.environment import own_database_url
from local.errors import DatabaseProblem
from shared.db import migrate
from shared.db.engine import engine_for, single_statement
from shared.errors import PipelineError

NAME: Final = "vividly"


@contextmanager
def database(folder: Path, console: Console) -> Iterator[str]:
    """Yield the URL of a database at the newest schema; what was started for it ends with the context."""
    own = own_database_url()
    if own is not None:
        with console.step("database", "connecting") as step:
            _migrate(own, "The database that DATABASE_URL names")
            step.detail = f"yours, schema {migrate.head()}"
        yield own
        return
    with console.step("database", "starting PostgreSQL") as step:
        server = postgres.start(folder / "postgres", durable=True)
        try:
            url = _create(server.url)
            _migrate(url, "The embedded database")
        except BaseException:
            server.stop()
            raise
        step.detail = f"PostgreSQL on port {server.port}, schema {migrate.head()}"
    with server:
        yield url


def _create(url: str) -> str:
    parts = urlsplit(url)
    wanted = urlunsplit(parts._replace(path=f"/{NAME}"))
    engine = engine_for(url, pool_size=1)
    try:
        with single_statement(engine) as connection:
            exists = connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": NAME})
            if not exists:
                connection.execute(sa.text(f'CREATE DATABASE "{NAME}"'))
    finally:
        engine.dispose()
    return wanted


def _migrate(url: str, what: str) -> None:
    engine = engine_for(url, pool_size=1)
    try:
        with single_statement(engine) as connection:
            connection.execute(sa.text("SELECT 1"))
        migrate.upgrade(engine)
    except PipelineError as error:
        raise DatabaseProblem(f"{what} cannot be used: {error.__cause__ or error}") from error
    except sa.exc.DBAPIError as error:
        raise DatabaseProblem(f"{what} could not be brought to this version's schema: {error.orig}") from error
    finally:
        engine.dispose()

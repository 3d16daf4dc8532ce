"""The ways to the record that its contract is tried on, and what the server sees of them."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import sqlalchemy as sa

from local import postgres
from shared import cloudsql_url
from shared.adapters.cloudsql import CloudSqlConnections
from shared.db.engine import APPLICATION, engine_for, pooled, single_statement
from shared.errors import TransientError
from tests.counterparts.cloudsql import INSTANCE, CloudSqlInstance, Credentials

PATIENCE = 30.0
BACKEND = sa.text("SELECT pg_backend_pid()")


@dataclass(frozen=True)
class Account:
    """A database role as IAM would know it; its password is the token that IAM gives it."""

    name: str
    token: str = field(repr=False)

    @property
    def address(self) -> str:
        """The service account's address; the role has it without the ending."""
        return f"{self.name}.gserviceaccount.com"


@contextmanager
def an_account(url: str) -> Iterator[Account]:
    """Make a role that has the owner's grants and none of its other powers; drop it at the end."""
    made = Account(f"svc-{uuid.uuid4().hex[:8]}@some-project.iam", f"token-{uuid.uuid4().hex}")
    owner = urlsplit(url).username
    postgres.execute(url, f'CREATE ROLE "{made.name}" LOGIN PASSWORD \'{made.token}\' IN ROLE "{owner}"')
    try:
        yield made
    finally:
        postgres.execute(url, f'DROP ROLE "{made.name}"')


@dataclass
class Way:
    """One way to the database of the test; `token` and `database` replace the right ones."""

    name: str
    account: Account
    url: str
    instance: CloudSqlInstance | None = None
    _opened: list[sa.Engine] = field(default_factory=list)
    _connectors: list[CloudSqlConnections] = field(default_factory=list)

    def engine(self, *, pool_size: int = 2, token: str | None = None, database: str | None = None) -> sa.Engine:
        """A new engine, with a connector of its own."""
        database = database or urlsplit(self.url).path.lstrip("/")
        token = token or self.account.token
        if self.instance is None:
            server = urlsplit(self.url)
            sign_in = f"{quote(self.account.name)}:{token}"
            made = engine_for(f"postgresql://{sign_in}@127.0.0.1:{server.port}/{database}", pool_size=pool_size)
        else:
            connections = self.connections(token=token, database=database)
            made = pooled(connections.connect, pool_size=pool_size, close=connections.close)
        self._opened.append(made)
        return made

    def connections(self, *, token: str | None = None, database: str | None = None, **more: Any) -> CloudSqlConnections:
        """A new connector to the instance."""
        assert self.instance is not None
        name = database or urlsplit(self.url).path.lstrip("/")
        made = CloudSqlConnections(
            cloudsql_url.parse(f"cloudsql://{INSTANCE}/{name}"),
            user=self.account.address,
            credentials=Credentials(token or self.account.token),
            admin_endpoint=self.instance.admin.url,
            **more,
        )
        self._connectors.append(made)
        return made

    def close(self) -> None:
        """End what was opened."""
        for engine in self._opened:
            engine.dispose()
        for connections in self._connectors:
            connections.close()


def backends(database: sa.Engine, account: Account) -> set[int]:
    """The server's processes that serve the account on the test's database."""
    with single_statement(database) as connection:
        found = connection.scalars(
            sa.text(
                "SELECT pid FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = :name AND application_name = :application"
            ),
            {"name": account.name, "application": APPLICATION},
        )
        return set(found)


def refused(engine: sa.Engine) -> TransientError:
    """What opening a connection fails with; no more may be told of than the class or code of the error."""
    with pytest.raises(TransientError) as raised, single_statement(engine) as connection:
        connection.execute(BACKEND)
    for secret in ("some-project", "token", "svc-", "127.0.0"):
        assert secret not in str(raised.value)
    return raised.value


def until(true: Callable[[], bool]) -> bool:
    """Wait for something to become true, not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()

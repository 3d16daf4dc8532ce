"""A connection that breaks, whenever it does, costs the run at hand and nothing else: its place in the pool stays."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from shared.db import engine as connections
from shared.db.engine import engine_for, single_statement, transaction
from shared.errors import TransientError

ONE = sa.text("SELECT 1")
PATIENCE = 20.0


class Sessions:
    """One connection, and somebody who ends it on the server."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url, pool_size=1)
        self._other = engine_for(url, pool_size=1)

    @property
    def taken(self) -> int:
        """Connections that were not given back."""
        pool: Any = self.engine.pool
        return int(pool.checkedout())

    def end(self) -> None:
        """End the session of `engine`, and wait until it is gone."""
        others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        deadline = time.monotonic() + PATIENCE
        with single_statement(self._other) as connection:
            connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM {others}"))
            while connection.execute(sa.text(f"SELECT count(*) FROM {others}")).scalar_one():
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def close(self) -> None:
        self.engine.dispose()
        self._other.dispose()


@pytest.fixture
def sessions(database_url: str) -> Any:
    opened = Sessions(database_url)
    yield opened
    opened.close()


def in_a_statement(sessions: Sessions) -> None:
    with single_statement(sessions.engine) as connection:
        connection.execute(ONE)
        sessions.end()
        connection.execute(ONE)


def after_a_statement(sessions: Sessions) -> None:
    with single_statement(sessions.engine) as connection:
        connection.execute(ONE)
        sessions.end()


def in_a_transaction(sessions: Sessions) -> None:
    with transaction(sessions.engine) as connection:
        connection.execute(ONE)
        sessions.end()
        connection.execute(ONE)


def before_the_commit(sessions: Sessions) -> None:
    with transaction(sessions.engine) as connection:
        connection.execute(ONE)
        sessions.end()


@pytest.mark.parametrize("breaks", [in_a_statement, after_a_statement, in_a_transaction, before_the_commit])
def test_a_connection_that_breaks_gives_its_place_back(breaks: Callable[[Sessions], None], sessions: Sessions) -> None:
    for _ in range(3):
        try:
            breaks(sessions)
        except TransientError:
            assert breaks is not after_a_statement
        assert sessions.taken == 0
        with single_statement(sessions.engine) as connection:
            assert connection.execute(ONE).scalar_one() == 1


@pytest.mark.parametrize("lay_long", [False, True])
def test_what_broke_in_the_pool_is_replaced_unnoticed(
    lay_long: bool, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PING_SECONDS", -1 if lay_long else 3600)
    for _ in range(3):
        with single_statement(sessions.engine) as connection:
            assert connection.execute(ONE).scalar_one() == 1
        sessions.end()
    assert sessions.taken == 0


def test_a_single_statement_is_all_that_the_server_hears(sessions: Sessions) -> None:
    """Three further statements came with each, when the isolation level was set and reset for it."""
    with single_statement(sessions.engine) as connection:
        connection.execute(ONE)
    with single_statement(sessions.engine) as connection:
        last = connection.execute(sa.text("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"))
        assert "pg_stat_activity" in last.scalar_one()
    with single_statement(sessions._other) as connection:
        heard = connection.execute(
            sa.text("SELECT query, state FROM pg_stat_activity WHERE query LIKE '%pg_stat_activity WHERE pid =%'")
        ).all()
    assert [state for query, state in heard if "query LIKE" not in query] == ["idle"]


def test_what_follows_a_single_statement_is_a_transaction_again(sessions: Sessions) -> None:
    with single_statement(sessions.engine) as connection:
        connection.execute(sa.text("CREATE TABLE kept (number integer)"))
    with suppress(ZeroDivisionError), transaction(sessions.engine) as connection:
        connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
        raise ZeroDivisionError
    with single_statement(sessions.engine) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM kept")).scalar_one() == 0

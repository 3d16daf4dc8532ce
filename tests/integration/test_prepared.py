"""A statement that is executed again is a prepared one, and nothing else about it changes."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from shared.db import prepared
from shared.db.engine import engine_for, single_statement, transaction
from shared.errors import PermanentError, TransientError

ALL = sa.text("SELECT * FROM things WHERE id >= CAST(:least AS integer) ORDER BY id")
ADD = sa.text("INSERT INTO things (id) VALUES (CAST(:id AS integer))")
PREPARED = sa.text("SELECT count(*) FROM pg_prepared_statements")


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """One connection, and a table."""
    made = engine_for(database_url, pool_size=1)
    with single_statement(made) as connection:
        connection.execute(sa.text("CREATE TABLE things (id integer PRIMARY KEY)"))
    yield made
    made.dispose()


def alone(engine: sa.Engine, statement: sa.TextClause, **values: object) -> list[tuple[object, ...]]:
    with single_statement(engine) as connection:
        result = connection.execute(statement, values)
        return [tuple(row) for row in result] if result.returns_rows else []


def together(engine: sa.Engine, statement: sa.TextClause, **values: object) -> list[tuple[object, ...]]:
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(statement, values)]


@pytest.mark.parametrize("run", [alone, together])
def test_from_the_second_time_on_a_statement_is_prepared_and_answers_the_same(
    run: Callable[..., list[tuple[object, ...]]], engine: sa.Engine
) -> None:
    for number in (1, 2, 3):
        alone(engine, ADD, id=number)

    assert [run(engine, ALL, least=least) for least in (1, 2, 3, 4)] == [[(1,), (2,), (3,)], [(2,), (3,)], [(3,)], []]
    assert alone(engine, PREPARED) == [(2,)]


def test_one_that_is_executed_once_is_not_prepared(engine: sa.Engine) -> None:
    alone(engine, ALL, least=1)

    assert alone(engine, PREPARED) == [(0,)]


def test_changed_rows_are_counted(engine: sa.Engine) -> None:
    for number in range(1, 4):
        with single_statement(engine) as connection:
            assert connection.execute(ADD, {"id": number}).rowcount == 1


def test_a_refused_statement_says_why_and_can_be_executed_again(engine: sa.Engine) -> None:
    for number in (1, 2):
        alone(engine, ADD, id=number)
    with pytest.raises(PermanentError) as refused:
        alone(engine, ADD, id=2)
    alone(engine, ADD, id=3)

    assert refused.value.details["sqlstate"] == "23505"
    assert alone(engine, ALL, least=1) == [(1,), (2,), (3,)]


def test_a_column_that_a_migration_adds_is_answered_from_then_on(engine: sa.Engine, database_url: str) -> None:
    alone(engine, ADD, id=1)
    for _ in range(3):
        assert alone(engine, ALL, least=1) == [(1,)]
    migrating = engine_for(database_url, pool_size=1)
    alone(migrating, sa.text("ALTER TABLE things ADD COLUMN said text DEFAULT 'yes'"))
    migrating.dispose()

    for _ in range(3):
        assert alone(engine, ALL, least=1) == [(1, "yes")]


def test_in_a_transaction_a_changed_result_is_an_error_for_now(engine: sa.Engine) -> None:
    alone(engine, ADD, id=1)
    for _ in range(3):
        together(engine, ALL, least=1)
    alone(engine, sa.text("ALTER TABLE things ADD COLUMN said text DEFAULT 'yes'"))

    with pytest.raises(TransientError):
        together(engine, ALL, least=1)
    for _ in range(3):
        assert together(engine, ALL, least=1) == [(1, "yes")]


def test_what_the_session_has_forgotten_is_executed_all_the_same(engine: sa.Engine) -> None:
    alone(engine, ADD, id=1)
    for _ in range(3):
        alone(engine, ALL, least=1)
    alone(engine, sa.text("DEALLOCATE ALL"))

    for _ in range(3):
        assert alone(engine, ALL, least=1) == [(1,)]


def test_a_session_does_not_prepare_without_end(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 5)
    for number in range(10):
        for _ in range(3):
            assert alone(engine, sa.text(f"SELECT CAST(:given AS integer) + {number}"), given=1) == [(1 + number,)]

    assert alone(engine, PREPARED) == [(5,)]

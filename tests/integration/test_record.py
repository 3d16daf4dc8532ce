"""The database itself: the enum, the legal moves, history and versions, compared with the code."""

import uuid

import pytest
import sqlalchemy as sa

from shared.db import migrate
from shared.db.engine import engine_for, single_statement, transaction
from shared.db.errors import sqlstate
from shared.enums import ContentRequestStatus as Status
from shared.errors import PermanentError, TransientError
from shared.pipeline import MOVES
from tests import factories

PAIRS = [(before, after) for before in Status for after in Status]


def test_the_enum_has_exactly_the_ten_values_in_order(database: sa.Engine) -> None:
    with database.begin() as connection:
        labels = connection.scalars(
            sa.text(
                "SELECT enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid "
                "WHERE t.typname = 'content_request_status' ORDER BY enumsortorder"
            )
        ).all()
    assert labels == [status.value for status in Status]
    assert len(labels) == 10


def test_the_table_of_moves_is_the_code_s(database: sa.Engine) -> None:
    with database.begin() as connection:
        rows = connection.execute(sa.text("SELECT from_status, to_status FROM content_request_moves"))
        assert {(Status(before), Status(after)) for before, after in rows} == MOVES


def test_models_and_migrations_agree(database: sa.Engine) -> None:
    with database.connect() as connection:
        assert migrate.differences(connection) == []
        assert migrate.current(connection) == migrate.head()


def test_every_migration_can_be_taken_back(postgres_url: str) -> None:
    from local import postgres

    with postgres.database(postgres_url, f"test_{uuid.uuid4().hex[:12]}") as url:
        engine = engine_for(url, pool_size=1)
        migrate.upgrade(engine)
        migrate.downgrade(engine)
        migrate.upgrade(engine)
        with engine.connect() as connection:
            assert migrate.differences(connection) == []
        engine.dispose()


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=lambda status: status.value)
def test_the_database_allows_exactly_the_legal_moves(before: Status, after: Status, shared_database: sa.Engine) -> None:
    database = shared_database
    request_id = factories.add_request(database, status=before)
    if (before, after) in MOVES or before is after:
        factories.update(database, request_id, status=after)
        assert factories.row(database, request_id)["status"] == after
    else:
        with pytest.raises(sa.exc.DatabaseError) as raised:
            factories.update(database, request_id, status=after)
        assert sqlstate(raised.value) == "23514"
        assert factories.row(database, request_id)["status"] == before


def test_a_request_cannot_begin_further_along(database: sa.Engine) -> None:
    with pytest.raises(sa.exc.DatabaseError) as raised:
        factories.add_request(database, **{"status": Status.PENDING} | {"progress_percentage": 101})
    assert sqlstate(raised.value) == "23514"


@pytest.mark.parametrize("word", ["generating", "clarification_needed", "PENDING", ""])
def test_an_unknown_status_is_refused_and_is_permanent(word: str, database: sa.Engine) -> None:
    request_id = factories.add_request(database)
    with pytest.raises(PermanentError) as raised, transaction(database) as connection:
        connection.execute(
            sa.text("UPDATE content_requests SET status = CAST(:word AS content_request_status) WHERE id = :id"),
            {"word": word, "id": request_id},
        )
    assert raised.value.code == "database_refused"


def test_versions_grow_with_changes_but_not_with_renewed_leases(database: sa.Engine) -> None:
    request_id = factories.add_request(database)
    factories.update(database, request_id, current_stage="now")
    version = factories.row(database, request_id)["version"]
    factories.update(database, request_id, lease_until=sa.func.now())
    assert factories.row(database, request_id)["version"] == version == 2


def test_history_is_written_with_every_change_of_status(database: sa.Engine) -> None:
    request_id = factories.add_request(database, status=Status.GENERATING_SCRIPT)
    assert factories.history(database, request_id) == [
        Status.PENDING,
        Status.VALIDATING,
        Status.RETRIEVING,
        Status.GENERATING_SCRIPT,
    ]


def test_a_server_that_cannot_be_reached_is_a_transient_error() -> None:
    engine = engine_for("postgresql://nobody:x@127.0.0.1:1/nothing", pool_size=1)
    with pytest.raises(TransientError), single_statement(engine) as connection:
        connection.execute(sa.text("SELECT 1"))


def test_a_connection_that_broke_in_the_pool_is_replaced(database: sa.Engine, database_url: str) -> None:
    other = engine_for(database_url, pool_size=1)
    with single_statement(other) as connection:
        backend = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    with single_statement(database) as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    with single_statement(other) as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != backend
    other.dispose()


def test_a_single_statement_is_committed_at_once(database: sa.Engine) -> None:
    request_id = factories.add_request(database)
    with single_statement(database) as connection:
        connection.execute(
            sa.text("UPDATE content_requests SET current_stage = 'seen' WHERE id = :id"), {"id": request_id}
        )
        assert factories.row(database, request_id)["current_stage"] == "seen"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 / 0", PermanentError),
        ("SELECT * FROM nothing", PermanentError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53300'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$", TransientError),
    ],
)
def test_errors_are_told_apart_by_sqlstate(statement: str, expected: type[Exception], database: sa.Engine) -> None:
    with pytest.raises(expected), single_statement(database) as connection:
        connection.execute(sa.text(statement))

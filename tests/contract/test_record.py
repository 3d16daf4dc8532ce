"""Contract of the record's connections: the same over pg8000 alone and through the Cloud SQL connector."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from local import postgres
from shared.db import migrate
from shared.db.engine import single_statement, transaction
from shared.db.errors import RecordMisconfigured
from shared.errors import PermanentError, TransientError
from tests import factories
from tests.contract.record_ways import BACKEND, PATIENCE, Way, backends, refused, until

pytestmark = pytest.mark.port("record")
PAUSE = sa.text("SELECT pg_sleep(0.01)")


def test_it_signs_in_as_the_account(way: Way) -> None:
    with single_statement(way.engine()) as connection:
        assert connection.scalar(sa.text("SELECT session_user")) == way.account.name


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT 1 / 0", PermanentError),  # 22012
        ("SELECT 'generating'::content_request_status", PermanentError),  # 22P02
        ("SELECT * FROM nothing", PermanentError),  # 42P01
        ("INSERT INTO content_request_moves SELECT * FROM content_request_moves", PermanentError),  # 23505
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53300'; END $$", TransientError),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$", TransientError),
    ],
)
def test_errors_are_told_apart_by_sqlstate(statement: str, expected: type[Exception], way: Way) -> None:
    engine = way.engine()
    for opened in (single_statement, transaction):
        with pytest.raises(expected), opened(engine) as connection:
            connection.execute(sa.text(statement))


def test_a_connection_that_broke_in_the_pool_is_replaced(way: Way, shared_database: sa.Engine) -> None:
    engine = way.engine(pool_size=1)
    with single_statement(engine) as connection:
        before = connection.scalar(BACKEND)
    with single_statement(shared_database) as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    with single_statement(engine) as connection:
        assert connection.scalar(BACKEND) != before


@pytest.mark.parametrize("opened", [single_statement, transaction])
def test_a_connection_that_breaks_in_use_is_a_transient_error_and_the_next_one_works(
    opened: Callable[[sa.Engine], AbstractContextManager[sa.Connection]], way: Way, shared_database: sa.Engine
) -> None:
    engine = way.engine(pool_size=1)
    backend = 0

    def broken() -> None:
        nonlocal backend
        with opened(engine) as connection:
            backend = connection.scalar(BACKEND)
            with single_statement(shared_database) as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
            connection.execute(BACKEND)

    with pytest.raises(TransientError):
        broken()
    with opened(engine) as connection:
        assert connection.scalar(BACKEND) != backend


def test_single_statements_commit_by_themselves(way: Way, shared_database: sa.Engine) -> None:
    request_id = factories.add_request(shared_database)
    with single_statement(way.engine()) as connection:
        connection.execute(
            sa.text("UPDATE content_requests SET current_stage = 'seen' WHERE id = :id"), {"id": request_id}
        )
        assert factories.row(shared_database, request_id)["current_stage"] == "seen"


def test_a_transaction_rolls_back_on_any_error(way: Way, shared_database: sa.Engine) -> None:
    request_id = factories.add_request(shared_database)
    engine = way.engine(pool_size=1)

    def interrupted(statement: str) -> None:
        with transaction(engine) as connection:
            connection.execute(
                sa.text("UPDATE content_requests SET current_stage = 'lost' WHERE id = :id"), {"id": request_id}
            )
            connection.execute(sa.text(statement))
            raise KeyError

    for statement, error in (("SELECT 1", KeyError), ("SELECT 1 / 0", PermanentError)):
        with pytest.raises(error):
            interrupted(statement)
        assert factories.row(shared_database, request_id)["current_stage"] != "lost"
    with single_statement(engine) as connection:
        assert connection.scalar(sa.text("SELECT txid_current_if_assigned()")) is None


def test_migrations_run(way: Way, postgres_url: str) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with postgres.database(postgres_url, name) as url:
        postgres.execute(url, f'GRANT ALL ON SCHEMA public TO "{way.account.name}"')
        postgres.execute(url, "CREATE EXTENSION IF NOT EXISTS vector")
        engine = way.engine(pool_size=1, database=name)
        migrate.upgrade(engine)
        with engine.connect() as connection:
            assert migrate.current(connection) == migrate.head()
            assert migrate.differences(connection) == []
        migrate.downgrade(engine)
        engine.dispose()


@dataclass(frozen=True, order=True)
class Use:
    """From when to when the server saw a backend used, and by which thread."""

    backend: int
    began: datetime
    ended: datetime
    thread: int


def in_threads(engine: sa.Engine, *, threads: int, rounds: int) -> list[Use]:
    """Have threads begin at once and do transactions, each with a value of its own that it must find again."""
    together = threading.Barrier(threads)

    def work(number: int) -> list[Use]:
        together.wait(PATIENCE)
        return [_use(engine, number) for _ in range(rounds)]

    with ThreadPoolExecutor(threads) as pool:
        return sorted(use for uses in pool.map(work, range(threads)) for use in uses)


def _use(engine: sa.Engine, number: int) -> Use:
    with transaction(engine) as connection:
        backend, began = connection.execute(sa.text("SELECT pg_backend_pid(), clock_timestamp()")).one()
        connection.execute(sa.text("SELECT set_config('vividly.thread', :number, true)"), {"number": str(number)})
        connection.execute(PAUSE)
        found, ended = connection.execute(
            sa.text("SELECT current_setting('vividly.thread'), clock_timestamp()"),
        ).one()
    return Use(backend, began, ended, int(found) if int(found) == number else -1)


def test_sixteen_threads_share_no_connection_and_the_pool_is_bounded(way: Way, shared_database: sa.Engine) -> None:
    uses = in_threads(way.engine(pool_size=3), threads=16, rounds=4)
    assert {use.thread for use in uses} == set(range(16))
    for earlier, later in pairwise(uses):
        assert earlier.backend != later.backend or earlier.ended <= later.began
    used = {use.backend for use in uses}
    assert len(used) == 3
    assert until(lambda: backends(shared_database, way.account) == used)  # what other tests opened is closing


def test_it_works_in_a_forked_child_and_leaves_the_parent_its_connection(way: Way) -> None:
    engine = way.engine(pool_size=1)
    with single_statement(engine) as connection:
        own = connection.scalar(BACKEND)
    assert _in_a_child(engine) not in {own, 0}
    with single_statement(engine) as connection:
        assert connection.scalar(BACKEND) == own


def _in_a_child(engine: sa.Engine) -> int:
    """The backend that a forked child gets from the engine; 0 where it got none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        backend = 0
        try:
            with single_statement(engine) as connection:
                backend = connection.scalar(BACKEND) or 0
            os.write(writing, str(backend).encode())
        finally:
            os._exit(0)  # without the parent's exit handlers
    os.close(writing)
    deadline = time.monotonic() + PATIENCE
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            break
        time.sleep(0.01)
    with os.fdopen(reading) as told:
        return int(told.read() or 0)


def test_a_refused_sign_in_is_the_deployments_fault(way: Way) -> None:
    error = refused(way.engine(token="another-token"))
    assert isinstance(error, RecordMisconfigured)
    assert "28P01" in str(error)


def test_a_database_that_is_not_there_is_the_deployments_fault(way: Way) -> None:
    error = refused(way.engine(database="nowhere"))
    assert isinstance(error, RecordMisconfigured)
    assert "3D000" in str(error)


def test_a_missing_grant_to_connect_is_the_deployments_fault(way: Way, postgres_url: str) -> None:
    """42501 is permanent in a statement: here it must not fail requests."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with postgres.database(postgres_url, name) as url:
        owner = urlsplit(postgres_url).username
        postgres.execute(url, f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC, "{owner}"')
        error = refused(way.engine(database=name))
    assert isinstance(error, RecordMisconfigured)
    assert "42501" in str(error)


def test_a_server_with_no_connection_left_is_a_transient_error(way: Way, postgres_url: str) -> None:
    postgres.execute(postgres_url, f'ALTER ROLE "{way.account.name}" CONNECTION LIMIT 1')
    try:
        engine = way.engine(pool_size=2)
        with single_statement(engine):
            error = refused(engine)
    finally:
        postgres.execute(postgres_url, f'ALTER ROLE "{way.account.name}" CONNECTION LIMIT -1')
    assert not isinstance(error, RecordMisconfigured)
    assert "53300" in str(error)

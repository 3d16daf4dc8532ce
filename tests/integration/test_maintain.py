"""Deployment brings the database in step with the code, and no code serves a database that is not."""

import uuid
from collections.abc import Iterator

import flask
import pytest
import sqlalchemy as sa

from functions.maintain.main import maintain
from shared import bootstrap
from shared.db import gate, grants, migrate
from shared.db.accounts import credentials
from shared.db.engine import engine_for, single_statement
from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.errors import PermanentError
from shared.security import passwords
from tests.fakes import FakeServices

USER = "vividly-dev-api@some-project.iam"


@pytest.fixture
def empty(postgres_url: str) -> Iterator[sa.Engine]:
    """A database that was never migrated."""
    from local import postgres

    with postgres.database(postgres_url, f"test_{uuid.uuid4().hex[:12]}") as url:
        engine = engine_for(url, pool_size=2)
        yield engine
        engine.dispose()


def call(engine: sa.Engine, body: object, method: str = "POST") -> tuple[dict[str, object], int]:
    bootstrap.build_with(lambda function: FakeServices(engine=engine))
    try:
        data = body if isinstance(body, str) else flask.json.dumps(body)
        with flask.Flask("test").test_request_context("/", method=method, data=data):
            return maintain(flask.request)
    finally:
        bootstrap.build_with(None)


def test_an_empty_database_is_migrated_and_agrees(empty: sa.Engine) -> None:
    answer, status = call(empty, {"accounts": [{"email": "first@school.test", "role": "admin"}]})
    assert status == 200
    assert (answer["schema_before"], answer["schema"], answer["differences"]) == (None, migrate.head(), [])
    password = answer["passwords"]["first@school.test"]  # type: ignore[index]
    with single_statement(empty) as connection:
        found = credentials(connection, "first@school.test")
    assert found is not None
    assert found.account.role is Role.ADMIN
    assert passwords.matches(found.password_hash, password)


def test_a_second_call_changes_nothing_and_renews_only_what_is_asked(empty: sa.Engine) -> None:
    accounts = [{"email": "a@school.test"}, {"email": "b@school.test", "renew": True}]
    first, _ = call(empty, {"accounts": accounts})
    second, status = call(empty, {"accounts": accounts})
    assert status == 200
    assert second["schema_before"] == second["schema"]
    assert set(first["passwords"]) == {"a@school.test", "b@school.test"}  # type: ignore[call-overload]
    assert set(second["passwords"]) == {"b@school.test"}  # type: ignore[call-overload]


def test_a_look_changes_nothing(empty: sa.Engine) -> None:
    answer, status = call(empty, {"look": True, "accounts": [{"email": "a@school.test"}]})
    assert status == 200
    assert answer["passwords"] == {}
    assert answer["differences"] == [f"schema is at None, the code's newest is {migrate.head()}"]
    with single_statement(empty) as connection:
        assert migrate.current(connection) is None


TAMPERED = {
    "ALTER TYPE content_request_status ADD VALUE 'generating'": "content_request_status is",
    "INSERT INTO content_request_moves VALUES ('completed', 'pending')": "the database allows completed to pending",
    "DELETE FROM content_request_moves WHERE from_status = 'failed'": "the database refuses failed to pending",
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_a_database_that_differs_from_the_code_is_refused(database: sa.Engine, statement: str) -> None:
    with single_statement(database) as connection:
        connection.execute(sa.text(statement))
    answer, status = call(database, {"accounts": [{"email": "a@school.test"}]})
    assert status == 409
    assert TAMPERED[statement] in str(answer["differences"])
    assert answer["passwords"] == {}


def test_the_database_of_a_newer_release_is_left_alone(database: sa.Engine) -> None:
    with single_statement(database) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    answer, status = call(database, {"users": [USER], "accounts": [{"email": "a@school.test"}]})
    assert status == 409
    assert answer["differences"] == [f"schema is at 9999, the code's newest is {migrate.head()}"]
    assert (answer["schema"], answer["passwords"]) == ("9999", {})


def test_labels_are_the_code_s_in_order(database: sa.Engine) -> None:
    with single_statement(database) as connection:
        assert gate.labels(connection) == [status.value for status in Status]
        assert gate.differences(connection) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("not JSON", 400),
        ({"unknown": 1}, 400),
        ({"accounts": [{"email": "no address"}]}, 400),
        ({"accounts": [{"email": "a@b.test", "role": "owner"}]}, 400),
        ({"users": ['x"; DROP TABLE users; --']}, 503),
    ],
)
def test_what_is_no_order_changes_nothing(empty: sa.Engine, body: object, status: int) -> None:
    answer, code = call(empty, body)
    assert code == status
    assert set(answer) == {"error"}
    assert "DROP" not in str(answer)


def test_only_post_is_an_order(empty: sa.Engine) -> None:
    assert call(empty, {}, method="GET")[1] == 405


def test_a_function_s_user_works_on_rows_and_on_nothing_else(empty: sa.Engine) -> None:
    with single_statement(empty) as connection:
        if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": USER}):
            connection.execute(sa.text(f'CREATE ROLE "{USER}" LOGIN'))
    assert call(empty, {"users": [USER]})[1] == 200
    assert call(empty, {"users": [USER]})[1] == 200
    refused = ["CREATE TABLE mine (id int)", "DROP TABLE users", "DELETE FROM content_request_moves"]
    with empty.connect() as connection:
        connection.execute(sa.text(f'SET ROLE "{USER}"'))
        assert connection.scalar(sa.text("SELECT count(*) FROM content_requests")) == 0
        connection.execute(sa.text("UPDATE users SET email = email"))
        connection.commit()
        for statement in refused:
            connection.execute(sa.text(f'SET ROLE "{USER}"'))
            with pytest.raises(sa.exc.DatabaseError, match=r"42501|permission|owner"):
                connection.execute(sa.text(statement))
            connection.rollback()


def test_what_is_no_service_account_is_given_nothing(database: sa.Engine) -> None:
    with single_statement(database) as connection, pytest.raises(PermanentError):
        grants.grant(connection, ["postgres"])

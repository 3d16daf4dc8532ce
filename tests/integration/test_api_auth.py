"""Signing in, and being who one says."""

import uuid

import pytest
import sqlalchemy as sa

from functions.api import throttle
from functions.api.throttle import FAILURES_PER_ACCOUNT, Kind
from shared.db.accounts import add_account
from shared.enums import Role
from shared.security import passwords, tokens
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, caller, problem

PASSWORD = "correct horse battery"
HASH = passwords.hashed(PASSWORD)


@pytest.fixture
def email(system: FakeServices) -> str:
    """An account that can sign in."""
    address = f"Pupil-{uuid.uuid4().hex[:8]}@School.test"
    with system.engine.begin() as connection:
        assert add_account(connection, email=address, password_hash=HASH, role=Role.STUDENT)
    return address


def _login(visitor: Caller, email: str, password: str = PASSWORD) -> tuple[int, str]:
    answer = visitor.post("/v1/auth/login", {"email": email, "password": password})
    if answer.status_code == 200:
        visitor.token = answer.get_json()["access_token"]
        return 200, "ok"
    return problem(answer)


def test_whoever_knows_the_password_gets_a_token_that_works(system: FakeServices, email: str) -> None:
    visitor = Caller(system)
    answer = visitor.post("/v1/auth/login", {"email": email, "password": PASSWORD})
    body = answer.get_json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", system.settings.access_token_minutes * 60)
    visitor.token = body["access_token"]
    assert visitor.get("/v1/requests").status_code == 200


def test_letters_of_the_address_may_be_large_or_small(system: FakeServices, email: str) -> None:
    assert _login(Caller(system), f" {email.upper()} ") == (200, "ok")


def test_a_wrong_password_and_an_unknown_account_are_told_alike(system: FakeServices, email: str) -> None:
    visitor = Caller(system)
    wrong = visitor.post("/v1/auth/login", {"email": email, "password": "wrong"})
    unknown = visitor.post("/v1/auth/login", {"email": "nobody@school.test", "password": "wrong"})
    assert problem(wrong) == problem(unknown) == (401, "login_failed")
    assert wrong.get_json() | {"instance": ""} == unknown.get_json() | {"instance": ""}
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"] == "Bearer"


def test_an_unknown_account_costs_a_hash_too(system: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []

    def matches(kept: str | None, password: str) -> bool:
        checked.append(kept)
        return False

    monkeypatch.setattr(passwords, "matches", matches)
    assert _login(Caller(system), "nobody-else@school.test") == (401, "login_failed")
    assert checked == [None]


def test_too_many_failures_shut_an_account_for_a_while(system: FakeServices, email: str) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert _login(Caller(system), email, "wrong") == (401, "login_failed")
    answer = Caller(system).post("/v1/auth/login", {"email": email, "password": PASSWORD})
    assert problem(answer) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_signing_in_starts_the_count_anew(system: FakeServices, email: str) -> None:
    for _ in range(2):
        for _ in range(FAILURES_PER_ACCOUNT - 1):
            assert _login(Caller(system), email, "wrong") == (401, "login_failed")
        assert _login(Caller(system), email) == (200, "ok")


def test_too_many_failures_from_one_address_shut_it_out(
    system: FakeServices, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(throttle._LIMITS, Kind.ADDRESS, 3)
    visitor, other = Caller(system), Caller(system)
    for number in range(3):
        assert _login(visitor, f"guess-{number}@school.test", "wrong") == (401, "login_failed")
    assert _login(visitor, email) == (429, "too_many_attempts")
    assert _login(other, email) == (200, "ok")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.test"},
        {"email": "a@b.test", "password": ""},
        {"email": "a@b.test", "password": "x" * 201},
        {"email": "no address", "password": "x"},
        {"email": "a\u0000@b.test", "password": "x"},
        {"email": ["a@b.test"], "password": "x"},
        {"email": "a@b.test", "password": "x", "role": "admin"},
    ],
)
def test_a_malformed_sign_in_is_refused(system: FakeServices, body: object) -> None:
    answer = Caller(system).post("/v1/auth/login", body)
    assert answer.status_code == 422


def test_a_password_may_hold_anything(system: FakeServices, email: str) -> None:
    assert _login(Caller(system), email, "\u0000 😀 ' OR 1=1 --") == (401, "login_failed")


PROTECTED = [
    ("GET", "/v1/requests"),
    ("POST", "/v1/requests"),
    ("GET", f"/v1/requests/{uuid.UUID(int=1)}"),
    ("POST", f"/v1/requests/{uuid.UUID(int=1)}/clarification"),
    ("POST", f"/v1/requests/{uuid.UUID(int=1)}/cancel"),
    ("POST", f"/v1/requests/{uuid.UUID(int=1)}/retry"),
    ("POST", f"/v1/requests/{uuid.UUID(int=1)}/feedback"),
    ("GET", "/v1/notifications"),
    ("GET", f"/v1/passages/{uuid.UUID(int=1)}"),
    ("GET", "/v1/ops/summary"),
    ("GET", "/v1/ops/requests"),
    ("GET", f"/v1/ops/requests/{uuid.UUID(int=1)}/events"),
    ("DELETE", f"/v1/students/{uuid.UUID(int=1)}/data"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_nothing_is_answered_without_a_good_token(system: FakeServices, method: str, path: str) -> None:
    visitor = Caller(system)
    answer = visitor.call(method, path)
    assert problem(answer) == (401, "token_missing")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    visitor.token = "forged.forged.forged"
    answer = visitor.call(method, path)
    assert problem(answer) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token abc"])
def test_another_scheme_is_no_token(student: Caller, value: str) -> None:
    student.token = None
    assert problem(student.call("GET", "/v1/requests", headers={"Authorization": value})) == (401, "token_missing")


def test_the_scheme_may_be_written_in_any_case(student: Caller) -> None:
    token, student.token = student.token, None
    headers = {"Authorization": f"bearer  {token}"}
    assert student.call("GET", "/v1/requests", headers=headers).status_code == 200


def test_an_expired_token_says_so(system: FakeServices, student: Caller) -> None:
    assert student.id
    bearer = tokens.Bearer(account_id=student.id, role=Role.STUDENT)
    student.token = tokens.issue(system.settings.secret_key, bearer, minutes=-10)
    assert problem(student.get("/v1/requests")) == (401, "token_expired")


def test_a_token_outlives_its_account_in_vain(system: FakeServices, student: Caller) -> None:
    with system.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM users WHERE id = :id"), {"id": student.id})
    assert problem(student.get("/v1/requests")) == (401, "token_invalid")


def test_the_role_that_counts_is_the_one_in_the_record(system: FakeServices, student: Caller, admin: Caller) -> None:
    assert student.id
    boasting = tokens.Bearer(account_id=student.id, role=Role.ADMIN)
    student.token = tokens.issue(system.settings.secret_key, boasting, minutes=5)
    assert problem(student.get("/v1/ops/summary")) == (403, "forbidden")
    with system.engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET role = 'student' WHERE id = :id"), {"id": admin.id})
    assert problem(admin.get("/v1/ops/summary")) == (403, "forbidden")


def test_teachers_ask_as_students_do_and_operate_nothing(system: FakeServices) -> None:
    teacher = caller(system, role=Role.TEACHER)
    teacher.ask()
    assert problem(teacher.get("/v1/ops/requests")) == (403, "forbidden")

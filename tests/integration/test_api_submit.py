"""Asking for a lesson: once for each key, within the quota, however many ask at once."""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from shared.enums import ContentRequestStatus as Status
from shared.messages import RequestMessage
from shared.pipeline import Topic
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import GOOD, Caller, problem

THREADS = 20


def _at_once(call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(THREADS)))


def _count(system: FakeServices, student: Caller) -> int:
    with system.engine.begin() as connection:
        statement = sa.text("SELECT count(*) FROM content_requests WHERE student_id = :id")
        return int(connection.execute(statement, {"id": student.id}).scalar_one())


def _used(system: FakeServices, student: Caller) -> int:
    with system.engine.begin() as connection:
        statement = sa.text("SELECT quota_used FROM users WHERE id = :id")
        return int(connection.execute(statement, {"id": student.id}).scalar_one())


def test_a_question_becomes_a_request_and_wakes_the_first_stage(system: FakeServices, student: Caller) -> None:
    body = GOOD | {"query": "  What is\u0000 a cell? ", "interest": " chess ", "modality": "audio", "style": "simple"}
    answer = student.post("/v1/requests", body | {"duration_seconds": 60, "language": "en"})
    assert answer.status_code == 202
    request_id = uuid.UUID(answer.get_json()["id"])
    assert answer.headers["Location"] == answer.get_json()["links"]["self"] == f"/v1/requests/{request_id}"
    row = factories.row(system.engine, request_id)
    assert (row["query"], row["interest"], row["modality"], row["style"]) == (
        "What is a cell?",
        "chess",
        "audio",
        "simple",
    )
    assert (row["student_id"], row["status"], row["duration_seconds"]) == (student.id, Status.PENDING, 60)
    assert [topic for topic, _, _ in system.bus.messages] == [Topic.REQUEST_CREATED, Topic.STATUS_CHANGED]
    for _, data, _ in system.bus.messages:
        message = RequestMessage.decode(data)
        assert (message.request_id, message.correlation_id) == (request_id, row["correlation_id"])
    assert factories.history(system.engine, request_id) == [Status.PENDING]


def test_the_answer_has_exactly_the_fields_that_were_promised(student: Caller) -> None:
    body = student.post("/v1/requests", GOOD).get_json()
    assert body.keys() == {"id", "status", "links"}
    assert body["status"] == Status.PENDING
    assert body["links"].keys() == {"self", "clarification", "cancel", "retry", "feedback"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"query": ""}, "empty_query"),
        ({"query": "\u0000\u0001"}, "empty_query"),
        ({"query": "x" * 501}, "query_too_long"),
        ({"grade_level": "grade 10"}, "invalid_field"),
        ({"language": "fr"}, "unsupported_language"),
        ({"duration_seconds": 600}, "unsupported_duration"),
        ({"modality": "hologram"}, "invalid_field"),
        ({"student_id": str(uuid.UUID(int=1))}, "unknown_field"),
    ],
)
def test_a_refused_question_leaves_nothing_behind(
    system: FakeServices, student: Caller, changes: dict[str, object], code: str
) -> None:
    assert problem(student.post("/v1/requests", GOOD | changes, Idempotency_Key="k")) == (422, code)
    assert _count(system, student) == 0
    assert system.bus.messages == []
    # The key of a refused call is still free.
    assert student.post("/v1/requests", GOOD, Idempotency_Key="k").status_code == 202


def test_the_same_call_with_the_same_key_is_done_once(system: FakeServices, student: Caller) -> None:
    first = student.post("/v1/requests", GOOD, Idempotency_Key="once")
    factories.update(system.engine, uuid.UUID(first.get_json()["id"]), status=Status.VALIDATING)
    again = student.post("/v1/requests", {"grade_level": 10, "style": "balanced", **GOOD}, Idempotency_Key="once")
    assert (again.status_code, again.data) == (202, first.data)
    assert (_count(system, student), _used(system, student)) == (1, 1)
    assert system.bus.topics == [Topic.REQUEST_CREATED]


def test_another_body_cannot_have_the_same_key(system: FakeServices, student: Caller) -> None:
    student.post("/v1/requests", GOOD, Idempotency_Key="once")
    answer = student.post("/v1/requests", GOOD | {"grade_level": 9}, Idempotency_Key="once")
    assert problem(answer) == (409, "idempotency_key_reused")
    assert (_count(system, student), _used(system, student)) == (1, 1)


def test_students_do_not_share_keys(student: Caller, stranger: Callable[[], Caller]) -> None:
    mine = student.post("/v1/requests", GOOD, Idempotency_Key="one").get_json()["id"]
    theirs = stranger().post("/v1/requests", GOOD, Idempotency_Key="one").get_json()["id"]
    assert mine != theirs


@pytest.mark.parametrize("key", ["", "x" * 201, "ümlaut", "tab\tbed"])
def test_a_key_is_short_and_plain(student: Caller, key: str) -> None:
    answer = student.call("POST", "/v1/requests", GOOD, headers={"Idempotency-Key": key})
    assert problem(answer) == (422, "invalid_field")
    assert answer.get_json()["errors"][0]["field"] == "Idempotency-Key"


def test_one_key_used_by_many_at_once_makes_one_request(system: FakeServices, student: Caller) -> None:
    answers = _at_once(lambda _: student.post("/v1/requests", GOOD, Idempotency_Key="all at once"))
    assert Counter(answer.status_code for answer in answers) == {202: THREADS}
    assert len({answer.data for answer in answers}) == 1
    assert (_count(system, student), _used(system, student)) == (1, 1)
    assert system.bus.topics == [Topic.REQUEST_CREATED]


def test_one_key_with_different_bodies_at_once_lets_one_through(system: FakeServices, student: Caller) -> None:
    bodies = [GOOD | {"grade_level": 1 + number % 10} for number in range(THREADS)]
    answers = _at_once(lambda number: student.post("/v1/requests", bodies[number], Idempotency_Key="all at once"))
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.data for answer in accepted}) == 1
    assert len(accepted) == 2  # each body was sent twice
    assert {problem(answer) for answer in answers if answer not in accepted} == {(409, "idempotency_key_reused")}
    assert (_count(system, student), _used(system, student)) == (1, 1)


def test_the_quota_is_exact_however_many_ask_at_once(system: FakeServices, student: Caller) -> None:
    system.settings = replace(system.settings, daily_request_quota=7)
    answers = _at_once(lambda number: student.post("/v1/requests", GOOD, Idempotency_Key=f"k{number}"))
    assert Counter(answer.status_code for answer in answers) == {202: 7, 429: THREADS - 7}
    assert (_count(system, student), _used(system, student)) == (7, 7)
    assert len(system.bus.topics) == 7
    with system.engine.begin() as connection:
        keys = sa.text("SELECT count(*) FROM idempotency_keys WHERE student_id = :id")
        assert connection.execute(keys, {"id": student.id}).scalar_one() == 7


def test_a_spent_quota_says_when_the_next_day_begins(system: FakeServices, student: Caller) -> None:
    system.settings = replace(system.settings, daily_request_quota=1)
    first = student.post("/v1/requests", GOOD, Idempotency_Key="first")
    answer = student.post("/v1/requests", GOOD)
    assert problem(answer) == (429, "quota_exceeded")
    assert 0 < int(answer.headers["Retry-After"]) <= 24 * 3600
    # What was done before is still answered, and a key that was refused is free.
    assert student.post("/v1/requests", GOOD, Idempotency_Key="first").data == first.data
    reused = student.post("/v1/requests", GOOD | {"grade_level": 1}, Idempotency_Key="first")
    assert problem(reused) == (409, "idempotency_key_reused")
    assert problem(student.post("/v1/requests", GOOD, Idempotency_Key="second")) == (429, "quota_exceeded")
    system.settings = replace(system.settings, daily_request_quota=2)
    assert student.post("/v1/requests", GOOD, Idempotency_Key="second").status_code == 202


def test_the_quota_begins_anew_every_day(system: FakeServices, student: Caller) -> None:
    system.settings = replace(system.settings, daily_request_quota=1)
    student.ask()
    with system.engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET quota_day = quota_day - 1 WHERE id = :id"), {"id": student.id})
    student.ask()
    assert _used(system, student) == 1
    with system.engine.begin() as connection:
        day = connection.execute(sa.text("SELECT quota_day FROM users WHERE id = :id"), {"id": student.id}).scalar_one()
    assert abs((datetime.now(UTC).date() - day).days) <= 1


def test_a_quota_is_a_students_own(system: FakeServices, student: Caller, stranger: Callable[[], Caller]) -> None:
    system.settings = replace(system.settings, daily_request_quota=1)
    student.ask()
    stranger().ask()
    assert problem(student.post("/v1/requests", GOOD)) == (429, "quota_exceeded")


def test_pages_run_from_the_newest_without_gap_or_repeat(student: Caller, stranger: Callable[[], Caller]) -> None:
    stranger().ask()
    asked = [str(student.ask(query=f"Question number {number}")) for number in range(5)]
    seen, cursor, pages = [], "", 0
    while True:
        body = student.get(f"/v1/requests?limit=2{cursor}").get_json()
        seen += [item["id"] for item in body["items"]]
        pages += 1
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert (seen, pages) == (asked[::-1], 3)


def test_pages_are_in_order_when_requests_were_made_at_the_same_moment(system: FakeServices, student: Caller) -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)
    made = {str(student.request(created_at=moment)) for _ in range(5)}
    seen, cursor = [], ""
    while True:
        body = student.get(f"/v1/requests?limit=1{cursor}").get_json()
        seen += [item["id"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert len(seen) == 5
    assert set(seen) == made


def test_a_list_may_be_of_one_status(student: Caller) -> None:
    failed = student.request(status=Status.FAILED)
    student.request(status=Status.COMPLETED)
    body = student.get("/v1/requests?status=failed").get_json()
    assert [item["id"] for item in body["items"]] == [str(failed)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=x", "invalid_cursor"),
        ("limit=0", "invalid_field"),
        ("status=generating", "invalid_field"),
        ("q=1", "unknown_field"),
    ],
)
def test_a_list_is_asked_for_properly(student: Caller, query: str, code: str) -> None:
    assert problem(student.get(f"/v1/requests?{query}")) == (422, code)


def test_a_cursor_of_another_student_shows_nothing_of_theirs(student: Caller, stranger: Callable[[], Caller]) -> None:
    other = stranger()
    other.ask()
    other.ask()
    cursor = other.get("/v1/requests?limit=1").get_json()["next_cursor"]
    assert student.get(f"/v1/requests?cursor={cursor}").get_json() == {"items": [], "next_cursor": None}


def test_waiting_for_an_answer_shows_in_the_list(student: Caller) -> None:
    student.parked()
    assert [item["waiting"] for item in student.get("/v1/requests").get_json()["items"]] == [True]

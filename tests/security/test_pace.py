"""How fast a student may ask: exact over all instances, the same for every way of asking, and no other's loss."""

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from functions.api.problems import Code
from functions.api.routes import ROUTES
from shared.db.actions import RETRIES
from shared.enums import ContentRequestStatus as Status
from shared.settings import Settings
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import GOOD, Caller, problem

PER_MINUTE = 6


@pytest.fixture(autouse=True)
def _paced(system: FakeServices) -> None:
    system.settings = replace(system.settings, requests_per_minute=PER_MINUTE)


def later(student: Caller, seconds: float) -> None:
    """Let so many seconds pass for the student."""
    with student.services.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE users SET pace_until = pace_until - make_interval(secs => :seconds) WHERE id = :id"),
            {"seconds": seconds, "id": student.id},
        )


def failed(student: Caller) -> str:
    return str(student.request(status=Status.FAILED))


# Everything that sets a request going and costs something, as a call that can be repeated.
WAYS: dict[str, Callable[[Caller], Callable[[], tuple[str, str, object]]]] = {
    "submitRequest": lambda student: lambda: ("POST", "/v1/requests", GOOD),
    "retryRequest": lambda student: lambda: ("POST", f"/v1/requests/{failed(student)}/retry", None),
    "giveFeedback": lambda student: (
        lambda: (
            "POST",
            f"/v1/requests/{student.request(status=Status.COMPLETED)}/feedback",
            {"kind": "simpler"},
        )
    ),
}


def test_every_way_of_asking_is_paced() -> None:
    """Answering what was asked back is bounded by its rounds; all else that is answered 202 and is no end is here."""
    going = {route.operation for route in ROUTES if 202 in route.answers}
    assert going - {"clarifyRequest", "cancelRequest", "eraseStudent"} == WAYS.keys()
    assert {route.operation for route in ROUTES if Code.RATE_LIMITED in route.problems} == WAYS.keys()


@pytest.mark.parametrize("way", WAYS)
def test_a_student_may_ask_so_often_in_a_minute_and_then_at_that_pace(student: Caller, way: str) -> None:
    ask = WAYS[way](student)
    answers = [student.call(*ask()) for _ in range(PER_MINUTE)]
    assert {answer.status_code for answer in answers} == {202}
    refused = student.call(*ask())
    assert problem(refused) == (429, "rate_limited")
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 60 / PER_MINUTE
    later(student, wait)
    assert student.call(*ask()).status_code == 202
    assert problem(student.call(*ask())) == (429, "rate_limited")
    later(student, 3600)  # however long nothing was asked, no more is saved up
    assert Counter(student.call(*ask()).status_code for _ in range(PER_MINUTE + 3)) == {202: PER_MINUTE, 429: 3}


def test_all_ways_share_one_pace(student: Caller) -> None:
    for number in range(PER_MINUTE):
        assert student.call(*list(WAYS.values())[number % 3](student)()).status_code == 202
    for way in WAYS.values():
        assert problem(student.call(*way(student)())) == (429, "rate_limited")


def test_it_is_exact_however_many_ask_at_once(system: FakeServices, student: Caller) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: student.post("/v1/requests", GOOD), range(24)))
    assert Counter(answer.status_code for answer in answers) == {202: PER_MINUTE, 429: 24 - PER_MINUTE}
    assert len(system.bus.topics) == PER_MINUTE


def test_what_is_refused_costs_nothing_and_leaves_its_key_free(student: Caller) -> None:
    for _ in range(PER_MINUTE):
        student.ask()
    answer = student.post("/v1/requests", GOOD, Idempotency_Key="k")
    assert problem(answer) == (429, "rate_limited")
    assert used(student) == PER_MINUTE
    later(student, 60)
    assert student.post("/v1/requests", GOOD, Idempotency_Key="k").status_code == 202


def used(student: Caller) -> int:
    with student.services.engine.begin() as connection:
        number: int = connection.execute(
            sa.text("SELECT quota_used FROM users WHERE id = :id"), {"id": student.id}
        ).scalar_one()
    return number


def test_a_repeat_of_a_call_is_answered_however_fast_it_comes(student: Caller) -> None:
    first = student.post("/v1/requests", GOOD, Idempotency_Key="k")
    answers = [student.post("/v1/requests", GOOD, Idempotency_Key="k") for _ in range(2 * PER_MINUTE)]
    assert {answer.data for answer in answers} == {first.data}


def test_a_spent_quota_is_told_before_the_pace(system: FakeServices, student: Caller) -> None:
    system.settings = replace(system.settings, daily_request_quota=PER_MINUTE)
    for _ in range(PER_MINUTE):
        student.ask()
    assert problem(student.post("/v1/requests", GOOD)) == (429, "quota_exceeded")


def test_one_students_haste_is_no_others_loss(student: Caller, stranger: Callable[[], Caller]) -> None:
    for _ in range(PER_MINUTE + 1):
        student.post("/v1/requests", GOOD)
    assert stranger().post("/v1/requests", GOOD).status_code == 202
    assert student.get("/v1/requests").status_code == 200


def test_a_request_is_retried_a_bounded_number_of_times(system: FakeServices, student: Caller) -> None:
    """Else one question could be made again for ever at our cost: a retry does not count against the quota."""
    system.settings = replace(system.settings, requests_per_minute=1000)
    request_id = student.request(status=Status.FAILED)
    for _ in range(RETRIES):
        assert student.post(f"/v1/requests/{request_id}/retry").status_code == 202
        factories.update(system.engine, request_id, status=Status.FAILED)
    answer = student.post(f"/v1/requests/{request_id}/retry")
    assert problem(answer) == (409, "state_conflict")
    assert factories.row(system.engine, request_id)["status"] == Status.FAILED


def test_the_default_is_a_students_and_not_a_machines() -> None:
    assert 5 <= Settings().requests_per_minute <= 30


def test_whoever_is_gone_asks_nothing(student: Caller) -> None:
    from shared.db import submissions
    from shared.db.engine import single_statement
    from shared.db.pace import TooFast
    from shared.enums import LessonStyle, Modality

    submission = submissions.Submission(
        id=uuid.uuid4(),
        correlation_id=uuid.uuid4(),
        student_id=uuid.uuid4(),
        query="Why?",
        grade_level=5,
        interest="",
        style=LessonStyle.SIMPLE,
        language="en",
        modality=Modality.TEXT,
        duration_seconds=60,
    )
    with single_statement(student.services.engine) as connection:
        result = submissions.submit(connection, submission, quota=5, per_minute=5, idempotency=None)
    assert result == TooFast(1)

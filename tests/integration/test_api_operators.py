"""What operators see, and that they see nothing of what was asked."""

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from shared.enums import ContentRequestStatus as Status
from shared.enums import Role, StageRunState
from shared.pipeline import GENERATE_VIDEO
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, caller, problem
from tests.integration.conftest import serving

QUESTION = "an unmistakable question about zebras"


@pytest.fixture
def operator(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """An admin of a system that nobody else uses."""
    for _ in serving(services, monkeypatch):
        yield caller(services, role=Role.ADMIN)


def _run(engine: sa.Engine, request_id: uuid.UUID, attempt: int, seconds: float, hours_ago: int = 0) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"""
                INSERT INTO request_stages (request_id, stage, attempt, state, started_at, finished_at, error_message)
                SELECT :id, :stage, :attempt, '{StageRunState.FINISHED}', moment,
                    moment + make_interval(secs => :seconds), 'seen by operators'
                FROM (SELECT now() - make_interval(hours => :hours) AS moment) AS m
            """),
            {
                "id": request_id,
                "stage": GENERATE_VIDEO.name,
                "attempt": attempt,
                "seconds": seconds,
                "hours": hours_ago,
            },
        )


def test_the_summary_counts_times_and_names_failures(operator: Caller) -> None:
    engine, student = operator.services.engine, caller(operator.services)
    student.request(query=QUESTION)
    student.parked()
    making = student.request(status=Status.GENERATING_VIDEO)
    for code in ("content_refused", "content_refused", "invalid_media"):
        failed = student.request(status=Status.FAILED)
        factories.update(engine, failed, error_code=code, failed_at=sa.func.now())
    old = student.request(status=Status.FAILED)
    factories.update(engine, old, error_code="content_refused", failed_at=sa.text("now() - interval '2 days'"))
    for attempt in range(1, 21):
        _run(engine, making, attempt, float(attempt))
    _run(engine, making, 21, 900.0, hours_ago=30)
    answer = operator.get("/v1/ops/summary")
    body = answer.get_json()
    assert body["counts"] == {Status.PENDING: 2, Status.GENERATING_VIDEO: 1, Status.FAILED: 4}
    assert body["awaiting_clarification"] == 1
    assert body["oldest_seconds"].keys() == {Status.PENDING, Status.GENERATING_VIDEO}
    assert all(seconds >= 0 for seconds in body["oldest_seconds"].values())
    assert body["stages"] == [{"stage": GENERATE_VIDEO.name, "runs": 20, "p50_seconds": 10.5, "p95_seconds": 19.05}]
    assert body["failures"] == {"content_refused": 2, "invalid_media": 1}
    assert QUESTION not in answer.text


def test_a_system_without_requests_has_a_summary_too(operator: Caller) -> None:
    assert operator.get("/v1/ops/summary").get_json() == {
        "counts": {},
        "awaiting_clarification": 0,
        "oldest_seconds": {},
        "stages": [],
        "failures": {},
    }


def test_everybodys_requests_are_listed_without_what_was_asked(operator: Caller) -> None:
    students = [caller(operator.services) for _ in range(3)]
    made = [str(student.request(query=QUESTION, topic=QUESTION, interest=QUESTION)) for student in students]
    answer = operator.get("/v1/ops/requests")
    assert [item["id"] for item in answer.get_json()["items"]] == made[::-1]
    assert QUESTION not in answer.text
    assert "school.test" not in answer.text


def test_the_list_is_narrowed_by_each_filter_and_paged(operator: Caller) -> None:
    student, other = caller(operator.services), caller(operator.services)
    failed = student.request(status=Status.FAILED)
    factories.update(operator.services.engine, failed, error_code="content_refused")
    also_failed = other.request(status=Status.FAILED)
    student.request()

    def found(query: str) -> set[str]:
        return {item["id"] for item in operator.get(f"/v1/ops/requests?{query}").get_json()["items"]}

    assert found("status=failed") == {str(failed), str(also_failed)}
    assert found("error_code=content_refused") == {str(failed)}
    assert found(f"student_id={other.id}") == {str(also_failed)}
    assert found(f"status=failed&student_id={student.id}") == {str(failed)}
    first = operator.get("/v1/ops/requests?limit=2").get_json()
    second = operator.get(f"/v1/ops/requests?limit=2&cursor={first['next_cursor']}").get_json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    assert problem(operator.get("/v1/ops/requests?student_id=x")) == (422, "invalid_field")
    assert problem(operator.get("/v1/ops/requests?error_code=DROP TABLE")) == (422, "invalid_field")


def test_the_history_of_a_request_is_complete(operator: Caller) -> None:
    student = caller(operator.services)
    request_id = student.request(status=Status.FAILED, query=QUESTION)
    _run(operator.services.engine, request_id, 1, 2.5)
    answer = operator.get(f"/v1/ops/requests/{request_id}/events")
    body = answer.get_json()
    assert body["request"]["id"] == str(request_id)
    assert [(event["from_status"], event["to_status"]) for event in body["events"]] == [
        (None, Status.PENDING),
        (Status.PENDING, Status.FAILED),
    ]
    assert [event["version"] for event in body["events"]] == [1, 2]
    assert [(run["stage"], run["error_message"]) for run in body["runs"]] == [
        (GENERATE_VIDEO.name, "seen by operators")
    ]
    assert QUESTION not in answer.text


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "no-uuid"])
def test_the_history_of_nothing_is_not_found(operator: Caller, name: str) -> None:
    assert problem(operator.get(f"/v1/ops/requests/{name}/events")) == (404, "not_found")


@pytest.mark.parametrize("path", ["summary", "requests", f"requests/{uuid.UUID(int=1)}/events"])
def test_students_operate_nothing(operator: Caller, path: str) -> None:
    assert problem(caller(operator.services).get(f"/v1/ops/{path}")) == (403, "forbidden")

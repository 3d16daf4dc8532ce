"""What students do to their requests: answer, cancel, try again, rate, ask for another telling."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from shared.db import actions, claims
from shared.db.flights import lock_content
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, LessonStyle, StageRunState
from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import IN_PROGRESS, TERMINAL, VALIDATE_REQUEST, Topic
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, problem

ACTIONS = ("clarification", "cancel", "retry", "feedback")
BODIES = {"clarification": {"answers": {"q1": "cells"}}, "feedback": {"kind": "helpful"}}


def _path(request_id: uuid.UUID, action: str) -> str:
    return f"/v1/requests/{request_id}/{action}"


def _stored(system: FakeServices, request_id: uuid.UUID) -> list[dict[str, str]]:
    answers: list[dict[str, str]] = factories.row(system.engine, request_id)["request_metadata"]["clarification"][
        "answers"
    ]
    return answers


@pytest.mark.parametrize("action", ACTIONS)
def test_strangers_cannot_touch_a_request(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller], action: str
) -> None:
    for request_id in (
        student.parked(),
        student.request(status=Status.FAILED),
        student.request(status=Status.COMPLETED),
    ):
        before = factories.row(system.engine, request_id)
        assert problem(stranger().post(_path(request_id, action), BODIES.get(action))) == (404, "not_found")
        assert factories.row(system.engine, request_id) == before
    assert problem(student.post(f"/v1/requests/no-uuid/{action}", BODIES.get(action))) == (404, "not_found")
    assert system.bus.messages == []


# Answers


def test_an_answer_lets_the_same_request_go_on(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    body = {"answers": [{"question_id": "q1", "option_id": "b"}, {"question_id": "q2", "text": " how they  divide "}]}
    answer = student.post(_path(request_id, "clarification"), body)
    assert (answer.status_code, answer.get_json()["id"]) == (202, str(request_id))
    row = factories.row(system.engine, request_id)
    assert (row["status"], row["clarification_requested_at"], row["lease_until"]) == (Status.PENDING, None, None)
    assert _stored(system, request_id) == [
        {"question_id": "q1", "option_id": "b"},
        {"question_id": "q2", "text": "how they divide"},
    ]
    asked = row["request_metadata"]["clarification"]
    assert (asked["round"], len(asked["questions"])) == (1, 2)
    [(topic, data, _), _] = system.bus.messages
    assert (topic, RequestMessage.decode(data).request_id) == (Topic.REQUEST_CREATED, request_id)


def test_an_answered_request_can_be_claimed_by_the_first_stage(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    with system.engine.begin() as connection:
        assert not isinstance(claims.claim(connection, request_id, VALIDATE_REQUEST), claims.Claim)
    student.post(_path(request_id, "clarification"), BODIES["clarification"])
    with system.engine.begin() as connection:
        claimed = claims.claim(connection, request_id, VALIDATE_REQUEST)
    assert isinstance(claimed, claims.Claim)
    assert claimed.request.metadata["clarification"]["answers"] == [
        {"question_id": "q1", "option_id": "b", "text": "cells"}
    ]


@pytest.mark.parametrize(("text", "option"), [("cells", "b"), ("CELLS", "b"), ("a", "a"), ("something else", None)])
def test_words_that_name_an_option_choose_it(
    system: FakeServices, student: Caller, text: str, option: str | None
) -> None:
    request_id = student.parked()
    student.post(_path(request_id, "clarification"), {"answers": {"q1": text}})
    assert _stored(system, request_id)[0].get("option_id") == option


def test_answering_twice_lets_the_request_go_on_once(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    assert student.post(_path(request_id, "clarification"), {"answers": {"q1": "cells"}}).status_code == 202
    second = student.post(_path(request_id, "clarification"), {"answers": {"q1": "motion"}})
    assert problem(second) == (409, "state_conflict")
    assert second.get_json()["current_status"] == Status.PENDING
    assert system.bus.topics == [Topic.REQUEST_CREATED]
    assert _stored(system, request_id)[0]["text"] == "cells"


def test_many_answers_at_once_let_the_request_go_on_once(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda n: student.post(_path(request_id, "clarification"), {"answers": {"q1": f"words {n}"}}), range(10)
            )
        )
    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: 9}
    assert system.bus.topics == [Topic.REQUEST_CREATED]


def test_the_same_answer_with_the_same_key_is_answered_alike(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    path = _path(request_id, "clarification")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: student.post(path, BODIES["clarification"], Idempotency_Key="k"), range(10)))
    assert {(answer.status_code, answer.data) for answer in answers} == {(202, answers[0].data)}
    assert system.bus.topics == [Topic.REQUEST_CREATED]
    other = student.post(path, {"answers": {"q1": "motion"}}, Idempotency_Key="k")
    assert problem(other) == (409, "idempotency_key_reused")


def test_a_key_of_another_call_is_not_for_an_answer(student: Caller) -> None:
    student.post("/v1/requests", {"query": "What is heat?", "grade_level": 5}, Idempotency_Key="k")
    answer = student.post(_path(student.parked(), "clarification"), BODIES["clarification"], Idempotency_Key="k")
    assert problem(answer) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("answers", "code", "field"),
    [
        ({"q9": "cells"}, "unknown_question", "answers.0.question_id"),
        ([{"question_id": "q1", "option_id": "z"}], "unknown_option", "answers.0.option_id"),
        ([{"question_id": "q2", "option_id": "a"}], "unknown_option", "answers.0.option_id"),
    ],
)
def test_an_answer_to_what_was_not_asked_is_refused_and_the_request_still_waits(
    system: FakeServices, student: Caller, answers: object, code: str, field: str
) -> None:
    request_id = student.parked()
    answer = student.post(_path(request_id, "clarification"), {"answers": answers})
    assert problem(answer) == (422, code)
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]
    assert factories.row(system.engine, request_id)["clarification_requested_at"] is not None
    assert system.bus.messages == []


def test_an_answer_to_an_earlier_round_does_not_answer_the_next(
    system: FakeServices, student: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, store = student.parked(), actions.store_answers

    def meanwhile(connection: sa.Connection, *arguments: uuid.UUID, **options: object) -> uuid.UUID | None:
        metadata = factories.row(system.engine, request_id)["request_metadata"]
        metadata["clarification"]["round"] = 2
        factories.update(system.engine, request_id, request_metadata=metadata)
        return store(connection, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(actions, "store_answers", meanwhile)
    answer = student.post(_path(request_id, "clarification"), BODIES["clarification"])
    assert problem(answer) == (409, "state_conflict")


@pytest.mark.parametrize("status", Status)
def test_only_a_request_that_waits_takes_an_answer(student: Caller, status: Status) -> None:
    answer = student.post(_path(student.request(status=status), "clarification"), BODIES["clarification"])
    assert problem(answer) == (409, "state_conflict")
    assert answer.get_json()["current_status"] == status


# Cancelling


@pytest.mark.parametrize("status", sorted({Status.PENDING, *IN_PROGRESS}))
def test_a_request_that_has_not_ended_can_be_cancelled(system: FakeServices, student: Caller, status: Status) -> None:
    request_id = student.request(status=status)
    factories.update(system.engine, request_id, lease_until=sa.func.now() + sa.text("interval '1 minute'"))
    answer = student.post(_path(request_id, "cancel"))
    assert (answer.status_code, answer.get_json()["status"]) == (202, Status.CANCELLED)
    row = factories.row(system.engine, request_id)
    assert (row["status"], row["lease_until"], row["follows"]) == (Status.CANCELLED, None, None)
    assert row["cancelled_at"] is not None
    assert [topic for topic, _, _ in system.bus.messages] == [Topic.STATUS_CHANGED]


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_what_has_ended_cannot_be_cancelled(system: FakeServices, student: Caller, status: Status) -> None:
    request_id = student.request(status=status)
    before = factories.row(system.engine, request_id)
    answer = student.post(_path(request_id, "cancel"))
    assert problem(answer) == (409, "state_conflict")
    assert answer.get_json()["current_status"] == status
    assert factories.row(system.engine, request_id) == before


def test_a_question_back_can_be_cancelled_instead_of_answered(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    student.post(_path(request_id, "cancel"))
    assert factories.row(system.engine, request_id)["clarification_requested_at"] is None
    answer = student.post(_path(request_id, "clarification"), BODIES["clarification"])
    assert problem(answer) == (409, "state_conflict")


def test_the_run_of_a_cancelled_request_has_ended_too(system: FakeServices, student: Caller) -> None:
    request_id = student.request()
    with system.engine.begin() as connection:
        claims.claim(connection, request_id, VALIDATE_REQUEST)
    student.post(_path(request_id, "cancel"))
    with system.engine.begin() as connection:
        run = connection.execute(
            sa.text("SELECT state, finished_at FROM request_stages WHERE request_id = :id"), {"id": request_id}
        ).one()
    assert run.state == StageRunState.FAILED
    assert run.finished_at is not None


def test_whoever_follows_a_cancelled_request_is_made_instead(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    leader = student.request(status=Status.RETRIEVING, content_key="k1")
    followers = [stranger().request(status=Status.VALIDATING, content_key="k1", follows=leader) for _ in range(3)]
    student.post(_path(leader, "cancel"))
    rows = [factories.row(system.engine, follower) for follower in followers]
    assert [row["follows"] for row in rows] == [None, followers[0], followers[0]]
    assert [row["status"] for row in rows] == [Status.VALIDATING] * 3
    [(topic, data, _)] = [message for message in system.bus.messages if message[0] is not Topic.STATUS_CHANGED]
    assert (topic, RequestMessage.decode(data).request_id) == (Topic.REQUEST_VALIDATED, followers[0])


def test_a_follower_that_joins_while_its_leader_is_cancelled_is_not_forgotten(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    """The key is settled between the look at the request and its change; the follower's transaction is open still."""
    leader = student.request(status=Status.VALIDATING)
    follower = stranger().request(status=Status.VALIDATING, content_key="late")
    assert student.id
    with system.engine.connect() as joining, system.engine.connect() as cancelling, cancelling.begin():
        changes = joining.begin()

        class AfterTheFirstLook:
            """A connection that lets the follower join once the key was looked at."""

            looked = False

            def execute(self, statement: sa.TextClause, parameters: dict[str, object]) -> sa.CursorResult[object]:
                result = cancelling.execute(statement, parameters)
                if not self.looked:
                    self.looked = True
                    factories.update(system.engine, leader, content_key="late")
                    lock_content(joining, "late")
                    joining.execute(
                        sa.text("UPDATE content_requests SET follows = :leader WHERE id = :id"),
                        {"leader": leader, "id": follower},
                    )
                    threading.Timer(0.3, changes.commit).start()
                return result

        cancelled = actions.cancel(AfterTheFirstLook(), leader, student.id)  # type: ignore[arg-type]
    assert cancelled is not None
    assert cancelled.freed == follower


def test_a_follower_can_be_cancelled_alone(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    leader = stranger().request(status=Status.RETRIEVING, content_key="k2")
    follower = student.request(status=Status.VALIDATING, content_key="k2", follows=leader)
    student.post(_path(follower, "cancel"))
    assert factories.row(system.engine, leader)["status"] == Status.RETRIEVING
    assert system.bus.topics == []


def test_cancelling_stands_even_if_the_bus_is_away(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    leader = student.request(status=Status.RETRIEVING, content_key="k3")
    stranger().request(status=Status.VALIDATING, content_key="k3", follows=leader)
    system.bus.failures.append(TransientError("the bus is away"))
    assert student.post(_path(leader, "cancel")).status_code == 202


# Trying again


def test_a_failed_request_begins_anew(system: FakeServices, student: Caller) -> None:
    request_id = student.request(
        status=Status.FAILED,
        attempt=6,
        sweeps=9,
        content_key="k4",
        storyboard_digest="d",
        error_code="attempts_exhausted",
        error_stage="generate_video",
        error_message="m",
        error_details={"reason": "r"},
        degraded=["shorter"],
        progress_percentage=70,
        failed_at=sa.func.now(),
        request_metadata={"clarification": {"answers": [{"question_id": "q1", "text": "cells"}]}},
    )
    answer = student.post(_path(request_id, "retry"))
    assert (answer.status_code, answer.get_json()["status"]) == (202, Status.PENDING)
    row = factories.row(system.engine, request_id)
    assert (row["status"], row["progress_percentage"], row["attempts_from"], row["sweeps"]) == (Status.PENDING, 0, 6, 0)
    emptied = ("error_code", "error_stage", "error_message", "error_details", "content_key", "follows", "failed_at")
    assert [row[name] for name in (*emptied, "storyboard_digest", "lease_until")] == [None] * 9
    assert (row["attempt"], row["degraded"]) == (6, [])
    assert row["request_metadata"]["clarification"]["answers"] == [{"question_id": "q1", "text": "cells"}]
    assert system.bus.topics == [Topic.REQUEST_CREATED]
    assert "error" not in student.get(f"/v1/requests/{request_id}").get_json()


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.FAILED}))
def test_only_a_failed_request_can_be_tried_again(system: FakeServices, student: Caller, status: Status) -> None:
    answer = student.post(_path(student.request(status=status), "retry"))
    assert problem(answer) == (409, "state_conflict")
    assert answer.get_json()["current_status"] == status
    assert system.bus.messages == []


def test_trying_again_twice_begins_once(system: FakeServices, student: Caller) -> None:
    request_id = student.request(status=Status.FAILED)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: student.post(_path(request_id, "retry")), range(6)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 409: 5}
    assert system.bus.topics == [Topic.REQUEST_CREATED]


# Judging


def _kinds(system: FakeServices, request_id: uuid.UUID) -> list[str]:
    with system.engine.begin() as connection:
        statement = sa.text("SELECT kind FROM request_feedback WHERE request_id = :id ORDER BY kind")
        return list(connection.execute(statement, {"id": request_id}).scalars())


def test_a_lesson_is_helpful_or_not_and_never_both(system: FakeServices, student: Caller) -> None:
    request_id = student.request(status=Status.COMPLETED)
    for kind in (FeedbackKind.HELPFUL, FeedbackKind.HELPFUL, FeedbackKind.NOT_HELPFUL):
        answer = student.post(_path(request_id, "feedback"), {"kind": kind})
        assert (answer.status_code, answer.get_json()) == (200, {"id": str(request_id), "status": Status.COMPLETED})
        assert _kinds(system, request_id) == [kind]
    assert system.bus.messages == []


@pytest.mark.parametrize("kind", ["helpful", "simpler"])
@pytest.mark.parametrize("status", sorted(set(Status) - {Status.COMPLETED}))
def test_only_a_finished_lesson_can_be_judged(system: FakeServices, student: Caller, status: Status, kind: str) -> None:
    request_id = student.request(status=status)
    answer = student.post(_path(request_id, "feedback"), {"kind": kind})
    assert problem(answer) == (409, "state_conflict")
    assert _kinds(system, request_id) == []


def _retold(system: FakeServices, student: Caller, request_id: uuid.UUID, body: dict[str, str]) -> sa.RowMapping:
    answer = student.post(_path(request_id, "feedback"), body)
    assert answer.status_code == 202, answer.text
    assert answer.get_json()["id"] != str(request_id)
    return factories.row(system.engine, uuid.UUID(answer.get_json()["id"]))


def test_another_interest_makes_a_new_request_of_the_same_question(system: FakeServices, student: Caller) -> None:
    asked = {"clarification": {"answers": [{"question_id": "q1", "text": "cells"}], "round": 1}}
    request_id = student.request(
        status=Status.COMPLETED, style=LessonStyle.PRACTICE, duration_seconds=60, request_metadata=asked
    )
    row = _retold(system, student, request_id, {"kind": "different_interest", "interest": "chess"})
    before = factories.row(system.engine, request_id)
    same = ("query", "grade_level", "style", "language", "modality", "duration_seconds", "student_id")
    assert [row[name] for name in same] == [before[name] for name in same]
    assert (row["interest"], row["derived_from"], row["status"]) == ("chess", request_id, Status.PENDING)
    assert row["request_metadata"] == asked
    assert before["status"] == Status.COMPLETED
    assert _kinds(system, request_id) == [FeedbackKind.DIFFERENT_INTEREST]
    assert system.bus.topics == [Topic.REQUEST_CREATED]


def test_simpler_is_the_simple_style_and_then_a_lower_grade(system: FakeServices, student: Caller) -> None:
    first = student.request(status=Status.COMPLETED, style=LessonStyle.BALANCED, grade_level=10)
    row = _retold(system, student, first, {"kind": "simpler"})
    assert (row["style"], row["grade_level"], row["interest"]) == (LessonStyle.SIMPLE, 10, "basketball")
    second = student.request(status=Status.COMPLETED, style=LessonStyle.SIMPLE, grade_level=10)
    row = _retold(system, student, second, {"kind": "simpler"})
    assert (row["style"], row["grade_level"]) == (LessonStyle.SIMPLE, 8)
    simplest = student.request(status=Status.COMPLETED, style=LessonStyle.SIMPLE, grade_level=1)
    answer = student.post(_path(simplest, "feedback"), {"kind": "simpler"})
    assert problem(answer) == (409, "state_conflict")


def test_another_telling_counts_against_the_quota_and_heeds_the_key(system: FakeServices, student: Caller) -> None:
    system.settings = replace(system.settings, daily_request_quota=1)
    path = _path(student.request(status=Status.COMPLETED), "feedback")
    first = student.post(path, {"kind": "simpler"}, Idempotency_Key="k")
    again = student.post(path, {"kind": "simpler"}, Idempotency_Key="k")
    assert (first.status_code, again.status_code, again.data) == (202, 202, first.data)
    other = student.post(path, {"kind": "different_interest", "interest": "chess"}, Idempotency_Key="k")
    assert problem(other) == (409, "idempotency_key_reused")
    assert problem(student.post(path, {"kind": "simpler"})) == (429, "quota_exceeded")
    assert student.post(path, {"kind": "helpful"}).status_code == 200

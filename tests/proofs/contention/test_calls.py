"""Two calls about the same request at once, or a call beside a run: one of them has its effect."""

import threading
import time
from collections import Counter
from uuid import UUID

import sqlalchemy as sa

from shared import runtime
from shared.db import actions
from shared.db.engine import transaction
from shared.enums import ContentRequestStatus as Status
from shared.errors import AttemptsExhausted, TransientError
from shared.messages import RequestMessage
from shared.pipeline import NOTIFY_STUDENT, STAGES, Topic
from shared.work import Advance, Outcome, Request, Work
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, caller
from tests.proofs.contention.crowds import HEAD_START, ROUNDS, at_once, nothing, rows, sent_for

RACES = 1_000  # cancel against finish
ANSWERED = 500  # twice at once

# Requests that were made, and wait to be handed to notify_student; each tenth is followed by another.
_MADE = """
    INSERT INTO content_requests (
        id, correlation_id, student_id, query, grade_level, style, language, modality, duration_seconds, content_key)
    SELECT gen_random_uuid(), gen_random_uuid(), :student, 'q', 10, 'balanced', 'en', 'video', 90, 'key ' || number
    FROM generate_series(1, :count) AS number
"""
_FOLLOWED = """
    INSERT INTO content_requests (
        id, correlation_id, student_id, query, grade_level, style, language, modality, duration_seconds, content_key,
        follows)
    SELECT gen_random_uuid(), gen_random_uuid(), :student, 'q', 10, 'balanced', 'en', 'video', 90, content_key, id
    FROM content_requests WHERE content_key LIKE '%0'
"""


def made(services: FakeServices, student: UUID, count: int) -> list[UUID]:
    """Add so many, at once; return them without their followers."""
    with services.engine.begin() as connection:
        connection.execute(sa.text(_MADE), {"student": student, "count": count})
        for stage in STAGES[:-1]:
            connection.execute(
                sa.text("UPDATE content_requests SET status = CAST(:status AS content_request_status)"),
                {"status": stage.during},
            )
        connection.exec_driver_sql("UPDATE content_requests SET storyboard_digest = 'lesson of ' || content_key")
        connection.execute(sa.text(_FOLLOWED), {"student": student})
        connection.exec_driver_sql("UPDATE content_requests SET status = 'validating' WHERE follows IS NOT NULL")
    return [row.id for row in rows(services.engine, "SELECT id FROM content_requests WHERE follows IS NULL")]


def test_of_cancel_and_finish_one_wins_each_race(services: FakeServices) -> None:
    student = factories.add_user(services.engine)
    raced = made(services, student, RACES)
    meeting = threading.Barrier(2)
    granted: dict[UUID, bool] = {}

    def finish() -> None:
        for number, request_id in enumerate(raced):

            def work_until_then(request: Request, work: Work, number: int = number) -> Outcome:
                if number % 2:
                    meeting.wait()
                    time.sleep(number % 8 * HEAD_START)
                return Advance()

            # Every other race begins before the claim, the others before the finish.
            if not number % 2:
                meeting.wait()
            runtime.run(NOTIFY_STUDENT, work_until_then, factories.event(request_id), services)
            # Who cancelled before the claim leaves this run nothing to do.
            meeting.wait()

    def cancel() -> None:
        for number, request_id in enumerate(raced):
            meeting.wait()
            time.sleep((7 - number % 8) * HEAD_START)
            with transaction(services.engine) as connection:
                granted[request_id] = actions.cancel(connection, request_id, student) is not None
            meeting.wait()

    at_once([finish, cancel])

    ended = {
        row.id: row
        for row in rows(
            services.engine,
            """
            SELECT r.id, r.status, r.lease_until, r.follows, l.content_key IS NOT NULL AS lesson,
                ARRAY(SELECT to_status::text FROM request_events e WHERE e.request_id = r.id
                      AND to_status IN ('completed', 'cancelled', 'failed')) AS ends,
                ARRAY(SELECT state FROM request_stages s WHERE s.request_id = r.id) AS runs,
                f.status AS follower, f.follows AS following
            FROM content_requests r LEFT JOIN lessons l ON l.made_by = r.id
            LEFT JOIN content_requests f ON f.content_key = r.content_key AND f.id <> r.id
            WHERE r.id = ANY(CAST(:ids AS uuid[]))
            """,
            ids=raced,
        )
    }
    winners = Counter(row.status for row in ended.values())
    print(f"{RACES} races: {dict(winners)}")
    assert winners.keys() == {Status.CANCELLED, Status.COMPLETED}
    for request_id, row in ended.items():
        completed = row.status == Status.COMPLETED
        assert granted[request_id] == (not completed)
        assert row.ends == [row.status]
        assert (row.lease_until, row.follows, row.lesson) == (None, None, completed)
        assert set(row.runs) <= {"finished"} if completed else set(row.runs) <= {"failed"}
        if row.follower is not None:
            assert (row.follower, row.following) == (Status.COMPLETED if completed else Status.VALIDATING, None)
    freed = sum(row.follower == Status.VALIDATING for row in ended.values())
    # The cancellation's caller hands the flight on; here nobody does, and nobody else did.
    assert services.bus.topics == []
    assert 0 < freed < RACES // 10


def parked(services: FakeServices, student: UUID, count: int) -> list[UUID]:
    """Requests that wait for an answer."""
    question = '{"clarification": {"round": 1, "questions": [{"id": "q", "text": "Which?", "options": []}]}}'
    with services.engine.begin() as connection:
        connection.execute(sa.text(_MADE), {"student": student, "count": count})
        for status in (Status.VALIDATING, Status.PENDING):
            connection.execute(
                sa.text("UPDATE content_requests SET status = CAST(:status AS content_request_status)"),
                {"status": status},
            )
        connection.execute(
            sa.text(
                "UPDATE content_requests SET content_key = NULL, clarification_requested_at = clock_timestamp(), "
                "request_metadata = CAST(:question AS jsonb)"
            ),
            {"question": question},
        )
    return [row.id for row in rows(services.engine, "SELECT id FROM content_requests")]


def test_an_answer_that_is_given_twice_at_once_resumes_once(services: FakeServices) -> None:
    student = caller(services)
    assert student.id is not None
    asked = parked(services, student.id, ANSWERED)
    meeting = threading.Barrier(2)

    def answer(words: str) -> list[int]:
        answers = []
        for number, request_id in enumerate(asked):
            # Every other time it is the same call, repeated; else two answers of different words.
            key = {"Idempotency_Key": f"answer {number}"} if number % 2 else {}
            body = {"answers": {"q": "the same words" if number % 2 else words}}
            meeting.wait()
            answers.append(student.post(f"/v1/requests/{request_id}/clarification", body, **key).status_code)
        return answers

    first, second = at_once([lambda: answer("the first"), lambda: answer("the second")])

    for number, pair in enumerate(zip(first, second, strict=True)):
        assert sorted(pair) == ([202, 202] if number % 2 else [202, 409]), number
    resumed = Counter(
        RequestMessage.decode(data).request_id
        for topic, data, _ in services.bus.messages
        if topic is Topic.REQUEST_CREATED
    )
    assert resumed == dict.fromkeys(asked, 1)
    stored = rows(
        services.engine,
        "SELECT status, clarification_requested_at, request_metadata #> '{clarification,answers}' AS answers "
        "FROM content_requests",
    )
    assert {(row.status, row.clarification_requested_at, len(row.answers)) for row in stored} == {("pending", None, 1)}


def test_of_two_retries_at_once_one_begins_anew(services: FakeServices) -> None:
    student = caller(services)
    failed = [student.request() for _ in range(ROUNDS)]
    for request_id in failed:
        runtime.fail(services, request_id, error=AttemptsExhausted("tried often"), stage="generate_script")
    services.bus.messages.clear()
    meeting = threading.Barrier(2)

    def retry() -> list[int]:
        answers = []
        for request_id in failed:
            meeting.wait()
            answers.append(student.post(f"/v1/requests/{request_id}/retry").status_code)
        return answers

    first, second = at_once([retry, retry])

    assert {tuple(sorted(pair)) for pair in zip(first, second, strict=True)} == {(202, 409)}
    assert sent_for(services) == dict.fromkeys(failed, 1)
    moves = "from_status = 'failed' AND to_status = 'pending'"
    begun = rows(services.engine, f"SELECT request_id, count(*) FROM request_events WHERE {moves} GROUP BY 1")
    assert {row.request_id: row.count for row in begun} == dict.fromkeys(failed, 1)


def test_erasing_beside_finishing_leaves_nothing_of_the_student(services: FakeServices) -> None:
    """Whoever wins: no row, no lesson that nobody has, no document in the mirror, and followers are made."""
    refused = 0
    for number in range(ROUNDS):
        student, other = caller(services), factories.add_user(services.engine)
        key = f"key {number}"
        mine = student.request(status=Status.PROCESSING_VIDEO, content_key=key)
        factories.update(services.engine, mine, storyboard_digest=f"lesson of {key}")
        follower = factories.add_request(services.engine, student_id=other, status=Status.VALIDATING, content_key=key)
        factories.update(services.engine, follower, follows=mine)
        services.mirror.write(str(mine), {}, 1)

        def finish(mine: UUID = mine, number: int = number) -> bool:
            time.sleep(number % 8 * HEAD_START)
            try:
                runtime.run(NOTIFY_STUDENT, nothing, factories.event(mine), services)
            except TransientError:
                return False  # of two that wait for each other the database stops one: the message comes again
            return True

        def erase(student: Caller = student) -> bool:
            path = f"/v1/students/{student.id}/data"
            return any(student.call("DELETE", path).status_code == 202 for _ in range(3))

        finished, erased = at_once([finish, erase])
        refused += not finished
        assert erased
        assert rows(services.engine, "SELECT 1 FROM users WHERE id = :id", id=student.id) == []
        assert rows(services.engine, "SELECT 1 FROM content_requests WHERE id = :id", id=mine) == []
        assert str(mine) not in services.mirror.documents
        left = factories.row(services.engine, follower)
        lessons = rows(services.engine, "SELECT 1 FROM lessons WHERE content_key = :key", key=key)
        assert left["follows"] is None
        assert (left["status"], len(lessons)) in [(Status.COMPLETED, 1), (Status.VALIDATING, 0)]
    print(f"{ROUNDS} races, {refused} runs were stopped by the database")

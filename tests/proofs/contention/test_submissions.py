"""Many send in questions at once: of each key one request comes, and of a quota no more than it allows."""

import threading
import uuid
from collections import Counter
from dataclasses import replace
from uuid import UUID

from shared.db import submissions
from shared.db.engine import single_statement
from shared.db.submissions import Accepted, IdempotencyKey, Repeated, Submission
from shared.enums import LessonStyle, Modality
from shared.pipeline import Topic
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import GOOD, Caller, caller
from tests.proofs.contention.crowds import CONNECTIONS, at_once, rows

THREADS, KEYS = 200, 50


def submission(student: UUID) -> Submission:
    return Submission(
        id=uuid.uuid4(),
        correlation_id=uuid.uuid4(),
        student_id=student,
        query="Explain how photosynthesis works in plants",
        grade_level=10,
        interest="",
        style=LessonStyle.BALANCED,
        language="en",
        modality=Modality.VIDEO,
        duration_seconds=90,
    )


def test_each_idempotency_key_makes_one_request_however_many_send_it(services: FakeServices) -> None:
    """Two hundred threads send each of fifty keys, and no two begin with the same one at the same moment."""
    student = factories.add_user(services.engine)
    # More threads than connections: those that wait for one must not wait for the pool, which is impatient.
    turns = threading.BoundedSemaphore(CONNECTIONS)

    def send(first: int) -> dict[str, UUID]:
        ids = {}
        for number in range(KEYS):
            key = IdempotencyKey(key=f"key {(first + number) % KEYS}", body_hash="the same")
            with turns, single_statement(services.engine) as connection:
                result = submissions.submit(connection, submission(student), quota=KEYS, idempotency=key)
            assert isinstance(result, Accepted | Repeated)
            ids[key.key] = result.request_id
        return ids

    sent = at_once([lambda first=number: send(first) for number in range(THREADS)])  # type: ignore[misc]

    assert all(ids == sent[0] for ids in sent)
    assert set(sent[0].values()) == {row.id for row in rows(services.engine, "SELECT id FROM content_requests")}
    assert len(set(sent[0].values())) == KEYS
    assert rows(services.engine, "SELECT quota_used FROM users") == [(KEYS,)]


def test_the_api_makes_one_request_of_each_key(services: FakeServices) -> None:
    student = caller(services)
    turns = threading.BoundedSemaphore(CONNECTIONS)

    def send(number: int) -> tuple[int, str]:
        with turns:
            answer = student.post("/v1/requests", GOOD, Idempotency_Key=f"key {number % KEYS}")
        return answer.status_code, answer.get_json()["id"]

    answers = at_once([lambda number=number: send(number) for number in range(THREADS)])  # type: ignore[misc]

    assert {status for status, _ in answers} == {202}
    assert len({request_id for _, request_id in answers}) == KEYS
    assert rows(services.engine, "SELECT count(*) FROM content_requests") == [(KEYS,)]
    assert services.bus.topics == KEYS * [Topic.REQUEST_CREATED]


def test_a_quota_is_exact_under_parallel_submits(services: FakeServices) -> None:
    quota, students, calls = 7, [caller(services) for _ in range(4)], 10
    services.settings = replace(services.settings, daily_request_quota=quota)

    def ask(student: Caller) -> int:
        return student.post("/v1/requests", GOOD).status_code

    answers = at_once([lambda student=student: ask(student) for student in calls * students])  # type: ignore[misc]

    assert Counter(answers) == {202: quota * len(students), 429: (calls - quota) * len(students)}
    counted = rows(services.engine, "SELECT student_id, count(*) FROM content_requests GROUP BY student_id")
    assert {row.student_id: row.count for row in counted} == {student.id: quota for student in students}

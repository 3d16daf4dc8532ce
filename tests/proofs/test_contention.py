"""Many at once on a real PostgreSQL: of those that exclude each other one wins, what is counted is exact."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa

from functions.notify_student import main as notifying
from functions.sweep import main as sweeping
from local import postgres
from shared import bootstrap, runtime
from shared.books.ingest import ingest
from shared.db import actions, submissions
from shared.db.engine import engine_for, single_statement, transaction
from shared.db.submissions import Accepted, IdempotencyKey, Repeated, Submission
from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality, NotificationChannel
from shared.errors import AttemptsExhausted, RequestBusy, TransientError
from shared.messages import RequestMessage
from shared.pipeline import (
    GENERATE_SCRIPT,
    NOTIFY_STUDENT,
    STAGES,
    VALIDATE_REQUEST,
    Stage,
    Topic,
    listener,
)
from shared.work import Advance, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.fakes import SETTINGS, FakeServices, HashEmbeddings
from tests.integration.api_client import GOOD, Caller, application, caller
from tests.integration.watched_system import SAMPLE_BOOK

T = TypeVar("T")

CONNECTIONS = 40  # of the sixty that the server has
RACES = 1_000  # cancel against finish
ANSWERED = 500  # twice at once
THREADS, KEYS = 200, 50
EQUAL = 100  # questions at the same moment
ROUNDS = 40  # of the other races
HEAD_START = 0.0004  # seconds, times up to seven, that one of two has before the other


@pytest.fixture
def services(postgres_url: str, template: str) -> Iterator[FakeServices]:
    """All ports as fakes, on a record of this test alone with many connections."""
    with postgres.database(postgres_url, f"crowd_{uuid.uuid4().hex[:12]}", template=template) as url:
        engine = engine_for(url, pool_size=CONNECTIONS)
        settings = replace(SETTINGS, daily_request_quota=1_000_000, requests_per_minute=1_000_000)
        made = FakeServices(engine=engine, settings=settings)
        application()
        bootstrap.build_with(lambda function: made)
        yield made
        bootstrap.build_with(None)
        engine.dispose()


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results of calls that begin at the same moment, each in a thread of its own; what one raises is raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result() for running in [threads.submit(run, call) for call in calls]]


def rows(engine: sa.Engine, statement: str, **values: object) -> list[Any]:
    """What the record says."""
    with engine.begin() as connection:
        return list(connection.execute(sa.text(statement), values))


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


def nothing(request: Request, work: Work) -> Outcome:
    return Advance()


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


class Crowd:
    """Delivers messages with many threads at once, some twice, until none is left."""

    def __init__(self, services: FakeServices, work: dict[str, Handle]) -> None:
        self._services = services
        self._work = work
        self._turns = threading.BoundedSemaphore(CONNECTIONS // 2)  # a run takes a second one now and then

    def deliver(self, topic: Topic, data: bytes) -> None:
        """One delivery; again when it is not acknowledged."""
        stage = listener(topic)
        assert isinstance(stage, Stage)
        for _ in range(200):
            try:
                with self._turns:
                    runtime.run(stage, self._work.get(stage.name, nothing), factories.raw_event(data), self._services)
            except RequestBusy:
                time.sleep(HEAD_START)
                continue
            return
        raise AssertionError("busy for ever")

    def settle(self) -> None:
        """Deliver all that is published, and what follows from it; each message twice at the same moment."""
        bus = self._services.bus
        done = 0
        while len(bus.messages) > done:
            fresh = [(topic, data) for topic, data, _ in bus.messages[done:] if topic is not Topic.STATUS_CHANGED]
            done = len(bus.messages)
            calls = [lambda one=one: self.deliver(*one) for one in fresh for _ in range(2)]  # type: ignore[misc]
            if calls:
                at_once(calls)


def test_a_hundred_equal_questions_at_once_make_one_lesson(services: FakeServices) -> None:
    written: list[UUID] = []

    def understand(request: Request, work: Work) -> Outcome:
        return Settle(content_key="the same", topic="Photosynthesis")

    def write(request: Request, work: Work) -> Outcome:
        written.append(request.id)
        work.begin_lesson("the lesson")
        return Advance(columns={"storyboard_digest": "the lesson"})

    students = [caller(services) for _ in range(EQUAL)]
    turns = threading.BoundedSemaphore(CONNECTIONS)

    def ask(student: Caller) -> UUID:
        with turns:
            return student.ask()

    asked = at_once([lambda student=student: ask(student) for student in students])  # type: ignore[misc]
    work: dict[str, Handle] = {
        VALIDATE_REQUEST.name: understand,
        GENERATE_SCRIPT.name: write,
        NOTIFY_STUDENT.name: notifying.handle,
    }

    Crowd(services, work).settle()

    assert len(written) == 1
    ended = rows(services.engine, "SELECT id, status, storyboard_digest, follows FROM content_requests")
    assert {row.id for row in ended} == set(asked)
    assert {(row.status, row.storyboard_digest, row.follows) for row in ended} == {("completed", "the lesson", None)}
    assert rows(services.engine, "SELECT content_key, made_by FROM lessons") == [("the same", written[0])]
    told = rows(services.engine, "SELECT channel, count(*) FROM notifications WHERE sent_at IS NOT NULL GROUP BY 1")
    assert dict(tuple(row) for row in told) == {channel.value: EQUAL for channel in NotificationChannel}
    assert Counter(mail.message_id for mail in services.outbox.mails) == {f"{one}.email": 1 for one in asked}
    assert Counter(event for event, _ in services.outbox.events) == {f"{one}.webhook": 1 for one in asked}
    completed = "SELECT request_id, count(*) FROM request_events WHERE to_status = 'completed' GROUP BY 1"
    events = rows(services.engine, completed)
    assert {row.request_id: row.count for row in events} == dict.fromkeys(asked, 1)


def abandoned(services: FakeServices, count: int) -> list[UUID]:
    """Requests at work whose lease has run out."""
    student = factories.add_user(services.engine)
    found = []
    for number in range(count):
        stage = STAGES[1 + number % 3]
        request_id = factories.add_request(services.engine, student_id=student, status=stage.during)
        factories.update(services.engine, request_id, lease_until=sa.text("clock_timestamp() - interval '1 second'"))
        found.append(request_id)
    return found


def sent_for(services: FakeServices) -> Counter[UUID]:
    """How many messages of stages each request has."""
    return Counter(
        RequestMessage.decode(data).request_id
        for topic, data, _ in services.bus.messages
        if topic is not Topic.STATUS_CHANGED
    )


def test_sweeps_at_once_get_each_request_going_and_count_what_they_send(services: FakeServices) -> None:
    stuck = abandoned(services, ROUNDS)

    at_once(4 * [lambda: sweeping.handle(services)])

    counted = {row.id: row.sweeps for row in rows(services.engine, "SELECT id, sweeps FROM content_requests")}
    assert sent_for(services) == counted
    assert set(counted) == set(stuck)
    assert set(counted.values()) <= {1, 2, 3, 4}


def test_a_sweep_beside_a_redelivery_lets_one_run_work(services: FakeServices) -> None:
    stuck = abandoned(services, ROUNDS)
    worked: Counter[UUID] = Counter()

    def work(request: Request, work: Work) -> Outcome:
        worked[request.id] += 1
        return Advance()

    crowd = Crowd(services, {stage.name: work for stage in STAGES})
    messages = [
        (STAGES[1 + number % 3].listens, RequestMessage(request_id=one, correlation_id=one).encode())
        for number, one in enumerate(stuck)
    ]
    redelivered = [lambda one=one: crowd.deliver(*one) for one in messages]  # type: ignore[misc]
    at_once([*redelivered, lambda: sweeping.handle(services)])
    crowd.settle()

    runs = rows(services.engine, "SELECT request_id, stage, count(*) FROM request_stages GROUP BY 1, 2")
    assert {row.count for row in runs} == {1}
    assert set(worked) == set(stuck)
    assert {row.status for row in rows(services.engine, "SELECT status FROM content_requests")} == {"completed"}


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


def test_a_book_that_is_ingested_twice_at_once_is_there_once(services: FakeServices) -> None:
    def read() -> str:
        try:
            ingest(SAMPLE_BOOK, services.engine, HashEmbeddings())
        except TransientError:
            return "again later"
        return "ingested"

    results = Counter(at_once(4 * [read]))
    assert results["ingested"] >= 1
    once_more = ingest(SAMPLE_BOOK, services.engine, HashEmbeddings())
    assert (once_more.added, once_more.changed, once_more.removed) == (0, 0, 0)
    assert rows(services.engine, "SELECT count(*) FROM passages") == [(once_more.passages,)]
    assert rows(services.engine, "SELECT count(*) FROM sources") == [(1,)]

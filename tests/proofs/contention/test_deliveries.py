"""The same work is brought many times at once: it is done once, and what was sent for it is counted."""

import threading
from collections import Counter
from uuid import UUID

import sqlalchemy as sa

from functions.notify_student import main as notifying
from functions.sweep import main as sweeping
from shared.books.ingest import ingest
from shared.enums import NotificationChannel
from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import GENERATE_SCRIPT, NOTIFY_STUDENT, STAGES, VALIDATE_REQUEST
from shared.work import Advance, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.fakes import FakeServices, HashEmbeddings
from tests.integration.api_client import Caller, caller
from tests.integration.watched_system import SAMPLE_BOOK
from tests.proofs.contention.crowds import CONNECTIONS, ROUNDS, Crowd, at_once, rows, sent_for

EQUAL = 100  # questions at the same moment


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

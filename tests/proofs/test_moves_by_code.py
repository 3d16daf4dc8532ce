"""All hundred pairs of statuses through the code that changes them: each makes a legal move, or none.

Every function that could bring a request into a status is let loose on requests in every other status, as if the
caller had every right to: their lease is free, run out or held, and the fence is the row's own.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import sqlalchemy as sa

from shared.db import actions, claims, failures, outcomes, sweeping
from shared.db.errors import translated
from shared.db.models import content_requests, lessons
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.errors import AttemptsExhausted, PermanentError
from shared.pipeline import CLARIFICATION_DAYS, MOVES, NOTIFY_STUDENT, STAGE_BY_STATUS, STAGES, Stage
from shared.work import Advance, AskStudent, Request, Settle
from tests import factories

PAIRS = [(before, after) for before in Status for after in Status]
GUARDED = "23514"  # a check that failed
KEY = "a lesson that is there"
ERROR = AttemptsExhausted("tried often enough")
LONG_AGO = datetime.now(UTC) - timedelta(days=CLARIFICATION_DAYS + 1)

Attempt = Callable[[sa.Connection, Request], object]


def claim(stage: Stage) -> Attempt:
    return lambda connection, request: claims.claim(connection, request.id, stage)


def finish(stage: Stage) -> Attempt:
    return lambda connection, request: outcomes.finish(connection, request, stage, Advance())


def ask(stage: Stage) -> Attempt:
    question = AskStudent(questions=({"id": "q", "text": "Which?", "options": []},), reasoning="vague")
    return lambda connection, request: outcomes.ask(connection, request, stage, question)


def fail(connection: sa.Connection, request: Request) -> object:
    return failures.fail(connection, request.id, error=ERROR, stage=None)


def fail_as_run(connection: sa.Connection, request: Request) -> object:
    return failures.fail(connection, request.id, error=ERROR, stage=NOTIFY_STUDENT.name, run=request)


def fail_needing(stage: Stage) -> Attempt:
    return lambda connection, request: failures.fail(
        connection, request.id, error=ERROR, stage=stage.name, needing=stage
    )


def complete(connection: sa.Connection, request: Request) -> object:
    return outcomes.complete(connection, request, NOTIFY_STUDENT, Advance())


def complete_from_the_cache(connection: sa.Connection, request: Request) -> object:
    return outcomes.settle(connection, request, Settle(content_key=KEY, topic="A topic"))


def settle(connection: sa.Connection, request: Request) -> object:
    return outcomes.settle(connection, request, Settle(content_key="a lesson that is not there", topic="A topic"))


def cancel(connection: sa.Connection, request: Request) -> object:
    return actions.cancel(connection, request.id, request.student_id)


def expire(connection: sa.Connection, request: Request) -> object:
    change = content_requests.update().where(content_requests.c.id == request.id)
    connection.execute(change.values(clarification_requested_at=LONG_AGO))
    return sweeping.expire_clarifications(connection)


def retry(connection: sa.Connection, request: Request) -> object:
    return actions.retry(connection, request.id, request.student_id)


def answer(connection: sa.Connection, request: Request) -> object:
    change = content_requests.update().where(content_requests.c.id == request.id)
    asked = {"clarification": {"round": 1}}
    connection.execute(change.values(clarification_requested_at=LONG_AGO, request_metadata=asked))
    return actions.store_answers(
        connection, request.id, request.student_id, answers=[{"question_id": "q"}], asked=1, idempotency=None
    )


def sweep(connection: sa.Connection, request: Request) -> object:
    return sweeping.stuck_requests(connection)


# By the status that each is meant to bring about; what means to change none is tried with all.
ATTEMPTS: dict[Status, list[Attempt]] = {
    **{stage.during: [claim(stage)] for stage in STAGES},
    Status.PENDING: [*(ask(stage) for stage in STAGES), retry],
    Status.COMPLETED: [complete, complete_from_the_cache],
    Status.FAILED: [fail, fail_as_run, *(fail_needing(stage) for stage in STAGES)],
    Status.CANCELLED: [cancel, expire],
}
STAY: list[Attempt] = [*(finish(stage) for stage in STAGES), settle, answer, sweep]


def leases() -> Iterator[datetime | None]:
    """Free, run out, held."""
    now = datetime.now(UTC)
    yield from (None, now - timedelta(seconds=1), now + timedelta(minutes=5))


@pytest.fixture(scope="module")
def request_in(shared_database: sa.Engine) -> Callable[[Status, Modality], Request]:
    """A request in a status, of a modality; what is tried with it is rolled back."""
    with shared_database.begin() as connection:
        lesson = {"content_key": KEY, "storyboard_digest": "d", "title": "A topic", "modality": Modality.VIDEO}
        connection.execute(lessons.insert().values(**lesson))

    @cache
    def make(status: Status, modality: Modality) -> Request:
        request_id = factories.add_request(shared_database, status=status, modality=modality)
        return claims.as_request(factories.row(shared_database, request_id))

    return make


class DatabaseRefused(Exception):
    """The database's own guard said no."""


@contextmanager
def refused() -> Iterator[None]:
    """Tell the guard's refusal from any other error."""
    try:
        with translated():
            yield
    except PermanentError as error:
        if error.details.get("sqlstate") != GUARDED:
            raise
        raise DatabaseRefused from error


def tried(engine: sa.Engine, request: Request, lease: datetime | None, attempt: Attempt) -> Status:
    """The status that the attempt leads to; a move that the database refuses leads nowhere."""
    where = content_requests.c.id == request.id
    with engine.connect() as connection, connection.begin() as transaction:
        if lease is not None:
            connection.execute(content_requests.update().where(where).values(lease_until=lease))
        after: Status | None = None
        with contextlib.suppress(DatabaseRefused), refused():
            attempt(connection, request)
            after = connection.execute(sa.select(content_requests.c.status).where(where)).scalar_one()
        transaction.rollback()
    return Status(after or request.status)


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=lambda status: status.value)
def test_code_makes_exactly_the_legal_moves(
    before: Status,
    after: Status,
    request_in: Callable[[Status, Modality], Request],
    shared_database: sa.Engine,
) -> None:
    claimed = after in STAGE_BY_STATUS
    reached = {
        tried(shared_database, request_in(before, modality), lease, attempt)
        for modality in (Modality if claimed else [Modality.VIDEO])  # what is claimed depends on it
        for lease in leases()
        for attempt in [*ATTEMPTS[after], *(STAY if before is after else ())]
    }
    assert reached <= {before, after}
    if before is not after:
        assert (after in reached) == ((before, after) in MOVES)

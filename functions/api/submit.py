"""A lesson is asked for."""

from uuid import UUID, uuid4

import flask

from functions.api import handoff
from functions.api.answers import Accepted
from functions.api.bodies import NewRequest
from functions.api.call import Call, links, reply
from functions.api.idempotency import key_of
from functions.api.problems import Code, Problem
from shared.crash_points import Step, around
from shared.db import submissions
from shared.db.engine import single_statement
from shared.db.pace import TooFast
from shared.db.submissions import IdempotencyKey, Submission
from shared.enums import ContentRequestStatus


def submit(call: Call) -> flask.Response:
    """Record a request and wake the first stage. What the question says is judged there, not here."""
    body: NewRequest = call.body
    submission = Submission(id=uuid4(), correlation_id=uuid4(), student_id=call.caller.id, **body.model_dump())
    return record(call, submission, key_of(call, "submit", body))


def record(call: Call, submission: Submission, idempotency: IdempotencyKey | None) -> flask.Response:
    """Record a submission within quota, hand it on, and answer; the same for a new question and for another telling."""
    services = call.services
    settings = services.settings
    with around(Step.SUBMIT), single_statement(services.engine) as connection:
        result = submissions.submit(
            connection,
            submission,
            quota=settings.daily_request_quota,
            per_minute=settings.requests_per_minute,
            idempotency=idempotency,
        )
    match result:
        case submissions.Accepted(request_id):
            handoff.begin(services, request_id, submission.correlation_id)
            return accepted(request_id)
        case submissions.Repeated(request_id):
            return accepted(request_id)
        case submissions.KeyReused():
            raise Problem(Code.IDEMPOTENCY_KEY_REUSED)
        case submissions.QuotaSpent(seconds):
            raise Problem(Code.QUOTA_EXCEEDED, headers={"Retry-After": str(seconds)})
        case TooFast():
            raise too_fast(result)


def too_fast(result: TooFast) -> Problem:
    """The student asks faster than may be."""
    return Problem(Code.RATE_LIMITED, headers={"Retry-After": str(result.retry_seconds)})


def accepted(request_id: UUID) -> flask.Response:
    """The answer to a call that set a request going: always alike, so that a repeated call cannot be told apart."""
    answer = Accepted(id=request_id, status=ContentRequestStatus.PENDING, links=links(request_id))
    return reply(answer, status=202, headers={"Location": answer.links.self})

"""What students do to their requests: cancel, try again, say what they think of the lesson."""

from uuid import uuid4

import flask

from functions.api import handoff
from functions.api.answers import Accepted, Recorded
from functions.api.bodies import Feedback
from functions.api.call import Call, links, reply
from functions.api.idempotency import key_of
from functions.api.ownership import conflict, own
from functions.api.problems import not_found
from functions.api.submit import accepted, record, too_fast
from shared.crash_points import Step, around
from shared.db import actions, views
from shared.db.engine import single_statement, transaction
from shared.db.pace import TooFast
from shared.db.submissions import Submission
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, LessonStyle

SIMPLER_GRADES = 2  # how far down "simpler" goes where the style is the simple one already
NOT_RETRIED = f"Only a failed request can be retried, and that {actions.RETRIES} times at most."
RATINGS = frozenset({FeedbackKind.HELPFUL, FeedbackKind.NOT_HELPFUL})


def cancel(call: Call) -> flask.Response:
    """End a request that has not ended; whoever follows it is made instead."""
    request_id, student_id = call.identifier("request_id"), call.caller.id
    with around(Step.CANCEL), transaction(call.services.engine) as connection:
        cancelled = actions.cancel(connection, request_id, student_id)
        if cancelled is None:
            raise conflict(own(connection, request_id, student_id).status)
    handoff.ended(call.services, request_id, cancelled.correlation_id, cancelled.freed)
    return reply(Accepted(id=request_id, status=Status.CANCELLED, links=links(request_id)), status=202)


def retry(call: Call) -> flask.Response:
    """Let a failed request begin anew, so many times and not too fast."""
    request_id, student_id = call.identifier("request_id"), call.caller.id
    per_minute = call.services.settings.requests_per_minute
    with around(Step.RETRY), single_statement(call.services.engine) as connection:
        begun = actions.retry(connection, request_id, student_id, per_minute=per_minute)
        if begun is None:
            raise conflict(own(connection, request_id, student_id).status, NOT_RETRIED)
    if isinstance(begun, TooFast):
        raise too_fast(begun)
    handoff.begin(call.services, request_id, begun)
    return accepted(request_id)


def feedback(call: Call) -> flask.Response:
    """Keep what the student says of a finished lesson; where another telling is wanted, ask for it."""
    request_id, student_id = call.identifier("request_id"), call.caller.id
    body: Feedback = call.body
    with around(Step.RATE), single_statement(call.services.engine) as connection:
        view = views.request_view(connection, request_id, student_id)
        if view is None:
            raise not_found()
        if view.status is not Status.COMPLETED:
            raise conflict(view.status, "Only a finished lesson can be judged.")
        telling = None if body.kind in RATINGS else _retold(view, call, body)
        actions.record_feedback(connection, request_id, body.kind)
    if telling is None:
        return reply(Recorded(id=request_id, status=view.status))
    return record(call, telling, key_of(call, f"feedback {request_id}", body))


def _retold(view: views.RequestView, call: Call, body: Feedback) -> Submission:
    """The same question, told as the feedback asks for; answers that it was given before go with it."""
    style, grade_level, interest = view.style, view.grade_level, view.interest
    if body.kind is FeedbackKind.DIFFERENT_INTEREST:
        interest = body.interest
    elif view.style is not LessonStyle.SIMPLE:
        style = LessonStyle.SIMPLE
    elif view.grade_level > 1:
        grade_level = max(1, view.grade_level - SIMPLER_GRADES)
    else:
        raise conflict(view.status, "This lesson is the simplest already.")
    return Submission(
        id=uuid4(),
        correlation_id=uuid4(),
        student_id=call.caller.id,
        query=view.query,
        grade_level=grade_level,
        interest=interest,
        style=style,
        language=view.language,
        modality=view.modality,
        duration_seconds=view.duration_seconds,
        derived_from=view.id,
        clarification=view.clarification,
    )

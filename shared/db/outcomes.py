"""What becomes of a stage's run: finished, completed, settled, asked, failed. Each is one guarded statement.

The fence is (status, attempt): a change applies only while both are as the claim left them. The database's own
triggers refuse illegal moves, raise `version` and write `request_events` in the same statement.
"""

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db.claims import fence, takes
from shared.db.flights import complete_followers, leave_flight, lock_content, told_in_app
from shared.db.ledger import ADDED_UP, NOTED, NOTHING, Used, parameters
from shared.db.models import ENDED
from shared.enums import ContentRequestStatus as Status
from shared.enums import StageRunState
from shared.errors import PermanentError
from shared.pipeline import AWAITING_CLARIFICATION, STAGES, VALIDATE_REQUEST, Stage
from shared.work import Advance, AskStudent, Request, Settle

COMPLETED_LABEL = "Your lesson is ready"
FAILED_LABEL = "This lesson could not be made"
FOLLOWING_LABEL = "The same lesson is being made for somebody else"

_RUN_FINISHED = f"""run AS (
        UPDATE request_stages s SET state = '{StageRunState.FINISHED}', finished_at = clock_timestamp(), {NOTED}
        FROM done d WHERE s.request_id = d.id AND s.stage = :stage AND s.attempt = d.attempt
    )"""

# Columns of content_requests that a stage may record; everything else is the runtime's.
RECORDABLE = frozenset({"topic", "storyboard_digest"})

_FINISH = f"""
    WITH done AS (
        UPDATE content_requests SET
            lease_until = NULL,
            eta_seconds = NULL,
            sweeps = 0,
            {{assignments}}
            degraded = (
                SELECT coalesce(jsonb_agg(DISTINCT reason), '[]'::jsonb)
                FROM jsonb_array_elements_text(degraded || CAST(:degraded AS jsonb)) AS reason
            ),
            request_metadata = request_metadata || CAST(:metadata AS jsonb),
            {ADDED_UP}
        WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
          AND lease_until IS NOT NULL
        RETURNING *
    ), run AS (
        UPDATE request_stages s
        SET state = '{StageRunState.FINISHED}', finished_at = clock_timestamp(),
            output = CAST(:output AS jsonb) || jsonb_build_object('used', CAST(:used AS jsonb))
        FROM done d WHERE s.request_id = d.id AND s.stage = :stage AND s.attempt = d.attempt
    )
"""


def _finish_parameters(request: Request, stage: Stage, outcome: Advance, used: Used) -> dict[str, Any]:
    unknown = outcome.columns.keys() - RECORDABLE
    if unknown:
        raise ValueError(f"{stage.name} may not record {', '.join(sorted(unknown))}")
    return {
        **fence(request),
        **parameters(stage, used),
        "metadata": json.dumps(dict(outcome.metadata)),
        "output": json.dumps(dict(outcome.output)),
        "degraded": json.dumps(list(outcome.degraded)),
        **outcome.columns,
    }


def finish(connection: sa.Connection, request: Request, stage: Stage, outcome: Advance, used: Used = NOTHING) -> bool:
    """Record a finished run, waiting for the next stage; False when somebody else won."""
    assignments = "".join(f"{column} = :{column}, " for column in outcome.columns)
    statement = sa.text(_FINISH.format(assignments=assignments) + "SELECT count(*) FROM done")
    return bool(connection.execute(statement, _finish_parameters(request, stage, outcome, used)).scalar_one())


def complete(
    connection: sa.Connection, request: Request, stage: Stage, outcome: Advance, used: Used = NOTHING
) -> list[UUID] | None:
    """Record the last stage's run: the request and all that follow it are completed, the lesson is kept.

    Return the followers that were completed with it, or None when somebody else won. Runs in a transaction, since
    the flight's lock must be held: a request that is just about to follow either is seen here or sees the lesson.
    """
    if request.content_key:
        lock_content(connection, request.content_key)
    assignments = (
        f"status = '{Status.COMPLETED}', completed_at = clock_timestamp(), progress_percentage = 100, "
        f"current_stage = '{COMPLETED_LABEL}', "
    )
    statement = sa.text(_FINISH.format(assignments=assignments) + ", " + complete_followers("done"))
    completed: list[UUID] | None = connection.execute(
        statement, _finish_parameters(request, stage, outcome, used)
    ).scalar_one()
    return completed


_COMPLETE_FROM_LESSON = sa.text(f"""
    WITH done AS (
        UPDATE content_requests r SET
            status = '{Status.COMPLETED}', completed_at = clock_timestamp(), progress_percentage = 100,
            lease_until = NULL, eta_seconds = NULL, current_stage = '{COMPLETED_LABEL}',
            topic = :topic, content_key = :content_key,
            storyboard_digest = l.storyboard_digest, degraded = l.degraded,
            request_metadata = request_metadata || CAST(:metadata AS jsonb) || '{{"cached": true}}'::jsonb,
            {ADDED_UP}
        FROM lessons l
        WHERE l.content_key = :content_key
          AND r.id = :id AND r.status = CAST(:during AS content_request_status) AND r.attempt = :attempt
          AND r.lease_until IS NOT NULL
        RETURNING r.id, r.student_id, r.attempt
    ), {_RUN_FINISHED}, {told_in_app("done")}
    SELECT count(*) FROM done
""")

_FINISH_VALIDATION = sa.text(f"""
    WITH done AS (
        UPDATE content_requests SET
            lease_until = NULL, eta_seconds = NULL, sweeps = 0, topic = :topic, content_key = :content_key,
            follows = CAST(:leader AS uuid),
            current_stage = CASE WHEN CAST(:leader AS uuid) IS NULL THEN current_stage ELSE :following END,
            request_metadata = request_metadata || CAST(:metadata AS jsonb),
            {ADDED_UP}
        WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
          AND lease_until IS NOT NULL
        RETURNING id, attempt
    ), {_RUN_FINISHED}
    SELECT count(*) FROM done
""")

_LEADER = sa.text("""
    SELECT id FROM content_requests
    WHERE content_key = :content_key AND id <> :id AND follows IS NULL
      AND status::text = ANY (CAST(:working AS text[]))
    ORDER BY created_at LIMIT 1
""")


class Settlement(Enum):
    """What became of an understood question."""

    GO_ON = auto()  # this request makes the lesson
    FOLLOWS = auto()  # another one is making it
    COMPLETED = auto()  # the lesson was there
    SUPERSEDED = auto()  # somebody else won


def settle(connection: sa.Connection, request: Request, outcome: Settle, used: Used = NOTHING) -> Settlement:
    """Complete from the cache, follow the request that makes the same lesson, or go on. Runs in a transaction."""
    lock_content(connection, outcome.content_key)
    common = {
        **fence(request),
        **parameters(VALIDATE_REQUEST, used),
        "content_key": outcome.content_key,
        "topic": outcome.topic,
        "metadata": json.dumps(dict(outcome.metadata)),
    }
    if connection.execute(_COMPLETE_FROM_LESSON, common).scalar_one():
        return Settlement.COMPLETED
    working = [stage.during.value for stage in STAGES]
    leader = connection.execute(
        _LEADER, {"content_key": outcome.content_key, "id": request.id, "working": working}
    ).scalar_one_or_none()
    values = common | {"leader": leader, "following": FOLLOWING_LABEL}
    if not connection.execute(_FINISH_VALIDATION, values).scalar_one():
        return Settlement.SUPERSEDED
    return Settlement.GO_ON if leader is None else Settlement.FOLLOWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A request waits for its student; `freed` is the follower that is free to be made now, if there is one."""

    freed: UUID | None


def ask(
    connection: sa.Connection, request: Request, stage: Stage, outcome: AskStudent, used: Used = NOTHING
) -> Parked | None:
    """Park the request as pending until the student answers; None when somebody else won.

    Whoever follows it asked for what it was to be, which the answer may change. Runs in a transaction, since they are
    set free under the flight's lock.
    """
    if request.content_key:
        lock_content(connection, request.content_key)
    statement = sa.text(f"""
        WITH done AS (
            UPDATE content_requests SET
                status = '{Status.PENDING}', lease_until = NULL, eta_seconds = NULL, progress_percentage = 0,
                current_stage = :label, clarification_requested_at = clock_timestamp(), content_key = NULL,
                request_metadata = request_metadata || jsonb_build_object('clarification', jsonb_build_object(
                    'questions', CAST(:questions AS jsonb),
                    'reasoning', CAST(:reasoning AS text),
                    'earlier_answers', coalesce(request_metadata #> '{{clarification,earlier_answers}}', '[]'::jsonb)
                        || coalesce(request_metadata #> '{{clarification,answers}}', '[]'::jsonb),
                    'requested_at', clock_timestamp(),
                    'round', coalesce((request_metadata #>> '{{clarification,round}}')::integer, 0) + 1
                )),
                {ADDED_UP}
            WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
              AND lease_until IS NOT NULL
            RETURNING id, attempt
        ), {_RUN_FINISHED}
        SELECT count(*) FROM done
    """)
    values = {
        **parameters(stage, used),
        "label": AWAITING_CLARIFICATION,
        "questions": json.dumps([dict(question) for question in outcome.questions]),
        "reasoning": outcome.reasoning,
    }
    if not connection.execute(statement, fence(request) | values).scalar_one():
        return None
    return Parked(freed=leave_flight(connection, request.id) if request.content_key else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that was failed: its correlation, and the follower that is free to be made now, if there is one."""

    correlation_id: UUID
    freed: UUID | None


# Further parts of the statements below, where it is a run that failed its request: guard and assignments.
_OF_THE_RUN = (
    "AND status = CAST(:during AS content_request_status) AND attempt = :attempt",
    f", {ADDED_UP}",
    f", {NOTED}",
)


# The same where it is a stage's message that ran out of deliveries: it has nothing to do with what the stage left
# behind, with what waits for an answer, or follows another.
_NEEDS_THE_STAGE = """AND clarification_requested_at IS NULL AND follows IS NULL
    AND (status = CAST(:during AS content_request_status)
         OR status || ':' || modality = ANY (CAST(:takes AS text[])))"""


def fail(
    connection: sa.Connection,
    request_id: UUID,
    *,
    error: PermanentError,
    stage: str | None,
    run: Request | None = None,
    needing: Stage | None = None,
    used: Used = NOTHING,
) -> Failure | None:
    """Fail a request that has not ended. None: nothing to fail.

    With `run`, only while it is still that run's, and `used` is what that run used; with `needing`, only while that
    stage has yet to take it or is at it. Runs in a transaction: the followers are set free under the flight's lock.
    """
    expected = connection.execute(
        sa.text("SELECT content_key FROM content_requests WHERE id = :id"), {"id": request_id}
    ).scalar_one_or_none()
    if expected:
        lock_content(connection, expected)
    guard, added_up, noted = _OF_THE_RUN if run else (_NEEDS_THE_STAGE if needing else "", "", "")
    statement = sa.text(f"""
        UPDATE content_requests SET
            status = '{Status.FAILED}', failed_at = clock_timestamp(), lease_until = NULL, eta_seconds = NULL,
            clarification_requested_at = NULL, follows = NULL, current_stage = '{FAILED_LABEL}',
            error_code = :code, error_stage = :stage, error_message = :message,
            error_details = CAST(:details AS jsonb) {added_up}
        WHERE id = :id AND status NOT IN ({ENDED}) {guard}
        RETURNING attempt, correlation_id, content_key
    """)
    values = {
        "id": request_id,
        "code": error.code,
        "stage": stage,
        "used": json.dumps(dict(used)),
        "message": error.message,
        "reason": str(error),
        "details": json.dumps({"reason": str(error), **error.details}, default=str),
    }
    if run:
        values |= fence(run)
    elif needing:
        values |= {"during": needing.during, "takes": takes(needing)}
    row = connection.execute(statement, values).one_or_none()
    if row is None:
        return None
    # A statement of its own: the first does not see a run that was begun while it waited for the row.
    stopped = sa.text(f"""
        UPDATE request_stages
        SET state = '{StageRunState.FAILED}', finished_at = clock_timestamp(),
            error_code = :code, error_message = :reason {noted}
        WHERE request_id = :id AND attempt = :attempt AND state = '{StageRunState.RUNNING}'
    """)
    connection.execute(stopped, values | {"attempt": row.attempt})
    if row.content_key and row.content_key != expected:
        # Settled in between: whoever joined that flight by now is seen below.
        lock_content(connection, row.content_key)
    return Failure(correlation_id=row.correlation_id, freed=leave_flight(connection, request_id))

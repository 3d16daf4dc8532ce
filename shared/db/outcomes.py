"""What becomes of a stage's run: finished, completed, settled, asked. Each is one guarded statement.

The fence is (status, attempt): a change applies only while both are as the claim left them. The database's own
triggers refuse illegal moves, raise `version` and write `request_events` in the same statement.
"""

import json
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db.claims import fence
from shared.db.flights import complete_followers, leave_flight, lock_content, told_in_app
from shared.db.ledger import ADDED_UP, NOTED, NOTHING, Used, parameters
from shared.enums import ContentRequestStatus as Status
from shared.enums import StageRunState
from shared.pipeline import AWAITING_CLARIFICATION, STAGES, VALIDATE_REQUEST, Stage
from shared.work import Advance, AskStudent, Request, Settle

COMPLETED_LABEL = "Your lesson is ready"
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
    values = _finish_parameters(request, stage, outcome, used)
    return bool(connection.execute(_finishing(tuple(outcome.columns)), values).scalar_one())


@lru_cache
def _finishing(columns: tuple[str, ...]) -> sa.TextClause:
    assignments = "".join(f"{column} = :{column}, " for column in columns)
    return sa.text(_FINISH.format(assignments=assignments) + "SELECT count(*) FROM done")


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

"""What students do to their own requests: answer, cancel, retry, rate. Each change is one guarded statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db import pace
from shared.db.claims import close_run
from shared.db.flights import leave_flight, lock_content
from shared.db.models import ENDED
from shared.db.submissions import QUEUED_LABEL, IdempotencyKey
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind

CANCELLED_LABEL = "Cancelled"
RETRIES = 10  # of one request: whatever is wrong by then, the same question does not mend it
_RETRIED = f"""(SELECT count(*) FROM request_events e WHERE e.request_id = r.id
    AND e.from_status = '{Status.FAILED}' AND e.to_status = '{Status.PENDING}')"""

_OPPOSITE = {
    FeedbackKind.HELPFUL: FeedbackKind.NOT_HELPFUL,
    FeedbackKind.NOT_HELPFUL: FeedbackKind.HELPFUL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A student's own request as an action finds it."""

    status: Status
    version: int
    waiting: bool  # for the student's answer
    clarification: Mapping[str, Any]  # empty where nothing was ever asked


def find(connection: sa.Connection, request_id: UUID, student_id: UUID) -> Open | None:
    """The student's request; None when there is none of this id, or it is somebody else's."""
    statement = sa.text("""
        SELECT status, version, clarification_requested_at IS NOT NULL AS waiting,
               coalesce(request_metadata -> 'clarification', '{}'::jsonb) AS clarification
        FROM content_requests WHERE id = :id AND student_id = :student_id
    """)
    row = connection.execute(statement, {"id": request_id, "student_id": student_id}).one_or_none()
    if row is None:
        return None
    return Open(status=Status(row.status), version=row.version, waiting=row.waiting, clarification=row.clarification)


def store_answers(
    connection: sa.Connection,
    request_id: UUID,
    student_id: UUID,
    *,
    answers: Sequence[Mapping[str, str]],
    asked: int,
    idempotency: IdempotencyKey | None,
) -> UUID | None:
    """Keep the answers to the questions of round `asked` and let the request go on.

    Return its correlation id, or None when it does not wait for these answers (any more).
    """
    statement = sa.text(f"""
        WITH answered AS (
            UPDATE content_requests SET
                clarification_requested_at = NULL, sweeps = 0, current_stage = :label,
                request_metadata = jsonb_set(
                    request_metadata, '{{clarification,answers}}', CAST(:answers AS jsonb))
            WHERE id = CAST(:id AS uuid) AND student_id = CAST(:student_id AS uuid)
              AND status = '{Status.PENDING}' AND clarification_requested_at IS NOT NULL
              AND (request_metadata #>> '{{clarification,round}}')::integer = CAST(:asked AS integer)
            RETURNING id, student_id, correlation_id
        ), keyed AS (
            INSERT INTO idempotency_keys (student_id, key, body_hash, request_id)
            SELECT student_id, CAST(:key AS text), CAST(:body_hash AS text), id FROM answered
            WHERE CAST(:key AS text) IS NOT NULL ON CONFLICT DO NOTHING
        )
        SELECT correlation_id FROM answered
    """)
    values = {
        "id": request_id,
        "student_id": student_id,
        "label": QUEUED_LABEL,
        "answers": json.dumps([dict(answer) for answer in answers]),
        "asked": asked,
        "key": idempotency.key if idempotency else None,
        "body_hash": idempotency.body_hash if idempotency else None,
    }
    correlation: UUID | None = connection.execute(statement, values).scalar_one_or_none()
    return correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A request that was cancelled: its correlation, and the follower that is free to be made now, if there is one."""

    correlation_id: UUID
    freed: UUID | None


def cancel(connection: sa.Connection, request_id: UUID, student_id: UUID) -> Cancellation | None:
    """Cancel a request that has not ended; None when there is none. Runs in a transaction.

    The flight is locked before the request is changed, in the order in which finishing stages lock. Should the key
    have been settled in between, its flight is locked too: whoever joined it by then is seen, and set free.
    """
    mine = {"id": request_id, "student_id": student_id}
    statement = sa.text("SELECT content_key FROM content_requests WHERE id = :id AND student_id = :student_id")
    expected = connection.execute(statement, mine).scalar_one_or_none()
    if expected:
        lock_content(connection, expected)
    update = sa.text(f"""
        UPDATE content_requests SET
            status = '{Status.CANCELLED}', cancelled_at = clock_timestamp(), lease_until = NULL, eta_seconds = NULL,
            clarification_requested_at = NULL, follows = NULL, current_stage = :label
        WHERE id = :id AND student_id = :student_id AND status NOT IN ({ENDED})
        RETURNING attempt, correlation_id, content_key
    """)
    row = connection.execute(update, mine | {"label": CANCELLED_LABEL}).one_or_none()
    if row is None:
        return None
    close_run(connection, request_id, row.attempt, code=Status.CANCELLED)
    if row.content_key and row.content_key != expected:
        lock_content(connection, row.content_key)
    return Cancellation(correlation_id=row.correlation_id, freed=leave_flight(connection, request_id))


def retry(
    connection: sa.Connection, request_id: UUID, student_id: UUID, *, per_minute: int | None = None
) -> UUID | pace.TooFast | None:
    """Let a failed request begin anew; return its correlation id.

    None when it is not a failed one, or was retried as often as may be; TooFast when the student has to wait.
    What the request learned from the student stays, runs that failed before count no more.
    """
    statement = sa.text(f"""
        WITH account AS (
            SELECT id, {pace.PACE} FROM users WHERE id = CAST(:student_id AS uuid) FOR UPDATE OF users
        ), begun AS (
            UPDATE content_requests r SET
                status = '{Status.PENDING}', progress_percentage = 0, current_stage = :label, eta_seconds = NULL,
                attempts_from = attempt, sweeps = 0, lease_until = NULL, follows = NULL, content_key = NULL,
                storyboard_digest = NULL, degraded = '[]'::jsonb, failed_at = NULL,
                error_code = NULL, error_stage = NULL, error_message = NULL, error_details = NULL
            FROM account
            WHERE r.id = CAST(:id AS uuid) AND r.student_id = account.id AND r.status = '{Status.FAILED}'
              AND {pace.IN_TIME} AND {_RETRIED} < :retries
            RETURNING r.correlation_id
        ), paced AS (
            UPDATE users SET pace_until = {pace.ASKED} FROM account
            WHERE users.id = account.id AND EXISTS (SELECT FROM begun)
        )
        SELECT correlation_id FROM begun
    """)
    values = {
        "id": request_id,
        "student_id": student_id,
        "label": QUEUED_LABEL,
        "step": pace.step(per_minute),
        "retries": RETRIES,
    }
    correlation: UUID | None = connection.execute(statement, values).scalar_one_or_none()
    if correlation is not None or not _may_be_retried(connection, request_id, student_id):
        return correlation
    return pace.wait(connection, student_id, per_minute) or pace.TooFast(1)


def _may_be_retried(connection: sa.Connection, request_id: UUID, student_id: UUID) -> bool:
    statement = sa.text(f"""
        SELECT count(*) FROM content_requests r
        WHERE id = :id AND student_id = :student_id AND status = '{Status.FAILED}' AND {_RETRIED} < :retries
    """)
    values = {"id": request_id, "student_id": student_id, "retries": RETRIES}
    return bool(connection.execute(statement, values).scalar_one())


def record_feedback(connection: sa.Connection, request_id: UUID, kind: FeedbackKind) -> None:
    """Keep what the student said of a lesson; saying the opposite takes it back."""
    statement = sa.text("""
        WITH taken_back AS (DELETE FROM request_feedback WHERE request_id = :id AND kind = CAST(:opposite AS text))
        INSERT INTO request_feedback (request_id, kind) VALUES (:id, :kind) ON CONFLICT DO NOTHING
    """)
    connection.execute(statement, {"id": request_id, "kind": kind, "opposite": _OPPOSITE.get(kind)})

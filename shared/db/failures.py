"""Failing a request, whoever does it: the run that cannot go on, the dead letter, the sweep that gives up.

The database's own triggers refuse illegal moves, raise `version` and write `request_events` in the same statement.
"""

import json
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from shared.db.claims import close_run, fence, takes
from shared.db.flights import leave_flight, lock_content
from shared.db.ledger import ADDED_UP, NOTHING, Used
from shared.db.models import ENDED
from shared.enums import ContentRequestStatus as Status
from shared.errors import PermanentError
from shared.pipeline import Stage
from shared.work import Request

FAILED_LABEL = "This lesson could not be made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that was failed: its correlation, and the follower that is free to be made now, if there is one."""

    correlation_id: UUID
    freed: UUID | None


# Further parts of the statement below, where it is a run that failed its request: guard and assignment.
_OF_THE_RUN = "AND status = CAST(:during AS content_request_status) AND attempt = :attempt", f", {ADDED_UP}"
# The guard where it is a stage's message that ran out of deliveries: it has nothing to do with what the stage left
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
    guard, added_up = _OF_THE_RUN if run else (_NEEDS_THE_STAGE if needing else "", "")
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
        "details": json.dumps({"reason": str(error), **error.details}, default=str),
    }
    if run:
        values |= fence(run)
    elif needing:
        values |= {"during": needing.during, "takes": takes(needing)}
    row = connection.execute(statement, values).one_or_none()
    if row is None:
        return None
    close_run(connection, request_id, row.attempt, code=error.code, reason=str(error), used=used if run else None)
    if row.content_key and row.content_key != expected:
        # Settled in between: whoever joined that flight by now is seen below.
        lock_content(connection, row.content_key)
    return Failure(correlation_id=row.correlation_id, freed=leave_flight(connection, request_id))

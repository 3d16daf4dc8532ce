"""The caller's own request as an action finds it."""

from uuid import UUID

import sqlalchemy as sa

from functions.api.problems import Code, Problem, not_found
from shared.db import actions
from shared.enums import ContentRequestStatus as Status


def own(connection: sa.Connection, request_id: UUID, student_id: UUID) -> actions.Open:
    """Return the caller's request; raise the Problem that it is not there."""
    found = actions.find(connection, request_id, student_id)
    if found is None:
        raise not_found()
    return found


def conflict(status: Status, detail: str = "") -> Problem:
    """The request stands where this is not possible."""
    return Problem(Code.STATE_CONFLICT, detail, members={"current_status": status})

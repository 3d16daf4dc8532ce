"""What the status mirror shows of a request: no question, no name, no address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A request as the mirror shows it, and the version it had."""

    version: int
    fields: Mapping[str, Any]


def snapshot(connection: sa.Connection, request_id: UUID) -> Snapshot | None:
    """Read a request for the mirror; None when there is none."""
    row = (
        connection.execute(
            sa.text("""
                SELECT version, student_id, status, progress_percentage, current_stage, eta_seconds, updated_at,
                       clarification_requested_at IS NOT NULL AS awaiting_clarification, error_code
                FROM content_requests WHERE id = :id
            """),
            {"id": request_id},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    fields = dict(row) | {"student_id": str(row["student_id"]), "updated_at": row["updated_at"].isoformat()}
    return Snapshot(version=fields.pop("version"), fields=fields)

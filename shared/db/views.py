"""What students see of the record: their requests, their history, their notifications. The owner stands in the SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality, NotificationChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """One request as its owner sees it."""

    id: UUID
    status: Status
    version: int
    progress_percentage: int
    current_stage: str
    eta_seconds: int | None
    waiting: bool  # for the student's answer
    clarification: Mapping[str, Any] | None
    query: str
    topic: str | None
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    modality: Modality
    duration_seconds: int
    derived_from: UUID | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    storyboard_digest: str | None
    degraded: Sequence[str]
    cost: Mapping[str, Mapping[str, float]]
    error_code: str | None
    error_stage: str | None
    error_message: str | None
    timeline: Sequence[Mapping[str, Any]]  # {status, at, progress_percentage}
    # {stage, attempt, state, started_at, finished_at, error_code, seconds}; an abandoned run has no seconds
    runs: Sequence[Mapping[str, Any]]


_VIEW = sa.text("""
    SELECT r.id, r.status, r.version, r.progress_percentage, r.current_stage, r.eta_seconds,
        r.clarification_requested_at IS NOT NULL AS waiting, r.request_metadata -> 'clarification' AS clarification,
        r.query, r.topic, r.grade_level, r.interest, r.style, r.language, r.modality, r.duration_seconds,
        r.derived_from, r.created_at, r.updated_at, r.completed_at, r.storyboard_digest, r.degraded, r.cost,
        r.error_code, r.error_stage, r.error_message,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'status', e.to_status, 'at', e.at,
            'progress_percentage', e.progress_percentage) ORDER BY e.id), '[]'::jsonb)
         FROM request_events e WHERE e.request_id = r.id) AS timeline,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'stage', s.stage, 'attempt', s.attempt, 'state', s.state, 'started_at', s.started_at,
            'finished_at', s.finished_at, 'error_code', s.error_code,
            'seconds', round(extract(epoch FROM coalesce(s.finished_at, CASE
                WHEN s.attempt = r.attempt AND r.lease_until IS NOT NULL THEN clock_timestamp() END) - s.started_at), 3)
            ) ORDER BY s.attempt), '[]'::jsonb)
         FROM request_stages s WHERE s.request_id = r.id) AS runs
    FROM content_requests r WHERE r.id = :id AND r.student_id = :student_id
""")


def request_view(connection: sa.Connection, request_id: UUID, student_id: UUID) -> RequestView | None:
    """The student's request with its history; None when there is none of this id, or it is somebody else's."""
    row = connection.execute(_VIEW, {"id": request_id, "student_id": student_id}).mappings().one_or_none()
    if row is None:
        return None
    closed = {
        "status": Status(row["status"]),
        "style": LessonStyle(row["style"]),
        "modality": Modality(row["modality"]),
    }
    return RequestView(**dict(row) | closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The least that tells whether a request has changed."""

    version: int
    status: Status
    waiting: bool  # for the student's answer


_PULSE = sa.text("""
    SELECT version, status, clarification_requested_at IS NOT NULL AS waiting
    FROM content_requests WHERE id = :id AND student_id = :student_id
""")


def pulse(connection: sa.Connection, request_id: UUID, student_id: UUID) -> Pulse | None:
    """How the student's request stands; None when there is none of this id, or it is somebody else's."""
    row = connection.execute(_PULSE, {"id": request_id, "student_id": student_id}).one_or_none()
    return None if row is None else Pulse(version=row.version, status=Status(row.status), waiting=row.waiting)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of a list ended; lists run from the newest to the oldest."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """One line of a student's list."""

    id: UUID
    status: Status
    progress_percentage: int
    current_stage: str
    waiting: bool
    query: str
    topic: str | None
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    modality: Modality
    duration_seconds: int
    derived_from: UUID | None
    created_at: datetime
    completed_at: datetime | None


_LIST = sa.text("""
    SELECT id, status, progress_percentage, current_stage, clarification_requested_at IS NOT NULL AS waiting,
        query, topic, grade_level, interest, style, language, modality, duration_seconds, derived_from,
        created_at, completed_at
    FROM content_requests
    WHERE student_id = :student_id
      AND (CAST(:status AS text) IS NULL OR status = CAST(CAST(:status AS text) AS content_request_status))
      AND (CAST(:after AS timestamptz) IS NULL OR (created_at, id) < (CAST(:after AS timestamptz), CAST(:id AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :limit
""")


def request_summaries(
    connection: sa.Connection, student_id: UUID, *, status: Status | None, after: Position | None, limit: int
) -> list[RequestSummary]:
    """The student's requests, newest first, from where the last page ended."""
    values = {
        "student_id": student_id,
        "status": status,
        "after": after.created_at if after else None,
        "id": after.id if after else None,
        "limit": limit,
    }
    return [
        RequestSummary(
            **dict(row)
            | {
                "status": Status(row["status"]),
                "style": LessonStyle(row["style"]),
                "modality": Modality(row["modality"]),
            }
        )
        for row in connection.execute(_LIST, values).mappings()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """That a lesson is ready, told in the app."""

    id: UUID  # of the request
    topic: str
    status: Status
    created_at: datetime


_NOTIFICATIONS = sa.text(f"""
    SELECT n.request_id AS id, coalesce(r.topic, '') AS topic, r.status, n.created_at
    FROM notifications n JOIN content_requests r ON r.id = n.request_id
    WHERE n.student_id = :student_id AND n.channel = '{NotificationChannel.IN_APP}' AND n.sent_at IS NOT NULL
      AND (CAST(:after AS timestamptz) IS NULL
           OR (n.created_at, n.request_id) < (CAST(:after AS timestamptz), CAST(:id AS uuid)))
    ORDER BY n.created_at DESC, n.request_id DESC LIMIT :limit
""")


def notifications(
    connection: sa.Connection, student_id: UUID, *, after: Position | None, limit: int
) -> list[NotificationView]:
    """What the student was told in the app, newest first, from where the last page ended."""
    values = {
        "student_id": student_id,
        "after": after.created_at if after else None,
        "id": after.id if after else None,
        "limit": limit,
    }
    rows = connection.execute(_NOTIFICATIONS, values).mappings()
    return [NotificationView(**dict(row) | {"status": Status(row["status"])}) for row in rows]

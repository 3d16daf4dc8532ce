"""What operators see: counts, ages, timings, failures, histories. Never a question's words, nor who a student is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db.models import ENDED
from shared.db.views import Position
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality, StageRunState


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTiming:
    """How long the runs of a stage took that finished within the last day."""

    stage: str
    runs: int
    p50_seconds: float
    p95_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The system at a glance."""

    counts: Mapping[str, int]  # by status; statuses that nothing is in are missing
    awaiting_clarification: int
    oldest_seconds: Mapping[str, float]  # by status: the longest that an unfinished request has been without a change
    stages: Sequence[StageTiming]
    failures: Mapping[str, int]  # by code, of the last day


_SUMMARY = sa.text(f"""
    WITH by_status AS (
        SELECT status, count(*) AS number,
            count(*) FILTER (WHERE clarification_requested_at IS NOT NULL) AS waiting,
            extract(epoch FROM clock_timestamp()
                - min(updated_at) FILTER (WHERE clarification_requested_at IS NULL)) AS oldest
        FROM content_requests GROUP BY status
    ), timings AS (
        SELECT stage, count(*) AS runs,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
                ORDER BY extract(epoch FROM finished_at - started_at)) AS seconds
        FROM request_stages
        WHERE state = '{StageRunState.FINISHED}' AND finished_at > clock_timestamp() - interval '1 day'
        GROUP BY stage
    ), failures AS (
        SELECT coalesce(error_code, '') AS code, count(*) AS number FROM content_requests
        WHERE status = '{Status.FAILED}' AND failed_at > clock_timestamp() - interval '1 day'
        GROUP BY error_code
    )
    SELECT
        (SELECT coalesce(jsonb_object_agg(status, number), '{{}}') FROM by_status) AS counts,
        (SELECT coalesce(sum(waiting), 0)::integer FROM by_status) AS awaiting_clarification,
        (SELECT coalesce(jsonb_object_agg(status, round(oldest, 3)), '{{}}') FROM by_status
            WHERE status NOT IN ({ENDED}) AND oldest IS NOT NULL) AS oldest_seconds,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('stage', stage, 'runs', runs,
            'p50_seconds', round(seconds[1]::numeric, 3), 'p95_seconds', round(seconds[2]::numeric, 3))
            ORDER BY stage), '[]') FROM timings) AS stages,
        (SELECT coalesce(jsonb_object_agg(code, number), '{{}}') FROM failures) AS failures
""")


def summary(connection: sa.Connection) -> Summary:
    """Count and time what the record holds."""
    row = connection.execute(_SUMMARY).mappings().one()
    return Summary(**dict(row) | {"stages": [StageTiming(**stage) for stage in row["stages"]]})


_TYPICAL = sa.text(f"""
    SELECT s.stage, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at))
    FROM request_stages s JOIN content_requests r ON r.id = s.request_id
    WHERE s.state = '{StageRunState.FINISHED}' AND s.finished_at > clock_timestamp() - interval '1 day'
      AND r.modality = :modality
    GROUP BY s.stage
""")


def typical_seconds(connection: sa.Connection, modality: Modality) -> dict[str, float]:
    """The median of each stage's runs that finished within the last day, in seconds."""
    return {stage: float(seconds) for stage, seconds in connection.execute(_TYPICAL, {"modality": modality})}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatedRequest:
    """One request as operators see it."""

    id: UUID
    correlation_id: UUID
    student_id: UUID
    status: Status
    current_stage: str
    progress_percentage: int
    waiting: bool
    follows: UUID | None
    attempt: int
    sweeps: int
    lease_until: datetime | None
    modality: Modality
    grade_level: int
    duration_seconds: int
    degraded: Sequence[str]
    error_code: str | None
    error_stage: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


_COLUMNS = """id, correlation_id, student_id, status, current_stage, progress_percentage,
    clarification_requested_at IS NOT NULL AS waiting, follows, attempt, sweeps, lease_until, modality, grade_level,
    duration_seconds, degraded, error_code, error_stage, created_at, updated_at, completed_at"""

_LIST = sa.text(f"""
    SELECT {_COLUMNS} FROM content_requests
    WHERE (CAST(:status AS text) IS NULL OR status = CAST(CAST(:status AS text) AS content_request_status))
      AND (CAST(:error_code AS text) IS NULL OR error_code = CAST(:error_code AS text))
      AND (CAST(:student_id AS uuid) IS NULL OR student_id = CAST(:student_id AS uuid))
      AND (CAST(:after AS timestamptz) IS NULL OR (created_at, id) < (CAST(:after AS timestamptz), CAST(:id AS uuid)))
    ORDER BY created_at DESC, id DESC LIMIT :limit
""")


def _operated(row: sa.RowMapping) -> OperatedRequest:
    return OperatedRequest(**dict(row) | {"status": Status(row["status"]), "modality": Modality(row["modality"])})


def requests(
    connection: sa.Connection,
    *,
    status: Status | None,
    error_code: str | None,
    student_id: UUID | None,
    after: Position | None,
    limit: int,
) -> list[OperatedRequest]:
    """The requests that match every filter given, newest first, from where the last page ended."""
    values = {
        "status": status,
        "error_code": error_code,
        "student_id": student_id,
        "after": after.created_at if after else None,
        "id": after.id if after else None,
        "limit": limit,
    }
    return [_operated(row) for row in connection.execute(_LIST, values).mappings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that happened to one request."""

    request: OperatedRequest
    events: Sequence[Mapping[str, Any]]  # {version, attempt, from_status, to_status, progress_percentage, …, at}
    runs: Sequence[Mapping[str, Any]]  # {stage, attempt, state, started_at, finished_at, …}
    cost: Mapping[str, Mapping[str, float]]  # the ledger: {stage: {unit: quantity}}


_TRACE = sa.text(f"""
    SELECT {_COLUMNS}, cost,
        (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'request_id' - 'id' ORDER BY e.id), '[]'::jsonb)
         FROM request_events e WHERE e.request_id = r.id) AS events,
        (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'request_id' ORDER BY s.attempt), '[]'::jsonb)
         FROM request_stages s WHERE s.request_id = r.id) AS runs
    FROM content_requests r WHERE r.id = :id
""")


def trace(connection: sa.Connection, request_id: UUID) -> Trace | None:
    """The request with its events and stage runs; None when there is none."""
    row = connection.execute(_TRACE, {"id": request_id}).mappings().one_or_none()
    if row is None:
        return None
    columns = dict(row)
    events, runs, cost = (columns.pop(name) for name in ("events", "runs", "cost"))
    closed = {"status": Status(row["status"]), "modality": Modality(row["modality"])}
    return Trace(request=OperatedRequest(**columns | closed), events=events, runs=runs, cost=cost)

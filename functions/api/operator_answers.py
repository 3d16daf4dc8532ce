"""What calls of operators answer with: nothing of what was asked, nor who a student is beyond the id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from functions.api.answers import Outgoing, StageRun
from shared.enums import ContentRequestStatus, Modality


class StageTiming(Outgoing):
    """How long a stage's runs took."""

    stage: str
    runs: int
    p50_seconds: float
    p95_seconds: float


class OperationsSummary(Outgoing):
    """The system at a glance."""

    counts: dict[ContentRequestStatus, int]
    awaiting_clarification: int
    oldest_seconds: dict[ContentRequestStatus, float] = Field(
        description="By status: how long the longest unchanged of the unfinished requests has been so."
    )
    stages: list[StageTiming] = Field(description="Runs that finished within the last day.")
    failures: dict[str, int] = Field(description="Failed requests of the last day, by error code.")


class OperatedItem(Outgoing):
    """A request as operators see it: nothing of what was asked."""

    id: UUID
    correlation_id: UUID
    student_id: UUID
    status: ContentRequestStatus
    current_stage: str
    progress_percentage: int
    waiting: bool
    follows: UUID | None = Field(description="The request that makes the same lesson, which this one waits for.")
    attempt: int
    sweeps: int
    lease_until: datetime | None
    modality: Modality
    grade_level: int
    duration_seconds: int
    degraded: list[str]
    error_code: str | None
    error_stage: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


class OperatedPage(Outgoing):
    """A page of requests, newest first."""

    items: list[OperatedItem]
    next_cursor: str | None


class EventItem(Outgoing):
    """One change of status."""

    version: int
    attempt: int
    from_status: ContentRequestStatus | None
    to_status: ContentRequestStatus
    progress_percentage: int
    error_code: str | None
    at: datetime


class OperatedRun(StageRun):
    """One try of one stage, with what it noted for operators."""

    output: dict[str, Any]
    error_message: str | None


class CostItem(Outgoing):
    """What all runs of one stage took together, those that failed among them."""

    stage: str
    usd: float | None = Field(description="Null where a unit has no known price.")
    used: dict[str, float] = Field(description="Quantities by unit, `what/measure`.")


class OperatedTrace(Outgoing):
    """All that happened to one request."""

    request: OperatedItem
    events: list[EventItem]
    runs: list[OperatedRun]
    cost_usd: float | None = Field(description="What making the lesson cost so far; null where that is not known.")
    cost: list[CostItem]

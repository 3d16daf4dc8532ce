"""What a stage is given and what it may answer. `shared.runtime` does the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from shared.enums import ContentRequestStatus, LessonStyle, Modality
from shared.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A content request as a stage sees it, read when it was claimed."""

    id: UUID
    correlation_id: UUID
    student_id: UUID
    query: str
    topic: str | None
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    modality: Modality
    duration_seconds: int
    status: ContentRequestStatus
    attempt: int
    content_key: str | None
    storyboard_digest: str | None
    metadata: Mapping[str, Any]  # request_metadata: clarification, module_ids, passage_ids, …


class Work(Protocol):
    """A stage's hold on the world while it works on one request."""

    @property
    def services(self) -> Services:
        """The ports."""

    @property
    def last_attempt(self) -> bool:
        """Whether the stage is not run again should this run fail."""

    def progress(self, percentage: int, label: str, *, eta_seconds: int | None = None) -> None:
        """Record where the work stands; also a checkpoint."""

    def checkpoint(self) -> None:
        """Raise WorkSuperseded when the request was taken over, cancelled or ended."""

    def begin_lesson(self, storyboard_digest: str) -> None:
        """Refer to a lesson in the record before any of its objects is written; also a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """The stage is done."""

    columns: Mapping[str, Any] = field(default_factory=dict)  # of content_requests
    metadata: Mapping[str, Any] = field(default_factory=dict)  # merged into request_metadata
    output: Mapping[str, Any] = field(default_factory=dict)  # of this stage run, for operators
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The question is understood: complete from the cache, follow who makes the same, or go on."""

    content_key: str
    topic: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStudent:
    """The question is vague: park the request until the student answers.

    `questions` is [{id, text, options: [{id, label, module_id}]}].
    """

    questions: tuple[Mapping[str, Any], ...]
    reasoning: str


Outcome = Advance | Settle | AskStudent
Handle = Callable[[Request, Work], Outcome]

"""What calls answer with. OpenAPI is generated from these models, and every answer is built through them.

A field that has a default is left out of an answer where it has nothing to say.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from functions.api.problems import Code
from shared.enums import ContentRequestStatus, LessonStyle, Modality, PassageKind, StageRunState


class Outgoing(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldError(Outgoing):
    """What is wrong with one field."""

    field: str = Field(description="Path in the body, `answers.0.text`, or name in the query or of a header.")
    code: Code
    detail: str


class ProblemDetails(Outgoing):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="Names this one answer; the log knows it by the same id.")
    code: Code = Field(description="Stable; for programs.")
    errors: list[FieldError] = []
    current_status: ContentRequestStatus | None = Field(default=None, description="With `state_conflict`.")


class AccessToken(Outgoing):
    """A sign-in succeeded."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")


class Links(Outgoing):
    """Where to go on with a request."""

    self: str
    clarification: str
    cancel: str
    retry: str
    feedback: str


class Accepted(Outgoing):
    """The call was taken; `status` is where the request then stood."""

    id: UUID
    status: ContentRequestStatus
    links: Links


class Recorded(Outgoing):
    """The feedback was kept."""

    id: UUID
    status: ContentRequestStatus


class Option(Outgoing):
    """One way to understand the question."""

    id: str
    label: str
    module_id: str | None = Field(default=None, description="Section of a book that this option leads to.")


class Question(Outgoing):
    """What the student is asked."""

    id: str
    text: str
    options: list[Option]


class Clarification(Outgoing):
    """The question was vague; the request waits for answers."""

    questions: list[Question]
    reasoning: str
    round: int
    requested_at: datetime


class Assets(Outgoing):
    """Links to what there is of the lesson so far; each is good for at most 15 minutes."""

    video: str | None = Field(default=None, description="MP4.")
    captions: str | None = Field(default=None, description="WebVTT.")
    thumbnail: str | None = Field(default=None, description="JPEG.")
    storyboard: str | None = Field(default=None, description="JSON.")
    transcript: str | None = Field(default=None, description="Plain text.")
    audio: str | None = Field(default=None, description="M4A; playable before the video is.")
    hls: str | None = Field(default=None, description="Master playlist whose references are signed links too.")


class Citation(Outgoing):
    """A passage of a textbook that the lesson rests on."""

    passage_id: str
    module_id: str
    book: str
    section: str
    scene_ids: list[str]
    url: str
    licence: str


class Grounding(Outgoing):
    """How far the cited passages back what the lesson says, as measured when its script was checked."""

    supported_share: float = Field(
        ge=0,
        le=1,
        description="Share of these sentences that the cited passages state. What they do not state is left out of a "
        "lesson, so that 1 is usual. The measure errs: docs/decisions/0019-what-counts-as-grounded.md.",
    )
    claims: int = Field(ge=0, description="How many sentences of the narration claim something.")


class Degradation(Outgoing):
    """A way in which the lesson is lesser than what was asked for."""

    code: str
    message: str


class Failure(Outgoing):
    """Why there is no lesson."""

    code: str
    message: str
    stage: str | None
    retryable: bool = Field(description="Whether trying the same question again may help.")


class TimelineEntry(Outgoing):
    """A status that the request entered."""

    status: ContentRequestStatus
    at: datetime
    progress_percentage: int


class StageRun(Outgoing):
    """One try of one stage."""

    stage: str
    attempt: int
    state: StageRunState
    started_at: datetime
    finished_at: datetime | None
    error_code: str | None


class RequestStatus(Outgoing):
    """A request as its owner sees it."""

    id: UUID
    status: ContentRequestStatus
    progress_percentage: int
    current_stage: str
    eta_seconds: int | None
    clarification: Clarification | None = Field(default=None, description="Only while the request waits for answers.")
    assets: Assets
    citations: list[Citation]
    grounding: Grounding | None = Field(default=None, description="Only once the script is written.")
    degraded: list[Degradation]
    error: Failure | None = Field(default=None, description="Only when it failed.")
    history: list[StageRun] = Field(default=[], description="Every run of a stage; only when it failed.")
    timeline: list[TimelineEntry]
    timings: dict[str, float] = Field(description="Seconds by stage, all its runs together.")
    cost_usd: float | None = Field(description="What making the lesson cost so far; null where that is not known.")
    version: int = Field(description="Grows with every change.")
    query: str
    topic: str | None
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    modality: Modality
    duration_seconds: int
    derived_from: UUID | None = Field(description="The request that this one is another telling of.")
    created_at: datetime
    completed_at: datetime | None
    links: Links


class RequestItem(Outgoing):
    """One of the caller's requests, in a list."""

    id: UUID
    status: ContentRequestStatus
    progress_percentage: int
    current_stage: str
    waiting: bool = Field(description="For the student's answers.")
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
    links: Links


class RequestPage(Outgoing):
    """A page of the caller's requests, newest first."""

    items: list[RequestItem]
    next_cursor: str | None


class NotificationItem(Outgoing):
    """A lesson is ready."""

    request_id: UUID
    text: str
    topic: str
    status: ContentRequestStatus
    created_at: datetime
    links: Links


class NotificationPage(Outgoing):
    """A page of what the caller was told, newest first."""

    items: list[NotificationItem]
    next_cursor: str | None


class PassageText(Outgoing):
    """A passage of a textbook."""

    passage_id: str
    source: str
    book: str
    module_id: str
    module_title: str
    section: str
    number: str
    kind: PassageKind
    text: str
    url: str
    licence: str
    attribution: str


class Erased(Outgoing):
    """What was removed."""

    student_id: UUID
    requests: int
    lessons: int = Field(
        description="Lessons that nobody else used and whose files were removed; of more than the call had time for, "
        "they are removed within the hour."
    )
    objects: int


class Health(Outgoing):
    """How this system stands."""

    status: Literal["ok", "unavailable"]
    commit: str
    schema_: str | None = Field(alias="schema", description="Revision of the database.")
    pipeline: int = Field(description="Version of the pipeline; part of every content key.")

"""The one declaration of topics, functions, stages, legal moves and budgets.

`python -m shared.pipeline` prints it as JSON; `terraform/pipeline.json` is that output, committed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality, Port

# Part of every content key: raised when a change of the code would make another lesson of the same question.
PIPELINE_VERSION: Final = 2

LEASE_SECONDS: Final = 15  # how long a claim holds without being renewed
HEARTBEAT_SECONDS: Final = 5  # how often a working stage renews its lease
STAGE_ATTEMPTS: Final = 5  # runs of one stage before the request is failed

RETRY_MINIMUM_SECONDS: Final = 2  # back-off of the bus after a delivery that failed
RETRY_MAXIMUM_SECONDS: Final = 7  # a delivery comes soon after a lease of 15 s has run out: 20 s after a kill, else 27
# As many as Pub/Sub can be told; more than busy deliveries can reach within the longest budget (a test computes it).
MAX_DELIVERY_ATTEMPTS: Final = 100
ACK_DEADLINE_LIMIT_SECONDS: Final = 600
EVENT_FUNCTION_LIMIT_SECONDS: Final = 540
TIMEOUT_MARGIN_SECONDS: Final = 30  # function time-out over budget, and ack deadline over time-out

CLARIFICATION_ROUNDS: Final = 3
CLARIFICATION_DAYS: Final = 7
SWEEP_SUCCESSOR_SECONDS: Final = 30  # a finished stage whose successor has not begun for so long is published again
SWEEP_ANNOUNCE_SECONDS: Final = 150  # what ended within so long is announced once more: two sweeps see it
SWEEP_LIMIT: Final = 20  # how often one request is published again before it is failed

# Beside the settings' RETENTION_DAYS of finished requests:
IDEMPOTENCY_DAYS: Final = 7  # how long an Idempotency-Key is remembered
SCENE_DAYS: Final = 30  # how long finished pieces of scenes lie, to be used again; a rule of the bucket
LESSON_QUIET_SECONDS: Final = 15 * 60  # a lesson that nothing refers to is cleared away: longer than any run lasts

AWAITING_CLARIFICATION: Final = "Awaiting user clarification"


class Topic(StrEnum):
    """What functions say to each other."""

    REQUEST_CREATED = "request-created"
    REQUEST_VALIDATED = "request-validated"
    CONTENT_RETRIEVED = "content-retrieved"
    SCRIPT_GENERATED = "script-generated"
    VIDEO_GENERATED = "video-generated"
    LESSON_READY = "lesson-ready"
    STATUS_CHANGED = "status-changed"
    DEAD_LETTER = "dead-letter"
    SWEEP_DUE = "sweep-due"
    SOURCE_UPLOADED = "source-uploaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The usual size of a function in the cloud; an environment may choose another."""

    cpu: int = 1
    memory: str = "512Mi"
    concurrency: int = 8  # requests that an instance serves at once, each in a thread; above 1 it takes a whole CPU
    min_instances: int = 0
    max_instances: int = 3
    pool: int = 2  # connections to the record that an instance keeps at most


MODEL: Final = Size(memory="1Gi", concurrency=4, max_instances=5)  # holds a model or waits for one
ENCODER: Final = Size(cpu=4, memory="4Gi", concurrency=1, max_instances=10)  # takes all cores for one request


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One deployed function: what wakes it, what it may publish, how long it may work."""

    name: str
    listens: Topic | None  # None: woken by HTTP
    publishes: frozenset[Topic] = frozenset()
    public: bool = False  # whether anybody may call it
    uses: frozenset[Port]  # all that it can reach, and all that it is granted and told
    budget: int  # seconds of work
    size: Size = Size()

    @property
    def timeout(self) -> int:
        """Seconds after which the platform stops the function."""
        return self.budget + TIMEOUT_MARGIN_SECONDS

    @property
    def ack_deadline(self) -> int:
        """Seconds after which the bus delivers an unacknowledged message again."""
        return self.timeout + TIMEOUT_MARGIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Function):
    """A function that moves a request on: what it takes, what it is meanwhile, whom it wakes."""

    takes: Mapping[Status, frozenset[Modality]]  # a request must be in one of these, or the message is a duplicate
    during: Status
    then: Mapping[Modality, Topic | None]  # whom the finished stage wakes; None: the request is completed
    progress: int  # percentage when the stage begins
    progress_end: int  # the most it may report before it is finished
    label: str  # `current_stage`, for people
    listens: Topic
    attempts: int = field(default=STAGE_ATTEMPTS)


ALL: Final = frozenset(Modality)
VIDEO: Final = frozenset({Modality.VIDEO})
AUDIO: Final = frozenset({Modality.AUDIO})
TEXT: Final = frozenset({Modality.TEXT})


def _stage(  # one place to freeze the mappings and to derive `publishes`
    name: str,
    *,
    listens: Topic,
    takes: dict[Status, frozenset[Modality]],
    during: Status,
    then: dict[Modality, Topic | None] | Topic | None,
    uses: set[Port],
    budget: int,
    progress: tuple[int, int],
    label: str,
    size: Size = Size(),
) -> Stage:
    routes = dict(then) if isinstance(then, dict) else dict.fromkeys(Modality, then)
    return Stage(
        name=name,
        listens=listens,
        publishes=frozenset(topic for topic in routes.values() if topic) | {Topic.STATUS_CHANGED},
        uses=frozenset(uses | {Port.RECORD, Port.BUS}),
        takes=MappingProxyType(takes),
        during=during,
        then=MappingProxyType(routes),
        budget=budget,
        progress=progress[0],
        progress_end=progress[1],
        label=label,
        size=size,
    )


VALIDATE_REQUEST: Final = _stage(
    "validate_request",
    listens=Topic.REQUEST_CREATED,
    takes={Status.PENDING: ALL},
    during=Status.VALIDATING,
    then=Topic.REQUEST_VALIDATED,
    uses={Port.EMBEDDINGS, Port.WRITER},
    budget=60,
    progress=(5, 14),
    label="Checking your question",
    size=MODEL,
)
RETRIEVE_CONTENT: Final = _stage(
    "retrieve_content",
    listens=Topic.REQUEST_VALIDATED,
    takes={Status.VALIDATING: ALL},
    during=Status.RETRIEVING,
    then=Topic.CONTENT_RETRIEVED,
    uses={Port.EMBEDDINGS},
    budget=60,
    progress=(15, 29),
    label="Reading the textbooks",
    size=MODEL,
)
GENERATE_SCRIPT: Final = _stage(
    "generate_script",
    listens=Topic.CONTENT_RETRIEVED,
    takes={Status.RETRIEVING: ALL},
    during=Status.GENERATING_SCRIPT,
    then={
        Modality.VIDEO: Topic.SCRIPT_GENERATED,
        Modality.AUDIO: Topic.SCRIPT_GENERATED,
        Modality.TEXT: Topic.LESSON_READY,
    },
    uses={Port.OBJECTS, Port.WRITER},
    budget=180,
    progress=(30, 49),
    label="Writing the lesson",
    size=MODEL,
)
GENERATE_VIDEO: Final = _stage(
    "generate_video",
    listens=Topic.SCRIPT_GENERATED,
    takes={Status.GENERATING_SCRIPT: VIDEO | AUDIO},
    during=Status.GENERATING_VIDEO,
    then={
        Modality.VIDEO: Topic.VIDEO_GENERATED,
        Modality.AUDIO: Topic.LESSON_READY,
        Modality.TEXT: None,
    },
    uses={Port.OBJECTS, Port.SPEECH, Port.ILLUSTRATOR},
    budget=480,
    progress=(50, 85),
    label="Speaking and drawing the scenes",
    size=ENCODER,
)
PROCESS_VIDEO: Final = _stage(
    "process_video",
    listens=Topic.VIDEO_GENERATED,
    takes={Status.GENERATING_VIDEO: VIDEO},
    during=Status.PROCESSING_VIDEO,
    then={Modality.VIDEO: Topic.LESSON_READY, Modality.AUDIO: None, Modality.TEXT: None},
    uses={Port.OBJECTS},
    budget=300,
    progress=(90, 96),
    label="Finishing the video",
    size=ENCODER,
)
NOTIFY_STUDENT: Final = _stage(
    "notify_student",
    listens=Topic.LESSON_READY,
    takes={Status.PROCESSING_VIDEO: VIDEO, Status.GENERATING_VIDEO: AUDIO, Status.GENERATING_SCRIPT: TEXT},
    during=Status.NOTIFYING,
    then=None,
    uses={Port.MAILER, Port.WEBHOOK},
    budget=60,
    progress=(97, 99),
    label="Letting you know",
)

STAGES: Final = (
    VALIDATE_REQUEST,
    RETRIEVE_CONTENT,
    GENERATE_SCRIPT,
    GENERATE_VIDEO,
    PROCESS_VIDEO,
    NOTIFY_STUDENT,
)
STAGE_BY_STATUS: Final[Mapping[Status, Stage]] = MappingProxyType({stage.during: stage for stage in STAGES})

API: Final = Function(
    name="api",
    listens=None,
    public=True,
    publishes=frozenset({Topic.REQUEST_CREATED, Topic.REQUEST_VALIDATED, Topic.STATUS_CHANGED}),
    uses=frozenset({Port.RECORD, Port.BUS, Port.OBJECTS, Port.ACCOUNTS, Port.MIRROR}),
    budget=30,
    size=Size(concurrency=40, max_instances=5, pool=5),
)
MIRROR_STATUS: Final = Function(
    name="mirror_status", listens=Topic.STATUS_CHANGED, uses=frozenset({Port.RECORD, Port.MIRROR}), budget=30
)
HANDLE_DEAD_LETTER: Final = Function(
    name="handle_dead_letter",
    listens=Topic.DEAD_LETTER,
    publishes=frozenset({Topic.STATUS_CHANGED, Topic.REQUEST_VALIDATED}),
    uses=frozenset({Port.RECORD, Port.BUS}),
    budget=30,
    size=Size(max_instances=2),
)
SWEEP: Final = Function(
    name="sweep",
    listens=Topic.SWEEP_DUE,
    publishes=frozenset({stage.listens for stage in STAGES} | {Topic.STATUS_CHANGED}),
    uses=frozenset({Port.RECORD, Port.BUS, Port.MIRROR, Port.OBJECTS}),
    budget=50,
    size=Size(concurrency=1, max_instances=1),
)
INGEST_SOURCE: Final = Function(
    name="ingest_source",
    listens=Topic.SOURCE_UPLOADED,
    uses=frozenset({Port.RECORD, Port.SOURCES, Port.EMBEDDINGS}),
    budget=480,
    size=Size(cpu=2, memory="4Gi", concurrency=1, max_instances=1),
)

# Deployment calls it, as itself: migrations and the enum gate, before the code serves.
MAINTAIN: Final = Function(
    name="maintain",
    listens=None,
    uses=frozenset({Port.SCHEMA}),
    budget=480,
    size=Size(concurrency=1, max_instances=1, pool=1),
)

FUNCTIONS: Final = (API, *STAGES, MIRROR_STATUS, HANDLE_DEAD_LETTER, SWEEP, INGEST_SOURCE, MAINTAIN)

TERMINAL: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
# Statuses between which a request is being made; one such request leads each content key.
IN_PROGRESS: Final = frozenset(stage.during for stage in STAGES)


def _moves() -> frozenset[tuple[Status, Status]]:
    moves = {(before, stage.during) for stage in STAGES for before in stage.takes}
    moves |= {(Status.VALIDATING, Status.PENDING), (Status.RETRIEVING, Status.PENDING)}  # clarification
    moves |= {(Status.VALIDATING, Status.COMPLETED)}  # the cache, or the lesson it followed
    moves |= {(Status.NOTIFYING, Status.COMPLETED)}
    moves |= {(s, end) for s in Status if s not in TERMINAL for end in (Status.FAILED, Status.CANCELLED)}
    moves |= {(Status.FAILED, Status.PENDING)}  # retry
    return frozenset(moves)


MOVES: Final = _moves()


def resource_name(prefix: str, thing: str) -> str:
    """The name of a cloud resource: prefix, hyphen, and the thing's name without underscores."""
    return f"{prefix}-{thing.replace('_', '-')}"


def listener(topic: Topic) -> Function:
    """The one function that a topic wakes."""
    return next(function for function in FUNCTIONS if function.listens is topic)


def as_dict() -> dict[str, object]:
    """The declaration as plain data, for Terraform."""
    return {
        "statuses": [status.value for status in Status],
        "topics": [topic.value for topic in Topic],
        "dead_letter_topic": Topic.DEAD_LETTER.value,
        "delivery": {
            "max_delivery_attempts": MAX_DELIVERY_ATTEMPTS,
            "retry_minimum_seconds": RETRY_MINIMUM_SECONDS,
            "retry_maximum_seconds": RETRY_MAXIMUM_SECONDS,
            "lease_seconds": LEASE_SECONDS,
        },
        "scene_days": SCENE_DAYS,
        "functions": {
            function.name: {
                "trigger": "http" if function.listens is None else "topic",
                "public": function.public,
                "listens": function.listens,
                "publishes": sorted(function.publishes),
                "uses": sorted(function.uses),
                "budget": function.budget,
                "size": asdict(function.size),
                "timeout": function.timeout,
                "ack_deadline": function.ack_deadline,
                "stage": isinstance(function, Stage),
            }
            for function in FUNCTIONS
        },
        "moves": sorted([before.value, after.value] for before, after in MOVES),
    }


if __name__ == "__main__":
    print(json.dumps(as_dict(), indent=2))

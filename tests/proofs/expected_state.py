"""What the model remembers of requests and students, and the words in which it answers."""

from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from uuid import UUID

from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality, StageRunState
from shared.pipeline import TERMINAL, Stage


class Verdict(Enum):
    """What a delivery finds."""

    GRANTED = auto()
    HELD = auto()
    FINISHED = auto()
    NOTHING = auto()


class Entry(Enum):
    """What becomes of a question that is sent in."""

    ACCEPTED = auto()
    REPEATED = auto()
    KEY_REUSED = auto()
    QUOTA_SPENT = auto()


@dataclass(frozen=True)
class Asked:
    """What a student sends in; equal ones ask for the same lesson."""

    query: str
    modality: Modality = Modality.TEXT
    style: LessonStyle = LessonStyle.BALANCED
    grade: int = 10


@dataclass
class Lesson:
    """One request."""

    id: UUID
    student: UUID
    asked: Asked
    status: Status = Status.PENDING
    attempt: int = 0
    attempts_from: int = 0
    lease: int | None = None
    parked_at: int | None = None
    rounds: int = 0
    follows: UUID | None = None
    key: str | None = None
    digest: str | None = None
    progress: int = 0
    sweeps: int = 0
    runs: dict[tuple[str, int], StageRunState] = field(default_factory=dict)
    history: list[Status] = field(default_factory=lambda: [Status.PENDING])

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status not in TERMINAL

    @property
    def retries(self) -> int:
        """How often it was begun anew."""
        return sum(pair == (Status.FAILED, Status.PENDING) for pair in pairwise(self.history))

    @property
    def idle(self) -> bool:
        """Whether it waits for the next message alone."""
        return self.open and self.lease is None and self.parked_at is None and self.follows is None

    def move(self, status: Status) -> None:
        """Change status, for the history."""
        if status is not self.status:
            self.history.append(status)
        self.status = status


@dataclass
class Account:
    """What counts against a student's quota, and the calls that are remembered."""

    day: int | None = None
    used: int = 0
    keys: dict[str, tuple[object, UUID, int]] = field(default_factory=dict)  # meaning, request, when


@dataclass(frozen=True)
class Run:
    """A granted claim."""

    request: UUID
    stage: Stage
    attempt: int
    failures: int

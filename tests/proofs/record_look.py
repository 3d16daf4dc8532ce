"""The record as it is, compared with the record as it has to be."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pg8000.dbapi
import sqlalchemy as sa

from shared.enums import ContentRequestStatus as Status
from shared.enums import NotificationChannel, StageRunState
from shared.pipeline import MOVES, TERMINAL
from tests.proofs.expected import Expected
from tests.proofs.expected_state import Lesson
from tests.proofs.hand_clock import START

_LOOK: Final = """
    SELECT
    (SELECT coalesce(json_agg(json_build_array(
        id, student_id, status, attempt, attempts_from, extract(epoch FROM lease_until),
        extract(epoch FROM clarification_requested_at), follows, content_key, storyboard_digest, progress_percentage,
        sweeps, coalesce((request_metadata #>> '{clarification,round}')::integer, 0), version)), '[]')
        FROM content_requests),
    (SELECT coalesce(json_agg(json_build_array(
        id, request_id, version, from_status, to_status, progress_percentage) ORDER BY id), '[]')
        FROM request_events WHERE id > %s),
    (SELECT coalesce(json_agg(json_build_array(content_key, storyboard_digest)), '[]') FROM lessons),
    (SELECT coalesce(json_agg(json_build_array(request_id, stage, attempt, state)), '[]') FROM request_stages),
    (SELECT coalesce(json_agg(json_build_array(request_id, channel, sent_at IS NOT NULL)), '[]') FROM notifications)
"""


@dataclass
class Seen:
    """What was seen of a request so far."""

    version: int
    status: Status
    attempt: int
    progress: int
    moves: int  # so far


@dataclass
class RecordLook:
    """Looks at the record after each step, on a connection of its own."""

    engine: sa.Engine
    seen: dict[UUID, Seen] = field(default_factory=dict)
    histories: dict[UUID, list[Status]] = field(default_factory=dict)
    event_versions: dict[UUID, int] = field(default_factory=dict)
    last_event: int = 0

    def __post_init__(self) -> None:
        fresh = self.engine.raw_connection()
        fresh.detach()
        connection = fresh.dbapi_connection
        assert isinstance(connection, pg8000.dbapi.Connection)
        connection.autocommit = True
        self._connection = connection

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def ask(self, statement: str, *values: object) -> list[Any]:
        """The rows of a statement, as it is this moment."""
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        return list(cursor.fetchall())

    def check(self, expected: Expected) -> None:
        """Fail where the record is not as it has to be."""
        requests, events, lessons, runs, notifications = self.ask(_LOOK, self.last_event)[0]
        self._check_requests(requests, runs, expected)
        self._check_events(events, expected)
        assert dict(lessons) == expected.lessons
        told = {(UUID(one), channel) for one, channel, sent in notifications if sent}
        for lesson in expected.requests.values():
            if lesson.status is Status.COMPLETED:
                assert (lesson.id, NotificationChannel.IN_APP) in told, "completed, and nobody was told"

    def _check_requests(self, rows: list[list[Any]], runs: list[list[Any]], expected: Expected) -> None:
        found = {UUID(row[0]): row for row in rows}
        assert found.keys() == expected.requests.keys()
        states: dict[UUID, dict[tuple[str, int], StageRunState]] = {}
        for request_id, stage, attempt, state in runs:
            states.setdefault(UUID(request_id), {})[stage, attempt] = StageRunState(state)
        for lesson in expected.requests.values():
            row = found[lesson.id]
            is_so, has_to_be = tuple(row[1:-1]), _as_row(lesson)
            assert is_so == has_to_be, f"{lesson.id} is {is_so}, and has to be {has_to_be}"
            assert states.get(lesson.id, {}) == lesson.runs
            self._check_growth(lesson, row[-1])
            _check_shape(lesson, expected)
        self.seen = {request_id: self.seen[request_id] for request_id in found}

    def _check_growth(self, lesson: Lesson, version: int) -> None:
        before = self.seen.get(lesson.id)
        if before is not None:
            assert version >= before.version
            changed = (lesson.status, lesson.attempt, lesson.progress) != (
                before.status,
                before.attempt,
                before.progress,
            )
            assert version > before.version or not changed, "a change without a new version"
            if (lesson.attempt, len(lesson.history)) == (before.attempt, before.moves):
                assert lesson.progress >= before.progress, "progress fell within a run"
        self.seen[lesson.id] = Seen(version, lesson.status, lesson.attempt, lesson.progress, len(lesson.history))

    def _check_events(self, events: list[list[Any]], expected: Expected) -> None:
        for event_id, request_id, version, before, after, _ in events:
            self.last_event = max(self.last_event, event_id)
            history = self.histories.setdefault(UUID(request_id), [])
            assert (Status(before) if before else None) == (history[-1] if history else None)
            assert not history or (history[-1], Status(after)) in MOVES, "an illegal move"
            assert version > self.event_versions.get(UUID(request_id), 0), "a version that did not grow"
            self.event_versions[UUID(request_id)] = version
            history.append(Status(after))
        for lesson in expected.requests.values():
            assert self.histories[lesson.id] == lesson.history
            assert lesson.history.count(Status.COMPLETED) <= 1, "completed twice"


def _as_row(lesson: Lesson) -> tuple[Any, ...]:
    return (
        str(lesson.student),
        lesson.status.value,
        lesson.attempt,
        lesson.attempts_from,
        _moment(lesson.lease),
        _moment(lesson.parked_at),
        str(lesson.follows) if lesson.follows else None,
        lesson.key,
        lesson.digest,
        lesson.progress,
        lesson.sweeps,
        lesson.rounds,
    )


def _moment(seconds: int | None) -> float | None:
    return None if seconds is None else START.timestamp() + seconds


def _check_shape(lesson: Lesson, expected: Expected) -> None:
    """What holds of every request, whatever led to it."""
    if lesson.status in TERMINAL:
        assert (lesson.lease, lesson.parked_at, lesson.follows) == (None, None, None)
    if lesson.follows is not None:
        leader = expected.requests[lesson.follows]
        assert lesson.status is Status.VALIDATING
        assert lesson.lease is None
        assert leader.open, "follows one that has ended"
        assert leader.follows is None, "follows a follower"
        assert leader.key == lesson.key, "follows one that makes another lesson"
    if lesson.key is not None:
        expected.leader(lesson.key)  # there is one at most
    if lesson.status is Status.COMPLETED:
        assert lesson.digest == digest_of(lesson.key), "completed with another's lesson"


def digest_of(key: str | None) -> str:
    """The artefacts that the stand-ins make for a key."""
    return f"digest of {key}"

"""All that is known of a run when it is over: what the record holds, what was sent, published and done to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.database import Reader
from tests.chaos.fleet import Death
from tests.chaos.messages import Delivery
from tests.chaos.questions import Question
from tests.chaos.records import NOTES, Notes

Row = Mapping[str, Any]

_REQUESTS = """
    SELECT id, status, modality, attempt, attempts_from, version, sweeps, content_key, storyboard_digest, follows,
           error_code, request_metadata, extract(epoch FROM lease_until)::float8 AS lease_until,
           extract(epoch FROM clock_timestamp())::float8 AS now,
           clarification_requested_at IS NOT NULL AS parked
    FROM content_requests
"""
_RUNS = """
    SELECT request_id, stage, attempt, state, error_code, extract(epoch FROM started_at)::float8 AS started_at,
           extract(epoch FROM finished_at)::float8 AS finished_at
    FROM request_stages ORDER BY request_id, attempt
"""
_EVENTS = """
    SELECT request_id, version, attempt, from_status, to_status, progress_percentage,
           extract(epoch FROM at)::float8 AS at
    FROM request_events ORDER BY request_id, id
"""
_NOTIFICATIONS = """
    SELECT request_id, channel, message_id, extract(epoch FROM sent_at)::float8 AS sent_at FROM notifications
"""
_LESSONS = "SELECT content_key, storyboard_digest, made_by FROM lessons"


def _by_request(rows: Sequence[Row]) -> dict[UUID, list[Row]]:
    grouped: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["request_id"]].append(row)
    return grouped


@dataclass(frozen=True, kw_only=True)
class Record:
    """The tables, read once; times are seconds since 1970."""

    requests: Mapping[UUID, Row]
    runs: Mapping[UUID, Sequence[Row]]
    events: Mapping[UUID, Sequence[Row]]
    notifications: Mapping[UUID, Sequence[Row]]
    lessons: Mapping[str, Row]

    @classmethod
    def read(cls, reader: Reader) -> "Record":
        """Read it all."""
        return cls(
            requests={row["id"]: row for row in reader.certainly(_REQUESTS)},
            runs=_by_request(reader.certainly(_RUNS)),
            events=_by_request(reader.certainly(_EVENTS)),
            notifications=_by_request(reader.certainly(_NOTIFICATIONS)),
            lessons={row["content_key"]: row for row in reader.certainly(_LESSONS)},
        )


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A run that is over."""

    record: Record
    folder: Path
    lease_seconds: float  # as they passed in this run
    asked: Mapping[UUID, Question]
    cancelled: Mapping[UUID, bool]  # the api's answer to each cancellation
    deliveries: Sequence[Delivery]
    published: Sequence[tuple[float, str, str, str]]  # (when, topic, request, by whom)
    lost: Sequence[tuple[float, str, str]]  # (when, topic, request): messages that the bus lost
    deaths: Sequence[Death]
    freezes: Sequence[tuple[float, int]]  # (when, process)
    away: Sequence[tuple[float, float]]  # (when, seconds) that the database was brought down
    drops: Sequence[float] = field(default=())  # when sessions were ended

    def notes(self, kind: str) -> list[Row]:
        """What the processes noted of a kind, in order."""
        return [note for note in Notes(self.folder / NOTES).read() if note["kind"] == kind]

"""What the sweep finds: requests whose message was lost, unanswered questions, orphaned followers, old rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from shared.db.flights import leave_flight, lock_content
from shared.db.models import ENDED
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.pipeline import (
    CLARIFICATION_DAYS,
    IDEMPOTENCY_DAYS,
    STAGE_BY_STATUS,
    SWEEP_ANNOUNCE_SECONDS,
    SWEEP_LIMIT,
    SWEEP_SUCCESSOR_SECONDS,
    VALIDATE_REQUEST,
    Topic,
)

BATCH = 500  # rows a sweep touches of each kind; the next one takes the rest
ANNOUNCEMENTS: Final = 2000  # of ends, a sweep
TRIES_BATCH = 10_000  # small rows, of which an onslaught makes many


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A request that nobody works on, and the topic that gets it going; None when it was swept too often."""

    request_id: UUID
    correlation_id: UUID
    status: Status
    topic: Topic | None


def _topic(status: Status, modality: Modality, *, abandoned: bool) -> Topic | None:
    if status is Status.PENDING:
        return VALIDATE_REQUEST.listens
    stage = STAGE_BY_STATUS[status]
    return stage.listens if abandoned else stage.then[modality]


def stuck_requests(connection: sa.Connection) -> list[Stuck]:
    """Count a sweep for every abandoned request, and for every one whose successor has not begun for half a minute."""
    rows = connection.execute(
        sa.text(f"""
            WITH stuck AS (
                SELECT id FROM content_requests
                WHERE status NOT IN ({ENDED}) AND clarification_requested_at IS NULL AND follows IS NULL
                  AND (lease_until <= clock_timestamp()
                       OR (lease_until IS NULL
                           AND updated_at <= clock_timestamp() - make_interval(secs => CAST(:quiet AS integer))))
                ORDER BY updated_at LIMIT :batch FOR UPDATE SKIP LOCKED
            )
            UPDATE content_requests r SET sweeps = least(r.sweeps + 1, 32000)
            FROM stuck WHERE r.id = stuck.id
            RETURNING r.id, r.correlation_id, r.status, r.modality, r.sweeps, r.lease_until IS NOT NULL AS abandoned
        """),
        {"quiet": SWEEP_SUCCESSOR_SECONDS, "batch": BATCH},
    ).mappings()
    return [
        Stuck(
            request_id=row["id"],
            correlation_id=row["correlation_id"],
            status=Status(row["status"]),
            topic=None
            if row["sweeps"] > SWEEP_LIMIT
            else _topic(Status(row["status"]), Modality(row["modality"]), abandoned=row["abandoned"]),
        )
        for row in rows
    ]


def expire_clarifications(connection: sa.Connection) -> list[tuple[UUID, UUID]]:
    """Cancel the requests whose question was not answered in time; return their ids and correlation ids."""
    rows = connection.execute(
        sa.text(f"""
            UPDATE content_requests SET
                status = '{Status.CANCELLED}', cancelled_at = clock_timestamp(), clarification_requested_at = NULL,
                current_stage = 'The question was not answered in time'
            WHERE clarification_requested_at <= clock_timestamp() - make_interval(days => CAST(:days AS integer))
              AND status = '{Status.PENDING}'
            RETURNING id, correlation_id
        """),
        {"days": CLARIFICATION_DAYS},
    )
    return [(row.id, row.correlation_id) for row in rows]


def ended_lately(connection: sa.Connection) -> list[tuple[UUID, UUID]]:
    """The ids and correlation ids of the requests that have ended within the last two sweeps."""
    rows = connection.execute(
        sa.text(f"""
            SELECT id, correlation_id FROM content_requests
            WHERE status IN ({ENDED})
              AND updated_at > clock_timestamp() - make_interval(secs => CAST(:seconds AS integer))
            ORDER BY updated_at LIMIT :batch
        """),
        {"seconds": SWEEP_ANNOUNCE_SECONDS, "batch": ANNOUNCEMENTS},
    )
    return [(row.id, row.correlation_id) for row in rows]


def orphaned_flights(connection: sa.Connection) -> list[tuple[UUID, str]]:
    """Requests that ended other than by completing and still are followed, with their content keys."""
    rows = connection.execute(
        sa.text(f"""
            SELECT DISTINCT l.id, l.content_key FROM content_requests l
            JOIN content_requests f ON f.follows = l.id
            WHERE l.status IN ({ENDED}) AND l.content_key IS NOT NULL LIMIT :batch
        """),
        {"batch": BATCH},
    )
    return [(row.id, row.content_key) for row in rows]


def free_orphans(connection: sa.Connection, leader: UUID, content_key: str) -> UUID | None:
    """Hand an orphaned flight on to its oldest follower; runs in a transaction."""
    lock_content(connection, content_key)
    return leave_flight(connection, leader)


_OLD: Final = f"status IN ({ENDED}) AND updated_at <= clock_timestamp() - make_interval(days => CAST(:days AS integer))"


def old_requests(connection: sa.Connection, *, days: int) -> list[UUID]:
    """Requests that ended so many days ago."""
    statement = sa.text(f"SELECT id FROM content_requests WHERE {_OLD} LIMIT :batch")
    return list(connection.execute(statement, {"days": days, "batch": BATCH}).scalars())


def remove_old(connection: sa.Connection, request_ids: Sequence[UUID], *, days: int) -> int:
    """Remove those of the requests that still are old, with all that hangs on them; return how many.

    The database notes which lessons they let go of; see `lesson_objects`.
    """
    statement = sa.text(f"DELETE FROM content_requests WHERE id = ANY(CAST(:ids AS uuid[])) AND {_OLD}")
    return connection.execute(statement, {"ids": list(request_ids), "days": days}).rowcount


def forget_keys(connection: sa.Connection) -> int:
    """Forget the idempotency keys that are too old for any repeat of their call; return how many."""
    statement = sa.text("""
        DELETE FROM idempotency_keys WHERE (student_id, key) IN (
            SELECT student_id, key FROM idempotency_keys
            WHERE created_at <= clock_timestamp() - make_interval(days => CAST(:days AS integer)) LIMIT :batch)
    """)
    return connection.execute(statement, {"days": IDEMPOTENCY_DAYS, "batch": BATCH}).rowcount


def forget_tries(connection: sa.Connection) -> int:
    """Forget the failed sign-ins whose window has ended; return how many buckets there were."""
    statement = sa.text("""
        DELETE FROM login_tries WHERE bucket IN (
            SELECT bucket FROM login_tries WHERE until <= clock_timestamp() LIMIT :batch FOR UPDATE SKIP LOCKED)
    """)
    return connection.execute(statement, {"batch": TRIES_BATCH}).rowcount

"""Removing a student: what they asked, what came of it, and the account. Lessons that others use stay."""

from uuid import UUID

import sqlalchemy as sa

from shared.db.flights import lock_content
from shared.db.models import ENDED


def unfinished(connection: sa.Connection, student_id: UUID) -> list[UUID]:
    """The student's requests that have not ended."""
    statement = sa.text(f"SELECT id FROM content_requests WHERE student_id = :id AND status NOT IN ({ENDED})")
    return list(connection.execute(statement, {"id": student_id}).scalars())


def request_ids(connection: sa.Connection, student_id: UUID) -> list[UUID]:
    """All the student's requests."""
    statement = sa.text("SELECT id FROM content_requests WHERE student_id = :id")
    return list(connection.execute(statement, {"id": student_id}).scalars())


_KEYS = sa.text("""
    SELECT DISTINCT l.content_key FROM lessons l
    JOIN content_requests r ON r.storyboard_digest = l.storyboard_digest
    WHERE r.student_id = :id ORDER BY l.content_key
""")

_WITHDRAW = sa.text("""
    WITH private AS (
        SELECT DISTINCT storyboard_digest AS digest FROM content_requests mine
        WHERE student_id = :id AND storyboard_digest IS NOT NULL AND NOT EXISTS (
            SELECT FROM content_requests others
            WHERE others.storyboard_digest = mine.storyboard_digest AND others.student_id <> mine.student_id)
    ), withdrawn AS (
        DELETE FROM lessons USING private WHERE lessons.storyboard_digest = private.digest
    )
    SELECT digest FROM private ORDER BY digest
""")


def withdraw_lessons(connection: sa.Connection, student_id: UUID) -> list[str]:
    """Take the lessons that nobody else uses out of the cache; return their storyboard digests.

    Runs in a transaction: the flights are locked, so that nobody completes from such a lesson meanwhile. May be
    repeated as long as the student's rows are there.
    """
    for content_key in connection.execute(_KEYS, {"id": student_id}).scalars().all():
        lock_content(connection, content_key)
    return list(connection.execute(_WITHDRAW, {"id": student_id}).scalars())


def remove_account(connection: sa.Connection, student_id: UUID) -> int | None:
    """Remove the account with all its rows; return how many requests went with it, or None when there is none."""
    statement = sa.text("""
        WITH counted AS (SELECT count(*) AS number FROM content_requests WHERE student_id = :id)
        DELETE FROM users USING counted WHERE id = :id RETURNING counted.number
    """)
    removed: int | None = connection.execute(statement, {"id": student_id}).scalar_one_or_none()
    return removed

"""Removing a student: what they asked, what came of it, and the account. Lessons that others use stay."""

from uuid import UUID

import sqlalchemy as sa

from shared.db.models import ENDED


def unfinished(connection: sa.Connection, student_id: UUID) -> list[UUID]:
    """The student's requests that have not ended."""
    statement = sa.text(f"SELECT id FROM content_requests WHERE student_id = :id AND status NOT IN ({ENDED})")
    return list(connection.execute(statement, {"id": student_id}).scalars())


def request_ids(connection: sa.Connection, student_id: UUID) -> list[UUID]:
    """All the student's requests."""
    statement = sa.text("SELECT id FROM content_requests WHERE student_id = :id")
    return list(connection.execute(statement, {"id": student_id}).scalars())


def lessons(connection: sa.Connection, student_id: UUID) -> list[str]:
    """The storyboard digests of all lessons that the student's requests refer to, whoever else uses them."""
    statement = sa.text("""
        SELECT DISTINCT storyboard_digest FROM content_requests
        WHERE student_id = :id AND storyboard_digest IS NOT NULL ORDER BY storyboard_digest
    """)
    return list(connection.execute(statement, {"id": student_id}).scalars())


def remove_account(connection: sa.Connection, student_id: UUID) -> list[UUID] | None:
    """Remove the account with all its rows; return the requests that went with it. Runs in a transaction.

    None, and nothing removed, where some of the student's requests have not ended.
    """
    mine = {"id": student_id}
    # Until the end no request can be added: a new one would refer to the row that is locked.
    connection.execute(sa.text("SELECT FROM users WHERE id = :id FOR UPDATE"), mine)
    if unfinished(connection, student_id):
        return None
    removed = request_ids(connection, student_id)
    connection.execute(sa.text("DELETE FROM users WHERE id = :id"), mine)
    return removed

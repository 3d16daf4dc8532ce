"""Which lessons' objects are in use, and how those that are not are cleared away, whoever begins to write the same.

A lesson's objects lie under its storyboard's digest. Equal lessons have the same: a request may begin to write what is
just being removed for another one. So a run refers to its lesson in the record before it writes any of it, and whoever
removes a lesson's objects does so in a transaction that holds the lesson's lock and has seen that no row refers to it.

The database notes in `abandoned_lessons` each lesson that a row let go of (a trigger, migration 0003).
"""

from typing import Final
from uuid import UUID

import sqlalchemy as sa

from shared.db.claims import fence
from shared.db.flights import lock_content
from shared.work import Request

_LOCK: Final = "pg_advisory_xact_lock(hashtextextended('lesson:' || CAST(:digest AS text), 0))"

_REFER: Final = sa.text(f"""
    WITH held AS MATERIALIZED (SELECT {_LOCK})
    UPDATE content_requests SET storyboard_digest = :digest FROM held
    WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
      AND lease_until IS NOT NULL
""")

_KEYS: Final = sa.text("SELECT content_key FROM lessons WHERE storyboard_digest = :digest ORDER BY content_key")

_IN_USE: Final = sa.text("""
    SELECT EXISTS (
        SELECT FROM content_requests
        WHERE storyboard_digest = :digest AND student_id IS DISTINCT FROM CAST(:besides AS uuid))
""")


def refer(connection: sa.Connection, request: Request, digest: str) -> bool:
    """Note that a run is about to write this lesson's objects; False when the request is no longer the run's.

    Waits where the objects of the same lesson are just being removed.
    """
    return connection.execute(_REFER, fence(request) | {"digest": digest}).rowcount == 1


def abandoned(connection: sa.Connection, *, quiet_seconds: int, limit: int) -> list[str]:
    """Lessons that were let go of at least so long ago that whoever was writing them has stopped."""
    statement = sa.text("""
        SELECT storyboard_digest FROM abandoned_lessons
        WHERE since <= clock_timestamp() - make_interval(secs => CAST(:quiet AS integer))
        ORDER BY since LIMIT :limit
    """)
    return list(connection.execute(statement, {"quiet": quiet_seconds, "limit": limit}).scalars())


def withdraw(connection: sa.Connection, digest: str, *, besides: UUID | None = None) -> bool:
    """Take a lesson that no request refers to, but those of the student `besides`, out of the cache.

    True: its objects may be removed for as long as the transaction lasts. False: it is in use, and stays.
    """
    # The flights first, as everywhere: until the end nobody completes from the cache with this lesson.
    for content_key in connection.execute(_KEYS, {"digest": digest}).scalars().all():
        lock_content(connection, content_key)
    connection.execute(sa.text(f"SELECT {_LOCK}"), {"digest": digest})
    if connection.execute(_IN_USE, {"digest": digest, "besides": besides}).scalar_one():
        return False
    connection.execute(sa.text("DELETE FROM lessons WHERE storyboard_digest = :digest"), {"digest": digest})
    return True


def settled(connection: sa.Connection, digest: str) -> None:
    """The lesson was looked at, in this transaction, and needs no other look until a row lets go of it again."""
    connection.execute(sa.text("DELETE FROM abandoned_lessons WHERE storyboard_digest = :digest"), {"digest": digest})

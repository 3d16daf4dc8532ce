"""Single flight: requests with the same content key, of which one is made and the others follow.

Whoever joins, ends or leaves a flight holds its advisory lock until commit, so that no follower is overlooked.
"""

from uuid import UUID

import sqlalchemy as sa

from shared.enums import ContentRequestStatus as Status
from shared.enums import NotificationChannel


def lock_content(connection: sa.Connection, content_key: str) -> None:
    """Hold the flight of this key until the transaction ends."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": content_key})


def told_in_app(completed: str) -> str:
    """A CTE that notes for the rows of the CTE `completed` that the app tells their students."""
    return f"""told AS (
            INSERT INTO notifications (request_id, channel, student_id, message_id, sent_at)
            SELECT id, '{NotificationChannel.IN_APP}', student_id,
                   CAST(id AS text) || '.{NotificationChannel.IN_APP}', clock_timestamp()
            FROM {completed} ON CONFLICT DO NOTHING
        )"""


def complete_followers(leader: str) -> str:
    """Further parts of a statement whose CTE `leader` is the completed request's row: keep the lesson, complete all
    that follow it with the same artefacts, tell them in the app. The statement's value is the followers' ids as an
    array, NULL when `leader` is empty."""
    return f"""
        lesson AS (
            INSERT INTO lessons (content_key, storyboard_digest, title, modality, degraded, made_by)
            SELECT content_key, storyboard_digest, coalesce(topic, ''), modality, degraded, id FROM {leader}
            WHERE content_key IS NOT NULL AND storyboard_digest IS NOT NULL
            ON CONFLICT (content_key) DO UPDATE SET
                storyboard_digest = excluded.storyboard_digest, degraded = excluded.degraded, made_by = excluded.made_by
        ), followers AS (
            UPDATE content_requests f SET
                status = '{Status.COMPLETED}', completed_at = clock_timestamp(), progress_percentage = 100,
                eta_seconds = NULL, current_stage = l.current_stage, storyboard_digest = l.storyboard_digest,
                degraded = l.degraded, follows = NULL,
                request_metadata = f.request_metadata || '{{"cached": true}}'::jsonb
            FROM {leader} l WHERE f.follows = l.id AND f.status = '{Status.VALIDATING}'
            RETURNING f.id, f.student_id
        ), {told_in_app("followers")}
        SELECT CASE WHEN EXISTS (SELECT FROM {leader})
            THEN ARRAY(SELECT id FROM followers) END
    """


def leave_flight(connection: sa.Connection, request_id: UUID) -> UUID | None:
    """Set free who follows a request that failed or was cancelled: the oldest is made itself, the others follow it.

    Return the freed request, for which the caller publishes what the validated stage would have. The caller holds
    the flight's lock.
    """
    statement = sa.text(f"""
        WITH heir AS (
            SELECT id FROM content_requests WHERE follows = :id AND status = '{Status.VALIDATING}'
            ORDER BY created_at, id LIMIT 1
        ), moved AS (
            UPDATE content_requests f SET follows = CASE WHEN f.id = heir.id THEN NULL ELSE heir.id END
            FROM heir WHERE f.follows = :id AND f.status = '{Status.VALIDATING}'
        )
        SELECT id FROM heir
    """)
    return connection.execute(statement, {"id": request_id}).scalar_one_or_none()

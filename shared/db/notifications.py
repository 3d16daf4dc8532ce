"""Who is told of a finished lesson, and what they were told already."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from shared.enums import NotificationChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A student who waits for the lesson: by an own request, or by one that follows it."""

    request_id: UUID
    student_id: UUID
    email: str
    topic: str
    sent: frozenset[NotificationChannel]
    given_up: frozenset[NotificationChannel]


def recipients(connection: sa.Connection, request_id: UUID) -> list[Recipient]:
    """Everybody who waits for the lesson of this request, in the order in which they asked."""
    rows = connection.execute(
        sa.text("""
            SELECT r.id, r.student_id, u.email, coalesce(r.topic, '') AS topic,
                   ARRAY(SELECT n.channel FROM notifications n
                         WHERE n.request_id = r.id AND n.sent_at IS NOT NULL) AS sent,
                   ARRAY(SELECT n.channel FROM notifications n
                         WHERE n.request_id = r.id AND n.sent_at IS NULL) AS given_up
            FROM content_requests r JOIN users u ON u.id = r.student_id
            WHERE r.id = :id OR r.follows = :id
            ORDER BY r.created_at
        """),
        {"id": request_id},
    ).mappings()
    return [
        Recipient(
            request_id=row["id"],
            student_id=row["student_id"],
            email=row["email"],
            topic=row["topic"],
            sent=frozenset(NotificationChannel(channel) for channel in row["sent"]),
            given_up=frozenset(NotificationChannel(channel) for channel in row["given_up"]),
        )
        for row in rows
    ]


def message_id(request_id: UUID, channel: NotificationChannel) -> str:
    """The same for every try, so that a repeat can be seen to be one."""
    return f"{request_id}.{channel}"


def record_sent(connection: sa.Connection, recipient: Recipient, channel: NotificationChannel) -> None:
    """Keep that the student was told; once a request and channel."""
    _record(connection, recipient, channel, sent=True)


def record_given_up(connection: sa.Connection, recipient: Recipient, channel: NotificationChannel) -> None:
    """Keep that the student could not be told this way, and is not tried again: a row without the time of sending."""
    _record(connection, recipient, channel, sent=False)


def _record(connection: sa.Connection, recipient: Recipient, channel: NotificationChannel, *, sent: bool) -> None:
    connection.execute(
        sa.text("""
            INSERT INTO notifications (request_id, channel, student_id, message_id, sent_at)
            VALUES (:request_id, :channel, :student_id, :message_id,
                    CASE WHEN CAST(:sent AS boolean) THEN clock_timestamp() END)
            ON CONFLICT (request_id, channel) DO UPDATE SET sent_at = coalesce(notifications.sent_at, excluded.sent_at)
        """),
        {
            "sent": sent,
            "request_id": recipient.request_id,
            "channel": channel,
            "student_id": recipient.student_id,
            "message_id": message_id(recipient.request_id, channel),
        },
    )

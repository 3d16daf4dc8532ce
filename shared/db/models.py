"""The tables of the record. Migrations are history and spell things out; a test compares both."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ENUM, JSONB, UUID

from shared.enums import ContentRequestStatus, Modality, NotificationChannel, Role, StageRunState
from shared.pipeline import TERMINAL


def _listed(values: Iterable[str]) -> str:
    """The values as an SQL list."""
    return ", ".join(f"'{value}'" for value in values)


# The statuses in which nothing more happens, as SQL.
ENDED = _listed(status for status in ContentRequestStatus if status in TERMINAL)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLAlchemy stores member names unless told to store values; the type is made by the migration alone.
status_type = ENUM(
    ContentRequestStatus,
    name="content_request_status",
    values_callable=lambda members: [member.value for member in members],
    create_type=False,
    metadata=metadata,
)


def _timestamp(name: str, *, required: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if required else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required, server_default=default)


users = sa.Table(
    "users",
    metadata,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("quota_day", sa.Date),
    sa.Column("quota_used", sa.Integer, nullable=False, server_default="0"),
    _timestamp("pace_until"),
    _timestamp("created_at", required=True),
    sa.Index("uq_users_email_lower", sa.text("lower(email)"), unique=True),
    sa.CheckConstraint(f"role IN ({_listed(Role)})", name="role"),
)

content_request_moves = sa.Table(
    "content_request_moves",
    metadata,
    sa.Column("from_status", status_type, primary_key=True),
    sa.Column("to_status", status_type, primary_key=True),
)

content_requests = sa.Table(
    "content_requests",
    metadata,
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("correlation_id", UUID(as_uuid=True), nullable=False),
    sa.Column("student_id", UUID(as_uuid=True), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("topic", sa.Text),
    sa.Column("grade_level", sa.SmallInteger, nullable=False),
    sa.Column("interest", sa.Text, nullable=False, server_default=""),
    sa.Column("style", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("modality", sa.Text, nullable=False),
    sa.Column("duration_seconds", sa.SmallInteger, nullable=False),
    sa.Column("status", status_type, nullable=False, server_default="pending"),
    sa.Column("current_stage", sa.Text, nullable=False, server_default=""),
    sa.Column("progress_percentage", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("eta_seconds", sa.Integer),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts_from", sa.Integer, nullable=False, server_default="0"),
    _timestamp("lease_until"),
    _timestamp("clarification_requested_at"),
    sa.Column("follows", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="SET NULL")),
    sa.Column("derived_from", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="SET NULL")),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("sweeps", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("content_key", sa.Text),
    sa.Column("storyboard_digest", sa.Text),
    _timestamp("created_at", required=True),
    _timestamp("updated_at", required=True),
    _timestamp("started_at"),
    _timestamp("completed_at"),
    _timestamp("failed_at"),
    _timestamp("cancelled_at"),
    sa.Column("error_code", sa.Text),
    sa.Column("error_stage", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("error_details", JSONB),
    sa.Column("degraded", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("request_metadata", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("cost", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.CheckConstraint("progress_percentage BETWEEN 0 AND 100", name="progress"),
    sa.CheckConstraint("follows IS DISTINCT FROM id", name="follows_another"),
    sa.CheckConstraint(f"modality IN ({_listed(Modality)})", name="modality"),
    sa.Index("ix_content_requests_student_id_created_at", "student_id", sa.text("created_at DESC"), sa.text("id DESC")),
    sa.Index("ix_content_requests_content_key", "content_key"),
    sa.Index("ix_content_requests_follows", "follows"),
    sa.Index("ix_content_requests_storyboard_digest", "storyboard_digest"),
    sa.Index(
        "ix_content_requests_unfinished",
        "updated_at",
        postgresql_where=sa.text(f"status NOT IN ({ENDED})"),
    ),
    sa.Index(
        "ix_content_requests_ended",
        "updated_at",
        postgresql_where=sa.text(f"status IN ({ENDED})"),
    ),
)

request_stages = sa.Table(
    "request_stages",
    metadata,
    sa.Column(
        "request_id", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    _timestamp("started_at", required=True),
    _timestamp("finished_at"),
    sa.Column("output", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.CheckConstraint(f"state IN ({_listed(StageRunState)})", name="state"),
)

request_events = sa.Table(
    "request_events",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column(
        "request_id", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("from_status", status_type),
    sa.Column("to_status", status_type, nullable=False),
    sa.Column("progress_percentage", sa.SmallInteger, nullable=False),
    sa.Column("error_code", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Index("ix_request_events_request_id", "request_id", "id"),
)

lessons = sa.Table(
    "lessons",
    metadata,
    sa.Column("content_key", sa.Text, primary_key=True),
    sa.Column("storyboard_digest", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("modality", sa.Text, nullable=False),
    sa.Column("degraded", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("made_by", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="SET NULL")),
    _timestamp("created_at", required=True),
    sa.Index("ix_lessons_storyboard_digest", "storyboard_digest"),
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column(
        "request_id", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("student_id", UUID(as_uuid=True), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    _timestamp("created_at", required=True),
    _timestamp("sent_at"),
    sa.CheckConstraint(f"channel IN ({_listed(NotificationChannel)})", name="channel"),
    sa.Index("ix_notifications_student_id", "student_id"),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("student_id", UUID(as_uuid=True), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_hash", sa.Text, nullable=False),
    sa.Column(
        "request_id", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="CASCADE"), nullable=False
    ),
    _timestamp("created_at", required=True),
    sa.Index("ix_idempotency_keys_created_at", "created_at"),
)

request_feedback = sa.Table(
    "request_feedback",
    metadata,
    sa.Column(
        "request_id", UUID(as_uuid=True), sa.ForeignKey("content_requests.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("kind", sa.Text, primary_key=True),
    _timestamp("created_at", required=True),
)

# Failed sign-ins, by numbers that stand for accounts and addresses: nothing here tells which.
login_tries = sa.Table(
    "login_tries",
    metadata,
    sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tries", sa.SmallInteger, nullable=False),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Index("ix_login_tries_until", "until"),
)

# Lessons that a row let go of, noted by the database itself: those that no other row refers to are cleared away.
abandoned_lessons = sa.Table(
    "abandoned_lessons",
    metadata,
    sa.Column("storyboard_digest", sa.Text, primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Index("ix_abandoned_lessons_since", "since"),
)

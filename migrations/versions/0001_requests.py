"""The record of requests: accounts, requests and their legal moves, stage runs, history, lessons, notifications.

The status values mean:
  pending            received, or waiting for the student's answer to a question
  validating         safety, privacy, topic, clarification, cache
  retrieving         finding the passages of the books
  generating_script  writing the storyboard and checking its grounding
  generating_video   speaking, drawing and encoding the scenes
  processing_video   renditions, poster, captions, checks
  notifying          telling the student
  completed          the lesson can be watched
  failed             ended with an error; the student may retry
  cancelled          ended by the student, or by an unanswered question
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ENUM, JSONB, UUID

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATUSES = (
    "pending",
    "validating",
    "retrieving",
    "generating_script",
    "generating_video",
    "processing_video",
    "notifying",
    "completed",
    "failed",
    "cancelled",
)
WORKING = STATUSES[:7]
MOVES = (
    ("pending", "validating"),
    ("validating", "retrieving"),
    ("retrieving", "generating_script"),
    ("generating_script", "generating_video"),
    ("generating_video", "processing_video"),
    ("processing_video", "notifying"),
    ("notifying", "completed"),
    ("validating", "pending"),  # clarification
    ("retrieving", "pending"),
    ("validating", "completed"),  # the cache, or the lesson it followed
    ("generating_script", "notifying"),  # text was asked for
    ("generating_video", "notifying"),  # audio was
    ("failed", "pending"),  # retry
    *((status, "failed") for status in WORKING),
    *((status, "cancelled") for status in WORKING),
)

# Every change of a request passes here, whoever makes it: illegal moves are refused, versions grow.
GUARD = """
CREATE FUNCTION content_requests_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'pending' THEN
            RAISE EXCEPTION 'a request begins as pending, not %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT FROM content_request_moves WHERE from_status = OLD.status AND to_status = NEW.status
    ) THEN
        RAISE EXCEPTION 'illegal move from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    -- A renewed lease is no change that anyone has to hear of.
    IF (to_jsonb(NEW) - 'lease_until') IS DISTINCT FROM (to_jsonb(OLD) - 'lease_until') THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$
"""

HISTORY = """
CREATE FUNCTION content_requests_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO request_events (request_id, version, attempt, from_status, to_status, progress_percentage)
        VALUES (NEW.id, NEW.version, NEW.attempt, NULL, NEW.status, NEW.progress_percentage);
    ELSIF NEW.status <> OLD.status THEN
        INSERT INTO request_events
            (request_id, version, attempt, from_status, to_status, progress_percentage, error_code)
        VALUES
            (NEW.id, NEW.version, NEW.attempt, OLD.status, NEW.status, NEW.progress_percentage, NEW.error_code);
    END IF;
    RETURN NULL;
END $$
"""


def _status() -> ENUM:
    return ENUM(*STATUSES, name="content_request_status", create_type=False)


def _timestamp(name: str, *, required: bool = False) -> sa.Column:
    default = sa.text("now()") if required else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not required, server_default=default)


def _json(name: str, empty: str) -> sa.Column:
    return sa.Column(name, JSONB, nullable=False, server_default=sa.text(f"'{empty}'::jsonb"))


def _to_request(
    table: str, name: str = "request_id", *, nullable: bool = False, ondelete: str = "CASCADE"
) -> sa.Column:
    constraint = op.f(f"fk_{table}_{name}_content_requests")
    key = sa.ForeignKey("content_requests.id", ondelete=ondelete, name=constraint)
    return sa.Column(name, UUID(as_uuid=True), key, nullable=nullable)


def _to_student(table: str) -> sa.Column:
    key = sa.ForeignKey("users.id", ondelete="CASCADE", name=op.f(f"fk_{table}_student_id_users"))
    return sa.Column("student_id", UUID(as_uuid=True), key, nullable=False)


def upgrade() -> None:
    _create_accounts()
    _create_requests()
    _create_runs_and_history()
    _create_lessons_and_notifications()
    op.execute(GUARD)
    op.execute(HISTORY)
    op.execute(
        "CREATE TRIGGER content_requests_guard BEFORE INSERT OR UPDATE ON content_requests "
        "FOR EACH ROW EXECUTE FUNCTION content_requests_guard()"
    )
    op.execute(
        "CREATE TRIGGER content_requests_history AFTER INSERT OR UPDATE ON content_requests "
        "FOR EACH ROW EXECUTE FUNCTION content_requests_history()"
    )


def _create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("quota_day", sa.Date),
        sa.Column("quota_used", sa.Integer, nullable=False, server_default="0"),
        _timestamp("created_at", required=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.CheckConstraint("role IN ('student', 'teacher', 'admin')", name=op.f("ck_users_role")),
    )
    op.create_index("uq_users_email_lower", "users", [sa.text("lower(email)")], unique=True)


def _create_requests() -> None:
    _status().create(op.get_bind())
    moves = op.create_table(
        "content_request_moves",
        sa.Column("from_status", _status(), nullable=False),
        sa.Column("to_status", _status(), nullable=False),
        sa.PrimaryKeyConstraint("from_status", "to_status", name=op.f("pk_content_request_moves")),
    )
    op.bulk_insert(moves, [{"from_status": before, "to_status": after} for before, after in MOVES])
    op.create_table(
        "content_requests",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("correlation_id", UUID(as_uuid=True), nullable=False),
        _to_student("content_requests"),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("topic", sa.Text),
        sa.Column("grade_level", sa.SmallInteger, nullable=False),
        sa.Column("interest", sa.Text, nullable=False, server_default=""),
        sa.Column("style", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("duration_seconds", sa.SmallInteger, nullable=False),
        sa.Column("status", _status(), nullable=False, server_default="pending"),
        sa.Column("current_stage", sa.Text, nullable=False, server_default=""),
        sa.Column("progress_percentage", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("eta_seconds", sa.Integer),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts_from", sa.Integer, nullable=False, server_default="0"),
        _timestamp("lease_until"),
        _timestamp("clarification_requested_at"),
        _to_request("content_requests", "follows", nullable=True, ondelete="SET NULL"),
        _to_request("content_requests", "derived_from", nullable=True, ondelete="SET NULL"),
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
        _json("degraded", "[]"),
        _json("request_metadata", "{}"),
        _json("cost", "{}"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_requests")),
        sa.CheckConstraint("progress_percentage BETWEEN 0 AND 100", name=op.f("ck_content_requests_progress")),
        sa.CheckConstraint("follows IS DISTINCT FROM id", name=op.f("ck_content_requests_follows_another")),
        sa.CheckConstraint("modality IN ('video', 'audio', 'text')", name=op.f("ck_content_requests_modality")),
    )
    newest_first = ["student_id", sa.text("created_at DESC"), sa.text("id DESC")]
    op.create_index("ix_content_requests_student_id_created_at", "content_requests", newest_first)
    op.create_index("ix_content_requests_content_key", "content_requests", ["content_key"])
    op.create_index("ix_content_requests_follows", "content_requests", ["follows"])
    op.create_index(
        "ix_content_requests_unfinished",
        "content_requests",
        ["updated_at"],
        postgresql_where=sa.text("status NOT IN ('completed', 'failed', 'cancelled')"),
    )


def _create_runs_and_history() -> None:
    op.create_table(
        "request_stages",
        _to_request("request_stages"),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _timestamp("started_at", required=True),
        _timestamp("finished_at"),
        _json("output", "{}"),
        sa.Column("error_code", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.PrimaryKeyConstraint("request_id", "stage", "attempt", name=op.f("pk_request_stages")),
        sa.CheckConstraint("state IN ('running', 'finished', 'failed')", name=op.f("ck_request_stages_state")),
    )
    op.create_table(
        "request_events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        _to_request("request_events"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("from_status", _status()),
        sa.Column("to_status", _status(), nullable=False),
        sa.Column("progress_percentage", sa.SmallInteger, nullable=False),
        sa.Column("error_code", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_events")),
    )
    op.create_index("ix_request_events_request_id", "request_events", ["request_id", "id"])


def _create_lessons_and_notifications() -> None:
    op.create_table(
        "lessons",
        sa.Column("content_key", sa.Text, nullable=False),
        sa.Column("storyboard_digest", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
        _json("degraded", "[]"),
        _to_request("lessons", "made_by", nullable=True, ondelete="SET NULL"),
        _timestamp("created_at", required=True),
        sa.PrimaryKeyConstraint("content_key", name=op.f("pk_lessons")),
    )
    op.create_index("ix_lessons_storyboard_digest", "lessons", ["storyboard_digest"])
    op.create_table(
        "notifications",
        _to_request("notifications"),
        sa.Column("channel", sa.Text, nullable=False),
        _to_student("notifications"),
        sa.Column("message_id", sa.Text, nullable=False),
        _timestamp("created_at", required=True),
        _timestamp("sent_at"),
        sa.PrimaryKeyConstraint("request_id", "channel", name=op.f("pk_notifications")),
        sa.CheckConstraint("channel IN ('in_app', 'email', 'webhook')", name=op.f("ck_notifications_channel")),
    )
    op.create_index("ix_notifications_student_id", "notifications", ["student_id"])
    op.create_table(
        "idempotency_keys",
        _to_student("idempotency_keys"),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body_hash", sa.Text, nullable=False),
        _to_request("idempotency_keys"),
        _timestamp("created_at", required=True),
        sa.PrimaryKeyConstraint("student_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "request_feedback",
        _to_request("request_feedback"),
        sa.Column("kind", sa.Text, nullable=False),
        _timestamp("created_at", required=True),
        sa.PrimaryKeyConstraint("request_id", "kind", name=op.f("pk_request_feedback")),
    )


def downgrade() -> None:
    for table in (
        "request_feedback",
        "idempotency_keys",
        "notifications",
        "lessons",
        "request_events",
        "request_stages",
        "content_requests",
        "content_request_moves",
        "users",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION content_requests_guard()")
    op.execute("DROP FUNCTION content_requests_history()")
    _status().drop(op.get_bind())

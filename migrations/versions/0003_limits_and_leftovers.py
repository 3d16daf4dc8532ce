"""How fast accounts may ask and sign-ins may fail, and which lessons were let go of; widens only.

Safe beside the previous release: its writes leave the new columns and tables alone, and the triggers note for it which
lessons it lets go of.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Whatever lets go of a lesson, and however: a retry, another storyboard, an old row's removal, an account's.
LET_GO = """
CREATE FUNCTION storyboard_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO abandoned_lessons (storyboard_digest, since) VALUES (OLD.storyboard_digest, clock_timestamp())
    ON CONFLICT (storyboard_digest) DO UPDATE SET since = excluded.since;
    RETURN NULL;
END $$
"""
REFERRING = ("content_requests", "lessons")


def upgrade() -> None:
    op.add_column("users", sa.Column("pace_until", sa.DateTime(timezone=True)))
    op.create_table(
        "login_tries",
        sa.Column("bucket", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("tries", sa.SmallInteger, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_tries")),
    )
    op.create_index("ix_login_tries_until", "login_tries", ["until"])
    op.create_table(
        "abandoned_lessons",
        sa.Column("storyboard_digest", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("storyboard_digest", name=op.f("pk_abandoned_lessons")),
    )
    op.create_index("ix_abandoned_lessons_since", "abandoned_lessons", ["since"])
    op.create_index("ix_content_requests_storyboard_digest", "content_requests", ["storyboard_digest"])
    op.create_index(
        "ix_content_requests_ended",
        "content_requests",
        ["updated_at"],
        postgresql_where=sa.text("status IN ('completed', 'failed', 'cancelled')"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.execute(LET_GO)
    for table in REFERRING:
        op.execute(
            f"CREATE TRIGGER {table}_storyboard_changed AFTER UPDATE OF storyboard_digest ON {table} FOR EACH ROW "
            "WHEN (OLD.storyboard_digest IS NOT NULL AND OLD.storyboard_digest IS DISTINCT FROM NEW.storyboard_digest) "
            "EXECUTE FUNCTION storyboard_let_go()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_storyboard_deleted AFTER DELETE ON {table} FOR EACH ROW "
            "WHEN (OLD.storyboard_digest IS NOT NULL) EXECUTE FUNCTION storyboard_let_go()"
        )


def downgrade() -> None:
    for table in REFERRING:
        op.execute(f"DROP TRIGGER {table}_storyboard_deleted ON {table}")
        op.execute(f"DROP TRIGGER {table}_storyboard_changed ON {table}")
    op.execute("DROP FUNCTION storyboard_let_go()")
    op.drop_index("ix_idempotency_keys_created_at", "idempotency_keys")
    op.drop_index("ix_content_requests_ended", "content_requests")
    op.drop_index("ix_content_requests_storyboard_digest", "content_requests")
    op.drop_table("abandoned_lessons")
    op.drop_table("login_tries")
    op.drop_column("users", "pace_until")

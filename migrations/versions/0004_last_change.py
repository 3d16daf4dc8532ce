"""A request is not changed by the removal of what it was told from; safe beside the previous release.

Setting the reference to NULL counted as a change, from which the days of retention began anew: another telling of a
question was kept for as long again as the one before it, and its question with it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GUARD = """
CREATE OR REPLACE FUNCTION content_requests_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
    -- Nobody has to hear of these.
    IF (to_jsonb(NEW) - ARRAY[UNHEARD]) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[UNHEARD]) THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(GUARD.replace("UNHEARD", "'lease_until', 'derived_from'"))


def downgrade() -> None:
    op.execute(GUARD.replace("UNHEARD", "'lease_until'"))

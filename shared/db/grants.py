"""What the functions' database users may do: read and write rows, and nothing to the tables themselves."""

import re
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from shared.errors import PermanentError

ROLE: Final = "vividly_functions"

# A service account's database user is its address without ".gserviceaccount.com".
_USER: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\.iam")

_GRANTS: Final = (
    f"GRANT USAGE ON SCHEMA public TO {ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {ROLE}",
    f"REVOKE INSERT, UPDATE, DELETE ON alembic_version, content_request_moves FROM {ROLE}",
)


def grant(connection: sa.Connection, users: Sequence[str]) -> None:
    """Let these IAM users work on the rows of all tables; safe to run again. PermanentError for what is no user."""
    for user in users:
        if not _USER.fullmatch(user):
            raise PermanentError("not the database user of a service account", code="invalid_database_user")
    if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE}):
        connection.execute(sa.text(f"CREATE ROLE {ROLE} NOLOGIN"))
    for statement in _GRANTS:
        connection.execute(sa.text(statement))
    for user in users:
        connection.execute(sa.text(f'GRANT {ROLE} TO "{user}"'))

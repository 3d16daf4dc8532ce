"""The enum gate: whether the database's statuses, their order and the legal moves are the code's.

Code that writes a status which the database does not have crashes in every stage; so no code serves before this agrees.
"""

import sqlalchemy as sa

from shared.db import migrate
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import MOVES

_LABELS = """
    SELECT enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
    WHERE t.typname = 'content_request_status' ORDER BY enumsortorder
"""


def labels(connection: sa.Connection) -> list[str]:
    """The labels of the status type, in its order."""
    return list(connection.scalars(sa.text(_LABELS)))


def differences(connection: sa.Connection) -> list[str]:
    """Say, a sentence each, how the database differs from the code; empty when the code may serve."""
    revision = migrate.current(connection)
    found = [] if revision == migrate.head() else [f"schema is at {revision}, the code's newest is {migrate.head()}"]
    if revision is None:
        return found
    known, wanted = labels(connection), [status.value for status in Status]
    if known != wanted:
        found.append(f"content_request_status is {', '.join(known)} instead of {', '.join(wanted)}")
    rows = connection.execute(sa.text("SELECT from_status::text, to_status::text FROM content_request_moves"))
    allowed = {(before, after) for before, after in rows}
    legal = {(before.value, after.value) for before, after in MOVES}
    found += [f"the database allows {before} to {after}" for before, after in sorted(allowed - legal)]
    found += [f"the database refuses {before} to {after}" for before, after in sorted(legal - allowed)]
    return found

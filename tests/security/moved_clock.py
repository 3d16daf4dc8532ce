"""A database whose clock can be moved: what it holds stays as it is, and time passes.

`clock_timestamp()` and `now()` are found in a schema that comes before PostgreSQL's own, whoever asks: a statement of
ours, or a trigger.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from shared.db.engine import engine_for

_SCHEMA = """
CREATE SCHEMA moved;
CREATE TABLE moved.by (much interval NOT NULL);
INSERT INTO moved.by VALUES ('0');
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS 'SELECT pg_catalog.clock_timestamp() + much FROM moved.by';
CREATE FUNCTION moved.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT pg_catalog.now() + much FROM moved.by';
"""


@dataclass
class MovedClock:
    """The clock of one database. `engine` sees it; connections of before do not."""

    engine: sa.Engine

    def pass_by(self, time: timedelta) -> None:
        """Let so much time pass."""
        with self.engine.begin() as connection:
            connection.execute(sa.text("UPDATE moved.by SET much = much + CAST(:time AS interval)"), {"time": time})


@contextmanager
def moved_clock(url: str) -> Iterator[MovedClock]:
    """Give a database a clock that can be moved."""
    engine = engine_for(url, pool_size=12)
    with engine.begin() as connection:
        name = connection.scalar(sa.text("SELECT current_database()"))
        for statement in _SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(sa.text(statement))
        connection.execute(sa.text(f'ALTER DATABASE "{name}" SET search_path = moved, pg_catalog, public'))
    engine.dispose()  # the path counts for new sessions
    try:
        yield MovedClock(engine)
    finally:
        engine.dispose()

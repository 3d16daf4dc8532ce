"""The record's clock, stopped, and moved by hand: leases, quiet minutes and days pass without anybody waiting.

The code asks `clock_timestamp()` by its bare name, so that a function of this name in a schema that is searched before
PostgreSQL's own answers in its place. The code and its statements are as they are in production.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

START: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

_INSTALL: Final = (
    "CREATE SCHEMA hand_clock",
    "CREATE TABLE hand_clock.hand (at timestamptz NOT NULL)",
    "INSERT INTO hand_clock.hand VALUES (now())",
    "CREATE FUNCTION hand_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE "
    "AS 'SELECT at FROM hand_clock.hand'",
    "ALTER TABLE content_requests ALTER updated_at SET DEFAULT hand_clock.clock_timestamp()",
    "ALTER TABLE idempotency_keys ALTER created_at SET DEFAULT hand_clock.clock_timestamp()",
)
_SEARCHED: Final = "hand_clock, pg_catalog, public"


class HandClock:
    """Seconds since START, which only `advance` moves."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.seconds = 0
        with engine.begin() as connection:
            for statement in _INSTALL:
                connection.exec_driver_sql(statement)
            name = connection.scalar(sa.text("SELECT current_database()"))
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET search_path = {_SEARCHED}')
        engine.dispose()  # what is open already goes on as it was
        self.reset()

    @property
    def now(self) -> datetime:
        """What the record takes for the time."""
        return START + timedelta(seconds=self.seconds)

    def advance(self, seconds: int) -> None:
        """Let time pass."""
        self.seconds += seconds
        self._set()

    def reset(self) -> None:
        """Back to START."""
        self.seconds = 0
        self._set()

    def _set(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text("UPDATE hand_clock.hand SET at = :now"), {"now": self.now})

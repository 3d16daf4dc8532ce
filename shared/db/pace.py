"""How fast a student may ask: so many times a minute, over all instances, by one time in the account's row.

`users.pace_until` is when all that was asked for would have been asked at an even pace. It may run ahead of the clock
by a minute: a student may ask several times at once, and then as fast as the pace allows. (It is the generic cell rate
algorithm: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm.)

The fragments are for statements that lock the account's row first, so that calls of one student follow each other.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

# A column of the CTE that locks the account's row.
PACE: Final = "greatest(coalesce(pace_until, clock_timestamp()), clock_timestamp()) AS pace"
_STEP: Final = "make_interval(secs => CAST(:step AS double precision))"
# Whether the account of that CTE may ask now, and what its `pace_until` becomes when it does.
IN_TIME: Final = f"""(CAST(:step AS double precision) IS NULL
    OR account.pace + {_STEP} <= clock_timestamp() + interval '1 minute')"""
ASKED: Final = (
    f"CASE WHEN CAST(:step AS double precision) IS NULL THEN users.pace_until ELSE account.pace + {_STEP} END"
)

_WAIT: Final = sa.text(f"""
    SELECT ceil(extract(epoch FROM pace_until + {_STEP} - clock_timestamp() - interval '1 minute'))::integer
    FROM users WHERE id = :student_id
""")


@dataclass(frozen=True, slots=True)
class TooFast:
    """Nothing was recorded: the student asks faster than may be."""

    retry_seconds: int


def step(per_minute: int | None) -> float | None:
    """The parameter of the fragments: seconds between two calls at an even pace; None for as fast as one likes."""
    return None if per_minute is None else 60 / per_minute


def wait(connection: sa.Connection, student_id: UUID, per_minute: int | None) -> TooFast | None:
    """How long the student has to wait; None when a call would be in time."""
    seconds = connection.execute(_WAIT, {"student_id": student_id, "step": step(per_minute)}).scalar_one_or_none()
    return TooFast(seconds) if seconds is not None and seconds > 0 else None

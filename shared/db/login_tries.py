"""Failed sign-ins, counted in the record, so that the limits hold over all instances of the api.

A try is counted under a number ("bucket") that stands for an account or an address. There are so many buckets and no
more, so that the table is bounded however many names are tried; nothing in it tells whose a bucket is.
"""

from typing import Final

import sqlalchemy as sa

# A window opens with the first try, and ends on its own; the time is read once, as `excluded.until`.
_TAKE: Final = sa.text("""
    INSERT INTO login_tries AS known (bucket, tries, until)
    VALUES (:bucket, 1, clock_timestamp() + make_interval(secs => CAST(:window AS integer)))
    ON CONFLICT (bucket) DO UPDATE SET (tries, until) = (
        SELECT CASE WHEN open THEN least(known.tries, CAST(:limit AS integer)) + 1 ELSE 1 END,
               CASE WHEN open THEN known.until ELSE excluded.until END
        FROM (SELECT known.until > excluded.until - make_interval(secs => CAST(:window AS integer)) AS open) AS standing
    )
    RETURNING CASE WHEN tries > CAST(:limit AS integer)
        THEN greatest(1, ceil(extract(epoch FROM until - clock_timestamp())))::integer ELSE 0 END
""")


def take(connection: sa.Connection, bucket: int, *, limit: int, window_seconds: int) -> int:
    """Count a try before it is made, so that many at once cannot slip through.

    Return 0, or the seconds to wait where there were `limit` tries within the window already.
    """
    values = {"bucket": bucket, "limit": limit, "window": window_seconds}
    seconds: int = connection.execute(_TAKE, values).scalar_one()
    return seconds


def take_back(connection: sa.Connection, bucket: int) -> None:
    """The last try succeeded, or was not made after all."""
    statement = sa.text("UPDATE login_tries SET tries = tries - 1 WHERE bucket = :bucket AND tries > 0")
    connection.execute(statement, {"bucket": bucket})


def forget(connection: sa.Connection, bucket: int) -> None:
    """Count from nothing again."""
    connection.execute(sa.text("DELETE FROM login_tries WHERE bucket = :bucket"), {"bucket": bucket})

"""Database errors in the project's words, told apart by SQLSTATE: drivers disagree about classes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy.exc

from shared.errors import PermanentError, PipelineError, TransientError

# Classes and states that trying again will not mend: bad data, constraint, wrong statement.
PERMANENT_CLASSES: Final = ("22", "23", "42")
# https://www.postgresql.org/docs/current/errcodes-appendix.html
TRANSIENT_STATES: Final = frozenset({"40001", "40P01", "53300", "55P03", "57014", "57P01", "57P02", "57P03"})


def sqlstate(error: BaseException) -> str | None:
    """The five-character SQLSTATE of a database error, or None (a connection that broke has none)."""
    original = getattr(error, "orig", error)
    details = original.args[0] if getattr(original, "args", None) else None
    state = details.get("C") if isinstance(details, dict) else None
    return state if isinstance(state, str) else None


def translate(error: Exception) -> PipelineError:
    """Return the error to raise in place of a database error."""
    state = sqlstate(error)
    if state is not None and state not in TRANSIENT_STATES and state.startswith(PERMANENT_CLASSES):
        return PermanentError(f"database refused the statement ({state})", code="database_refused", sqlstate=state)
    return TransientError(f"database error ({state or type(error).__name__})")


@contextmanager
def translated() -> Iterator[None]:
    """Turn database errors raised inside into PermanentError or TransientError."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        if isinstance(error, sqlalchemy.exc.InvalidRequestError):
            raise  # a mistake in the code: too valuable to rename (TimeoutError of the pool is not one)
        raise translate(error) from error
    except Exception as error:
        # A dropped backend in AUTOCOMMIT comes out as the driver's own error, unwrapped.
        if type(error).__module__.startswith("pg8000"):
            raise translate(error) from error
        raise

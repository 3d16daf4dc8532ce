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
# What a sign-in meets where the deployment is at fault: unknown user, no such database, a missing grant.
MISCONFIGURED_CLASSES: Final = ("28", "3D", "42")


class RecordMisconfigured(TransientError):
    """No connection can be opened until the deployment is mended: a grant, a name, a password.

    Transient all the same: a wrong name is an operator's to mend, a new grant takes minutes to be known everywhere,
    and the requests that wait meanwhile are not at fault.
    """


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
def opening() -> Iterator[None]:
    """Turn what goes wrong while a connection is opened into TransientError: no request can be at fault there."""
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not type(error).__module__.startswith("pg8000"):
            raise
        state = sqlstate(error)
        if state is not None and state.startswith(MISCONFIGURED_CLASSES):
            raise RecordMisconfigured(f"the database refused the sign-in ({state})") from error
        raise TransientError(f"the database cannot be reached ({state or type(error).__name__})") from error


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

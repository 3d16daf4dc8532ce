"""Errors at the edge of a function: what the platform gets to see of them, and what the log is told."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from shared import log
from shared.errors import PipelineError, TransientError
from shared.pipeline import Function


@contextmanager
def contained(function: Function) -> Iterator[None]:
    """Let no error out but ours, and without what it arose from: the platform logs what is raised.

    The text of another's error may quote what it was given, a student's words among it.
    """
    try:
        yield
    except PipelineError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001 - raised again, in words of ours
        name, where = type(error).__name__, place_of(error)
        log.event("unforeseen error", level=logging.WARNING, function=function.name, error_type=name, where=where)
        raise TransientError(f"unforeseen {name} in {function.name}") from None


def place_of(error: Exception) -> str:
    """The place where an error arose; its text is never logged."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"

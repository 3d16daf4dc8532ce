"""Structured logs: one JSON object a line, a constant message, ids; never content, names or secrets."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

# The only fields a log line may carry besides the message: none can hold student text.
ALLOWED_FIELDS: Final = frozenset(
    {
        "request_id",
        "correlation_id",
        "stage",
        "function",
        "attempt",
        "status",
        "code",
        "topic",
        "seconds",
        "count",
        "error_type",
        "sqlstate",
        "route",
        "method",
        "status_code",
        "version",
        "source",
        "delivery",
        "channel",
        "message_id",
        "where",
        "setting",
    }
)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        line |= getattr(record, "fields", {})
        return json.dumps(line, default=str)


class _Lines(logging.Handler):
    """Writes to the last of `files`, or to standard error as it is now: what it was before may be closed by now."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[TextIO] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=self.files[-1] if self.files else sys.stderr, flush=True)
        except (OSError, ValueError):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line is missing; the usual trace would tell what was under way, and in whose words."""
        print('{"severity": "ERROR", "message": "a log line could not be written"}', file=sys.__stderr__, flush=True)


_lines: Final = _Lines()
_lines.setFormatter(_JsonFormatter())


def configure(level: str) -> None:
    """Send the project's logs to standard error as JSON. Safe to call again."""
    logger = logging.getLogger("vividly")
    logger.setLevel(level)
    logger.propagate = False
    logger.addHandler(_lines)


@contextmanager
def written_to(file: TextIO) -> Iterator[None]:
    """Send them to a file meanwhile, or until another is named; two may end in either order."""
    _lines.files.append(file)
    try:
        yield
    finally:
        _lines.files.remove(file)


def event(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log a constant message with fields of ALLOWED_FIELDS; any other field is a programming error."""
    unknown = fields.keys() - ALLOWED_FIELDS
    if unknown:
        raise ValueError(f"log fields not allowed: {', '.join(sorted(unknown))}")
    logging.getLogger("vividly").log(level, message, extra={"fields": fields})

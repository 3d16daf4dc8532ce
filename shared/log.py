"""Structured logs: one JSON object a line, a constant message, ids; never content, names or secrets."""

import json
import logging
import sys
from typing import Any, Final

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


def configure(level: str) -> None:
    """Send the project's logs to standard error as JSON. Safe to call again."""
    logger = logging.getLogger("vividly")
    logger.setLevel(level)
    logger.propagate = False
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonFormatter())
        logger.addHandler(handler)


def event(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log a constant message with fields of ALLOWED_FIELDS; any other field is a programming error."""
    unknown = fields.keys() - ALLOWED_FIELDS
    if unknown:
        raise ValueError(f"log fields not allowed: {', '.join(sorted(unknown))}")
    logging.getLogger("vividly").log(level, message, extra={"fields": fields})

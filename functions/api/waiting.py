"""Long polls: an answer is held back until there is news, at most as long as the caller prefers."""

import re
import threading
import time
from typing import Final
from uuid import UUID

import flask

from functions.api.problems import not_found
from shared.db import views
from shared.db.engine import single_statement
from shared.pipeline import TERMINAL
from shared.services import Services

LONGEST_SECONDS: Final = 25
EVERY_SECONDS: Final = 0.15
# Each waiting call holds a thread of the server: the others are answered at once, a preference being no promise.
AT_ONCE: Final = 16
_PREFERENCE: Final = re.compile(r"wait\s*=\s*\"?([0-9]{1,4})\"?")

_places: Final = threading.BoundedSemaphore(AT_ONCE)


def preferred_seconds(request: flask.Request) -> int:
    """How long the caller would wait (RFC 7240, section 4.3); 0 without the preference."""
    for preference in ",".join(request.headers.getlist("Prefer")).split(","):
        match = _PREFERENCE.fullmatch(preference.partition(";")[0].strip())
        if match:
            return min(int(match[1]), LONGEST_SECONDS)
    return 0


def await_news(
    services: Services, request_id: UUID, student_id: UUID, *, seconds: int, seen: int | None
) -> views.Pulse:
    """Return how the request stands once it has another version than the one seen, or after so many seconds.

    Without a seen version it is awaited that nothing more will happen by itself: it has ended, or waits for answers.
    """
    deadline = time.monotonic() + seconds
    if seconds == 0 or not _places.acquire(blocking=False):
        return _pulse(services, request_id, student_id)
    try:
        while True:
            # The connection goes back to the pool before every pause.
            pulse = _pulse(services, request_id, student_id)
            news = pulse.status in TERMINAL or pulse.waiting if seen is None else pulse.version != seen
            left = deadline - time.monotonic()
            if news or left <= 0:
                return pulse
            time.sleep(min(EVERY_SECONDS, left))
    finally:
        _places.release()


def _pulse(services: Services, request_id: UUID, student_id: UUID) -> views.Pulse:
    with single_statement(services.engine) as connection:
        pulse = views.pulse(connection, request_id, student_id)
    if pulse is None:
        raise not_found()
    return pulse

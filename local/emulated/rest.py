"""HTTP to what runs beside this process: JSON in and out, no proxy, everything bounded."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from local.errors import LocalProblem

CALL_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 2.0  # one try to reach what is only just starting
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(
    method: str,
    url: str,
    body: Mapping[str, Any] | bytes | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = CALL_SECONDS,
) -> dict[str, Any]:
    """Make one call and return the JSON object of its answer; LocalProblem for any status but 2xx.

    A mapping is sent as JSON; bytes are sent as they are.
    """
    data = json.dumps(body).encode() if isinstance(body, Mapping) else body
    sent = {"Content-Type": "application/json"} | dict(headers or {})
    request = urllib.request.Request(url, data=data, headers=sent, method=method)  # noqa: S310 - http, loopback
    try:
        with _OPENER.open(request, timeout=seconds) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace")
        raise LocalProblem(f"{method} {url} was refused with {error.code}: {said}", code="refused") from error
    except (OSError, ValueError) as error:
        raise LocalProblem(f"{method} {url} was not answered: {error}", code="unanswered") from error
    return found


def answers(url: str) -> bool:
    """Whether an HTTP server answers there, whatever it says: a refusal is an answer."""
    try:
        with _OPENER.open(url, timeout=LOOK_SECONDS):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False

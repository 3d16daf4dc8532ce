"""How Vertex AI is reached: one client a process, how long a call may take, and what its errors mean here."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import httpx2
import pydantic
from google import genai
from google.api_core import exceptions as api
from google.auth.credentials import Credentials
from google.genai import errors, types

from shared.adapters.google_errors import GOOGLE_API_ERRORS
from shared.adapters.per_process import PerProcess
from shared.adapters.translate import ErrorTable, translated
from shared.errors import PermanentError, TransientError

T = TypeVar("T")

# Pinned: otherwise the SDK takes it from the environment, and a preview unless told.
API_VERSION: Final = "v1"
# Of a call that names none; every adapter names its own, by what it waits for.
CALL_SECONDS: Final = 30.0
TRIES: Final = 3
FIRST_PAUSE: Final = 0.5  # seconds, doubled for each further try, and up to half as much again
# Over in a moment, often; a try that ran out of time is not, and would only take as long again.
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})


class _Clients:
    """The clients of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, str, Credentials | None], genai.Client] = {}

    def get(self, project_id: str, location: str, endpoint: str, credentials: Credentials | None) -> genai.Client:
        key = (project_id, location, endpoint, credentials)
        with self._lock:
            if key not in self._made:
                self._made[key] = genai.Client(
                    vertexai=True,
                    project=project_id,
                    location=location,
                    credentials=credentials,
                    http_options=types.HttpOptions(
                        base_url=endpoint or None,
                        api_version=API_VERSION,
                        timeout=_milliseconds(CALL_SECONDS),
                        # Once: the SDK's further tries have no end in time but their number, see `patiently`.
                        retry_options=types.HttpRetryOptions(attempts=1),
                    ),
                )
            return self._made[key]


_clients: Final = PerProcess(_Clients)


def client(
    *, project_id: str, location: str, endpoint: str = "", credentials: Credentials | None = None
) -> genai.Client:
    """The client of this process for a project and a location; made on first use and again after a fork.

    `endpoint` replaces Google's own, `credentials` those of the service account that the process runs as.
    """
    return _clients.get().get(project_id, location, endpoint, credentials)


def patiently(what: str, seconds: float, call: Callable[[types.HttpOptions], T]) -> T:
    """Make a call of the SDK within `seconds` in all, and again, TRIES times at most, where a fault may have passed.

    `call` gets the options of the try at hand: its time-out is what is left. It bounds silence, so that an answer that
    trickles could take longer; these come in one piece. Errors come as those of `shared.errors`.
    """
    with vertex_errors(what):
        ends = time.monotonic() + seconds
        tried = 0
        while True:
            tried += 1
            try:
                return call(types.HttpOptions(timeout=_milliseconds(ends - time.monotonic())))
            except (errors.APIError, httpx2.NetworkError, httpx2.ProtocolError) as error:
                pause = FIRST_PAUSE * 2 ** (tried - 1) * random.uniform(1, 1.5)  # noqa: S311 - spreads tries, guards nothing
                lasting = isinstance(error, errors.APIError) and error.code not in PASSING
                if lasting or tried == TRIES or time.monotonic() + pause >= ends:
                    raise
            time.sleep(pause)


def _milliseconds(seconds: float) -> int:
    # Never zero, which the SDK reads as no time-out at all.
    return max(1, round(seconds * 1000))


def _rejected(text: str) -> PermanentError:
    return PermanentError(text, code="model_rejected")


# The SDK tells its HTTP errors apart by number alone: `vertex_errors` makes them those of Google's other clients.
VERTEX_ERRORS: Final[ErrorTable] = (
    (api.BadRequest, _rejected),  # what was sent is not what the API takes: the same again is no better
    (httpx2.HTTPError, TransientError),
    (json.JSONDecodeError, TransientError),  # cut off, or of something between here and there
    (errors.UnknownApiResponseError, TransientError),  # the same, by what the SDK streams
    (pydantic.ValidationError, TransientError),  # JSON, but no answer as documented
    (RecursionError, TransientError),  # JSON, nested without end
    *GOOGLE_API_ERRORS,
)


@contextmanager
def vertex_errors(what: str) -> Iterator[None]:
    """Raise the errors of `shared.errors` in place of those of google-genai, its HTTP client and its sign-in."""
    with translated(VERTEX_ERRORS, what):
        try:
            yield
        except errors.APIError as error:
            # Without the SDK's text, which can quote what was sent.
            raise api.from_http_status(error.code, f"HTTP {error.code}") from error  # type: ignore[no-untyped-call]

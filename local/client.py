"""A client of the API, as any other program would write one: HTTP and JSON, nothing of this project."""

import http.client
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, build_opener

from local.errors import LocalProblem

CALL_SECONDS: Final = 40.0  # longest silence; a long poll waits a quarter of it
WAIT_SECONDS: Final = 10
CHUNK: Final = 2**16
OUTAGE_SECONDS: Final = 60.0  # how long a status is asked for again when the server does not answer


class Unreachable(LocalProblem):
    """The server does not answer, or not with HTTP."""

    code = "unreachable"


class Refused(Exception):
    """The server answered with a problem (RFC 9457)."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", f"http_{status}"))
        self.detail = str(body.get("detail") or body.get("title") or f"HTTP status {status}")
        fields = [error for error in body.get("errors") or () if isinstance(error, dict)]
        named = "; ".join(f"{error.get('field')}: {error.get('detail')}" for error in fields)
        super().__init__(f"{named or self.detail} ({self.code})")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    data: bytes

    def json(self) -> dict[str, Any]:
        """The JSON object that it carries; raise Refused where it carries none."""
        try:
            body = json.loads(self.data)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(self.status, {"detail": "The server's answer is no JSON object."})
        return body


@dataclass(slots=True)
class Client:
    """Calls one server, signed in once `login` was called."""

    url: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LocalProblem(f"{self.url!r} is not the address of a server: http://host:port", code="invalid_url")
        self.url = self.url.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call and return its answer, whatever its status; raise Unreachable."""
        sent = {"Accept": "application/json"} | dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        return fetch(self.url + path, method=method, headers=sent, data=data)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Make one call and return its JSON; raise Refused for any status but 2xx."""
        answer = self.call(method, path, body, headers)
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, answer.json())
        return answer.json()

    def login(self, email: str, password: str) -> None:
        """Sign in; raise Refused."""
        self.token = str(self.ask("POST", "/v1/auth/login", {"email": email, "password": password})["access_token"])

    def submit(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for a lesson. A call that got no answer is repeated under the same key, which makes it count once."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        try:
            return self.ask("POST", "/v1/requests", fields, key)
        except Unreachable:
            return self.ask("POST", "/v1/requests", fields, key)

    def answer_clarification(self, request_id: str, text: str, clarification: Mapping[str, Any]) -> None:
        """Answer every open question with the same words."""
        answers = [{"question_id": question["id"], "text": text} for question in clarification["questions"]]
        self.ask("POST", f"/v1/requests/{request_id}/clarification", {"answers": answers})

    def watch(self, request_id: str, *, interval: float = 0.2) -> Iterator[dict[str, Any]]:
        """Yield the request's state now, and then each time that it changed, for as long as it is asked for."""
        etag, outage = "", 0.0
        while True:
            headers = {"Prefer": f"wait={WAIT_SECONDS}"} | ({"If-None-Match": etag} if etag else {})
            try:
                answer = self.call("GET", f"/v1/requests/{request_id}", headers=headers if etag else {})
            except Unreachable:
                outage = outage or time.monotonic()
                if time.monotonic() - outage > OUTAGE_SECONDS:
                    raise
                time.sleep(1.0)
                continue
            outage = 0.0
            if answer.status == 200:
                yield answer.json()
            elif answer.status != 304:
                raise Refused(answer.status, answer.json())
            changed = answer.headers.get("etag", "") != etag
            etag = answer.headers.get("etag", "")
            if not changed:
                time.sleep(interval)  # a server that does not wait, or an unchanged answer: not at full speed

    def download(self, url: str, path: Path) -> int:
        """Fetch a signed link into a file; return the number of bytes."""
        answer = fetch(url)
        if answer.status != 200:
            raise Refused(answer.status, {"detail": f"{path.name} could not be fetched: HTTP status {answer.status}"})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.data)
        return len(answer.data)


def fetch(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, data: bytes | None = None
) -> Answer:
    """Make one HTTP call, following no more than http and https; raise Unreachable."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise Unreachable(f"Not an HTTP address: {url!r}.")
    request = Request(url, data=data, headers=dict(headers or {}), method=method)  # noqa: S310 - checked above
    try:
        with build_opener().open(request, timeout=CALL_SECONDS) as found:
            return Answer(found.status, _lower(found.headers), found.read())
    except HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read())
    except (URLError, http.client.HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        parts = urlsplit(url)
        raise Unreachable(f"{parts.scheme}://{parts.netloc} does not answer: {reason}.") from error


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}

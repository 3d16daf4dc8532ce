"""Links to objects of Cloud Storage, signed with a key where there is one and through IAM where there is none.

V4 signatures: https://cloud.google.com/storage/docs/authentication/signatures
"""

import base64
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import google.auth
from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth.credentials import Credentials, Signing
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.storage import Blob
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.adapters.google_errors import misdeployed
from shared.adapters.per_process import PerProcess
from shared.errors import TransientError

SIGN_BLOB: Final = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:signBlob"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
LONGEST: Final = timedelta(days=7)
REMEMBERED: Final = 512  # links: those of some seventy lessons

_TIMEOUT: Final = (3.0, 5.0)  # seconds for the connection, and for the answer


def default_credentials() -> Credentials:
    """The credentials of this process: a key file, or those of the service account that it runs as."""
    credentials, _ = google.auth.default(scopes=[SCOPE])
    return credentials


class UrlSigner:
    """Signs links, and remembers them: without a key each signature is a call to IAM."""

    def __init__(
        self,
        *,
        credentials: Callable[[], Any] = default_credentials,
        session: Callable[[Credentials], Any] = AuthorizedSession,
        clock: Callable[[], float] = time.time,
        tries: float = 5.0,  # seconds for all tries of one signature
    ) -> None:
        self._credentials = credentials
        self._session = session
        self._clock = clock
        self._retry = DEFAULT_RETRY.with_delay(initial=0.2, maximum=1.0, multiplier=2.0).with_timeout(tries)
        self._lock = threading.Lock()
        self._signing = PerProcess[Any](self._open)
        self._links: OrderedDict[tuple[str, int], str] = OrderedDict()

    def url(self, blob: Blob, expires_in: timedelta) -> str:
        """Return a link that reads this object until then; those that end in the same second are the same link."""
        if not timedelta(seconds=1) <= expires_in <= LONGEST:
            raise ValueError("a link lasts from one second to seven days")
        key = (str(blob.path), round(self._clock() + expires_in.total_seconds()))
        with self._lock:
            known = self._links.get(key)
        if known is not None:
            return known
        link = str(blob.generate_signed_url(version="v4", expiration=expires_in, credentials=self._signing.get()))
        with self._lock:
            self._links[key] = link
            while len(self._links) > REMEMBERED:
                self._links.popitem(last=False)
        return link

    def _open(self) -> Any:
        credentials = self._credentials()
        if isinstance(credentials, Signing):
            return credentials
        return _IamSigning(credentials, self._session(credentials), self._retry)


class _IamSigning(Signing):
    """Signs as the service account that the credentials belong to, which holds the key itself."""

    def __init__(self, credentials: Any, session: Any, retry: Retry) -> None:
        self._credentials = credentials
        self._session = session
        self._retry = retry

    @property
    def signer(self) -> Any:
        """What signs."""
        return self

    @property
    def signer_email(self) -> str:
        """The account whose key signs."""
        email = getattr(self._credentials, "service_account_email", None)
        if email == "default":  # the metadata server's credentials know their account once they were used
            self._credentials.refresh(Request())
            email = self._credentials.service_account_email
        if not email or "@" not in email:
            raise misdeployed("link not signed: these credentials belong to no service account")
        return str(email)

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the signature of `message`."""
        url = SIGN_BLOB.format(email=self.signer_email)
        data = self._retry(self._post)(url, {"payload": base64.b64encode(message).decode()})
        try:
            return base64.b64decode(json.loads(data)["signedBlob"], validate=True)
        except (ValueError, KeyError, TypeError):
            raise TransientError("link not signed: IAM answered without a signature") from None

    def _post(self, url: str, body: dict[str, str]) -> bytes:
        # Not the SDK's own signBlob: it waits up to two minutes, and its error does not tell the status.
        answer = self._session.post(url, json=body, timeout=_TIMEOUT, max_allowed_time=sum(_TIMEOUT))
        if answer.status_code != 200:
            raise api.from_http_status(answer.status_code, "signBlob")  # type: ignore[no-untyped-call]
        return bytes(answer.content)

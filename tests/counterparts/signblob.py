"""What signs on Google Cloud where there is no key file: the metadata server, and IAM's signBlob.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
"""

import base64
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import requests
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter

from tests.counterparts.http_fake import Answer, Asked, HttpFake
from tests.counterparts.service_account import ServiceAccount

IAM = "https://iamcredentials.googleapis.com/"
TOKEN = "token-of-the-metadata-server"
METADATA = "/computeMetadata/v1/"


def iam(account: ServiceAccount) -> HttpFake:
    """IAM's credentials API: signs for whoever brings the token."""

    def answer(asked: Asked) -> Answer:
        path = unquote(urlsplit(asked.path).path)
        if asked.method != "POST" or path != f"/v1/projects/-/serviceAccounts/{account.email}:signBlob":
            return Answer.of({"error": {"code": 404}}, status=404)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer.of({"error": {"code": 403}}, status=403)
        signature = account.sign(base64.b64decode(asked.json["payload"]))
        return Answer.of({"keyId": "1", "signedBlob": base64.b64encode(signature).decode()})

    return HttpFake(answer)


def metadata_server(account: ServiceAccount) -> HttpFake:
    """The metadata server of an instance that runs as this account."""
    values: dict[str, Answer] = {
        "": Answer(body=b"instance/"),
        "project/project-id": Answer(body=b"testing"),
        "instance/service-accounts/default/": Answer.of(
            {
                "aliases": ["default"],
                "email": account.email,
                "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
            }
        ),
        "instance/service-accounts/default/token": Answer.of(
            {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
        ),
    }

    def answer(asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        found = values.get(path.removeprefix(METADATA)) or (values[""] if path == "/" else None)
        flavour = {"metadata-flavor": "Google", "content-type": "application/text"}
        if found is None:
            return Answer(status=404, headers=flavour)
        return Answer(body=found.body, headers={**flavour, **found.headers})

    return HttpFake(answer)


class Keyless(Credentials):
    """An account's credentials as the metadata server gives them: a token, and no key."""

    def __init__(self, account: ServiceAccount, email: str | None = "default") -> None:
        super().__init__()
        self._account = account
        self.service_account_email = email
        self.refreshed = 0

    def refresh(self, request: object) -> None:
        """Take a token, and learn whose it is."""
        self.refreshed += 1
        self.token = TOKEN
        if self.service_account_email == "default":
            self.service_account_email = self._account.email


class _Elsewhere(HTTPAdapter):
    """Takes what is meant for one server to another."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
        request.url = self._url + "/" + (request.url or "").removeprefix(IAM)
        return super().send(request, **options)  # type: ignore[arg-type]


def session_to(url: str) -> Callable[[Credentials], AuthorizedSession]:
    """Make sessions that meet the server at `url` where IAM would be."""

    def session(credentials: Credentials) -> AuthorizedSession:
        made = AuthorizedSession(credentials)
        made.mount(IAM, _Elsewhere(url))
        return made

    return session

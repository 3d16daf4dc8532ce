"""Who may come in: a right password alone, and a token that the server made."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from local.acceptance.checklist import Checklist, expect
from local.client import Client


def run(checklist: Checklist, client: Client, email: str, password: str) -> bool:
    """Sign `client` in and try the ways that must not lead in; False when it could not be signed in."""
    checklist.part = "authentication"
    signed_in = checklist.check("sign-in gives a token", lambda: _sign_in(client, email, password))
    checklist.check("a wrong password is refused", lambda: _wrong_password(client, email))
    checklist.check("a call without a token is refused", lambda: _refused(client, {"Authorization": ""}))
    if signed_in:
        for name, token in _forged(client.token or "").items():
            checklist.check(
                f"a token {name} is refused",
                lambda token=token: _refused(client, {"Authorization": f"Bearer {token}"}),  # type: ignore[misc]
            )
        checklist.check("the token opens the caller's own list", lambda: _own_list(client))
    return signed_in


def _sign_in(client: Client, email: str, password: str) -> str:
    answer = client.ask("POST", "/v1/auth/login", {"email": email, "password": password})
    expect(bool(answer["access_token"]), "the token is empty")
    expect(answer["expires_in"] > 0, f"expires in {answer['expires_in']} s")
    client.token = str(answer["access_token"])
    return f"expires in {answer['expires_in']} s"


def _wrong_password(client: Client, email: str) -> str:
    wrong = {"email": email, "password": secrets.token_urlsafe(12)}
    answer = Client(client.url).call("POST", "/v1/auth/login", wrong)
    expect(answer.status == 401, f"status {answer.status}")
    return f"401 {answer.json()['code']}"


def _refused(client: Client, headers: dict[str, str]) -> str:
    answer = Client(client.url).call("GET", "/v1/requests", headers=headers)
    expect(answer.status == 401, f"status {answer.status}")
    return f"401 {answer.json()['code']}"


def _own_list(client: Client) -> str:
    return f"{len(client.ask('GET', '/v1/requests')['items'])} requests"


def _forged(token: str) -> dict[str, str]:
    """Tokens that look like the given one."""
    head, _, _ = token.partition(".")
    claims = _claims(token)
    changed = claims | {"role": "admin", "exp": int(time.time()) + 10**6}
    body = _part(changed)
    own_key = hmac.new(b"secret", f"{head}.{body}".encode(), hashlib.sha256).digest()
    return {
        "with changed claims": ".".join([head, body, token.rpartition(".")[2]]),
        "signed with another key": ".".join([head, body, base64.urlsafe_b64encode(own_key).decode().rstrip("=")]),
        "without a signature": ".".join([_part({"alg": "none", "typ": "JWT"}), body, ""]),
        "made up": secrets.token_urlsafe(40),
    }


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

"""Calls of the private function `maintain`: migrations, the enum gate and accounts, inside the network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.deploy.commands import Commands
from local.deploy.preflight import curl_config
from local.deploy.target import NotDeployed
from shared.pipeline import MAINTAIN

TRIES: Final = 3  # a new service may take some seconds until its grants are known everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """Where the database stands."""

    schema: str | None
    newest: str
    books: tuple[str, ...]
    passwords: Mapping[str, str]


def maintain(
    commands: Commands, url: str, *, users: Sequence[str], accounts: Sequence[Mapping[str, Any]]
) -> Maintained:
    """Bring the database in step with the code of `maintain`; NotDeployed where it is not afterwards."""
    return _call(commands, url, {"users": list(users), "accounts": list(accounts)})


def look(commands: Commands, url: str) -> Maintained:
    """Where the database stands; changes nothing."""
    return _call(commands, url, {"look": True})


def _call(commands: Commands, url: str, order: Mapping[str, Any]) -> Maintained:
    token = commands.run(["gcloud", "auth", "print-identity-token"])
    if token.code != 0:
        raise NotDeployed(f"There is no identity to call {MAINTAIN.name} with: {token.reason}", code="no_login")
    words = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", str(MAINTAIN.timeout)]
    words += ["--retry", str(TRIES), "--retry-delay", "5", "--config", "-"]
    asked = commands.run(words, given=curl_config(url, token.out, body=json.dumps(order)))
    answer = _parsed(asked.out)
    if asked.code != 0 or answer is None or "newest" not in answer:
        told = answer.get("error") if answer else None
        differences = "; ".join(answer.get("differences", ())) if answer else ""
        reason = differences or told or asked.reason
        raise NotDeployed(f"The database is not in step with the code: {reason}", code="not_migrated")
    return Maintained(
        schema=answer["schema"],
        newest=answer["newest"],
        books=tuple(answer["books"]),
        passwords=answer["passwords"],
    )


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

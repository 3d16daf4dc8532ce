"""Orders to whatever looks after the database: migrations, the enum gate and accounts.

The private function `maintain` does inside the network; where the database has a public address, its code does here.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.deploy import curl
from local.deploy.commands import Commands, Ran
from local.deploy.target import NotDeployed, Target
from local.environment import ROOT
from shared.pipeline import MAINTAIN

# What Google answers in the function's place, as long as a new service or grant is not known everywhere.
NOT_YET: Final = frozenset({401, 403, 404, 429, 502, 503})
TRIES: Final = 18
PAUSE_SECONDS: Final = 10.0

# Carries out one order; returns the answer, and its HTTP status.
Post = Callable[[Mapping[str, Any]], tuple[Ran, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """Where the database stands."""

    schema: str | None
    newest: str
    books: tuple[str, ...]
    passwords: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Whatever carries out orders, as whoever deploys reaches it."""

    post: Post
    sleep: Callable[[float], None] = time.sleep

    def bring_in_step(self, *, users: Sequence[str], accounts: Sequence[Mapping[str, Any]] = ()) -> Maintained:
        """Bring the database in step with the code; NotDeployed where it is not afterwards."""
        return self._call({"users": list(users), "accounts": list(accounts)})

    def look(self) -> Maintained:
        """Where the database stands; changes nothing."""
        return self._call({"look": True})

    def _call(self, order: Mapping[str, Any]) -> Maintained:
        for _ in range(TRIES):
            asked, status = self.post(order)
            answer = _parsed(asked.out)
            if answer is not None or status not in NOT_YET:
                break
            self.sleep(PAUSE_SECONDS)
        if asked.code != 0 or status != 200 or answer is None:
            differences = "; ".join(answer.get("differences", ())) if answer else ""
            reason = differences or (answer or {}).get("error") or (asked.reason if asked.code else f"HTTP {status}")
            raise NotDeployed(f"The database is not in step with the code: {reason}", code="not_migrated")
        return Maintained(
            schema=answer["schema"],
            newest=answer["newest"],
            books=tuple(answer["books"]),
            passwords=answer["passwords"],
        )


def by_function(commands: Commands, url: str, *, deployer: str) -> Post:
    """Orders go to the private function; `deployer`, as IAM names members, is let in."""

    def post(order: Mapping[str, Any]) -> tuple[Ran, int]:
        # A person's token is for any service that lets them in; a service account's names the one it is for.
        audience = [f"--audiences={url}"] if deployer.startswith("serviceAccount:") else []
        token = commands.run(["gcloud", "auth", "print-identity-token", *audience])
        if token.code != 0:
            raise NotDeployed(f"There is no identity to call {MAINTAIN.name} with: {token.reason}", code="no_login")
        words = ["curl", "--silent", "--show-error", "--max-time", str(MAINTAIN.timeout)]
        words += ["--write-out", "\\n%{http_code}", "--config", "-"]
        return _answered(commands.run(words, given=curl.config(url, token.out, body=json.dumps(order))))

    return post


def from_here(commands: Commands, target: Target, secret: Mapping[str, str]) -> Post:
    """Orders are carried out on this machine, by the function's code, through the database's public address.

    `secret` is the owner's URL, as {name, version}; its value goes from one command's output to another's input.
    """

    def post(order: Mapping[str, Any]) -> tuple[Ran, int]:
        words = ["gcloud", "secrets", "versions", "access", secret["version"], f"--secret={secret['name']}"]
        url = commands.run([*words, f"--project={target.project}"])
        if url.code != 0:
            raise NotDeployed(f"The secret {secret['name']} cannot be read: {url.reason}", code="secret_not_seen")
        # The connector signs in as Terraform does; a person's calls are counted to no project unless one is named.
        environment = os.environ | {"PYTHONPATH": str(ROOT), "GOOGLE_CLOUD_QUOTA_PROJECT": target.project}
        return _answered(
            commands.run(
                [sys.executable, "-P", "-m", "local.deploy.maintain_here"],
                given=json.dumps({"url": f"{url.out.strip().partition('?')[0]}?ip_type=public", "order": order}),
                environment=environment,
            )
        )

    return post


def _answered(ran: Ran) -> tuple[Ran, int]:
    """Take off the answer's last line, which is the HTTP status."""
    body, _, status = ran.out.rpartition("\n")
    return Ran(ran.code, body, ran.err), int(status) if status.isdecimal() else 0


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

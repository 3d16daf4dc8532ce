"""Calls of the private function `maintain`: migrations, the enum gate and accounts, inside the network."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.deploy import curl
from local.deploy.commands import Commands, Ran
from local.deploy.target import NotDeployed
from shared.pipeline import MAINTAIN

# What Google answers in the function's place, as long as a new service or grant is not known everywhere.
NOT_YET: Final = frozenset({401, 403, 404, 429, 502, 503})
TRIES: Final = 18
PAUSE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """Where the database stands."""

    schema: str | None
    newest: str
    books: tuple[str, ...]
    passwords: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """The function of one deployment, as whoever deploys calls it."""

    commands: Commands
    url: str
    deployer: str  # as IAM names members
    sleep: Callable[[float], None] = time.sleep

    def bring_in_step(self, *, users: Sequence[str], accounts: Sequence[Mapping[str, Any]] = ()) -> Maintained:
        """Bring the database in step with the function's code; NotDeployed where it is not afterwards."""
        return self._call({"users": list(users), "accounts": list(accounts)})

    def look(self) -> Maintained:
        """Where the database stands; changes nothing."""
        return self._call({"look": True})

    def _call(self, order: Mapping[str, Any]) -> Maintained:
        for _ in range(TRIES):
            asked, status = self._post(order)
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

    def _post(self, order: Mapping[str, Any]) -> tuple[Ran, int]:
        """Call it once; return the answer without its last line, which is the HTTP status."""
        # A person's token is for any service that lets them in; a service account's names the one it is for.
        audience = [f"--audiences={self.url}"] if self.deployer.startswith("serviceAccount:") else []
        token = self.commands.run(["gcloud", "auth", "print-identity-token", *audience])
        if token.code != 0:
            raise NotDeployed(f"There is no identity to call {MAINTAIN.name} with: {token.reason}", code="no_login")
        words = ["curl", "--silent", "--show-error", "--max-time", str(MAINTAIN.timeout)]
        words += ["--write-out", "\\n%{http_code}", "--config", "-"]
        asked = self.commands.run(words, given=curl.config(self.url, token.out, body=json.dumps(order)))
        body, _, status = asked.out.rpartition("\n")
        return Ran(asked.code, body, asked.err), int(status) if status.isdecimal() else 0


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

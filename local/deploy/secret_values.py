"""First values of the secrets that can be made here; they go from this process into Secret Manager and nowhere else."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from local.deploy.commands import Commands
from local.deploy.preflight import curl_config
from local.deploy.target import NotDeployed, Target
from local.deploy.terraform import SecretUse
from shared.cloudsql_url import SCHEME as CLOUD_SQL

OWNER: Final = "vividly-owner"  # the database user that owns the tables; `maintain` alone signs in as it
RANDOM: Final = frozenset({"secret_key", "webhook_secret"})


def fill(commands: Commands, target: Target, uses: list[SecretUse], outputs: Mapping[str, Any]) -> list[str]:
    """Give every secret that has no version its first one; return the settings whose value only a person knows."""
    unknown = []
    for use in uses:
        if _has_version(commands, target, use):
            continue
        value = _value(commands, target, use.setting, outputs)
        if value is None:
            unknown.append(use.name)
            continue
        words = ["gcloud", "secrets", "versions", "add", use.name, f"--project={target.project}", "--data-file=-"]
        added = commands.run(words, given=value)
        if added.code != 0:
            raise NotDeployed(
                f"The secret {use.name} could not be given a value: {added.reason}", code="secret_not_set"
            )
    return unknown


def _has_version(commands: Commands, target: Target, use: SecretUse) -> bool:
    words = ["gcloud", "secrets", "versions", "list", use.name, f"--project={target.project}", "--format=value(name)"]
    shown = commands.run(words)
    if shown.code != 0:
        raise NotDeployed(f"The secret {use.name} cannot be seen: {shown.reason}", code="secret_not_seen")
    return bool(shown.out.strip())


def _value(commands: Commands, target: Target, setting: str, outputs: Mapping[str, Any]) -> str | None:
    place = f"{outputs['database_instance']}/{outputs['database_name']}?ip_type=private"
    if setting in RANDOM:
        return secrets.token_urlsafe(48)
    if setting == "database_url":
        return f"{CLOUD_SQL}{place}"
    if setting == "database_owner_url":
        return f"{CLOUD_SQL}{OWNER}:{_owner(commands, target, outputs['database_instance'])}@{place}"
    return None


def _owner(commands: Commands, target: Target, connection_name: str) -> str:
    """Make the owner, or give it a new password; return the password."""
    password = secrets.token_urlsafe(32)
    instance = connection_name.rpartition(":")[2]
    token = commands.run(["gcloud", "auth", "print-access-token"])
    url = f"https://sqladmin.googleapis.com/v1/projects/{target.project}/instances/{instance}/users"
    body = json.dumps({"name": OWNER, "password": password})
    words = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "60", "--config", "-"]
    made = commands.run(words, given=curl_config(url, token.out, body=body))
    if token.code != 0 or made.code != 0:
        reason = made.reason if token.code == 0 else token.reason
        raise NotDeployed(f"The database user {OWNER} could not be made: {reason}", code="owner_not_made")
    return password

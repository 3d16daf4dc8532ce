"""First values of the secrets that can be made here; they go from this process into Secret Manager and nowhere else."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from local.deploy import curl
from local.deploy.commands import Commands, Ran
from local.deploy.plan import SecretUse
from local.deploy.target import NotDeployed, Target
from shared.cloudsql_url import SCHEME as CLOUD_SQL

OWNER: Final = "vividly-owner"  # the database user that owns the tables; `maintain` alone signs in as it
RANDOM: Final = frozenset({"secret_key", "webhook_secret"})
FIRST: Final = "1"  # the number that Secret Manager gives a secret's first version
MADE_HERE: Final = RANDOM | {"database_url", "database_owner_url"}


def fill(commands: Commands, target: Target, uses: list[SecretUse], outputs: Mapping[str, Any]) -> list[str]:
    """Give every secret that has no version its first one; return the names of those that only a person can fill."""
    unknown = []
    for use in uses:
        if has_version(commands, target, use):
            continue
        if use.version != FIRST:
            raise NotDeployed(
                f"The secret {use.name} has no version yet: the first is {FIRST}, not {use.version} (secret_versions).",
                code="secret_not_set",
            )
        if use.setting not in MADE_HERE:
            unknown.append(use.name)
            continue
        words = ["gcloud", "secrets", "versions", "add", use.name, f"--project={target.project}", "--data-file=-"]
        added = commands.run(words, given=_value(commands, target, use.setting, outputs))
        if added.code != 0:
            raise NotDeployed(
                f"The secret {use.name} could not be given a value: {added.reason}", code="secret_not_set"
            )
    return unknown


def has_version(commands: Commands, target: Target, use: SecretUse) -> bool:
    """Whether the secret was ever given a value; NotDeployed where that cannot be seen."""
    words = ["gcloud", "secrets", "versions", "list", use.name, f"--project={target.project}", "--format=value(name)"]
    shown = commands.run(words)
    if shown.code != 0:
        raise NotDeployed(f"The secret {use.name} cannot be seen: {shown.reason}", code="secret_not_seen")
    return bool(shown.out.strip())


def _value(commands: Commands, target: Target, setting: str, outputs: Mapping[str, Any]) -> str:
    if setting in RANDOM:
        return secrets.token_urlsafe(48)
    place = f"{outputs['database_instance']}/{outputs['database_name']}?ip_type=private"
    if setting == "database_url":
        return f"{CLOUD_SQL}{place}"
    return f"{CLOUD_SQL}{OWNER}:{_owner(commands, target, outputs['database_instance'])}@{place}"


def _owner(commands: Commands, target: Target, connection_name: str) -> str:
    """Make the owner, or give it a new password; return the password."""
    instance = connection_name.rpartition(":")[2]
    users = f"https://sqladmin.googleapis.com/v1/projects/{target.project}/instances/{instance}/users"
    password = secrets.token_urlsafe(32)
    body = json.dumps({"name": OWNER, "password": password})
    known = curl.ask_google(commands, users, project=target.project)
    _refuse(known)
    if OWNER in [user.get("name") for user in json.loads(known.out).get("items", ())]:
        changed = curl.ask_google(commands, f"{users}?name={OWNER}", project=target.project, body=body, method="PUT")
    else:
        changed = curl.ask_google(commands, users, project=target.project, body=body)
    _refuse(changed)
    operation = json.loads(changed.out)["name"]
    _refuse(commands.run(["gcloud", "sql", "operations", "wait", operation, f"--project={target.project}"]))
    return password


def _refuse(ran: Ran) -> None:
    if ran.code != 0:
        raise NotDeployed(f"The database user {OWNER} could not be made: {ran.reason}", code="owner_not_made")

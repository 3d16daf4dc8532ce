"""What a plan takes for granted, and what it would destroy: looked at before anything is touched."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.deploy import curl, secret_values
from local.deploy.commands import Commands
from local.deploy.plan import SecretUse, creates, destroys, planned_database, planned_settings, secret_uses
from local.deploy.target import Target
from shared import cloudsql_url
from shared.enums import Port
from shared.parts import PARTS

MODELS: Final = {
    Port.WRITER: "WRITER_MODEL",
    Port.ILLUSTRATOR: "ILLUSTRATION_MODEL",
    Port.EMBEDDINGS: "EMBEDDING_MODEL",
}
MODEL_SERVICE: Final = "aiplatform.googleapis.com"
# What cannot be made again from the code.
KEEPERS: Final = (
    "google_sql_database_instance",
    "google_sql_database",
    "google_storage_bucket",
    "google_firestore_database",
)


def problems(commands: Commands, target: Target, plan: Mapping[str, Any]) -> list[str]:
    """Problems of the plan: what it would destroy; its secrets, who reads them, models.

    What the plan itself makes is not looked for: secrets and grants are made and filled on the way, and models can be
    asked for once their service is on.
    """
    return [
        *_destroyed(plan),
        *_secrets(commands, target, plan),
        *([] if MODEL_SERVICE in _switched_on(plan) else models(commands, target, plan)),
    ]


def _destroyed(plan: Mapping[str, Any]) -> Iterator[str]:
    for kind in KEEPERS:
        for address in destroys(plan, kind):
            yield f"The plan destroys {address} and all that is in it: if you mean it, ./deploy.sh destroy."


def _switched_on(plan: Mapping[str, Any]) -> set[str]:
    return {f"{name}.googleapis.com" for name in creates(plan, "google_project_service")}


def models(commands: Commands, target: Target, plan: Mapping[str, Any]) -> list[str]:
    """Problems of the models that the functions are told to call; asked of the publisher's catalogue, for nothing."""
    told = planned_settings(plan)
    found = []
    for port, setting in MODELS.items():
        if told.get(PARTS[port].setting.upper(), "") not in ("gemini", "vertex"):
            continue
        location, model = told["VERTEX_LOCATION"], told[setting]
        host = MODEL_SERVICE if location == "global" else f"{location}-{MODEL_SERVICE}"
        url = f"https://{host}/v1beta1/publishers/google/models/{model}"
        asked = curl.ask_google(commands, url, project=target.project)
        if asked.code != 0:
            found.append(f"The model {model} is not to be had in {location}: {asked.reason}")
    return found


def _secrets(commands: Commands, target: Target, plan: Mapping[str, Any]) -> Iterator[str]:
    new = set(creates(plan, "google_secret_manager_secret"))
    granted = set(creates(plan, "google_secret_manager_secret_iam_member"))
    for use in secret_uses(plan):
        if use.setting in new or _made_on_the_way(commands, target, use):
            continue
        wrong = _version(commands, target, use)
        yield from wrong
        if not wrong and use.setting in ("database_url", "database_owner_url"):
            yield from _database_url(commands, target, use, planned_database(plan))
        yield from _readers(commands, target, use, granted)


def _made_on_the_way(commands: Commands, target: Target, use: SecretUse) -> bool:
    """Whether a deployment that ended halfway made the secret, and this one gives it its first value."""
    made_here = use.setting in secret_values.MADE_HERE and use.version == secret_values.FIRST
    return made_here and not secret_values.has_version(commands, target, use)


def _version(commands: Commands, target: Target, use: SecretUse) -> list[str]:
    """What is wrong with the version that is read."""
    words = ["gcloud", "secrets", "versions", "describe", use.version, f"--secret={use.name}"]
    shown = commands.run([*words, f"--project={target.project}", "--format=value(state)"])
    state = shown.out.strip().upper()
    if shown.code == 0:
        return [] if state == "ENABLED" else [f"Version {use.version} of the secret {use.name} is {state.lower()}."]
    return [
        f"The secret {use.name} has no version {use.version} ({shown.reason}): "
        f"gcloud secrets versions add {use.name} --project={target.project} --data-file=-"
    ]


def _database_url(commands: Commands, target: Target, use: SecretUse, instance: str) -> Iterator[str]:
    """Look whether the URL leads to this environment's database; its value is shown to nobody."""
    words = ["gcloud", "secrets", "versions", "access", use.version, f"--secret={use.name}"]
    shown = commands.run([*words, f"--project={target.project}"])
    if shown.code != 0:
        yield f"The secret {use.name} cannot be looked at: {shown.reason}"
        return
    url = shown.out.strip()
    if not cloudsql_url.is_sound(url):
        yield f"The secret {use.name} is no URL of a Cloud SQL database: cloudsql://project:region:instance/name."
    elif instance and cloudsql_url.parse(url).instance != instance:
        yield f"The secret {use.name} leads to another database than {instance}."
    elif cloudsql_url.names_a_user(url) is not (use.setting == "database_owner_url"):
        yield f"The secret {use.name} must name a user and a password for the owner, and nobody for the functions."


def _readers(commands: Commands, target: Target, use: SecretUse, granted: set[str]) -> Iterator[str]:
    words = ["gcloud", "secrets", "get-iam-policy", use.name, f"--project={target.project}", "--format=json"]
    policy = commands.run(words)
    if policy.code != 0:
        yield f"Who reads the secret {use.name} cannot be seen: {policy.reason}"
        return
    readers = {
        member
        for binding in json.loads(policy.out).get("bindings", ())
        if binding["role"] == "roles/secretmanager.secretAccessor"
        for member in binding["members"]
    }
    missing = [
        account
        for function, account in use.readers.items()
        if f"serviceAccount:{account}" not in readers and f"{function}/{use.setting}" not in granted
    ]
    if missing:
        yield f"The secret {use.name} cannot be read by {', '.join(missing)}: the instances would not start."

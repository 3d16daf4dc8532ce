"""What has to be so before anything is touched. Everything is looked at, and every problem told at once."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.deploy import terraform
from local.deploy.commands import Commands
from local.deploy.target import TERRAFORM, NotDeployed, Target
from local.deploy.terraform import PROGRAM, SecretUse
from local.environment import ROOT
from local.generated import files
from shared.enums import Port
from shared.parts import PARTS

# Without these Terraform cannot switch on the others.
FIRST_SERVICES: Final = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")

MODELS: Final = {
    Port.WRITER: "WRITER_MODEL",
    Port.ILLUSTRATOR: "ILLUSTRATION_MODEL",
    Port.EMBEDDINGS: "EMBEDDING_MODEL",
}


def on_this_machine(commands: Commands) -> list[str]:
    """Problems of the checkout and the tools; nothing outside is asked."""
    return [*_tools(commands), *_checkout(commands)]


def _tools(commands: Commands) -> Iterator[str]:
    for tool, words in {
        "git": ["git", "--version"],
        "gcloud": ["gcloud", "--version"],
        "curl": ["curl", "--version"],
    }.items():
        if commands.run(words).code != 0:
            yield f"{tool} is not installed."
    shown = commands.run([PROGRAM, "version", "-json"])
    if shown.code != 0:
        yield f"{PROGRAM} is not installed."
        return
    needed = re.search(r'required_version = ">= ([\d.]+)"', (TERRAFORM / "versions.tf").read_text(encoding="utf-8"))
    found = str(json.loads(shown.out)["terraform_version"])
    if needed is None:
        yield "terraform/versions.tf does not say which Terraform is needed."
    elif _number(found) < _number(needed[1]):
        yield f"Terraform {found} is older than the {needed[1]} that is needed."


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _checkout(commands: Commands) -> Iterator[str]:
    changed = commands.run(["git", "-C", str(ROOT), "status", "--porcelain"])
    if changed.code != 0:
        yield f"git does not know this folder: {changed.reason}"
    elif changed.out.strip():
        count = len(changed.out.strip().splitlines())
        yield f"{count} files are not committed: what is deployed is a commit. Commit or stash them."
    stale = [path.relative_to(ROOT) for path, text in files().items() if _read(path) != text]
    if stale:
        yield f"{', '.join(map(str, stale))} is stale: ./run.sh generate, and commit."


def _read(path: Any) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass(frozen=True, slots=True)
class Login:
    """Who deploys, as IAM names members."""

    member: str


def login(commands: Commands) -> Login:
    """The active account; NotDeployed where nobody is signed in."""
    shown = commands.run(["gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=value(account)"])
    account = shown.out.strip()
    if shown.code != 0 or not account:
        raise NotDeployed(
            "Nobody is signed in: gcloud auth login, and gcloud auth application-default login.", code="no_login"
        )
    kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
    return Login(f"{kind}:{account}")


def on_the_project(commands: Commands, target: Target) -> list[str]:
    """Problems of the project and of what `bootstrap` makes."""
    shown = commands.run(["gcloud", "projects", "describe", target.project, "--format=json"])
    if shown.code != 0:
        return [f"The project {target.project} does not exist, or is not yours to see: {shown.reason}"]
    problems = []
    state = json.loads(shown.out).get("lifecycleState")
    if state != "ACTIVE":
        problems.append(f"The project {target.project} is {state}.")
    billing = commands.run(["gcloud", "billing", "projects", "describe", target.project, "--format=json"])
    if billing.code != 0:
        problems.append(f"Whether {target.project} is billed cannot be seen: {billing.reason}")
    elif not json.loads(billing.out).get("billingEnabled"):
        problems.append(f"{target.project} has no billing account: gcloud billing projects link {target.project} …")
    enabled = commands.run(
        ["gcloud", "services", "list", "--enabled", f"--project={target.project}", "--format=value(config.name)"]
    )
    missing = [name for name in FIRST_SERVICES if name not in enabled.out.split()]
    if enabled.code != 0:
        problems.append(f"Which APIs are on cannot be seen: {enabled.reason}")
    elif missing:
        problems.append(f"APIs are off: gcloud services enable {' '.join(missing)} --project={target.project}")
    wanted = (target.state_bucket, target.code_bucket)
    lacking = [bucket for bucket in wanted if not _has_bucket(commands, bucket)]
    if lacking:
        problems.append(f"There is no bucket {' and no '.join(lacking)}: ./deploy.sh bootstrap makes them.")
    return problems


def _has_bucket(commands: Commands, bucket: str) -> bool:
    words = ["gcloud", "storage", "buckets", "describe", f"gs://{bucket}", "--format=value(name)"]
    return commands.run(words).code == 0


def on_the_plan(commands: Commands, target: Target, plan: Mapping[str, Any]) -> list[str]:
    """Problems of what the plan takes for granted: secrets, who reads them, models.

    Secrets and grants that the plan itself makes are made and filled on the way.
    """
    new = set(terraform.creates(plan, "google_secret_manager_secret"))
    granted = set(terraform.creates(plan, "google_secret_manager_secret_iam_member"))
    problems = [
        found
        for use in terraform.secret_uses(plan)
        if use.setting not in new
        for found in _secret(commands, target, use, granted)
    ]
    told = terraform.planned_settings(plan)
    for port, setting in MODELS.items():
        if told.get(PARTS[port].setting.upper(), "") in ("gemini", "vertex"):
            problems += _model(commands, told["VERTEX_LOCATION"], told[setting])
    return problems


def _secret(commands: Commands, target: Target, use: SecretUse, granted: set[str]) -> Iterator[str]:
    project = f"--project={target.project}"
    shown = commands.run(
        [
            "gcloud",
            "secrets",
            "versions",
            "describe",
            use.version,
            f"--secret={use.name}",
            project,
            "--format=value(state)",
        ]
    )
    if shown.code != 0:
        yield (
            f"The secret {use.name} has no version {use.version}: "
            f"gcloud secrets versions add {use.name} {project} --data-file=-"
        )
        return
    if shown.out.strip().upper() != "ENABLED":
        yield f"Version {use.version} of the secret {use.name} is {shown.out.strip().lower()}."
    policy = commands.run(["gcloud", "secrets", "get-iam-policy", use.name, project, "--format=json"])
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


def _model(commands: Commands, location: str, model: str) -> Iterator[str]:
    """Ask the publisher's catalogue, which costs nothing."""
    token = commands.run(["gcloud", "auth", "print-access-token"])
    if token.code != 0:
        yield f"Whether the model {model} is there cannot be asked: {token.reason}"
        return
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    url = f"https://{host}/v1beta1/publishers/google/models/{model}"
    asked = commands.run(
        ["curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--config", "-"],
        given=curl_config(url, token.out),
    )
    if asked.code != 0:
        yield f"The model {model} is not to be had in {location}: {asked.reason}"


def curl_config(url: str, token: str, *, body: str | None = None) -> str:
    """What curl reads from its standard input, so that neither token nor body is among its words."""
    lines = [f'url = "{url}"', f'header = "Authorization: Bearer {token.strip()}"']
    if body is not None:
        escaped = body.replace("\\", "\\\\").replace('"', '\\"')
        lines += ['header = "Content-Type: application/json"', 'request = "POST"', f'data-raw = "{escaped}"']
    return "\n".join(lines) + "\n"

"""What has to be so before anything is touched. Everything is looked at, and every problem told at once."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.deploy.commands import Commands
from local.deploy.target import TERRAFORM, NotDeployed, Target, code_bucket, state_bucket
from local.deploy.terraform import PROGRAM
from local.environment import ROOT
from local.generated import files

# Without these Terraform cannot switch on the others, and nobody can see whether there is billing.
FIRST_SERVICES: Final = (
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "serviceusage.googleapis.com",
)
# What Terraform signs in with where it is told so; otherwise with the default credentials of the machine.
CREDENTIALS: Final = ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CREDENTIALS")


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


def credentials(commands: Commands, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The problem with what Terraform signs in with, which is not gcloud's own login."""
    if any(environ.get(name) for name in CREDENTIALS):
        return []
    shown = commands.run(["gcloud", "auth", "application-default", "print-access-token"])
    if shown.code == 0:
        return []
    return [f"Terraform cannot sign in: gcloud auth application-default login ({shown.reason})"]


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
    lacking = lacking_buckets(commands, target.project)
    if lacking:
        problems.append(f"There is no bucket {' and no '.join(lacking)}: ./deploy.sh bootstrap makes them.")
    return problems


def lacking_buckets(commands: Commands, project: str) -> list[str]:
    """Which of the buckets that `bootstrap` makes are not there."""
    return [
        bucket
        for bucket in (state_bucket(project), code_bucket(project))
        if commands.run(["gcloud", "storage", "buckets", "describe", f"gs://{bucket}", "--format=value(name)"]).code
    ]

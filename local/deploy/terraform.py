"""Terraform, for one target: what it plans, applies and knows."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.deploy.commands import Commands, Ran
from local.deploy.target import TERRAFORM, NotDeployed, Target

NOTHING, FAILED, CHANGES = 0, 1, 2  # exit codes of `plan -detailed-exitcode`
PROGRAM: Final = os.environ.get("TERRAFORM", "terraform")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the functions run, and what `maintain` runs. Empty names: nothing yet."""

    serving: str = ""
    commit: str = ""
    migration: str = ""


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One secret as the plan has it: its full name, the version that is read, and by which accounts."""

    setting: str
    name: str
    version: str
    readers: Mapping[str, str]  # function: its account


class Terraform:
    """Runs terraform on `terraform/` for one target; its working files lie in `folder`, not in the checkout."""

    def __init__(self, commands: Commands, target: Target, folder: Path, *, deployer: str) -> None:
        self._commands = commands
        self._target = target
        self._folder = folder
        self._deployer = deployer

    def init(self) -> None:
        """Fetch the provider and open the state; NotDeployed where that fails."""
        backend = (
            f"-backend-config=bucket={self._target.state_bucket}",
            f"-backend-config=prefix=vividly/{self._target.environment}",
        )
        done = self._run("init", "-input=false", "-reconfigure", *backend)
        if done.code != 0:
            raise NotDeployed(f"terraform init failed: {done.reason}", code="terraform_failed")

    def outputs(self) -> dict[str, Any]:
        """The outputs of what was applied last; empty before the first time."""
        done = self._run("output", "-json")
        if done.code != 0:
            raise NotDeployed(f"terraform output failed: {done.reason}", code="terraform_failed")
        known: dict[str, Any] = json.loads(done.out or "{}")
        return {name: output["value"] for name, output in known.items()}

    def release(self) -> Release:
        """What serves now."""
        known = self.outputs()
        serving = known.get("serving") or {}
        return Release(
            serving=serving.get("archive", ""),
            commit=serving.get("commit", ""),
            migration=known.get("migration_archive", ""),
        )

    def plan(self, release: Release, *, shown: bool = True) -> bool:
        """Plan the release into a file; tell whether it changes anything. Shows the plan to the person."""
        done = self._run(
            "plan", "-input=false", "-detailed-exitcode", f"-out={self._plan}", *self._variables(release), shown=shown
        )
        if done.code == FAILED or done.code not in (NOTHING, CHANGES):
            raise NotDeployed("terraform refused the plan: see above.", code="plan_refused")
        return done.code == CHANGES

    def planned(self) -> dict[str, Any]:
        """The plan that was made last, as Terraform's JSON."""
        done = self._run("show", "-json", str(self._plan))
        if done.code != 0:
            raise NotDeployed(f"terraform show failed: {done.reason}", code="terraform_failed")
        found: dict[str, Any] = json.loads(done.out)
        return found

    def apply(self, release: Release, *, only: str | None = None) -> None:
        """Make it so, or `only` the resources of one kind; NotDeployed where it ends halfway: run it again to go on."""
        target = [f"-target={only}.this"] if only else []
        done = self._run("apply", "-input=false", "-auto-approve", *target, *self._variables(release), shown=True)
        if done.code != 0:
            raise NotDeployed("terraform apply ended halfway: see above. Run it again to go on.", code="half_applied")

    def destroy(self, release: Release) -> None:
        """Take everything down that is not protected."""
        done = self._run("destroy", "-input=false", "-auto-approve", *self._variables(release), shown=True)
        if done.code != 0:
            raise NotDeployed("terraform destroy ended halfway: see above.", code="half_destroyed")

    @property
    def _plan(self) -> Path:
        return self._folder / f"{self._target.environment}.plan"

    def _variables(self, release: Release) -> Sequence[str]:
        values = {
            "project_id": self._target.project,
            "code_bucket": self._target.code_bucket,
            "deployers": json.dumps([self._deployer]),
            "serving_archive": release.serving,
            "migration_archive": release.migration,
            "commit": release.commit or "unknown",
        }
        return [f"-var-file={self._target.variables}", *(f"-var={name}={value}" for name, value in values.items())]

    def _run(self, *words: str, shown: bool = False) -> Ran:
        environment = os.environ | {"TF_DATA_DIR": str(self._folder / "data"), "TF_IN_AUTOMATION": "true"}
        return self._commands.run([PROGRAM, f"-chdir={TERRAFORM}", *words], shown=shown, environment=environment)


def resources(plan: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the planned resources of a kind: (key, values); the key is empty for a single one."""
    for found in plan["planned_values"]["root_module"].get("resources", ()):
        if found["type"] == kind and found["mode"] == "managed":
            yield str(found.get("index", "")), found["values"]


def creates(plan: Mapping[str, Any], kind: str) -> list[str]:
    """The resources of a kind that are not there yet, by their keys."""
    return [
        str(change.get("index", ""))
        for change in plan.get("resource_changes", ())
        if change["type"] == kind and "create" in change["change"]["actions"]
    ]


def accounts(plan: Mapping[str, Any]) -> dict[str, str]:
    """Each function's service account, by the function."""
    return {
        function: f"{values['account_id']}@{values['project']}.iam.gserviceaccount.com"
        for function, values in resources(plan, "google_service_account")
        if function
    }


def secret_uses(plan: Mapping[str, Any]) -> list[SecretUse]:
    """Every secret of a plan, with the accounts that are granted it."""
    versions = plan["planned_values"]["outputs"]["secrets"]["value"]
    account_of = accounts(plan)
    granted: dict[str, dict[str, str]] = {}
    for key, _ in resources(plan, "google_secret_manager_secret_iam_member"):
        function, _, setting = key.partition("/")
        granted.setdefault(setting, {})[function] = account_of[function]
    return [
        SecretUse(
            setting,
            values["secret_id"],
            str(versions[setting.replace("_", "-")]["version"]),
            granted.get(setting, {}),
        )
        for setting, values in resources(plan, "google_secret_manager_secret")
    ]


def planned_settings(plan: Mapping[str, Any]) -> dict[str, str]:
    """The variables that any function is told, by name."""
    told: dict[str, str] = {}
    for _, values in resources(plan, "google_cloudfunctions2_function"):
        told |= values["service_config"][0]["environment_variables"]
    return told

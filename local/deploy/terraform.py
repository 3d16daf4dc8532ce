"""Terraform, for one target: what it plans, applies and knows."""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.deploy.commands import Commands, Ran
from local.deploy.plan import FUNCTION
from local.deploy.target import TERRAFORM, NotDeployed, Target, code_bucket, state_bucket
from local.environment import ROOT
from shared.pipeline import MAINTAIN

NOTHING, FAILED, CHANGES = 0, 1, 2  # exit codes of `plan -detailed-exitcode`
PROGRAM: Final = os.environ.get("TERRAFORM", "terraform")

SECRETS: Final = ("google_secret_manager_secret.this",)
# `maintain` and who may call it, with all that they rest on and nothing else.
MAINTENANCE: Final = (
    f'{FUNCTION}.this["{MAINTAIN.name}"]',
    "google_cloud_run_v2_service_iam_member.deployer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the functions run. Empty names: nothing yet."""

    serving: str = ""
    commit: str = ""


class Terraform:
    """Runs terraform for one target, on `terraform/` or on the `configuration` of an earlier commit.

    Its working files lie in `folder`, not in the checkout.
    """

    def __init__(
        self, commands: Commands, target: Target, folder: Path, *, deployer: str, configuration: Path | None = None
    ) -> None:
        self._commands = commands
        self._target = target
        self._folder = folder
        self._deployer = deployer
        self._configuration = configuration or TERRAFORM

    def as_of(self, commit: str) -> "Terraform":
        """The same with the configuration of that commit, where git has it; this one otherwise.

        Code of before under a configuration of now may miss a setting or a function that has come or gone since.
        """
        packed, folder = self._folder / "before.zip", self._folder / "before"
        words = ["git", "-C", str(ROOT), "archive", "--format=zip", f"--output={packed}", commit, "terraform"]
        if self._commands.run(words).code != 0:
            return self
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(packed) as files:
            files.extractall(folder)
        before = Terraform(
            self._commands,
            self._target,
            self._folder,
            deployer=self._deployer,
            configuration=folder / "terraform",
        )
        before.init()
        return before

    def init(self) -> None:
        """Fetch the provider and open the state; NotDeployed where that fails."""
        backend = (
            f"-backend-config=bucket={state_bucket(self._target.project)}",
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
        """What all functions serve since the last deployment that went through."""
        serving = self.outputs().get("serving") or {}
        return Release(serving=serving.get("archive", ""), commit=serving.get("commit", ""))

    def plan(self, release: Release, *, migration: str, anew: Sequence[str] = (), shown: bool = True) -> bool:
        """Plan the release into a file; tell whether it changes anything. Shows the plan to the person, if `shown`.

        `migration` is the archive that `maintain` runs; the resources of `anew` are replaced in any case.
        """
        words = ["-input=false", "-detailed-exitcode", f"-out={self._plan}", *_each("replace", anew)]
        done = self._run("plan", *words, *self._variables(release, migration), shown=shown)
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

    def apply(self, release: Release, *, migration: str, only: Sequence[str] = (), anew: Sequence[str] = ()) -> None:
        """Make it so, or `only` some resources and what they rest on; NotDeployed where it ends halfway."""
        words = ["-input=false", "-auto-approve", *_each("target", only), *_each("replace", anew)]
        done = self._run("apply", *words, *self._variables(release, migration), shown=True)
        if done.code != 0:
            raise NotDeployed("terraform apply ended halfway: see above. Run it again to go on.", code="half_applied")

    def destroy(self, release: Release) -> None:
        """Take everything down that is not protected."""
        words = ["-input=false", "-auto-approve", *self._variables(release, release.serving)]
        done = self._run("destroy", *words, shown=True)
        if done.code != 0:
            raise NotDeployed("terraform destroy ended halfway: see above.", code="half_destroyed")

    @property
    def _plan(self) -> Path:
        return self._folder / f"{self._target.environment}.plan"

    def _variables(self, release: Release, migration: str) -> Sequence[str]:
        values = {
            "project_id": self._target.project,
            "code_bucket": code_bucket(self._target.project),
            "deployer": self._deployer,
            "serving_archive": release.serving,
            "migration_archive": migration,
            "commit": release.commit or "unknown",
        }
        file = self._configuration / "environments" / f"{self._target.environment}.tfvars"
        text = (self._configuration / "variables.tf").read_text(encoding="utf-8")
        declared = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
        return [f"-var-file={file}", *(f"-var={name}={values[name]}" for name in values if name in declared)]

    def _run(self, *words: str, shown: bool = False) -> Ran:
        environment = os.environ | {"TF_DATA_DIR": str(self._folder / "data"), "TF_IN_AUTOMATION": "true"}
        words = (PROGRAM, f"-chdir={self._configuration}", *words)
        return self._commands.run(words, shown=shown, environment=environment)


def _each(option: str, addresses: Sequence[str]) -> list[str]:
    return [f"-{option}={address}" for address in addresses]

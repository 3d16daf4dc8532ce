"""The same deployment with the real Terraform, through a provider that reaches no cloud; gcloud and curl are recorded."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.deploy import deployment, preflight, terraform
from local.deploy.commands import RealCommands, Ran
from local.deploy.target import Target
from local.environment import ROOT
from tests.conftest import missing
from tests.deploy.test_deploy import Deployer, steps
from tests.deploy.world import PROJECT, World


@dataclass
class WithTerraform(World):
    """Terraform is run; its state decides what there is."""

    def run(
        self,
        words: Sequence[str],
        *,
        given: str | None = None,
        shown: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        if words[0] != terraform.PROGRAM:
            return super().run(words, given=given, shown=shown, environment=environment)
        self.ran.append(" ".join(words))
        done = RealCommands().run(words, environment=environment)
        assert done.code in (0, 2), done.out + done.err
        if "apply" in words:
            self._know()
        return done

    def _know(self) -> None:
        """Learn what the apply made: secrets, and where `maintain` is."""
        shown = RealCommands().run([terraform.PROGRAM, f"-chdir={terraform.TERRAFORM}", "output", "-json"])
        outputs = json.loads(shown.out)
        for name in outputs["secrets"]["value"]:
            self.versions.setdefault(name.replace("-", "_"), [])
        self.maintain_url = outputs["maintain_url"]["value"] or "https://nowhere"
        self.applied = {"commit": outputs["serving"]["value"]["commit"]}


@pytest.fixture
def deployer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    """Deploys a copy of `terraform/`, whose state is forgotten in the end."""
    program = shutil.which(os.environ.get("TERRAFORM", "terraform"))
    folder = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", folder, ignore=shutil.ignore_patterns(".terraform*"))
    if program is None or subprocess.run([program, f"-chdir={folder}", "forget"], capture_output=True).returncode != 0:
        missing("this needs a terraform whose google provider reaches no cloud")
    monkeypatch.setattr(terraform, "PROGRAM", program)
    monkeypatch.setattr(preflight, "PROGRAM", program)
    monkeypatch.setattr(terraform, "TERRAFORM", folder)
    monkeypatch.setattr(preflight, "files", dict)
    made = Deployer(tmp_path)
    made.world = WithTerraform()
    yield made
    subprocess.run([str(program), f"-chdir={folder}", "forget"], capture_output=True, check=False)


def test_a_deployment_through_terraform_serves_and_then_has_nothing_to_do(deployer: Deployer) -> None:
    target = Target(environment="dev", project=PROJECT)
    assert "serves commit" in deployment.deploy(target, deployer.tools)
    assert steps(deployer.world).count("apply") == 3
    assert all(deployer.world.versions.values())
    before = len(deployer.world.changed)
    assert "nothing was changed" in deployment.deploy(target, deployer.tools)
    assert deployer.world.changed[before:] == []

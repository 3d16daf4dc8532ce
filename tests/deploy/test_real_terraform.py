"""The same deployment with the real Terraform and a provider that reaches no cloud; gcloud and curl are recorded."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.deploy import deployment, preflight, terraform
from local.deploy.commands import Ran, RealCommands
from local.deploy.target import Target
from local.environment import ROOT
from tests.conftest import missing
from tests.deploy.deployer import Deployer, steps
from tests.deploy.world import PROJECT, World


@dataclass
class WithTerraform(World):
    """Terraform is run; its state decides what there is."""

    known: list[dict[str, Any]] = field(default_factory=list)  # the outputs after each apply

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
        self.known.append({name: output["value"] for name, output in outputs.items()})


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
    ground, migration, serving = deployer.world.known  # type: ignore[attr-defined]
    assert [known["serving"]["archive"] != "" for known in (ground, migration, serving)] == [False, False, True]
    assert [known["maintain_url"] != "" for known in (ground, migration, serving)] == [False, True, True]
    assert migration["database_users"] == serving["database_users"]
    assert serving["database_public_address"] is False  # by it migrations find their way
    assert all(deployer.world.versions.values())
    before = len(deployer.world.changed)
    assert "nothing was changed" in deployment.deploy(target, deployer.tools)
    assert deployer.world.changed[before:] == []

"""Terraform on a copy of `terraform/`: planned, applied and planned again, through a provider that reaches no cloud."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, missing

ARCHIVE = f"functions-{'a' * 64}.zip"
COUNTED = "counted: "  # properties of a test that are shown at the end begin so


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-inventory", action="store_true", help="write docs/inventory.md anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the tests counted; a test's properties come along from whichever process ran it."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, counted in getattr(report, "user_properties", ()):
                if name.startswith(COUNTED):
                    terminalreporter.write_line(f"{name.removeprefix(COUNTED)}: {counted}")


@dataclass(frozen=True, slots=True)
class Terraform:
    """A terraform on a folder of its own."""

    program: str
    folder: Path

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run it; its output is the test's message where it fails."""
        done = subprocess.run(
            [self.program, f"-chdir={self.folder}", *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TF_IN_AUTOMATION": "true"},
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def shown(self, *words: str) -> dict[str, Any]:
        """What `show -json` answers."""
        found: dict[str, Any] = json.loads(self.run("show", "-json", *words).stdout)
        return found


def variables(environment: str) -> Sequence[str]:
    """The words that deploy.sh would give, for a system that serves."""
    return (
        f"-var-file=environments/{environment}.tfvars",
        "-var=project_id=some-project",
        "-var=code_bucket=some-project-vividly-code",
        "-var=deployer=user:operator@example.org",
        f"-var=serving_archive={ARCHIVE}",
        f"-var=migration_archive={ARCHIVE}",
        "-var=commit=0123456",
    )


@pytest.fixture(scope="session")
def program() -> str:
    """The terraform of this machine: TERRAFORM, or the one on the path."""
    named = os.environ.get("TERRAFORM", "terraform")
    found = shutil.which(named)
    if found is None:
        missing(f"there is no {named} on this machine")
    assert found is not None
    return str(Path(found).resolve())


@pytest.fixture(scope="session")
def terraform(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """A copy of `terraform/` with a state of its own."""
    folder = tmp_path_factory.mktemp("infrastructure") / "terraform"
    shutil.copytree(ROOT / "terraform", folder, ignore=shutil.ignore_patterns(".terraform*"))
    (folder / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    made = Terraform(program, folder)
    begun = made.run("init", "-input=false", "-no-color", check=False)
    if begun.returncode != 0:
        said = next((line for line in begun.stderr.splitlines() if "Error: " in line), "no reason given")
        missing(f"terraform cannot have the google provider here ({said.strip('│ ')})")
    planned = made.run("plan", "-input=false", "-no-color", *variables("dev"), check=False)
    if "credentials" in planned.stderr:
        missing("plans need a provider that works without a cloud: TERRAFORM names one")
    yield made
    made.run("forget", check=False)  # the offline provider keeps a state for each folder


@pytest.fixture(scope="session")
def applied(terraform: Terraform) -> dict[str, Any]:
    """The dev environment as it is after its first apply, as Terraform's JSON."""
    terraform.run("apply", "-input=false", "-auto-approve", *variables("dev"))
    return terraform.shown()

"""Whoever deploys in the tests: into a world that answers and remembers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.accounts import SignIn
from local.console import Console
from local.deploy import deployment
from local.deploy.deployment import Tools
from local.deploy.target import NotDeployed, Target
from shared.questions.subjects import SAMPLE_SOURCE
from tests.deploy.world import FILLED, PROJECT, World, step

TARGET = Target(environment="dev", project=PROJECT)
OLD = "functions-" + "0" * 64 + ".zip"


class Deployer:
    """Deploys into a world, keeping what it was asked and what the check was told."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.folder = folder
        self.answer = True
        self.asked: list[str] = []
        self.checked: list[tuple[str, str]] = []
        self.found: list[str] = []  # what the acceptance check finds wrong
        self.health: Callable[[str], Mapping[str, Any]] = self._health

    @property
    def tools(self) -> Tools:
        return Tools(
            commands=self.world,
            check=self._check,
            health=lambda url: self.health(url),
            confirm=self._confirm,
            console=Console(),
            folder=self.folder,
            sleep=lambda seconds: None,
        )

    def deploy(self, *, plan_only: bool = False) -> str:
        return deployment.deploy(TARGET, self.tools, plan_only=plan_only)

    def refused(self, code: str) -> str:
        with pytest.raises(NotDeployed) as raised:
            self.deploy()
        assert raised.value.code == code
        return str(raised.value)

    def deployed_before(self, commit: str = "old-commit") -> None:
        """Have an older archive serve, with all secrets filled."""
        self.world.versions = {setting: [value] for setting, value in FILLED.items()}
        self.world.books = [SAMPLE_SOURCE]
        self.world.applied = {
            "project_id": PROJECT,
            "code_bucket": f"{PROJECT}-vividly-code",
            "deployer": f"user:{self.world.account}",
            "serving_archive": OLD,
            "migration_archive": OLD,
            "commit": commit,
        }
        self.world.migration = OLD

    def _check(self, url: str, first: SignIn, second: SignIn) -> list[str]:
        self.checked.append((url, first.email))
        assert first.password
        assert first.email != second.email
        return self.found

    def _health(self, url: str) -> Mapping[str, Any]:
        return {"status": "ok", "commit": (self.world.applied or {}).get("commit"), "schema": "0003"}

    def _confirm(self, name: str) -> bool:
        self.asked.append(name)
        return self.answer


def steps(world: World) -> list[str]:
    """What was changed, in order, in a few words."""
    return [step(line) for line in world.changed]

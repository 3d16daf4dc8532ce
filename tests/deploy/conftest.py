"""A deployer into a world of its own, and the commit that is deployed."""

import subprocess
from pathlib import Path

import pytest

from local.deploy import preflight
from local.environment import ROOT
from tests.deploy.deployer import Deployer


@pytest.fixture(scope="module")
def head() -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def deployer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    # Whether generated files are stale is tested by itself below.
    monkeypatch.setattr(preflight, "files", dict)
    for name in preflight.CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    return Deployer(tmp_path)

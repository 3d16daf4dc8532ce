"""run.sh and test.sh before any Python of ours runs: from any folder, with clear words where Python is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOOLS = ("bash", "cmp", "cp", "dirname", "env", "mkdir", "rm", "uname")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is this one's, set up already."""
    root = tmp_path / "check out"  # a space, as in many a home folder
    root.mkdir()
    for name in ("run.sh", "test.sh", "requirements-local.txt", "requirements-dev.txt", "requirements-bootstrap.txt"):
        shutil.copy(ROOT / name, root / name)
    for name in ("local", "shared", "functions", "migrations"):
        (root / name).symlink_to(ROOT / name)
    (root / ".venv" / "bin").mkdir(parents=True)
    python = root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in ("local", "dev"):
        shutil.copy(root / f"requirements-{name}.txt", root / ".venv" / f"installed-{name}.txt")
    return root


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the few tools that the scripts need, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


def run(script: Path, *words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHON")}
    return subprocess.run(
        [str(script), *words], cwd=cwd, env=inherited | environment, capture_output=True, text=True, check=False
    )


def test_environment_that_is_as_listed_is_left_alone(checkout, tmp_path):
    done = run(checkout / "run.sh", "help", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "./run.sh serve" in done.stdout


def test_modules_of_the_present_folder_are_not_ours(checkout, tmp_path):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "argparse.py").write_text("raise SystemExit('the wrong one')")

    assert run(checkout / "run.sh", "help", cwd=tmp_path).returncode == 0


def test_exit_code_of_the_command_is_that_of_the_script(checkout, tmp_path):
    done = run(checkout / "run.sh", "sing", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")


def test_arguments_of_test_sh_are_those_of_pytest(checkout, tmp_path):
    done = run(checkout / "test.sh", "--version", cwd=tmp_path)

    assert done.returncode == 0
    assert "pytest" in done.stdout + done.stderr


def test_missing_python_is_said_in_one_line(checkout, tools, tmp_path):
    shutil.rmtree(checkout / ".venv")
    done = run(checkout / "run.sh", cwd=tmp_path, PATH=str(tools))

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr


def test_old_python_is_not_used(checkout, tools, tmp_path):
    shutil.rmtree(checkout / ".venv")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = run(checkout / "run.sh", cwd=tmp_path, PATH=str(tools), PYTHON=str(old))

    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_python_without_venv_is_said_so_and_leaves_no_half_environment(checkout, tools, tmp_path):
    shutil.rmtree(checkout / ".venv")
    lame = tools / "python3"
    lame.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] && {{ echo "ensurepip is not available"; exit 1; }}\nexec "{sys.executable}" "$@"\n'
    )
    lame.chmod(0o755)
    done = run(checkout / "run.sh", cwd=tmp_path, PATH=str(tools))

    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert done.stdout == ""
    assert not (checkout / ".venv").exists()

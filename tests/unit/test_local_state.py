"""The state folder: one holder at a time, secrets made once, emptied of what is ours alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import environment, state
from local.errors import AlreadyRunning, LocalProblem, NoDiskSpace
from local.state import State
from tests.conftest import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from local.state import State
held = State.hold(Path(sys.argv[1]), purpose="./run.sh serve")
print("held", flush=True)
time.sleep(600)
"""


def test_second_holder_is_told_who_holds_it_in_one_line(tmp_path):
    held = State.hold(tmp_path, purpose="./run.sh serve")
    with pytest.raises(AlreadyRunning) as caught:
        State.hold(tmp_path, purpose="./run.sh")
    held.close()

    assert f"`./run.sh serve` (process {os.getpid()})" in str(caught.value)
    assert "\n" not in str(caught.value)
    State.hold(tmp_path, purpose="./run.sh").close()


def test_lock_of_a_killed_process_is_free(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
        State.hold(tmp_path, purpose="./run.sh")
    holder.kill()
    holder.wait()
    holder.stdout.close()

    State.hold(tmp_path, purpose="./run.sh").close()


def test_full_disk_is_a_clear_problem_and_lets_go(tmp_path, monkeypatch):
    usage = state.shutil._ntuple_diskusage(10**10, 10**10, 100 * 2**20)
    monkeypatch.setattr(state.shutil, "disk_usage", lambda path: usage)

    with pytest.raises(NoDiskSpace, match="100 MB free, and 500 MB are needed"):
        State.hold(tmp_path, purpose="./run.sh")
    State.hold(tmp_path, purpose="./run.sh reset", needs_space=False).close()


def test_folder_that_cannot_be_made_is_a_clear_problem(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LocalProblem) as caught:
        State.hold(tmp_path / "file" / "state", purpose="./run.sh")
    assert caught.value.code == "state_unusable"


def test_secrets_are_made_once_and_kept_private(tmp_path):
    held = State.hold(tmp_path, purpose="./run.sh")
    first = held.secret("secret_key")
    other = held.secret("webhook_secret")

    assert len(first) >= 32
    assert first != other
    assert held.secret("secret_key") == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
    held.close()


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_damaged_file_is_named(tmp_path, text):
    (tmp_path / "secrets.json").write_text(text)
    held = State.hold(tmp_path, purpose="./run.sh")

    with pytest.raises(LocalProblem, match=r"secrets\.json is damaged"):
        held.secret("secret_key")
    held.close()


def test_empty_deletes_what_is_ours_and_nothing_else(tmp_path):
    """VIVIDLY_STATE may name a folder in which somebody keeps other things."""
    held = State.hold(tmp_path, purpose="./run.sh reset")
    held.secret("secret_key")
    (tmp_path / "lessons" / "1").mkdir(parents=True)
    (tmp_path / "lessons" / "1" / "video.mp4").write_text("x")
    (tmp_path / "thesis.txt").write_text("years of work")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x")
    (tmp_path / "objects").symlink_to(elsewhere)
    held.empty()
    held.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "lock", "thesis.txt"]
    assert (elsewhere / "kept").exists()


@pytest.mark.parametrize("name", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+pg8000://u:p@h/d"])
def test_own_database_is_spelled_for_our_driver(monkeypatch, name):
    monkeypatch.setenv("DATABASE_URL", name)

    assert environment.own_database_url() == "postgresql+pg8000://u:p@h/d"


@pytest.mark.parametrize("name", ["mysql://u:p@h/d", "localhost:5432", "postgresql+psycopg://h/d"])
def test_other_databases_are_refused(monkeypatch, name):
    monkeypatch.setenv("DATABASE_URL", name)

    with pytest.raises(LocalProblem, match="DATABASE_URL"):
        environment.own_database_url()


def test_state_folder_is_in_the_checkout_unless_it_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("VIVIDLY_STATE", raising=False)
    assert environment.state_folder() == ROOT / ".local"
    monkeypatch.setenv("VIVIDLY_STATE", str(tmp_path / "other"))
    assert environment.state_folder() == tmp_path / "other"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVIDLY_STATE", "relative")
    assert environment.state_folder() == Path(tmp_path / "relative").resolve()

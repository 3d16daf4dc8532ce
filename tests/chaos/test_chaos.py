"""The chaos harness as a command: whatever the seed, nothing is lost or done twice, and nothing is left behind."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.pipeline import STAGES
from tests.conftest import ROOT

PATIENCE = 900.0
ZEROS = ("lost", "double_completed", "double_notified", "illegal_moves", "stale_writes", "stuck")
MORE_ZEROS = ("incomplete", "early_publishes", "mirror_behind")
FIGURES = (
    *("seed", "submitted", "completed", "worked", "kills", "pg_restarts", "duplicates", *ZEROS),
    *("recovery_p50_s", "recovery_p95_s", "requests_per_s"),
)
SCALE = ("--scale", "1/15")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the harness makes what it needs; open to the user as whom root runs PostgreSQL."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)


def start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "local.main", "chaos", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def of_folder(folder: Path) -> list[str]:
    """What still runs of a harness that made its things in the folder: its workers, launcher and PostgreSQL."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environment = (place / "environ").read_bytes()
            command = (place / "cmdline").read_bytes()
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and (f"TMPDIR={folder}".encode() in environment or str(folder).encode() in command):
            found.append(command.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def chaos(folder: Path, *words: str) -> dict[str, Any]:
    process = start(folder, *words, *SCALE, "--json")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    figures: dict[str, Any] = json.loads(out)
    return figures


def test_with_any_seed_nothing_is_lost_and_nothing_is_done_twice(folder: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    figures = chaos(folder, "--requests", "150", "--kills", "60", "--pg-restarts", "3", "--seed", str(seed))

    assert list(figures)[: len(FIGURES)] == list(FIGURES)
    assert {name: figures[name] for name in (*ZEROS, *MORE_ZEROS)} == dict.fromkeys((*ZEROS, *MORE_ZEROS), 0), seed
    assert figures["seed"] == seed
    assert figures["submitted"] == 150
    assert figures["kills"] >= 60
    assert figures["pg_restarts"] == 3
    assert figures["worked"] >= 60
    assert all(figures["kills_by_stage"][stage.name] >= 10 for stage in STAGES)
    assert figures["kills_at_work"] >= figures["kills"] / 3
    assert figures["duplicates"] > 0
    assert figures["frozen"] > 0
    assert figures["recovery_p50_s"] <= figures["recovery_p95_s"]
    assert list(folder.iterdir()) == []
    assert not of_folder(folder)


def test_without_faults_every_lesson_is_made_by_its_own_work(folder: Path) -> None:
    figures = chaos(folder, "--requests", "40", "--kills", "0", "--duplicates", "0", "--reorder", "0")

    assert (figures["completed"], figures["worked"], figures["kills"]) == (40, 40, 0)
    assert figures["requests_per_s"] > 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_harness_that_is_ended_leaves_no_process(number: signal.Signals, folder: Path) -> None:
    process = start(folder, "--requests", "500", "--kills", "100", "--seed", "3", *SCALE)
    assert eventually(lambda: len(of_folder(folder)) > 10), "the workers did not start"

    process.send_signal(number)
    process.communicate(timeout=PATIENCE)

    assert process.returncode != 0
    assert eventually(lambda: not of_folder(folder)), of_folder(folder)
    if number is signal.SIGTERM:
        assert list(folder.iterdir()) == []


def test_a_scale_that_the_declared_times_cannot_have_is_refused(folder: Path) -> None:
    process = start(folder, "--scale", "1/7")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "has to be whole" in err

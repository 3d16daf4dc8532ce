"""`./run.sh` commands as a user meets them: exit codes, one clear line for each problem, nothing left running."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.state import State
from tests.conftest import ROOT

PATIENCE = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: that is closed to the user as whom root runs PostgreSQL."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place) / "state"


def start(folder: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "local.main", *words],
        cwd=folder.parent,
        env={
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "VIVIDLY_STATE": str(folder),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    process = start(folder, *words, **environment)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def of_folder(folder: Path) -> list[str]:
    """The processes whose command line names the folder."""
    shown = subprocess.run(["ps", "-A", "-o", "stat=,pid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder) in line and not line.startswith("Z")]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_help_lists_the_commands_and_an_unknown_one_is_said_to_be_unknown(folder):
    code, out, _ = run(folder, "help")
    assert code == 0
    for name in ("serve", "request", "ingest", "eval", "check", "user", "bench", "generate", "reset"):
        assert f"./run.sh {name}" in out
    code, out, err = run(folder, "sing")
    assert (code, out) == (1, "")
    assert "no command 'sing'" in err


def test_wrong_usage_exits_with_1_as_2_means_something_else(folder):
    code, _, err = run(folder, "request")
    assert code == 1
    assert "TEXT" in err


def test_user_gets_a_password_once_and_an_address_one_account(folder):
    code, out, _ = run(folder, "user", "add", "ada@school.test", "--role", "teacher", "--json")
    assert code == 0
    made = json.loads(out)
    assert (made["email"], made["role"]) == ("ada@school.test", "teacher")
    assert len(made["password"]) >= 12

    code, out, err = run(folder, "user", "add", "ADA@school.test", "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "email_taken"
    assert "already" in err
    assert not of_folder(folder)


def test_address_that_is_none_is_refused(folder):
    code, out, _ = run(folder, "user", "add", "nobody", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "invalid_email")


def test_second_command_is_told_who_is_there_in_one_line(folder):
    held = State.hold(folder, purpose="./run.sh serve")
    code, out, err = run(folder, "user", "add", "ada@school.test")
    held.close()
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert f"process {os.getpid()}" in err


def test_port_that_is_taken_is_said_to_be_taken(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = run(folder, "serve", "--port", str(port))
    assert code == 1
    assert f"Port {port} is in use" in err
    assert not of_folder(folder)


def test_check_of_a_system_that_this_folder_does_not_run_asks_whom_to_sign_in(folder):
    for accounts, asked in (({}, "--email"), ({"student": {"email": "a@b.test", "password": "p"}}, "--other-email")):
        folder.mkdir(exist_ok=True)
        (folder / "accounts.json").write_text(json.dumps(accounts))
        code, out, err = run(folder, "check", "--url", "http://127.0.0.1:1", "--json")
        assert (code, json.loads(out)["error"]["code"]) == (1, "usage")
        assert asked in err


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@127.0.0.1:1/nothing", "sqlite:///x"], ids=["nobody there", "another database"]
)
def test_database_that_cannot_be_used_is_said_so_without_its_password(folder, url):
    code, out, err = run(folder, "user", "add", "a@b.test", "--json", DATABASE_URL=url)
    assert (code, json.loads(out)["error"]["code"]) == (1, "database_problem")
    assert "Traceback" not in err


def test_own_database_is_used_and_no_other_started(folder, postgres_url):
    from local import postgres

    with postgres.database(postgres_url, "own") as url:
        code, out, err = run(folder, "user", "add", "a@b.test", "--json", DATABASE_URL=url)
        assert code == 0, err
        assert json.loads(out)["email"] == "a@b.test"
        assert not (folder / "postgres").exists()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("lock", signal.SIGINT),
        ("postgres/draft-*", signal.SIGKILL),
        ("postgres/draft-*", signal.SIGINT),
        ("postgres/data/postmaster.pid", signal.SIGKILL),
        ("postgres/data/postmaster.pid", signal.SIGTERM),
    ],
    ids=[
        "at once, interrupted",
        "making data, killed",
        "making data, interrupted",
        "running, killed",
        "running, ended",
    ],
)
def test_command_that_is_stopped_leaves_no_process_and_no_broken_state(folder, moment, number):
    process = start(folder, "serve", "--port", "0")
    assert eventually(lambda: bool(list(folder.glob(moment))) or process.poll() is not None)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    assert process.returncode in (0, 130, 128 + number, -number)
    assert eventually(lambda: not of_folder(folder)), of_folder(folder)

    code, _, err = run(folder, "user", "add", "ada@school.test", "--json")
    assert code == 0, err


def test_reset_empties_the_state_and_may_be_repeated(folder):
    assert run(folder, "reset")[0] == 0
    run(folder, "user", "add", "ada@school.test")
    code, _, err = run(folder, "reset")
    assert (code, [path.name for path in folder.iterdir()]) == (0, ["lock"]), err
    assert run(folder, "user", "add", "ada@school.test")[0] == 0


def test_ingest_of_what_is_no_book_fails_with_its_code(folder):
    code, out, err = run(folder, "ingest", str(folder.parent / "nowhere"), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "book_unreadable")
    assert "Traceback" not in err


def test_generated_files_are_those_of_the_code(folder):
    code, out, err = run(folder, "generate", "--check")
    assert (code, out) == (0, ""), err


BOOK = """# The Water Cycle

## Evaporation

The sun warms the water of oceans and lakes. Part of it evaporates: it becomes vapor and rises into the air.

## Condensation

High up, the vapor cools and condenses to small drops. Many drops together are a cloud.
"""


def test_book_is_ingested_once_and_questions_find_it(folder):
    folder.mkdir()
    book, questions = folder.parent / "water.md", folder.parent / "questions.jsonl"
    book.write_text(BOOK)
    code, out, err = run(folder, "eval", str(book), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "no_books"), err

    code, out, err = run(folder, "ingest", str(book), "--json")
    assert code == 0, err
    first = json.loads(out)
    assert first["added"] == first["passages"] > 0
    again = json.loads(run(folder, "ingest", str(book), "--json")[1])
    assert (again["unchanged"], again["embedded"]) == (first["passages"], 0)

    questions.write_text('{"query": "how does a cloud come about", "module_id": "no such section"}\n\n')
    code, out, err = run(folder, "eval", str(questions), "--exclude-exercises", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert list(found) == ["n", "recall@1", "recall@5", "mrr@10", "p50_ms", "p95_ms"]
    assert (found["n"], found["recall@5"]) == (1, 0.0)

    code, out, err = run(folder, "eval", str(book), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "invalid_queries"), err
    code, out, err = run(folder, "eval", str(folder / "nothing"), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "file_unreadable"), err

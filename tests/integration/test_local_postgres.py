"""The embedded PostgreSQL starts, keeps its data, and never outlives the process that started it."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import postgres, postgres_binaries, postgres_cluster
from local.errors import AlreadyRunning, DatabaseProblem, NoDiskSpace

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
HOLDER = """
import sys, time
from pathlib import Path
from local import postgres
with postgres.start(Path(sys.argv[1]), durable=True) as server:
    postgres.execute(server.url, "CREATE TABLE IF NOT EXISTS kept (n int)", "INSERT INTO kept VALUES (1)")
    print(server.pid, server.supervisor_pid, server.url, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: that is closed to the user as whom root runs PostgreSQL."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place) / "state" / "postgres"


@contextlib.contextmanager
def holder(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Another process that holds a server; yields it, the server's and the supervisor's number."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        line = process.stdout.readline().split()
        yield process, int(line[0]), int(line[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def state(pid: int) -> str:
    """The process's letter in the process table; empty when it is not there, Z when it only waits to be counted."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def gone(*pids: int) -> bool:
    return eventually(lambda: all(state(pid) in ("", "Z") for pid in pids))


def rows(url: str) -> int:
    import pg8000.native

    parts = postgres.urlsplit(url)
    connection = pg8000.native.Connection(
        parts.username, password=parts.password, host=parts.hostname, port=parts.port, database="postgres",
        ssl_context=False,
    )  # fmt: skip
    with contextlib.closing(connection):
        return connection.run("SELECT count(*) FROM kept")[0][0]


def test_data_outlive_a_stop(folder):
    with postgres.start(folder, durable=True) as server:
        postgres.execute(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)")
        pids = server.pid, server.supervisor_pid
    assert gone(*pids)

    with postgres.start(folder, durable=True) as server:
        assert rows(server.url) == 1


def test_server_is_reached_on_loopback_alone_with_the_password_alone(folder):
    import pg8000.exceptions

    with postgres.start(folder, durable=False) as server:
        parts = postgres.urlsplit(server.url)
        assert parts.hostname == "127.0.0.1"
        wrong = server.url.replace(parts.password, "wrong")
        with pytest.raises(pg8000.exceptions.DatabaseError):
            postgres.execute(wrong, "SELECT 1")
        assert (folder / "password").stat().st_mode & 0o077 == 0


def test_text_is_unicode_and_vectors_are_there(folder):
    with postgres.start(folder, durable=False) as server:
        postgres.execute(
            server.url,
            "CREATE EXTENSION vector",
            "CREATE TABLE checked (ok bool CHECK (ok))",
            "INSERT INTO checked SELECT to_tsvector('english', 'ÅNGSTRÖM') @@ to_tsquery('english', 'ångström')",
            "INSERT INTO checked SELECT pg_encoding_to_char(encoding) = 'UTF8' FROM pg_database",
            "INSERT INTO checked SELECT '[1,2]'::vector <-> '[1,2]' = 0",
        )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_server_ends_with_the_process_that_started_it(folder, number):
    with holder(folder) as (process, server, supervisor):
        process.send_signal(number)
        process.wait(PATIENCE)
        assert gone(server, supervisor)

        with postgres.start(folder, durable=True) as again:
            assert rows(again.url) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_server_ends_with_its_supervisor(folder):
    with holder(folder) as (_, server, supervisor):
        os.kill(supervisor, signal.SIGKILL)
        assert gone(server)


def test_server_that_was_killed_recovers(folder):
    with holder(folder) as (_, server, supervisor):
        os.kill(server, signal.SIGKILL)
        assert gone(supervisor)
    assert (folder / "data" / "postmaster.pid").exists()

    with postgres.start(folder, durable=True) as again:
        assert rows(again.url) == 1


def test_stale_note_with_the_number_of_a_living_process_is_no_hindrance(folder):
    with postgres.start(folder, durable=True):
        pass
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/data\n1\n5432\n\n127.0.0.1\n")

    with postgres.start(folder, durable=True):
        pass


def test_second_process_is_told_that_the_folder_is_in_use(folder):
    with holder(folder), pytest.raises(AlreadyRunning, match="in use"):
        postgres.start(folder, durable=True)


def test_start_waits_for_a_server_that_is_shutting_down(folder):
    folder.mkdir(parents=True)
    (folder / "owner.json").write_text(json.dumps({"pid": _dead_pid(), "supervisor": os.getpid()}))
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Timer(0.3, os.close, [lock]).start()

    with postgres.start(folder, durable=False):
        pass


def _dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_port_of_last_time_is_kept_and_given_up_when_taken(folder):
    with postgres.start(folder, durable=True) as server:
        first = server.port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", first))
        taken.listen()
        with postgres.start(folder, durable=True) as server:
            assert server.port != first
            second = server.port
    with postgres.start(folder, durable=True) as server:
        assert server.port == second


def test_port_that_is_taken_between_the_look_and_the_start_is_replaced(folder, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answers = iter([taken.getsockname()[1]])
        look = postgres._free_port
        monkeypatch.setattr(postgres, "_free_port", lambda home: next(answers, None) or look(home))
        with postgres.start(folder, durable=False) as server:
            assert server.port != taken.getsockname()[1]


def test_interrupted_making_of_the_data_is_begun_anew(folder):
    (folder / "draft-left" / "data").mkdir(parents=True)
    (folder / "draft-left" / "data" / "PG_VERSION").write_text("18\n")

    with postgres.start(folder, durable=False):
        assert not list(folder.glob("draft-*"))


def test_data_of_another_version_are_left_alone(folder):
    with postgres.start(folder, durable=True):
        pass
    version = folder / "data" / "PG_VERSION"
    version.write_text("12\n")

    with pytest.raises(DatabaseProblem, match="made by PostgreSQL 12"):
        postgres.start(folder, durable=True)


def test_broken_data_are_said_to_be_broken_in_one_line(folder):
    with postgres.start(folder, durable=True):
        pass
    (folder / "data" / "global" / "pg_control").unlink()

    with pytest.raises(DatabaseProblem, match=r"did not start: .*postgres\.log") as caught:
        postgres.start(folder, durable=True)
    assert "\n" not in str(caught.value)
    with pytest.raises(DatabaseProblem):  # and the folder is not left locked
        postgres.start(folder, durable=True)


def test_full_disk_is_said_before_anything_is_made(folder, monkeypatch):
    full = postgres.shutil._ntuple_diskusage(10**9, 10**9, 10**6)
    monkeypatch.setattr(postgres.shutil, "disk_usage", lambda path: full)

    with pytest.raises(NoDiskSpace, match="MB free"):
        postgres.start(folder, durable=False)


def test_full_disk_is_recognised_in_the_servers_words(folder):
    problem = postgres_cluster.problem(
        'FATAL:  could not write file "x": No space left on device', folder, "did not start"
    )

    assert problem.code == "no_disk_space"


def test_missing_programs_are_said_to_be_missing(folder, monkeypatch):
    monkeypatch.setattr(postgres_binaries.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DatabaseProblem, match="missing"):
        postgres.start(folder, durable=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run PostgreSQL")
def test_root_runs_it_unprivileged_even_from_a_closed_folder(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    try:
        with postgres.start(closed / "postgres", durable=False) as server:
            owner = subprocess.run(["ps", "-o", "uid=", "-p", str(server.pid)], capture_output=True, text=True).stdout
            assert int(owner) != 0
            moved = postgres_binaries.reachable_folder(closed / "postgres", postgres_binaries.run_as())
            assert moved.parent == postgres_binaries.OPEN_FOLDER
    finally:
        postgres.remove(closed / "postgres")
    assert not moved.exists()


def test_remove_refuses_a_running_server_and_removes_a_stopped_one(folder):
    with postgres.start(folder, durable=True), pytest.raises(AlreadyRunning):
        postgres.remove(folder)
    postgres.remove(folder)
    assert not folder.exists()
    postgres.remove(folder)


def test_url_of_a_running_server_is_known_while_it_runs(folder):
    with pytest.raises(DatabaseProblem, match="No database runs"):
        postgres.running_url(folder, "postgres")
    with postgres.start(folder, durable=True):
        postgres.execute(postgres.running_url(folder, "postgres"), "SELECT 1")
    with pytest.raises(DatabaseProblem, match="No database runs"):
        postgres.running_url(folder, "postgres")


def test_data_that_need_not_last_end_with_the_server(folder):
    with postgres.start(folder, durable=False):
        assert (folder / "data").exists()
    assert not folder.exists()


def test_database_is_made_copied_and_dropped(folder):
    import pg8000.exceptions

    with postgres.start(folder, durable=False) as server:
        with postgres.database(server.url, "first") as url:
            postgres.execute(url, "CREATE TABLE t (n int)")
            with postgres.database(server.url, "second", template="first") as copy:
                postgres.execute(copy, "SELECT n FROM t")
        with pytest.raises(pg8000.exceptions.DatabaseError):
            postgres.execute(url, "SELECT 1")

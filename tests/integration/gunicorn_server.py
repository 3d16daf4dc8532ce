"""A function under gunicorn, started as it is in the cloud."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PATIENCE = 60.0
ENTRY_POINTS = ROOT / "tests" / "entry_points"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A process that serves on a port of loopback."""

    port: int
    notes_file: Path
    pid: int  # of the parent, whose children serve

    def call(self, method: str, path: str, *, token: str | None = None, body: object = None) -> Answer:
        """Make one call on a connection of its own."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def notes(self, kind: str) -> list[dict[str, Any]]:
        """What the entry point noted of a kind."""
        if not self.notes_file.exists():
            return []
        lines = [json.loads(line) for line in self.notes_file.read_text().splitlines()]
        return [line for line in lines if kind in line]


@contextmanager
def serving(
    folder: Path, source: str, target: str, environment: Mapping[str, str], *, threads: int, workers: int = 1
) -> Iterator[Server]:
    """Serve a function of `tests/entry_points` until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    notes = folder / "notes.jsonl"
    program = Path(sys.executable).parent / "functions-framework"
    process = subprocess.Popen(
        [program, "--target", target, "--source", ENTRY_POINTS / source, "--host", "127.0.0.1", "--port", str(port)],
        # Nothing of ours is found but through PYTHONPATH, as in the cloud.
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "THREADS": str(threads),
            "WORKERS": str(workers),
            "WATCHED_NOTES": str(notes),
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr.txt").open("w"),
        start_new_session=True,
    )
    try:
        _await_port(process, port, folder / "stderr.txt")
        yield Server(port, notes, process.pid)
    finally:
        _end(process)


def _await_port(process: "subprocess.Popen[bytes]", port: int, errors: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, errors.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens after {PATIENCE} s: {errors.read_text()}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

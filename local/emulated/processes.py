"""Programs that live as long as this process lets them, and no longer than this process.

with Processes() as processes:
    started = processes.start("name", ["program", "--option"], environment={}, log=folder / "name.log")
    ...
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.emulated import guard
from local.errors import LocalProblem

STOP_SECONDS: Final = 3.0  # patience with an orderly end, before the kill
POLL_SECONDS: Final = 0.02
TAIL_LINES: Final = 15
TAIL_BYTES: Final = 8192


class Process:
    """One program that was started, in a process group of its own. Its output is in `log`."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        return self._popen.pid

    @property
    def ended(self) -> bool:
        """Whether the program has ended, by itself or not."""
        return self._popen.poll() is not None

    def tail(self) -> str:
        """The last lines of its output."""
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-TAIL_LINES:])
        return ""

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready`; raise LocalProblem with the end of its output where it ends first, or in time."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.ended:
                raise self.problem(f"ended with exit code {self._popen.returncode} instead of starting")
            if time.monotonic() > deadline:
                raise self.problem(f"did not answer within {seconds:g} s")
            time.sleep(POLL_SECONDS)

    def problem(self, what: str) -> LocalProblem:
        """What to raise when the program failed: its name, `what`, and the end of its output."""
        return LocalProblem(f"{self.name} {what}. The end of {self.log}:\n{self.tail()}", code="process_failed")

    def terminate(self) -> None:
        """Ask the program to end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._popen.terminate()

    def kill(self) -> None:
        """End the whole group at once, as a machine that fails does, and wait for it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def join(self, deadline: float) -> None:
        """Wait for the end until `deadline` of the monotonic clock; then kill what is left of the group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))
        self.kill()


class Processes:
    """All that is started through it ends with the context; should this process be killed, a guard ends it."""

    def __init__(self) -> None:
        self._running: list[Process] = []
        self._lock = threading.Lock()
        self._guard: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = list(self._running)
        for process in reversed(running):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in reversed(running):
            self._ended(process, deadline)
        assert self._guard.stdin is not None  # noqa: S101 - for the type: it was asked for
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
    ) -> Process:
        """Start a program with exactly this environment, its output appended to `log`."""
        with log.open("ab") as output:
            popen = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
        process = Process(name, popen, log)
        with self._lock:
            self._running.append(process)
            self._order(f"+{process.pid}")
        return process

    def stop(self, process: Process) -> None:
        """End a program in order, within a bounded time."""
        process.terminate()
        self._ended(process, time.monotonic() + STOP_SECONDS)

    def _ended(self, process: Process, deadline: float) -> None:
        process.join(deadline)
        with self._lock:
            if process in self._running:
                self._running.remove(process)
                self._order(f"-{process.pid}")

    def _order(self, line: str) -> None:
        assert self._guard.stdin is not None  # noqa: S101 - for the type: it was asked for
        with contextlib.suppress(BrokenPipeError):  # a guard that was killed: nothing is lost while this process lives
            self._guard.stdin.write(line.encode() + b"\n")
            self._guard.stdin.flush()


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    return free_ports(1)[0]

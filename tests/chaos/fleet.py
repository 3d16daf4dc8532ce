"""The workers of a run: made through the launcher, watched, made anew when they have ended."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from local.environment import ROOT
from shared.pipeline import Function
from tests.chaos.dooms import Doom

LONGEST_EVENT: Final = 2**20
START_SECONDS: Final = 180.0
LOG_SHOWN: Final = 2000  # characters


class LauncherProcess:
    """The launcher, as the harness sees it. It serves one run after another."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.told: Callable[[dict[str, Any]], None] = lambda event: None

    @classmethod
    async def start(cls, scale: Fraction, log: Path) -> "LauncherProcess":
        """Start it and wait until it has loaded the functions."""
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "tests.chaos.launcher", str(scale),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
                env={**environment, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, limit=LONGEST_EVENT,
            )  # fmt: skip
        launcher = cls(process, log)
        async with asyncio.timeout(START_SECONDS):
            if await launcher._next() is None:
                raise launcher._gone()
        return launcher

    def order(self, do: str, **order: Any) -> None:
        """Have something done."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")

    async def listen(self) -> None:
        """Hand on what it says until all workers of a run have ended."""
        while (event := await self._next()) is not None:
            if event["event"] == "ended all":
                return
            self.told(event)
        raise self._gone()

    async def close(self) -> None:
        """End it, and all workers with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    def _gone(self) -> RuntimeError:
        return RuntimeError(
            f"the launcher has ended ({self._process.returncode}): {self._log.read_text()[-LOG_SHOWN:]}"
        )

    async def _next(self) -> dict[str, Any] | None:
        if self._process.stdout is None:
            return None
        line = await self._process.stdout.readline()
        return dict(json.loads(line)) if line else None


@dataclass(slots=True)
class Worker:
    """A place that is filled by one process after another."""

    name: str
    function: Function
    threads: int
    process: int = 0
    port: int = 0
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A worker's end."""

    at: float
    worker: str
    function: str
    process: int
    by: int  # the signal; 0 where it ended by itself


class Fleet:
    """All workers of a run."""

    def __init__(
        self,
        launcher: LauncherProcess,
        job: Mapping[str, Any],
        *,
        seed: int,
        doom: Callable[[Function], Doom | None],
        ready: Callable[[Worker], None],
        frozen: Callable[[Worker], None],
    ) -> None:
        self._launcher = launcher
        self._job = job
        self._seed = seed
        self._doom = doom
        self._ready = ready
        self._frozen = frozen
        self._closing = False
        self._wanted: Counter[str] = Counter()  # processes, by function
        self._still: set[str] = set()  # workers that are frozen
        self.workers: dict[str, Worker] = {}
        self.deaths: list[Death] = []
        self.kills: Counter[str] = Counter()  # by function
        launcher.told = self._told

    def add(self, function: Function, *, processes: int, threads: int) -> None:
        """Make the workers of a function."""
        self._wanted[function.name] = processes
        for _ in range(processes):
            self._place(function, threads)

    async def started(self) -> None:
        """Wait until every worker has a process."""
        while not all(worker.port for worker in self.workers.values()):
            await asyncio.sleep(0.01)

    def signal(self, worker: Worker, number: int) -> None:
        """Send the worker's process a signal."""
        if worker.process:
            if number == signal.SIGCONT:
                self._still.discard(worker.name)
            self._launcher.order("signal", process=worker.process, number=number)

    def of(self, function: str) -> list[Worker]:
        """The workers of a function."""
        return [worker for worker in self.workers.values() if worker.function.name == function]

    def close(self) -> None:
        """Kill them all; their deaths count no more."""
        self._closing = True
        self._launcher.order("end")

    def _place(self, function: Function, threads: int) -> None:
        worker = Worker(f"{function.name}-{len(self.of(function.name))}", function, threads)
        self.workers[worker.name] = worker
        self._start(worker)

    def _relieve(self, worker: Worker) -> None:
        """Put another process in the place of one that froze, as a platform would: its function goes on."""
        at_work = [other for other in self.of(worker.function.name) if other.name not in self._still]
        if len(at_work) < self._wanted[worker.function.name]:
            self._place(worker.function, worker.threads)

    def _start(self, worker: Worker) -> None:
        worker.generation += 1
        doom = self._doom(worker.function)
        self._launcher.order(
            "start",
            **self._job,
            name=worker.name,
            function=worker.function.name,
            threads=worker.threads,
            seed=f"{self._seed} {worker.name} {worker.generation}",
            doom=doom.spelled() if doom else None,
        )

    def _told(self, event: dict[str, Any]) -> None:
        worker = self.workers.get(event["worker"])
        if worker is None or self._closing:
            return
        match event["event"]:
            case "started":
                first = not worker.port
                worker.process, worker.port = event["process"], event["port"]
                if first:
                    self._ready(worker)
            case "frozen":
                self._still.add(worker.name)
                self._relieve(worker)
                self._frozen(worker)
            case "ended":
                worker.process = 0
                self._still.discard(worker.name)
                name, process = worker.function.name, event["process"]
                death = Death(at=event["at"], worker=worker.name, function=name, process=process, by=event["by"])
                self.deaths.append(death)
                self.kills[name] += event["by"] == signal.SIGKILL
                self._start(worker)

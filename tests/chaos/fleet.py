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
START_SECONDS: Final = 60.0


class LauncherProcess:
    """The launcher, as the harness sees it. It serves one run after another."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
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
        launcher = cls(process)
        ready = await asyncio.wait_for(launcher._next(), START_SECONDS)
        if ready is None:
            raise RuntimeError(f"the launcher did not start: {log.read_text()[-2000:]}")
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
        raise RuntimeError("the launcher has ended")

    async def close(self) -> None:
        """End it, and all workers with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

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
        self.workers: dict[str, Worker] = {}
        self.deaths: list[Death] = []
        self.kills: Counter[str] = Counter()  # by function
        launcher.told = self._told

    def add(self, function: Function, *, processes: int, threads: int) -> None:
        """Make the workers of a function."""
        for number in range(processes):
            worker = Worker(f"{function.name}-{number}", function, threads)
            self.workers[worker.name] = worker
            self._start(worker)

    async def started(self) -> None:
        """Wait until every worker has a process."""
        while not all(worker.port for worker in self.workers.values()):
            await asyncio.sleep(0.01)

    def signal(self, worker: Worker, number: int) -> None:
        """Send the worker's process a signal."""
        if worker.process:
            self._launcher.order("signal", process=worker.process, number=number)

    def of(self, function: str) -> list[Worker]:
        """The workers of a function."""
        return [worker for worker in self.workers.values() if worker.function.name == function]

    def close(self) -> None:
        """Kill them all; their deaths count no more."""
        self._closing = True
        self._launcher.order("end")

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
                self._frozen(worker)
            case "ended":
                worker.process = 0
                name, process = worker.function.name, event["process"]
                death = Death(at=event["at"], worker=worker.name, function=name, process=process, by=event["by"])
                self.deaths.append(death)
                self.kills[name] += event["by"] == signal.SIGKILL
                self._start(worker)

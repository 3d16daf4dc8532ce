"""One process a function, served by functions-framework as in the cloud; one that ends is replaced, as there."""

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.emulated import rest
from local.emulated.processes import Process, Processes, free_ports
from shared.pipeline import Function

START_SECONDS: Final = 90.0  # a dozen interpreters start at once, on few cores
WATCH_SECONDS: Final = 0.2
# One that ended so often within so long is broken, and not merely unlucky.
MOST_ENDS: Final = 5
ENDS_SECONDS: Final = 60.0

# Says which function ended, and whether it is started again.
Report = Callable[[Process, bool], None]


@dataclass(slots=True)
class _Instance:
    function: Function
    port: int
    process: Process
    ready: bool = False
    ends: list[float] = field(default_factory=list)
    given_up: bool = False


class Instances:
    """The functions' processes, each on a port of its own that it keeps.

    `environment` is all that a process gets; `report` hears of ends that nobody asked for.
    """

    def __init__(
        self,
        processes: Processes,
        folder: Path,
        environment: Callable[[Function, int], Mapping[str, str]],
        report: Report,
    ) -> None:
        self._processes = processes
        self._folder = folder
        self._environment = environment
        self._report = report
        self._instances: dict[str, _Instance] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="instances", daemon=True)

    def start(self, functions: Sequence[Function], ports: Mapping[str, int]) -> None:
        """Start all at once; `ports` are those that are not left to chance, by function."""
        for function, free in zip(functions, free_ports(len(functions)), strict=True):
            port = ports.get(function.name, free)
            instance = _Instance(function, port, self._launch(function, port))
            with self._lock:
                self._instances[function.name] = instance

    def await_ready(self, functions: Sequence[Function], said: Callable[[int], None]) -> None:
        """Return when all of them answer; `said` hears how many do. Raise LocalProblem with the log of one that fails.

        From then on, one that ends is replaced.
        """
        for number, function in enumerate(functions, 1):
            self.await_answer(function)
            said(number)
        with self._lock:
            for function in functions:
                self._instances[function.name].ready = True
            if not self._watcher.is_alive():
                self._watcher.start()

    def await_answer(self, function: Function) -> None:
        """Return when the function's server answers, without having called the function; raise LocalProblem."""
        instance = self._instances[function.name]
        # The framework knows of no such page: neither GET of a function behind a topic, nor this one of the others.
        url = f"{self.url(function)}/robots.txt"
        instance.process.wait_until(lambda: rest.answers(url), START_SECONDS)

    def finish(self, function: Function) -> None:
        """End a function's process for good."""
        with self._lock:
            instance = self._instances.pop(function.name)
        self._processes.stop(instance.process)

    def close(self) -> None:
        """Replace nothing any more; the processes end with their context."""
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join()

    def url(self, function: Function) -> str:
        """Where the function is called."""
        return f"http://127.0.0.1:{self._instances[function.name].port}"

    def process(self, function: Function) -> Process:
        """The function's present process."""
        with self._lock:
            return self._instances[function.name].process

    def log(self, function: Function) -> Path:
        """What the function's processes wrote."""
        return self._folder / f"{function.name}.log"

    def _launch(self, function: Function, port: int) -> Process:
        return self._processes.start(
            function.name,
            # -P: a function finds `shared` by PYTHONPATH, as in the cloud, and not by where it was started.
            [sys.executable, "-P", "-m", "functions_framework"],
            environment=self._environment(function, port),
            log=self.log(function),
            folder=self._folder,
        )

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_SECONDS):
            with self._lock:
                watched = [instance for instance in self._instances.values() if instance.ready]
            for instance in watched:
                if instance.process.ended and not instance.given_up:
                    self._replace(instance)

    def _replace(self, instance: _Instance) -> None:
        now = time.monotonic()
        instance.ends = [end for end in instance.ends if now - end < ENDS_SECONDS] + [now]
        instance.given_up = len(instance.ends) >= MOST_ENDS
        ended = instance.process
        self._processes.stop(ended)  # whatever is left of its group
        with self._lock:
            if self._instances.get(instance.function.name) is not instance:
                return  # it was finished while it was looked at
            if not instance.given_up:
                instance.process = self._launch(instance.function, instance.port)
        self._report(ended, not instance.given_up)

"""Makes the workers: loads every function once, then forks a process for each that is asked for.

`python -m tests.chaos.launcher SCALE` reads orders as lines of JSON and writes events as such; it ends with its
standard input, and its workers end with it. One thread, so that forking is safe.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tests.chaos import times

if TYPE_CHECKING:
    from tests.chaos.worker import Loaded

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
BACKLOG: Final = 64


def load() -> "dict[str, Loaded]":
    """Every function of the system, as functions-framework serves it."""
    import pg8000.dbapi  # noqa: F401 - each worker would load it by itself

    from local.functions import FunctionHost
    from tests.chaos.worker import SERVED, Loaded

    host, loaded = FunctionHost(), {}
    for function in SERVED:
        application = host.app(function)
        # The framework loads each function's file under the same name.
        loaded[function.name] = Loaded(sys.modules["main"], application)
    return loaded


@dataclass
class Launcher:
    """The processes, by number, and the sockets that they listen on: a worker's stays open when the worker ends."""

    loaded: "dict[str, Loaded]"
    workers: dict[int, str] = field(default_factory=dict)
    listeners: dict[str, socket.socket] = field(default_factory=dict)

    def run(self) -> None:
        """Follow orders until there are no more."""
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(awake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        unread = b""
        while True:
            ready = select.select([0, awake], [], [], 1.0)[0]
            if awake in ready:
                os.read(awake, 4096)
            self._reap()
            if 0 in ready:
                if not (read := os.read(0, 65536)):
                    return
                *lines, unread = (unread + read).split(b"\n")
                for line in lines:
                    self._follow(json.loads(line))

    def _follow(self, order: dict[str, Any]) -> None:
        match order.pop("do"):
            case "start":
                self._start(order)
            case "signal":
                # Its number is still its own: nobody but this process reaps it.
                if order["process"] in self.workers:
                    os.kill(order["process"], order["number"])
            case "end":
                self.end()
                say(event="ended all")

    def end(self) -> None:
        """Kill all workers and close their sockets."""
        for process in self.workers:
            os.kill(process, signal.SIGKILL)
        while self.workers:
            self._note(*os.waitpid(-1, 0))
        for listener in self.listeners.values():
            listener.close()
        self.listeners.clear()

    def _start(self, job: dict[str, Any]) -> None:
        listener = self.listeners.get(job["name"])
        if listener is None:
            listener = self.listeners[job["name"]] = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        process = os.fork()
        if process == 0:
            self._become(job, listener)
        self.workers[process] = job["name"]
        port = listener.getsockname()[1]
        say(event="started", worker=job["name"], process=process, port=port)

    def _become(self, spelled: dict[str, Any], listener: socket.socket) -> NoReturn:
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(2, 1)
            for other in self.listeners.values():
                if other is not listener:
                    other.close()
            from tests.chaos.worker import Job, run

            job = Job(**spelled)
            run(job, self.loaded[job.function], listener)
        except BaseException:  # noqa: BLE001 - the child must not return into the launcher's loop
            traceback.print_exc()
        os._exit(1)

    def _reap(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if process == 0:
                return
            self._note(process, status)

    def _note(self, process: int, status: int) -> None:
        worker = self.workers.get(process, "")
        if os.WIFSTOPPED(status):
            say(event="frozen", worker=worker, process=process)
        else:
            self.workers.pop(process, None)
            by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            say(event="ended", worker=worker, process=process, by=by)


def say(**event: Any) -> None:
    """Tell the harness."""
    line = json.dumps({"at": time.time(), **event}).encode() + b"\n"
    while line:
        line = line[os.write(1, line) :]


def main(scale: Fraction) -> None:
    """Load, say so, follow orders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the harness's to hear
    times.scale_declaration(scale)
    launcher = Launcher(load())
    gc.collect()
    gc.freeze()  # the collector would copy every page that the workers share
    say(event="ready")
    try:
        launcher.run()
    finally:
        launcher.end()


if __name__ == "__main__":
    main(Fraction(sys.argv[1]))

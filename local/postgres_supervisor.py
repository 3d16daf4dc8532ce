"""Runs PostgreSQL for as long as the process that started this one lives, then stops it.

A script of its own, in a session of its own: Ctrl-C at the terminal does not reach it, and it outlives a SIGKILL of its
parent for as long as PostgreSQL needs to shut down. It notices the parent's end by the pipe on its standard input, or
by its parent's number. On Linux the kernel stops PostgreSQL should this process itself be killed.

Standard library only: it is started without site packages, to be small and quick.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.5
# PostgreSQL's own names: fast rolls transactions back, immediate leaves recovery to the next start.
STOPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def stop_with_supervisor() -> None:
    """In the child, after its user was set (which would clear it): have Linux send SIGINT when the supervisor dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def start(order: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Start the server as the user in the order, its output appended to the log."""
    user = {"user": order["uid"], "group": order["gid"], "extra_groups": []} if order["uid"] is not None else {}
    with open(order["log"], "ab") as log:
        return subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=order["cwd"],
            env=order["environment"],
            preexec_fn=stop_with_supervisor,
            pass_fds=[order["lock"]],
            **user,
        )


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Shut down, less and less politely."""
    for number, patience in STOPS:
        server.send_signal(number)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def main() -> int:
    """Run the order in the first argument; return the server's exit code."""
    parent = os.getppid()
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    server = start(json.loads(sys.argv[1]))
    try:
        print(server.pid, flush=True)
        while server.poll() is None and not asked and os.getppid() == parent:
            if select.select([0], [], [], POLL_SECONDS)[0] and not os.read(0, 1):
                break
    finally:  # also when the parent is gone before it read the line above
        if server.poll() is None:
            stop(server)
    return server.returncode if server.returncode is not None else 1


if __name__ == "__main__":
    sys.exit(main())

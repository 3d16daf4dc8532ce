"""Ends process groups when the process that started this one has died.

A script of its own, in a session of its own: Ctrl-C at the terminal does not reach it, and it outlives a SIGKILL of its
parent for as long as the groups need to end. It is told on its standard input what to guard, one order a line: `+N`
guards the group N from now on, `-N` no longer. It notices its parent's end by the end of that input, or by its
parent's number.

Standard library only: it is started without site packages, to be small and quick.
"""

import os
import select
import signal
import sys
import time

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 5.0  # for an orderly end, before the kill


def send(groups: set[int], number: int) -> set[int]:
    """Send a signal to the groups; return those in which a process was there to receive it."""
    alive = set()
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            continue
        alive.add(group)
    return alive


def end(groups: set[int]) -> None:
    """End the groups politely, then not."""
    left = send(groups, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = send(left, 0)
    send(left, signal.SIGKILL)


def obey(groups: set[int], orders: bytes) -> None:
    """Follow whole lines of orders."""
    for line in orders.split():
        group = int(line[1:])
        if line.startswith(b"+"):
            groups.add(group)
        else:
            groups.discard(group)


def main() -> None:
    """Guard until the parent is gone or says that there is nothing more to guard, by closing the pipe."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    rest = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], POLL_SECONDS)[0]:
            continue
        read = os.read(0, 4096)
        if not read:
            break
        whole, _, rest = (rest + read).rpartition(b"\n")
        obey(groups, whole)
    end(groups)


if __name__ == "__main__":
    main()
    sys.exit(0)

"""`serve`: the whole system on one port, until Ctrl-C."""

import argparse
import sys
import threading
from pathlib import Path

from local import accounts, environment
from local.console import Console
from local.state import State
from local.system import LocalSystem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--emulators", action="store_true", help="one process a function, on Google's emulators")
    parser.add_argument("--port", type=int, default=8080, metavar="N", help="(default 8080; 0: any free one)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until a signal comes; with emulators also until one of the processes cannot be kept running."""
    option = " --emulators" if arguments.emulators else ""
    state = State.hold(environment.state_folder(), purpose=f"./run.sh serve{option} --port {arguments.port}")
    try:
        console.say("[bold]Vividly[/bold]")
        if arguments.emulators:
            _serve_emulated(state, arguments.port, console)
        else:
            _serve(state, arguments.port, console)
        return 0
    finally:
        state.close()


def _serve(state: State, port: int, console: Console) -> None:
    with LocalSystem(state, console, port=port) as system:
        _announce(system.url, state.folder / accounts.FILE, f"log {state.folder / 'vividly.log'}", console)
        try:
            threading.Event().wait()
        except (KeyboardInterrupt, SystemExit):  # the way it is meant to end
            console.say("\nStopping.")


def _serve_emulated(state: State, port: int, console: Console) -> None:
    from local.emulated.system import EmulatedSystem

    with EmulatedSystem(state, console, port=port) as system:
        _announce(system.url, system.folder / accounts.FILE, f"logs {system.folder / 'logs'}", console)
        try:
            system.wait()
        except (KeyboardInterrupt, SystemExit):
            console.say("\nStopping. Lessons, messages and accounts of the emulated system end with it.")


def _announce(url: str, known: Path, logs: str, console: Console) -> None:
    console.say(f"\n  [bold green]{url}[/bold green]   Ctrl-C stops it.")
    console.say(f"  [dim]accounts {known}   {logs}[/dim]")
    if not sys.stdout.isatty():  # a program reads where it is
        console.result(url)

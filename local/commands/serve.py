"""`serve`: the whole system on one port, until Ctrl-C."""

import argparse
import sys
import threading

from local import accounts, environment
from local.console import Console
from local.state import State
from local.system import LocalSystem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--port", type=int, default=8080, metavar="N", help="(default 8080; 0: any free one)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until a signal comes."""
    state = State.hold(environment.state_folder(), purpose=f"./run.sh serve --port {arguments.port}")
    try:
        console.say("[bold]Vividly[/bold]")
        with LocalSystem(state, console, port=arguments.port) as system:
            console.say(f"\n  [bold green]{system.url}[/bold green]   Ctrl-C stops it.")
            console.say(f"  [dim]accounts {state.folder / accounts.FILE}   log {state.folder / 'vividly.log'}[/dim]")
            if not sys.stdout.isatty():  # a program reads where it is
                console.result(system.url)
            try:
                threading.Event().wait()
            except (KeyboardInterrupt, SystemExit):  # the way it is meant to end
                console.say("\nStopping.")
        return 0
    finally:
        state.close()

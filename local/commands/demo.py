"""`./run.sh` by itself: sets up, and takes one request through every stage."""

import argparse
import json
from typing import Final

from local import environment
from local.client import Client
from local.commands import request
from local.console import Console
from local.state import State, read_json, write_private
from local.system import LocalSystem

QUESTION: Final = "Explain Newton's third law of motion"
# Another each time: a lesson that was made before would come from the cache, and show no stage at work.
INTERESTS: Final = ("basketball", "cooking", "music", "soccer", "space", "gaming", "swimming", "art")
COUNTER: Final = "demo.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Make the lesson; 0 when it was completed, else 1."""
    state = State.hold(environment.state_folder(), purpose="./run.sh")
    try:
        turn = int(read_json(state.folder / COUNTER).get("turn", 0))
        parser = argparse.ArgumentParser()
        request.add_arguments(parser)
        asked = [QUESTION, "--interest", INTERESTS[turn % len(INTERESTS)], *(["--json"] if arguments.json else [])]
        console.say("[bold]Vividly[/bold]")
        with LocalSystem(state, console) as system:
            client = Client(system.url)
            client.login(system.student.email, system.student.password)
            code = request.ask(client, parser.parse_args(asked), console, state.folder)
        if code == request.DONE:
            write_private(state.folder / COUNTER, json.dumps({"turn": turn + 1}) + "\n")
            console.say("\n[dim]Next: ./run.sh serve, for the web page; ./run.sh help, for the rest.[/dim]")
        return 0 if code == request.DONE else 1
    finally:
        state.close()

"""`reset`: empties the state folder. A database that DATABASE_URL names is left alone."""

import argparse

from local import environment, postgres
from local.console import Console
from local.emulated import place
from local.state import State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Delete database, objects, accounts and secrets."""
    folder = environment.state_folder()
    if not folder.exists():
        console.say(f"{folder} is not there: nothing to empty.")
        return 0
    state = State.hold(folder, purpose="./run.sh reset", needs_space=False)
    try:
        for database in (folder / "postgres", folder / place.NAME / "postgres"):
            if database.exists():
                postgres.remove(database)
        state.empty()
    finally:
        state.close()
    console.say(f"{folder} is empty.")
    if environment.own_database_url() is not None:
        console.say("The database that DATABASE_URL names was left as it is.")
    return 0

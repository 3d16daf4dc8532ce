"""`user add`: an account with a generated password, shown once."""

import argparse
import re

from local import accounts, environment
from local.console import Console
from local.errors import LocalProblem
from local.state import State
from local.system import Record
from shared.enums import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="add")
    add = actions.add_parser("add", help="add an account and print its password once")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.STUDENT.value)
    add.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Add it; LocalProblem where the address is taken, or is none."""
    email = arguments.email.strip()
    if len(email) > 254 or not re.fullmatch(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+", email):
        raise LocalProblem(f"{arguments.email!r} is no e-mail address.", code="invalid_email")
    state = State.hold(environment.state_folder(), purpose="./run.sh user add")
    try:
        with Record(state, console) as record:
            made = accounts.add(record.services.engine, email, Role(arguments.role))
    finally:
        state.close()
    if made is None:
        raise LocalProblem(f"There is an account of {email} already.", code="email_taken")
    if arguments.json:
        console.json({"email": made.email, "role": arguments.role, "password": made.password})
    else:
        console.result(f"{made.email}  {made.password}")
    return 0

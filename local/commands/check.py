"""`check`: the acceptance check of DESIGN §8, against a system that runs here or anywhere."""

import argparse
from pathlib import Path

from rich.markup import escape

from local import accounts, environment, postgres
from local.acceptance.checklist import Checklist, Result
from local.acceptance.run import accept
from local.accounts import SignIn
from local.console import DONE, FAILED, Console
from local.database import NAME
from local.emulated import place
from local.errors import DatabaseProblem, LocalProblem
from local.state import State, read_json
from local.system import LocalSystem
from shared.db.engine import engine_for
from shared.enums import Role


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--url", metavar="URL", help="where the system runs (default: one is started for the check)")
    parser.add_argument("--email", metavar="E", help="a student's address (default: the local student's)")
    parser.add_argument("--password", metavar="P")
    parser.add_argument("--other-email", metavar="E", help="a second student's (default: a local account, made once)")
    parser.add_argument("--other-password", metavar="P")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Check; 0 when everything held."""
    folder = environment.state_folder()
    if arguments.url is None:
        state = State.hold(folder, purpose="./run.sh check")
        try:
            with LocalSystem(state, console) as system:
                second = accounts.ensure(system.services.engine, folder, accounts.SECOND, Role.STUDENT)
                checklist = _check(system.url, system.student, second, console)
        finally:
            state.close()
    else:
        student, other = _accounts(arguments, place.folder_of(folder, arguments.url))
        checklist = _check(arguments.url, student, other, console)
    failed = sum(not result.ok for result in checklist.results)
    if arguments.json:
        console.json({"url": arguments.url, **checklist.as_json()})
    elif failed or not checklist.ok:
        console.result(f"\n[red]{failed} of {len(checklist.results)} checks failed.[/red]")
    else:
        console.result(f"\n[green]All {len(checklist.results)} checks held.[/green]")
    return 0 if checklist.ok else 1


def _check(url: str, student: SignIn, other: SignIn | None, console: Console) -> Checklist:
    parts: list[str] = []

    def show(result: Result) -> None:
        if result.part not in parts:
            parts.append(result.part)
            console.say(f"\n[bold]{result.part}[/bold]")
        mark = DONE if result.ok else FAILED
        console.say(f"  {mark} {escape(result.name)}  [dim]{escape(result.measured)}[/dim]")

    return accept(url, student, other, show)


def _accounts(arguments: argparse.Namespace, folder: Path) -> tuple[SignIn, SignIn | None]:
    """The two students: named on the command line, else those of the system that runs in the state folder."""
    given = [arguments.email, arguments.password, arguments.other_email, arguments.other_password]
    if (arguments.email is None) != (arguments.password is None):
        raise LocalProblem("--email and --password go together.", code="usage")
    if (arguments.other_email is None) != (arguments.other_password is None):
        raise LocalProblem("--other-email and --other-password go together.", code="usage")
    other = SignIn(given[2], given[3]) if given[2] else None
    if given[0]:
        return SignIn(given[0], given[1]), other
    entry = read_json(folder / accounts.FILE).get("student")
    if entry is None:
        raise LocalProblem("Say whom to sign in: --email and --password of a student.", code="usage")
    return SignIn(entry["email"], entry["password"]), other or _second(folder)


def _second(folder: Path) -> SignIn:
    """A second student of the system in the folder: known from its start, or added beside it while it runs."""
    if (folder / place.SERVING).exists():
        entry = read_json(folder / accounts.FILE)[accounts.SECOND]
        return SignIn(entry["email"], entry["password"])
    try:
        url = environment.own_database_url() or postgres.running_url(folder / "postgres", NAME)
    except DatabaseProblem:
        raise LocalProblem(
            "No system of this folder runs there: say whom to sign in, with --email and --password of a student and "
            "--other-email and --other-password of another.",
            code="usage",
        ) from None
    engine = engine_for(url, pool_size=1)
    try:
        return accounts.ensure(engine, folder, accounts.SECOND, Role.STUDENT)
    finally:
        engine.dispose()

"""`request`: one question, from the command line to the lesson's files."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.markup import escape

from local import environment, lesson
from local.client import Client, Refused
from local.console import Console
from local.display import LessonDisplay, history_table, questions
from local.lesson import Answerer, Lesson
from local.state import State
from local.system import LocalSystem
from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality
from shared.pipeline import TERMINAL

DONE: Final = 0
AWAITING_CLARIFICATION: Final = 2
REFUSED: Final = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("query", metavar="TEXT", help="the question")
    parser.add_argument("--grade", type=int, default=10, metavar="N", help="school year, 1 to 13 (default 10)")
    parser.add_argument("--interest", default="", metavar="X", help="what the student likes: basketball, cooking …")
    parser.add_argument("--duration", type=int, default=90, metavar="SECONDS", help="30 to 300 (default 90)")
    parser.add_argument("--modality", choices=[m.value for m in Modality], default=Modality.VIDEO.value)
    parser.add_argument("--style", choices=[s.value for s in LessonStyle], default=LessonStyle.BALANCED.value)
    parser.add_argument("--language", default="en", metavar="CODE", help="(default en)")
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="TEXT",
        help="answer to a question back; repeatable",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go (default: in the state folder)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Start a system, ask it, fetch the files."""
    state = State.hold(environment.state_folder(), purpose="./run.sh request")
    try:
        with LocalSystem(state, console) as system:
            client = Client(system.url)
            client.login(system.student.email, system.student.password)
            return ask(client, arguments, console, state.folder)
    finally:
        state.close()


def ask(client: Client, arguments: argparse.Namespace, console: Console, state_folder: Path) -> int:
    """Ask a running system; say how it went; return the exit code."""
    fields = {
        "query": arguments.query,
        "grade_level": arguments.grade,
        "interest": arguments.interest,
        "style": arguments.style,
        "duration_seconds": arguments.duration,
        "modality": arguments.modality,
        "language": arguments.language,
    }
    console.say(f"\n[bold]{escape(arguments.query)}[/bold]\n")
    try:
        with LessonDisplay(console) as display:
            made = lesson.make(client, fields, display, _answerer(arguments, console, display))
        if made.status is Status.COMPLETED:
            folder = arguments.out or state_folder / "lessons" / made.state["id"]
            lesson.download(client, made, folder)
    except Refused as error:
        console.problem(str(error))
        if arguments.json:
            console.json({"id": None, "status": None, "error": {"code": error.code, "message": error.detail}})
        return REFUSED
    console.progress.print(history_table(made))
    if arguments.json:
        console.json(made.as_json())
    else:
        tell(made, console)
    return exit_code(made)


def exit_code(made: Lesson) -> int:
    """What DESIGN promises for how a request ended."""
    if made.status is Status.COMPLETED:
        return DONE
    return REFUSED if made.status in TERMINAL else AWAITING_CLARIFICATION


def tell(made: Lesson, console: Console) -> None:
    """Say how it went, for people."""
    console.result()
    match made.status:
        case Status.COMPLETED:
            _tell_files(made, console)
        case Status.FAILED:
            error = made.state.get("error") or {}
            console.result(f"[red]{made.status}[/red]: {escape(error.get('message', ''))} ({error.get('code')})")
        case Status.CANCELLED:
            console.result(f"[yellow]{made.status}[/yellow]")
        case _:
            console.result(f"[yellow]{escape(made.state['current_stage'])}[/yellow]")
            console.result(questions(made.state["clarification"]))
            console.result('\nAsk again with [bold]--answer "…"[/bold].')


def _tell_files(made: Lesson, console: Console) -> None:
    console.result(
        f"[green]{made.status}[/green] in {made.seconds:.1f} s: {escape(str(made.state.get('topic') or ''))}"
    )
    for entry in made.state["degraded"]:
        console.result(f"[yellow]note[/yellow] {escape(entry['message'])}")
    console.result()
    for name, path in made.files.items():
        shown = f"[bold]{escape(str(path))}[/bold]" if name == "video" else escape(str(path))
        console.result(f"  {name:<11} {shown}")
    books = sorted({(c["book"], c["licence"]) for c in made.state["citations"]})
    if books:
        console.result()
    for book, licence in books:
        passages = sum(c["book"] == book for c in made.state["citations"])
        console.result(f"  from        {escape(book)} ({escape(licence)}), {passages} passages")
    grounding = made.state.get("grounding")
    if grounding:
        stated = round(grounding["supported_share"] * grounding["claims"])
        console.result(f"  checked     {stated} of {grounding['claims']} statements stand in these passages")


def _answerer(arguments: argparse.Namespace, console: Console, display: LessonDisplay) -> Answerer:
    """The answers of the command line, in order; then, at a terminal, what is typed."""
    given = list(arguments.answer)

    def answer(clarification: Mapping[str, Any]) -> str | None:
        if given:
            return str(given.pop(0))
        if arguments.json or not (sys.stdin.isatty() and console.animated):
            return None
        display.pause()
        text = _typed(clarification, console)
        console.say()
        display.resume()
        return text

    return answer


def _typed(clarification: Mapping[str, Any], console: Console) -> str | None:
    console.say(questions(clarification))
    try:
        text = console.progress.input("\n  your answer (a number or your own words; empty to stop): ").strip()
    except EOFError:
        return None
    options = clarification["questions"][0]["options"]
    if text.isdecimal() and 1 <= int(text) <= len(options):
        return str(options[int(text) - 1]["label"])
    return text or None

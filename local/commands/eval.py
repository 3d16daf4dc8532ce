"""`eval`: how well questions find the sections that they belong to."""

import argparse
from pathlib import Path

import sqlalchemy as sa

from local import environment
from local.console import Console
from local.errors import LocalProblem
from local.state import State
from local.system import Record
from shared.books.evaluate import evaluate
from shared.db.engine import single_statement


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", type=Path, metavar="FILE.jsonl", help='lines of {"query": …, "module_id": …}')
    parser.add_argument("--exclude-exercises", action="store_true", help="search without the books' exercises")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Ask each question of the ingested books."""
    lines = _lines(arguments.file)
    state = State.hold(environment.state_folder(), purpose="./run.sh eval")
    try:
        with Record(state, console) as record, single_statement(record.services.engine) as connection:
            if not connection.scalar(sa.text("SELECT EXISTS (SELECT FROM passages)")):
                raise LocalProblem("No book was ingested yet: ./run.sh ingest PATH.", code="no_books")
            with console.step("questions", "searching") as step:
                found = _evaluate(connection, record, lines, arguments)
                step.detail = f"{found['n']} searched"
    finally:
        state.close()
    if arguments.json:
        console.json(found)
    else:
        for name, value in found.items():
            console.result(f"  {name:<9} {value}")
    return 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LocalProblem(f"{path}: {error.strerror}.", code="file_unreadable") from error
    except UnicodeDecodeError as error:
        raise LocalProblem(f"{path} is no UTF-8 text.", code="file_unreadable") from error


def _evaluate(
    connection: sa.Connection, record: Record, lines: list[str], arguments: argparse.Namespace
) -> dict[str, float]:
    try:
        return evaluate(connection, record.services.embeddings, lines, exclude_exercises=arguments.exclude_exercises)
    except ValueError as error:
        raise LocalProblem(f"{arguments.file}: {error}.", code="invalid_queries") from error

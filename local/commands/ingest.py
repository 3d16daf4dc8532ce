"""`ingest`: takes a book in."""

import argparse
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from local import environment
from local.console import Console
from local.state import State
from local.system import Record
from shared.books.ingest import IngestReport, ingest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="folder or ZIP with collections/ and modules/, Markdown or plain text"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Take it in; InvalidBook where it is none."""
    state = State.hold(environment.state_folder(), purpose="./run.sh ingest")
    try:
        with Record(state, console) as record, console.step("book", "reading") as step:
            report = ingest(
                arguments.path,
                record.services.engine,
                record.services.embeddings,
                progress=lambda done, total: step.update(f"learning {done} of {total} passages"),
            )
            step.detail = escape(report.title)
    finally:
        state.close()
    if arguments.json:
        console.json(asdict(report))
    else:
        _tell(report, console)
    return 0


def _tell(report: IngestReport, console: Console) -> None:
    console.result(
        f"{escape(report.title)}: {report.modules} sections, {report.passages} passages "
        f"({report.added} new, {report.changed} changed, {report.removed} gone, {report.unchanged} as before)"
    )
    for reason, count in sorted(report.omitted.items()):
        console.result(f"  left out: {count} × {escape(reason)}")

"""`bench`: the benchmarks in `bench/`, each beside its peer. They have a state of their own, below the state folder."""

import argparse
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from local import environment
from local.benchmark import Comparison
from local.console import Console
from local.errors import LocalProblem
from local.state import State

FOLDER: Final = environment.ROOT / "bench"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"one of {', '.join(names())} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def names() -> list[str]:
    """The benchmarks that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run one, or all."""
    if arguments.name is not None and arguments.name not in names():
        raise LocalProblem(f"There is no benchmark {arguments.name!r}: {', '.join(names())}.", code="usage")
    chosen = [arguments.name] if arguments.name else names()
    state = State.hold(environment.state_folder(), purpose="./run.sh bench")
    try:
        found = {name: _measure(name, state.folder / "bench" / name, console) for name in chosen}
    finally:
        state.close()
    if arguments.json:
        console.json({name: comparison.as_json() for name, comparison in found.items()})
    else:
        _tell(found, console)
    return 0


def _measure(name: str, folder: Path, console: Console) -> Comparison:
    console.say(f"\n[bold]{name}[/bold]")
    own = State.hold(folder, purpose="./run.sh bench")
    try:
        measured: Comparison = importlib.import_module(f"bench.{name}").measure(own, console)
    finally:
        own.close()
    return measured


def _tell(found: Mapping[str, Comparison], console: Console) -> None:
    for name, comparison in found.items():
        shown = comparison.as_json()
        console.result(f"[bold]{name}[/bold]  {comparison.what}")
        console.result(
            f"  {shown['ours_ms']:.1f} ms is [bold]{shown['ratio']:.2f}[/bold] × "
            f"{comparison.peer} ({shown['peer_ms']:.1f} ms); medians of {shown['runs']} runs"
        )
        for key, value in comparison.details.items():
            console.result(f"  {key.replace('_', ' ')}: {value}")
        if comparison.rows:
            console.result(_table(comparison.rows))


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 1))
    for column, value in rows[0].items():
        width = max(len(str(row[column])) for row in rows)
        table.add_column(
            column.replace("_", " "), justify="left" if isinstance(value, str) else "right", min_width=width
        )
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table

"""What a command says: progress to standard error, results to standard output."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console as RichConsole
from rich.status import Status

DONE: Final = "[green]✓[/green]"
FAILED: Final = "[red]✗[/red]"
NAME_WIDTH: Final = 14
QUIET_SECONDS: Final = 5.0  # between two lines about the same step in a log


class Step:
    """A part of the work that is under way."""

    def __init__(self, name: str, progress: RichConsole, status: Status | None) -> None:
        self.detail = ""  # shown behind the name once it is done
        self._name = name
        self._progress = progress
        self._status = status
        self._said = time.monotonic()

    def update(self, doing: str) -> None:
        """Say what is being done now: redrawn on a terminal, else a line now and then."""
        if self._status is not None:
            self._status.update(_heading(self._name, doing))
        elif time.monotonic() - self._said > QUIET_SECONDS:
            self._said = time.monotonic()
            self._progress.print(f"  … {self._name:<{NAME_WIDTH}} {doing}")


class Console:
    """The two streams. On a terminal, what is under way is animated; elsewhere each line is printed once."""

    def __init__(self) -> None:
        self.progress = RichConsole(file=sys.stderr, highlight=False, soft_wrap=True)
        self._results = RichConsole(file=sys.stdout, highlight=False, soft_wrap=True)

    @property
    def animated(self) -> bool:
        """Whether progress goes to a terminal that can redraw."""
        return self.progress.is_terminal and not self.progress.is_dumb_terminal

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Step]:
        """Show that something is being done, and then that it was, with the time it took."""
        began = time.monotonic()
        if self.animated:
            with self.progress.status(_heading(name, doing), spinner="dots") as status:
                step = Step(name, self.progress, status)
                yield step
        else:
            step = Step(name, self.progress, None)
            yield step
        seconds = time.monotonic() - began
        self.progress.print(f"  {DONE} {name:<{NAME_WIDTH}} {step.detail}  [dim]{seconds:.1f} s[/dim]")

    def say(self, text: str = "") -> None:
        """Print a line of progress. `text` may hold rich's markup."""
        self.progress.print(text)

    def problem(self, text: str) -> None:
        """Print a problem, as plain text."""
        self.progress.print(f"{FAILED} ", end="")
        self.progress.print(text, markup=False, soft_wrap=True)

    def result(self, text: Any = "") -> None:
        """Print a result: text with rich's markup, or something that rich draws."""
        self._results.print(text)

    def json(self, body: Mapping[str, Any]) -> None:
        """Print the one JSON object that a program reads."""
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
        sys.stdout.flush()


def _heading(name: str, doing: str) -> str:
    return f"{name:<{NAME_WIDTH}} [dim]{doing} …[/dim]"

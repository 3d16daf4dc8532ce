"""How a lesson that is being made looks on a terminal, and in a log."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.console import Console
from local.lesson import Lesson
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import TERMINAL

BAR_WIDTH: Final = 40
STATUS_WIDTH: Final = max(len(status) for status in Status)
_STYLE: Final = {Status.COMPLETED: "green", Status.FAILED: "red", Status.CANCELLED: "yellow"}


class LessonDisplay:
    """The progress of one request: redrawn in place on a terminal, a line for each change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state: Mapping[str, Any] | None = None
        self._live: Live | None = None
        self._spinner = Spinner("dots")
        self._said: tuple[str, str] | None = None

    def __enter__(self) -> Self:
        self.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def resume(self) -> None:
        """Begin to redraw, where that can be done."""
        if self._console.animated and self._live is None:
            self._live = Live(
                get_renderable=self._render, console=self._console.progress, refresh_per_second=8, transient=True
            )
            self._live.start()

    def pause(self) -> None:
        """Stop redrawing, for somebody to type."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, state: Mapping[str, Any]) -> None:
        """Take note of the request's state."""
        self._state = state
        if self._live is not None:
            return
        said = (state["status"], state["current_stage"])
        if said != self._said:
            self._said = said
            text = f"{state['progress_percentage']:>4}%  {state['status']:<{STATUS_WIDTH}}  {state['current_stage']}"
            self._console.progress.print(text, markup=False)

    def _render(self) -> RenderableType:
        state = self._state
        if state is None:
            return Text("")
        head = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=100, completed=state["progress_percentage"], width=BAR_WIDTH)
        head.add_row(self._spinner, bar, f"{state['progress_percentage']}%", _eta(state))
        words = Text(f"  {state['current_stage']}", style="bold")
        return Group(head, words, Text(""), history_table(Lesson(state)))


def _eta(state: Mapping[str, Any]) -> Text:
    seconds = state.get("eta_seconds")
    if seconds is None or Status(state["status"]) in TERMINAL:
        return Text("")
    return Text(f"about {seconds} s left", style="dim")


def history_table(lesson: Lesson) -> Table:
    """The statuses, when each began, and the seconds that it lasted."""
    table = Table(box=None, padding=(0, 2), show_edge=False, header_style="dim")
    table.add_column("status")
    table.add_column("at")
    table.add_column("seconds", justify="right")
    for name, at, seconds in lesson.spans():
        table.add_row(
            Text(name, style=_STYLE.get(Status(name), "")), _clock(at), "" if seconds is None else f"{seconds:.1f}"
        )
    return table


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def questions(clarification: Mapping[str, Any]) -> str:
    """The open questions with their options, numbered, as rich's markup."""
    lines = []
    for question in clarification["questions"]:
        lines.append(f"  [bold]{escape(question['text'])}[/bold]")
        lines += [f"    {n}. {escape(option['label'])}" for n, option in enumerate(question["options"], start=1)]
    return "\n".join(lines)

"""What people see: lines in a log, a picture that is redrawn on a terminal, questions, benchmarks."""

import io
import json
from typing import Any

import pytest
from rich.console import Console as RichConsole

from local.benchmark import Comparison, in_turn
from local.commands import bench
from local.commands.request import exit_code
from local.console import Console
from local.display import LessonDisplay, history_table, questions
from local.lesson import Lesson
from shared.enums import ContentRequestStatus as Status


def state(status: Status, progress: int = 30, stage: str = "Writing the lesson", **fields: Any) -> dict[str, Any]:
    timeline = [
        {"status": Status.PENDING.value, "at": "2026-01-01T10:00:00.250000Z", "progress_percentage": 0},
        {"status": Status.VALIDATING.value, "at": "2026-01-01T10:00:01.750000Z", "progress_percentage": 5},
        {"status": status.value, "at": "2026-01-01T10:00:04Z", "progress_percentage": progress},
    ]
    return {
        "id": "1",
        "status": status.value,
        "progress_percentage": progress,
        "current_stage": stage,
        "eta_seconds": 12,
        "timeline": timeline,
        "citations": [],
        "degraded": [],
        "assets": {},
        "timings": {},
    } | fields


@pytest.fixture
def console() -> Console:
    made = Console()
    made.progress = RichConsole(file=io.StringIO(), width=100, highlight=False)
    return made


def written(console: Console) -> str:
    return console.progress.file.getvalue()  # type: ignore[attr-defined]


def test_log_gets_a_line_for_each_change_and_none_for_a_repeat(console):
    with LessonDisplay(console) as display:
        display.show(state(Status.GENERATING_SCRIPT))
        display.show(state(Status.GENERATING_SCRIPT, 34))
        display.show(state(Status.GENERATING_SCRIPT, 40, "Checking the script [bold]x[/bold]"))
        display.show(state(Status.COMPLETED, 100, "Your lesson is ready"))

    lines = written(console).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["30%", "generating_script"],
        ["40%", "generating_script"],
        ["100%", "completed"],
    ]
    assert "[bold]x[/bold]" in lines[1], "text from elsewhere is no markup"


def test_terminal_shows_bar_stage_time_left_and_history(console):
    console.progress = RichConsole(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    display = LessonDisplay(console)
    with display:
        display.show(state(Status.GENERATING_SCRIPT, 42))
        console.progress.print(display._render())
    text = written(console)

    for part in ("42%", "Writing the lesson", "about 12 s left", "validating", "2.2"):
        assert part in text


def test_history_has_each_status_with_its_seconds(console):
    console.progress.print(history_table(Lesson(state(Status.COMPLETED))))
    lines = [line.split() for line in written(console).splitlines()]

    assert [line[0] for line in lines] == ["status", "pending", "validating", "completed"]
    assert [line[2:] for line in lines[1:]] == [["1.5"], ["2.2"], []]


def test_questions_are_numbered(console):
    clarification = {"questions": [{"id": "q", "text": "Which [part]?", "options": [{"id": "a", "label": "Waves"}]}]}
    console.say(questions(clarification))

    assert "Which [part]?" in written(console)
    assert "1. Waves" in written(console)


@pytest.mark.parametrize(
    ("status", "code"),
    [(Status.COMPLETED, 0), (Status.PENDING, 2), (Status.FAILED, 3), (Status.CANCELLED, 3)],
)
def test_exit_codes(status, code):
    assert exit_code(Lesson(state(status))) == code


def test_lesson_lasts_from_its_first_entry_to_its_last():
    assert Lesson(state(Status.COMPLETED)).seconds == 3.75
    assert Lesson(state(Status.COMPLETED)).as_json()["timings"]["total"] == 3.75


def test_step_is_a_line_with_what_came_of_it(console):
    with console.step("database", "starting") as step:
        step.update("thinking")
        step.detail = "ready"

    assert written(console).split()[:3] == ["✓", "database", "ready"]


def test_failed_step_says_nothing_of_success(console):
    with pytest.raises(RuntimeError), console.step("database", "starting"):
        raise RuntimeError
    assert written(console) == ""


def test_json_is_one_object_on_standard_output(capsys):
    Console().json({"text": "é", "n": 1})
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ({"text": "é", "n": 1}, "")


def test_benchmark_runs_in_turn_after_warming_up():
    order: list[str] = []

    def ours() -> float:
        order.append("ours")
        return 2.0

    def peer() -> float:
        order.append("peer")
        return float(len(order))

    pairs = in_turn(ours, peer, runs=2)
    assert order == ["ours", "peer"] * 3
    assert pairs == ((2.0, 2.0), (4.0, 6.0))


def test_ratio_is_the_median_of_the_pairs():
    comparison = Comparison(what="x", peer="y", ours=(2.0, 30.0, 2.0), peers=(1.0, 10.0, 2.0))

    assert comparison.ratio == 2.0
    assert comparison.as_json()["ours_ms"] == 2000


def test_a_benchmarks_table_is_printed_and_part_of_its_json(capsys):
    rows = ({"function": "handle_dead_letter", "import_ms": 480}, {"function": "api", "import_ms": 669})
    comparison = Comparison(what="x", peer="y", ours=(1.0,), peers=(2.0,), rows=rows)

    bench._tell({"imports": comparison}, Console())

    assert "handle_dead_letter" in capsys.readouterr().out
    assert comparison.as_json()["rows"] == list(rows)
    assert "rows" not in Comparison(what="x", peer="y", ours=(1.0,), peers=(2.0,)).as_json()

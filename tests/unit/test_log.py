"""What the log may say, and where it says it."""

import io
import json
import sys
from contextlib import ExitStack

import pytest

from shared import log


@pytest.fixture(autouse=True)
def configured() -> None:
    log.configure("INFO")


def test_a_log_line_carries_known_fields_alone() -> None:
    with pytest.raises(ValueError, match="query"):
        log.event("something", query="a student's words")


def test_a_log_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    log.event("stage began", stage="x", attempt=2)

    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["stage"], line["attempt"]) == ("stage began", "x", 2)


def test_configured_twice_it_says_everything_once(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("INFO")
    log.event("stage began")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_lines_follow_the_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was the standard error when the log was configured may be closed by now."""
    closed, present = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", closed)
    log.event("before")
    closed.close()
    monkeypatch.setattr(sys, "stderr", present)
    log.event("after")

    assert json.loads(present.getvalue())["message"] == "after"


def test_lines_go_to_a_file_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    with log.written_to(file):
        log.event("inside")
    log.event("outside")

    assert json.loads(file.getvalue())["message"] == "inside"
    assert json.loads(capsys.readouterr().err)["message"] == "outside"


def test_of_two_files_either_may_end_first(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = io.StringIO(), io.StringIO()
    first_ends, second_ends = ExitStack(), ExitStack()
    first_ends.enter_context(log.written_to(first))
    second_ends.enter_context(log.written_to(second))
    first_ends.close()
    log.event("inside the second")
    second_ends.close()
    log.event("outside")

    assert (first.getvalue(), json.loads(second.getvalue())["message"]) == ("", "inside the second")
    assert json.loads(capsys.readouterr().err)["message"] == "outside"


def test_a_line_that_cannot_be_written_tells_nothing_of_what_was_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said, closed = io.StringIO(), io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "__stderr__", said)
    monkeypatch.setattr(sys, "stderr", closed)
    try:
        raise KeyError("a student's words")
    except KeyError:
        log.event("call failed")

    assert json.loads(said.getvalue())["severity"] == "ERROR"
    assert "student" not in said.getvalue()

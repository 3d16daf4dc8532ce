"""The audit of dependencies says what it found, and never that all is well where it could not look."""

import json
import socket
import stat
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.security import audit

SOUND = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "CVE-1"}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}


def test_every_list_of_packages_is_looked_up() -> None:
    """The first holds those of the functions and of one machine as well."""
    lists = {path.name for path in ROOT.glob("requirements*.txt")}
    included = {"requirements.txt", "requirements-local.txt"}
    assert set(audit.LISTS) | included == lists
    assert "-r requirements-local.in" in (ROOT / "requirements-dev.in").read_text()
    assert "-r requirements.in" in (ROOT / "requirements-local.in").read_text()


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([SOUND], audit.LOOKED_UP, "1 packages without"),
        ([SOUND, BAD], audit.VULNERABLE, "VULNERABLE: b 2: CVE-1, PYSEC-1"),
        ([SOUND, SKIPPED], audit.NOT_LOOKED_UP, "NOT LOOKED UP: c"),
        ([SKIPPED, BAD], audit.VULNERABLE, "NOT LOOKED UP: c"),
    ],
)
def test_what_was_found_is_told_and_exits_so(
    packages: list[dict[str, object]], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps({'dependencies': packages})}\nEND\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert audit.report([("list", audit.audit("requirements.txt", program))]) == code
    assert told in capsys.readouterr().out


def test_a_look_up_that_failed_is_no_good_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "pip-audit"
    program.write_text("#!/bin/sh\necho 'a line' >&2\necho 'ConnectionError: no route' >&2\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert audit.report([("list", audit.audit("requirements.txt", program))]) == audit.NOT_LOOKED_UP
    assert "NOT LOOKED UP: ConnectionError: no route" in capsys.readouterr().out


def test_whether_the_database_can_be_asked_is_found_out_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert audit.reachable(("127.0.0.1", port)) is None
    told = audit.reachable(("127.0.0.1", port))
    assert told is not None
    assert "127.0.0.1 cannot be reached" in told

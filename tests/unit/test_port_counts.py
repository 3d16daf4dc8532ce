"""The counts by port: a table at the end, and a whole run in CI that leaves a port unproven fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.enums import Port
from tests.conftest import ROOT
from tests.port_counts import WITHOUT_SUITE

PROVEN = [port.value for port in Port if port not in WITHOUT_SUITE]


def run(folder: Path, tests: str, *arguments: str, ci: bool = True) -> subprocess.CompletedProcess[str]:
    """A run of pytest over these tests alone, in a folder of its own."""
    (folder / "suite").mkdir()
    (folder / "suite" / "test_suite.py").write_text("import pytest\n" + tests)
    markers = 'markers = ["port(name): a contract suite"]'
    (folder / "pyproject.toml").write_text(f'[tool.pytest.ini_options]\ntestpaths = ["suite"]\n{markers}\n')
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.port_counts", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CI": "true" if ci else "false"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def contract_test(port: str, body: str = "pass") -> str:
    return f"@pytest.mark.port({port!r})\ndef test_{port}():\n    {body}\n\n"


ALL = "".join(map(contract_test, PROVEN))


def row(output: str, port: str) -> list[str]:
    return next(line.split()[1:] for line in output.splitlines() if line.split()[:1] == [port])


def test_the_table_counts_each_port_and_tells_which_have_no_suite(tmp_path: Path) -> None:
    more = '@pytest.mark.port("bus")\n@pytest.mark.parametrize("n", [1, 2])\ndef test_more(n):\n    pass\n\n'
    left_out = '@pytest.mark.port("bus")\n@pytest.mark.skip(reason="no emulator")\ndef test_left_out():\n    pass\n'
    ended = run(tmp_path, ALL + more + left_out)
    assert ended.returncode == 0, ended.stdout
    assert row(ended.stdout, "bus") == ["3", "0", "1"]
    assert row(ended.stdout, "writer") == ["1", "0", "0"]
    assert row(ended.stdout, "accounts")[:2] == ["no", "suite:"]


def test_a_whole_run_in_ci_fails_where_a_port_has_no_test_that_passed(tmp_path: Path) -> None:
    others = "".join(map(contract_test, [port for port in PROVEN if port not in ("mirror", "webhook")]))
    ended = run(tmp_path, others + contract_test("mirror", "pytest.skip('no emulator')"))
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "no contract test passed for: mirror, webhook" in ended.stdout


@pytest.mark.parametrize("arguments", [("suite/test_suite.py",), ("-k", "bus")])
def test_a_part_of_the_tests_proves_no_port_and_need_not(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run(tmp_path, contract_test("bus"), *arguments)
    assert ended.returncode == 0, ended.stdout
    assert row(ended.stdout, "bus") == ["1", "0", "0"]


def test_a_laptop_may_leave_a_port_out(tmp_path: Path) -> None:
    assert run(tmp_path, contract_test("bus"), ci=False).returncode == 0


def test_a_port_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    ended = run(tmp_path, contract_test("carrier_pigeon"))
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert "takes one value of shared.enums.Port" in ended.stdout + ended.stderr

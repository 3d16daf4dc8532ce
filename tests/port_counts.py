"""Counts the tests of the ports' contract suites and prints them by port at the end of a run.

In CI a run of all tests fails where a port has no contract test that passed: a suite that was skipped, emptied or never
written would otherwise look like one that holds.
"""

import os
from collections import Counter
from typing import Final

import pytest
from _pytest.terminal import TerminalReporter

from shared.enums import Port

MARKER: Final = "port"
WITHOUT_SUITE: Final = {
    Port.ACCOUNTS: "no adapter fills it: tokens are made and read by the code itself (tests/unit/test_api_security.py)",
    Port.SCHEMA: "it is the record's server, reached as another user (tests/integration/test_maintain.py)",
    Port.SOURCES: "it is filled by the adapters of `objects`",
}
OUTCOMES: Final = ("passed", "failed", "skipped")
# Options of pytest with which less than all tests are run.
NARROWING: Final = ("keyword", "markexpr", "collectonly", "deselect", "lf")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note the ports of a test where its reports carry them; a port that is none is a mistake in the suite."""
    for marker in item.iter_markers(MARKER):
        if len(marker.args) != 1 or marker.args[0] not in list(Port):
            raise pytest.UsageError(f"{item.nodeid}: `{MARKER}` takes one value of shared.enums.Port")
        item.user_properties.append((MARKER, str(marker.args[0])))


def counted(reporter: TerminalReporter) -> dict[Port, Counter[str]]:
    """How many tests of each port passed, failed and were skipped; an error while one is set up is a failure."""
    counts = {port: Counter[str]() for port in Port}
    for category, outcome in {"passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped"}.items():
        for report in reporter.stats.get(category, []):
            # What could not be collected has no properties.
            for port in {value for name, value in getattr(report, "user_properties", ()) if name == MARKER}:
                counts[Port(port)][outcome] += 1
    return counts


def unproven(reporter: TerminalReporter) -> list[Port]:
    """The ports that ought to have a contract test that passed, and have none."""
    return [port for port, count in counted(reporter).items() if not count["passed"] and port not in WITHOUT_SUITE]


def _was_whole(config: pytest.Config) -> bool:
    """Whether all tests were asked for: none chosen by path, name or marker, and not only looked for."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return False
    return not any(getattr(config.option, name, None) for name in NARROWING)


def _reporter(config: pytest.Config) -> TerminalReporter | None:
    found = config.pluginmanager.get_plugin("terminalreporter")
    return found if isinstance(found, TerminalReporter) else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole run in CI that leaves a port unproven."""
    reporter = _reporter(session.config)
    if session.exitstatus != pytest.ExitCode.OK or not _must_be_proven(session.config):
        return
    if reporter is not None and unproven(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _must_be_proven(config: pytest.Config) -> bool:
    return os.environ.get("CI") == "true" and _was_whole(config)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print the table: of all ports after a whole run, else of those of which a contract test was run."""
    counts = {port: count for port, count in counted(terminalreporter).items() if count or _was_whole(config)}
    if not counts:
        return
    terminalreporter.section("contract suites by port")
    terminalreporter.write_line(f"{'port':<12}" + "".join(f"{outcome:>9}" for outcome in OUTCOMES))
    for port, count in counts.items():
        if port in WITHOUT_SUITE:
            terminalreporter.write_line(f"{port:<12}  no suite: {WITHOUT_SUITE[port]}")
        else:
            terminalreporter.write_line(f"{port:<12}" + "".join(f"{count[outcome]:>9}" for outcome in OUTCOMES))
    if _must_be_proven(config) and (lacking := unproven(terminalreporter)):
        terminalreporter.write_line(f"no contract test passed for: {', '.join(lacking)}", red=True, bold=True)

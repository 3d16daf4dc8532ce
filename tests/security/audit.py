"""Looks the pinned packages up in a database of known vulnerabilities: `./test.sh audit`.

    python -m tests.security.audit [--reachable]

pip-audit asks osv.dev, https://google.github.io/osv.dev/api/, of which one POST answers for one package. Exit codes: 0
nothing known, or `--reachable` and it is; 1 vulnerabilities; 3 not looked up, in whole or in part, and why.
"""

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ROOT / ".venv-audit" / "bin" / "pip-audit"
LISTS: Final = (
    "requirements-dev.txt",
    "requirements-policy.txt",
    "requirements-bootstrap.txt",
    "requirements-audit.txt",
)
SERVICE: Final = ("api.osv.dev", 443)
PATIENCE: Final = 5.0  # seconds, for a connection
LOOKED_UP, VULNERABLE, NOT_LOOKED_UP = 0, 1, 3


@dataclass
class Found:
    """What one list's packages turned out to be."""

    sound: int = 0
    vulnerable: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read(report: str) -> Found:
    """Read pip-audit's JSON; a package that it could not look up is not sound."""
    found = Found()
    packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    for package in packages:
        if "skip_reason" in package:
            found.skipped.append(package["name"])
        elif package["vulns"]:
            known = ", ".join(sorted(vulnerability["id"] for vulnerability in package["vulns"]))
            found.vulnerable.append(f"{package['name']} {package['version']}: {known}")
        else:
            found.sound += 1
    return found


def reachable(service: tuple[str, int] = SERVICE) -> str | None:
    """Why the database cannot be asked; None where it can."""
    try:
        socket.create_connection(service, timeout=PATIENCE).close()
    except OSError as error:
        return f"{service[0]} cannot be reached ({error})"
    return None


def audit(name: str, program: Path = PROGRAM) -> Found | str:
    """Look a list up; a sentence where that could not be done."""
    options = ["--vulnerability-service", "osv", "--disable-pip", "--require-hashes", "--format", "json"]
    command = [program, *options, "--progress-spinner", "off", "--requirement", ROOT / name]
    answer = subprocess.run(command, capture_output=True, text=True)
    try:
        return read(answer.stdout)
    except (ValueError, KeyError):
        return answer.stderr.strip().rpartition("\n")[2] or f"pip-audit ended with {answer.returncode}"


def report(results: Sequence[tuple[str, Found | str]]) -> int:
    """Print what was found, a line a list; the exit code."""
    code = LOOKED_UP
    for name, found in results:
        if isinstance(found, str):
            print(f"{name}: NOT LOOKED UP: {found}")
            code = code or NOT_LOOKED_UP
            continue
        print(f"{name}: {found.sound} packages without known vulnerabilities")
        if found.skipped:
            print(f"{name}: NOT LOOKED UP: {', '.join(found.skipped)}")
            code = code or NOT_LOOKED_UP
        for line in found.vulnerable:
            print(f"{name}: VULNERABLE: {line}")
            code = VULNERABLE
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="./test.sh audit")
    parser.add_argument("--reachable", action="store_true", help="only tell whether the database can be asked")
    asked = parser.parse_args(arguments)
    why = reachable()
    if why is not None:
        print(f"dependencies NOT LOOKED UP: {why}")
        return NOT_LOOKED_UP
    return LOOKED_UP if asked.reachable else report([(name, audit(name)) for name in LISTS])


if __name__ == "__main__":
    sys.exit(main())

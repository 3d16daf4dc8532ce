"""The one way to every command outside: git, gcloud, terraform, curl. Tests give recorded answers in its place."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")  # Terraform's, wherever it writes
LONGEST_SECONDS: Final = 3600.0  # creating a database takes a quarter of an hour


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str = ""

    @property
    def reason(self) -> str:
        """One line of what it complained, for a person: the one that says `error`, or else the last."""
        lines = [line.strip("│ ╷╵\t") for line in COLOURS.sub("", self.err or self.out).splitlines()]
        lines = [line for line in lines if line]
        named = [line for line in lines if line.startswith(("ERROR:", "Error:"))]
        return (named or lines[-1:] or [f"exit code {self.code}"])[0]


class Commands(Protocol):
    """Runs commands."""

    def run(
        self,
        words: Sequence[str],
        *,
        given: str | None = None,
        shown: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run the command to its end, whatever its exit code.

        `given` is its standard input, where secrets go: the words can be read by every user of the machine. With
        `shown`, what it says goes to the terminal instead of into the answer.
        """


class RealCommands:
    """Runs them on this machine."""

    def run(
        self,
        words: Sequence[str],
        *,
        given: str | None = None,
        shown: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run the command; 127 where there is none of that name, as in a shell."""
        try:
            process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=sys.stderr if shown else subprocess.PIPE,
                stderr=sys.stderr if shown else subprocess.PIPE,
                env=dict(environment) if environment is not None else None,
                text=True,
            )
        except FileNotFoundError:
            return Ran(127, "", f"{words[0]} is not installed")
        try:
            out, err = process.communicate(given, timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
            return Ran(124, "", f"{words[0]} did not end within {LONGEST_SECONDS:.0f} s")
        except KeyboardInterrupt:
            # It was interrupted with us. Terraform then puts down what it has made, and must not be killed over it.
            process.communicate()
            raise
        return Ran(process.returncode, out or "", err or "")

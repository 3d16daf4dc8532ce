"""The one way to every command outside: git, gcloud, terraform, curl. Tests give recorded answers in its place."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_SECONDS: Final = 3600.0  # creating a database takes a quarter of an hour


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str = ""

    @property
    def reason(self) -> str:
        """The last line of what it complained, for a person."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


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
            done = subprocess.run(
                list(words),
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                stdout=sys.stderr if shown else subprocess.PIPE,
                stderr=sys.stderr if shown else subprocess.PIPE,
                env=dict(environment) if environment is not None else None,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            return Ran(127, "", f"{words[0]} is not installed")
        except subprocess.TimeoutExpired:
            return Ran(124, "", f"{words[0]} did not end within {LONGEST_SECONDS:.0f} s")
        return Ran(done.returncode, done.stdout or "", done.stderr or "")

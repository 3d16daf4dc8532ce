"""The list of checks: what was looked at, what was found."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from local.client import Refused
from local.errors import LocalProblem


class Failure(Exception):
    """A check found what must not be; the text says what was measured."""


@dataclass(frozen=True, slots=True)
class Result:
    """One check."""

    part: str
    name: str
    ok: bool
    measured: str
    seconds: float


@dataclass(slots=True)
class Checklist:
    """Runs checks and keeps their results; `show` hears of each as it is known."""

    show: Callable[[Result], None]
    part: str = ""
    results: list[Result] = field(default_factory=list)

    def check(self, name: str, look: Callable[[], str]) -> bool:
        """Run `look`, which returns what it measured, or raises Failure; what it could not look at has failed too."""
        began = time.monotonic()
        try:
            measured, ok = look(), True
        except Failure as failure:
            measured, ok = str(failure), False
        except (Refused, LocalProblem) as error:
            measured, ok = f"not looked at: {error}", False
        except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
            # An answer without a field that it has to have, a file that does not open.
            measured, ok = f"not looked at: {type(error).__name__}: {error}", False
        result = Result(self.part, name, ok, measured, round(time.monotonic() - began, 3))
        self.results.append(result)
        self.show(result)
        return ok

    @property
    def ok(self) -> bool:
        """Whether there were checks, and all held."""
        return bool(self.results) and all(result.ok for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """All results, and whether every check held."""
        return {"ok": self.ok, "checks": [asdict(result) for result in self.results]}


def expect(condition: bool, measured: str) -> None:
    """Raise Failure with what was measured, unless it is as it has to be."""
    if not condition:
        raise Failure(measured)

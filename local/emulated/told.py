"""What each function is told: the settings and secrets that its ports need, by the rules that Terraform goes by.

Both read the committed files that are written from the code. `terraform/locals.tf` has the rules, and the sizes; a test
compares the sizes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from local.environment import ROOT
from shared import parts
from shared.enums import Port
from shared.pipeline import (
    API,
    GENERATE_SCRIPT,
    GENERATE_VIDEO,
    INGEST_SOURCE,
    MAINTAIN,
    PROCESS_VIDEO,
    RETRIEVE_CONTENT,
    SWEEP,
    VALIDATE_REQUEST,
    Function,
)

DECLARED: Final = ROOT / "terraform" / "settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many requests one instance serves at once, and how many connections to the record it keeps at most."""

    threads: int = 8
    pool: int = 2


USUAL: Final = Size()
SIZES: Final[Mapping[str, Size]] = MappingProxyType(
    {
        API.name: Size(threads=40, pool=5),
        VALIDATE_REQUEST.name: Size(threads=4),
        RETRIEVE_CONTENT.name: Size(threads=4),
        GENERATE_SCRIPT.name: Size(threads=4),
        GENERATE_VIDEO.name: Size(threads=1),
        PROCESS_VIDEO.name: Size(threads=1),
        SWEEP.name: Size(threads=1),
        INGEST_SOURCE.name: Size(threads=1),
        MAINTAIN.name: Size(threads=1, pool=1),
    }
)


class Told:
    """Environments by function. `values` are settings by their names; a secret differs where it is one's own."""

    def __init__(self, values: Mapping[str, str], *, path: Path = DECLARED) -> None:
        declared: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._values = values
        self._secret = {name for name, about in declared["settings"].items() if about["secret"]}
        self._ports: dict[str, dict[str, Any]] = declared["ports"]
        choosers = {port["setting"] for port in self._ports.values()}
        particular = {name for port in self._ports.values() for needs in port["parts"].values() for name in needs}
        self._general = declared["settings"].keys() - self._secret - choosers - particular

    def settings(self, function: Function) -> dict[str, str]:
        """Its settings and secrets, by variable."""
        names = set(self._general)
        for port in function.uses:
            setting = self._ports[port]["setting"]
            if setting is not None:
                names.add(setting)
            names |= set(self._ports[port]["parts"][self._part(port, setting)])
        pool = {"DATABASE_POOL_SIZE": str(SIZES.get(function.name, USUAL).pool)}
        return {name.upper(): self._values[name] for name in sorted(names & self._values.keys())} | pool

    def _part(self, port: Port, setting: str | None) -> str:
        if setting is not None:
            return self._values[setting]
        return parts.PARTS[port].names[0]  # where nothing is to choose, what runs outside of Cloud SQL


def framework(function: Function, port: int) -> dict[str, str]:
    """What the functions framework and the interpreter are told, as on Cloud Run."""
    return {
        "FUNCTION_TARGET": function.name,
        "FUNCTION_SOURCE": str(ROOT / "functions" / function.name / "main.py"),
        "FUNCTION_SIGNATURE_TYPE": "http" if function.listens is None else "cloudevent",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "WORKERS": "1",
        "THREADS": str(SIZES.get(function.name, USUAL).threads),
        "CLOUD_RUN_TIMEOUT_SECONDS": str(function.timeout),
        "MALLOC_ARENA_MAX": "2",
    }

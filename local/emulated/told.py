"""What each function is told: the settings and secrets that its ports need, by the rules that Terraform goes by.

Both read the committed files that are written from the code. `terraform/locals.tf` has the rules.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from local.environment import ROOT
from shared import parts
from shared.enums import Port
from shared.pipeline import Function

DECLARED: Final = ROOT / "terraform" / "settings.json"


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
        pool = {"DATABASE_POOL_SIZE": str(function.size.pool)}
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
        "THREADS": str(function.size.concurrency),
        "CLOUD_RUN_TIMEOUT_SECONDS": str(function.timeout),
        "MALLOC_ARENA_MAX": "2",
    }

"""The committed files that are made from the code, and what they have to hold."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from local.environment import ROOT
from shared import pipeline
from shared.lesson.storyboard import Storyboard
from shared.settings import Settings

__all__ = ["ROOT", "files"]

_BEGIN = "<!-- settings:begin (written by ./run.sh generate) -->"
_END = "<!-- settings:end -->"


def files() -> Mapping[Path, str]:
    """Each file's path and content."""
    from functions.api.openapi import document

    return {
        ROOT / "terraform" / "pipeline.json": _json(pipeline.as_dict()),
        ROOT / "docs" / "storyboard.schema.json": _json(Storyboard.model_json_schema()),
        ROOT / "docs" / "openapi.json": _json(document()),
        ROOT / "README.md": _with_settings((ROOT / "README.md").read_text(encoding="utf-8")),
    }


def _with_settings(readme: str) -> str:
    """The README with its table of settings as `shared/settings.py` declares them."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = [f"| `{item.name.upper()}` | {_default(item)} | {item.metadata['meaning']} |" for item in fields(Settings)]
    table = "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])
    return f"{before}{_BEGIN}\n{table}\n{_END}{after}"


def _default(item: Field[Any]) -> str:
    if item.default is MISSING:
        return "required, a secret" if item.metadata["secret"] else "required"
    return f"`{item.default}`"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

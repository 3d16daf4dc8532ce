"""The committed files that are made from the code, and what they have to hold."""

import json
from collections.abc import Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from local.environment import ROOT
from shared import pipeline
from shared.lesson.storyboard import Storyboard
from shared.parts import FIXED_PARTS, PARTS
from shared.settings import Settings

__all__ = ["ROOT", "files"]

_BEGIN = "<!-- settings:begin (written by ./run.sh generate) -->"
_END = "<!-- settings:end -->"


def files() -> Mapping[Path, str]:
    """Each file's path and content."""
    from functions.api.openapi import document

    return {
        ROOT / "terraform" / "pipeline.json": _json(pipeline.as_dict()),
        ROOT / "terraform" / "settings.json": _json(_settings()),
        ROOT / "docs" / "storyboard.schema.json": _json(Storyboard.model_json_schema()),
        ROOT / "docs" / "openapi.json": _json(document()),
        ROOT / "README.md": _with_settings((ROOT / "README.md").read_text(encoding="utf-8")),
    }


def _settings() -> dict[str, Any]:
    """Which settings there are, which are secret, and which each part of each port has to be told: for Terraform."""
    return {
        "settings": {
            item.name: {"secret": item.metadata["secret"], "default": item.default} for item in fields(Settings)
        },
        "ports": {
            port.value: {
                "setting": None if choice.setting in FIXED_PARTS else choice.setting,
                "parts": {part.name: list(part.needs) for part in choice.parts},
            }
            for port, choice in PARTS.items()
        },
    }


def _with_settings(readme: str) -> str:
    """The README with its table of settings as `shared/settings.py` declares them."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    rows = [
        f"| `{item.name.upper()}` | {_default(item)} | {_needed_by(item.name)} | {item.metadata['meaning']} |"
        for item in fields(Settings)
    ]
    table = "\n".join(["| Variable | Default | Must be set | Meaning |", "|---|---|---|---|", *rows])
    return f"{before}{_BEGIN}\n{table}\n{_END}{after}"


def _default(item: Field[Any]) -> str:
    if item.metadata["secret"]:
        return "a secret"
    return f"`{item.default}`" if item.default != "" else ""


def _needed_by(name: str) -> str:
    """The choices of parts that make a setting necessary."""
    users = {(choice.setting, part.name) for choice in PARTS.values() for part in choice.parts if name in part.needs}
    if name == "database_owner_url":
        return "by `maintain`"
    if {setting for setting, _ in users} & FIXED_PARTS:
        return "yes" if ("record", "postgresql") in users or ("accounts", "password") in users else "with Cloud SQL"
    return ", ".join(f"`{setting.upper()}={part}`" for setting, part in sorted(users))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

"""The committed files that are made from the code, and what they have to hold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.environment import ROOT
from shared import pipeline
from shared.lesson.storyboard import Storyboard

__all__ = ["ROOT", "files"]


def files() -> Mapping[Path, str]:
    """Each file's path and content."""
    from functions.api.openapi import document

    return {
        ROOT / "terraform" / "pipeline.json": _json(pipeline.as_dict()),
        ROOT / "docs" / "storyboard.schema.json": _json(Storyboard.model_json_schema()),
        ROOT / "docs" / "openapi.json": _json(document()),
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

"""What models are told: text files beside this module, in which `$name` stands for a value, and `$$` for a dollar.

Orders and data are kept apart. Orders are these files, with values of ours filled in; all that students and books
wrote is data: one JSON document between two tags, in which neither tag can occur.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any, Final, Self

_FOLDER: Final = Path(__file__).parent
# JSON may write any character by its number, so these need never stand in it as themselves.
_UNFORGEABLE: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a model: `system` and `task` are orders of ours, `data` is the text of others."""

    system: str
    task: str
    data: str

    def with_note(self, note: str) -> Self:
        """The same request with a further order."""
        return replace(self, task=f"{self.task}\n\n{note}")


def text(name: str, **values: object) -> str:
    """The prompt of this name, filled in. KeyError: a value is missing; ValueError: one has no place in it."""
    template = _template(name)
    unused = values.keys() - set(template.get_identifiers())
    if unused:
        raise ValueError(f"the prompt {name} has no place for {', '.join(sorted(unused))}")
    return template.substitute({key: str(value) for key, value in values.items()}).strip()


def as_data(document: Mapping[str, Any]) -> str:
    """A JSON document between its tags; whatever the texts in it hold, they cannot end it."""
    written = json.dumps(document, ensure_ascii=False, indent=1)
    return f"<data>\n{written.translate(_UNFORGEABLE)}\n</data>"


@lru_cache(maxsize=32)
def _template(name: str) -> Template:
    return Template((_FOLDER / f"{name}.txt").read_text(encoding="utf-8"))

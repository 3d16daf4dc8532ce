"""What differs between the generations of Gemini: how the thinking before an answer is bounded."""

import re
from typing import Final

from google.genai import types

_VERSION: Final = re.compile(r"gemini-(\d+)(?:\.(\d+))?(?:-(pro|flash-lite|flash))?")
_BUDGETED: Final = (2, 5)  # the first generation that thinks; its budget is in tokens
_LEVELLED: Final = (3, 0)  # from here on it is a level
# Fewest tokens that a model of the budgeted generation takes; 0 turns thinking off.
_LEAST: Final = {"pro": 128}


def thinking(model: str, tokens: int) -> types.ThinkingConfig | None:
    """The bound for a model that may think for so many tokens; None for one that does not think, or is not known.

    A model refuses a request with a setting that it does not have.
    """
    match = _VERSION.match(model)
    if not match:
        return None
    version = int(match[1]), int(match[2] or 0)
    if version >= _LEVELLED:
        return types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
    if version >= _BUDGETED:
        return types.ThinkingConfig(thinking_budget=max(tokens, _LEAST.get(match[3] or "", 0)))
    return None

"""What is searched of a passage: its words without LaTeX commands, under the headings it stands below."""

import hashlib
import re
from typing import Final

from shared.books.latex import GREEK
from shared.books.passages import Passage
from shared.enums import PassageKind

_GREEK_NAMES: Final = {latex.lstrip("\\") for latex in GREEK.values() if latex[1:].isalpha()}
_COMMAND: Final = re.compile(r"\\([A-Za-z]+)")
_FORMULA: Final = re.compile(r"\$([^$]+)\$")


def plain_words(text: str) -> str:
    """Return prose with its formulas reduced to words: names of Greek letters, units, indices, numbers."""
    return " ".join(_FORMULA.sub(lambda match: f" {_formula_words(match[1])} ", text).split())


def _formula_words(latex: str) -> str:
    named = _COMMAND.sub(lambda match: f" {match[1]} " if match[1] in _GREEK_NAMES else " ", latex)
    return re.sub(r"(?:[^\w.,']|_)+", " ", named)


def indexed_text(passage: Passage) -> str:
    """Return the text that a passage is found by, the most telling words first: models read no further than a page.

    Answer options and solutions are left out of exercises: wrong options are not what the section says.
    """
    exercise = passage.kind is PassageKind.EXERCISE
    body = str(passage.structure["problem"]) if exercise else passage.text
    headings = dict.fromkeys(part for part in (passage.module_title, passage.section) if part)
    return plain_words(f"{': '.join(headings)}. {body}")


def index_hash(text: str) -> str:
    """Return a short digest of an indexed text, to tell whether it has to be indexed anew."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]

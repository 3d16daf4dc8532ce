"""What a book is to the rest of the system: passages, each with its place and its kind.

Text conventions, kept by every parser:
- `text` is plain prose; mathematics stands in it as `$LaTeX$` (never Unicode-flattened: 10^8 is `$10^{8}$`).
  A `$` is always a delimiter of mathematics: amounts of money are written out ("5 dollars").
  Paragraphs of one passage are separated by an empty line.
- `structure` holds what the prose alone would lose, by kind:
    explanation    {"heading": str}
    objective      {"items": [str]}
    definition     {"term": str, "meaning": str}
    example        {"title": str, "problem": str, "solution": [str]}
    exercise       {"problem": str, "options": [str], "answer": str, "reason": str}
                   (options, answer and reason are empty where the book gives none)
    summary        {"items": [str]}
    equation       {"latex": str, "name": str, "context": str}
                   (context: the sentences around it, which explain the symbols; name and context may be empty)
    steps          {"title": str, "items": [{"label": str, "text": str}]}   (label may be empty)
    table          {"title": str, "header": [str], "rows": [[str]]}
    misconception  {"text": str}
    figure         {"alt": str, "caption": str}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.enums import PassageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One citable piece of a book. `passage_id` is derived from the content: the same text keeps its id."""

    passage_id: str  # UUID5 in text form
    source: str  # the book's slug
    book: str  # the book's title
    module_id: str
    module_title: str
    chapter: str
    section: str  # the title of the section within the module; empty at its top
    number: str  # as the book counts it, "4.2"; empty for front matter
    position: int  # order within the module, from 0
    kind: PassageKind
    text: str
    structure: Mapping[str, Any] = field(default_factory=dict)
    url: str  # where a reader finds the section
    licence: str  # "CC BY 4.0"
    attribution: str  # the line that a lesson's credits carry


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPassage:
    """A passage as search found it; a higher score is better, and scores compare within one search only."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedModule:
    """A section of a book as search found it, with the passages that speak for it, best first."""

    module_id: str
    source: str
    title: str
    score: float
    similarity: float  # cosine of the query and the module's best passage, -1 to 1: comparable between searches
    coverage: float  # share of the query's content words that the module's text holds, 0 to 1
    passages: tuple[RankedPassage, ...]

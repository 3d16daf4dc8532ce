"""Formulas that were typed piece by piece: `P`, "(", `A`, ") = 0.5" becomes one formula."""

import re
from typing import Final

from shared.books.latex import SPACE, join, letters, operator
from shared.books.text import MATHEMATICS

_MATH: Final = f"{MATHEMATICS[0]}[^{MATHEMATICS[1]}]*{MATHEMATICS[1]}"
_NUMBER: Final = r"(?:[-−–]?(?:\d[\d,]*\d|\d)(?:\.\d+)?|[-−–]?\.\d+)(?![\d\w])"
_SIGN: Final = r"[=<>≤≥≠≈≅∝+×·*/|~±−–]"
_OPERATOR: Final = rf"(?:\s?{_SIGN}\s?|\s-\s|\s(?:AND|OR|GIVEN)\s)"
_OPERAND: Final = rf"(?:{_MATH}|{_NUMBER})"
_SIMPLE: Final = rf"{_OPERAND}(?:{_OPERATOR}{_OPERAND})*"
_GROUP: Final = rf"\({_SIMPLE}(?:,\s?{_SIMPLE})*\)"
_TERM: Final = rf"(?:{_OPERAND}(?:{_GROUP})?|{_GROUP})"
_RUN: Final = re.compile(rf"(?<![\w.,]){_TERM}(?:{_OPERATOR}{_TERM})*")
_PIECE: Final = re.compile(rf"(?P<math>{_MATH})|(?P<number>{_NUMBER})|(?P<word>AND|OR|GIVEN)|(?P<space>\s)|(?P<sign>.)")


def merge_runs(text: str) -> str:
    """Return marked text in which formulas, numbers and the signs between them are one formula."""
    return _RUN.sub(_merged, text)


def _merged(match: re.Match[str]) -> str:
    run = match[0]
    outside = re.sub(_MATH, "", run)
    if MATHEMATICS[0] not in run or not outside.strip() or re.fullmatch(r"\([^=<>|]*\)", run):
        return run  # nothing to merge, or a letter in parentheses
    parts: list[str] = []
    for piece in _PIECE.finditer(run):
        if piece["math"]:
            parts.append(piece["math"][1:-1])
        elif piece["number"]:
            parts += letters(piece["number"], italic=False)
        elif piece["word"]:
            parts += [SPACE, f"\\text{{{piece['word']}}}", SPACE]
        elif piece["sign"]:
            parts += operator(piece["sign"])
    return f"{MATHEMATICS[0]}{join(parts)}{MATHEMATICS[1]}"

r"""Chemical formulas: mhchem's `\ce{2H2 + O2 -> 2H2O}` as plain LaTeX, which the formula renderer understands.

The part of mhchem that school chemistry needs: coefficients, indices, charges, states, arrows.
"""

import re
from typing import Final

from shared.errors import InvalidStoryboard

UNSUPPORTED_FORMULA: Final = "unsupported_formula"

_ARROWS: Final = {
    "->": r"\longrightarrow",
    "<-": r"\longleftarrow",
    "<->": r"\longleftrightarrow",
    "<=>": r"\rightleftharpoons",
    "=": "=",
    "+": "+",
}
_ARROW_WITH_TEXT: Final = re.compile(r"->\[(?P<above>[^\]]*)\]")
_COEFFICIENT: Final = re.compile(r"(?P<number>\d+(?:/\d+|\.\d+)?)(?=[A-Z(\[])")
_PIECE: Final = re.compile(
    r"(?P<state>\((?:aq|s|l|g)\))|(?P<letters>[A-Z][a-z]?|e(?=\^|$|-))|(?P<index>\d+)"
    r"|\^\{(?P<braced>[^}]*)\}|\^(?P<charge>\d*[+-])|(?P<sign>[+-]$)|_\{?(?P<low>\d+)\}?|(?P<bracket>[()\[\]])|(?P<dot>[.·*])"
)


def expand(latex: str) -> str:
    r"""The formula with each `\ce{…}` written out; InvalidStoryboard where its content is not chemistry."""
    while (start := latex.find(r"\ce{")) >= 0:
        end = closing(latex, start + 3)
        latex = f"{latex[:start]}{_equation(latex[start + 4 : end])}{latex[end + 1 :]}"
    return latex


def closing(latex: str, start: int) -> int:
    """Where the group that opens at `start` is closed; InvalidStoryboard where it is not."""
    depth = 0
    for at in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[at], 0)
        if depth == 0:
            return at
    raise InvalidStoryboard("a group is not closed", code=UNSUPPORTED_FORMULA)


def _equation(content: str) -> str:
    arrows: list[str] = []

    def keep(match: re.Match[str]) -> str:
        arrows.append(rf"\xrightarrow{{\text{{{match['above']}}}}}")
        return f" \0{len(arrows) - 1} "

    words = _ARROW_WITH_TEXT.sub(keep, content).split()
    return " ".join(arrows[int(word[1:])] if word[0] == "\0" else _ARROWS.get(word) or _species(word) for word in words)


def _species(word: str) -> str:
    written = ""
    if coefficient := _COEFFICIENT.match(word):
        number = coefficient["number"]
        written = (r"\tfrac{{{}}}{{{}}}".format(*number.split("/")) if "/" in number else number) + r"\,"
        word = word[coefficient.end() :]
    at = 0
    while at < len(word):
        piece = _PIECE.match(word, at)
        if piece is None:
            raise InvalidStoryboard(f"not a chemical formula: {word!r}", code=UNSUPPORTED_FORMULA)
        written += _write(piece)
        at = piece.end()
    return written


def _write(piece: re.Match[str]) -> str:
    if index := piece["index"] or piece["low"]:
        return f"_{{{index}}}"
    if charge := piece["braced"] or piece["charge"] or piece["sign"]:
        return f"^{{{charge}}}"
    if piece["dot"]:
        return r"\cdot "
    if piece["state"]:
        return rf"\,\mathrm{{{piece['state']}}}"
    return rf"\mathrm{{{piece[0]}}}" if piece["letters"] else piece[0]

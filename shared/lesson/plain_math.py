"""LaTeX to Unicode for on-screen text: "$10^{8}$" is "10⁸", "$CO_{2}$" is "CO₂", a fraction is "a/b"."""

import re
from typing import Final

from shared.lesson.chemistry import is_formula_text
from shared.lesson.latex import (
    Accent,
    Fraction,
    Node,
    Number,
    Operator,
    Root,
    Row,
    Scripts,
    Symbol,
    Words,
    parse,
)
from shared.lesson.units import SINGLE_LETTER_UNITS

_UP: Final = dict(zip("0123456789+−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))
_DOWN: Final = dict(zip("0123456789+−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
_SPACED: Final = frozenset("=+−×÷±≤≥<>≠≈∝→⇌↔∓∩∪∈~")
_COMBINING: Final = {
    "bar": "\u0304",
    "overline": "\u0304",
    "hat": "\u0302",
    "vec": "\u20d7",
    "dot": "\u0307",
    "tilde": "\u0303",
}


def plain(latex: str) -> str:
    """Return the formula in one line of Unicode."""
    return _write(parse(latex.strip().rstrip(".,;"))).strip()


def _write(node: Node) -> str:
    match node:
        case Number(text) | Symbol(text):
            return text
        case Words(text):
            return text.replace("\u00a0", " ")
        case Operator(text):
            return text
        case Row(items):
            return _row(items)
        case Fraction(top, bottom):
            return f"{_wrapped(top)}/{_wrapped(bottom)}"
        case Root(body, index):
            return f"{_script(_write(index), _UP, '') if index else ''}√{_wrapped(body)}"
        case Scripts(base, sub, sup):
            below = _script(_write(sub), _DOWN, "_") if sub else ""
            above = _script(_write(sup), _UP, "^") if sup else ""
            return _write(base) + below + ("°" if above == "^°" else above)
        case Accent(name, body):
            return _write(body) + _COMBINING.get(name, "")


def _row(items: tuple[Node, ...]) -> str:
    out = ""
    for place, item in enumerate(items):
        text = _write(item)
        unary = (
            isinstance(item, Operator) and item.text == "−" and (not place or isinstance(items[place - 1], Operator))
        )
        if isinstance(item, Operator) and item.text in _SPACED and not (unary and items[place - 1] != Operator(")")):
            out = f"{out.rstrip()} {text} "
        elif isinstance(item, Symbol) and place and isinstance(items[place - 1], Fraction):
            out += f" {text}"
        elif (
            isinstance(item, Symbol | Words)
            and text.strip() in SINGLE_LETTER_UNITS
            and place
            and isinstance(items[place - 1], Number)
        ):
            out += f" {text.strip()}"
        elif isinstance(item, Operator) and item.text == ",":
            out = f"{out.rstrip()}, "
        elif isinstance(item, Words) and place and not out.endswith(" ") and not _tight(items[place - 1], item):
            out += f" {text.lstrip()}"
        else:
            out += text
    return out


def _tight(before: Node, word: Words) -> bool:
    """Whether a text follows what it belongs to without a space, as in a chemical formula."""
    return not word.text.startswith(" ") and (isinstance(before, Scripts) or is_formula_text(word.text))


def _script(text: str, table: dict[str, str], mark: str) -> str:
    squeezed = text.replace(" ", "")
    if squeezed and all(sign in table for sign in squeezed):
        return "".join(table[sign] for sign in squeezed)
    return f"{mark}{text.strip()}" if len(squeezed) <= 1 or squeezed.isalpha() else f"{mark}({text.strip()})"


def _wrapped(node: Node) -> str:
    text = _write(node).strip()
    simple = re.fullmatch(r"[\d.,]+|\w+|[\d.]+ ?\w+(?:/\w+)?|\w_\w+", text)
    return text if simple else f"({text})"

"""Small pieces of spoken mathematics: numbers, powers, roots, and the shapes that decide how things are said."""

import re
from collections.abc import Sequence
from typing import Final

from shared.lesson.latex import Node, Operator, Row, Scripts, Symbol, Words, flat
from shared.lesson.units import UNITS, speak_unit

SMALL: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


OPENING: Final[frozenset[Node]] = frozenset(map(Operator, "(["))


CLOSING: Final[frozenset[Node]] = frozenset(map(Operator, ")]"))


_SUMS: Final = frozenset({"+", "−", "±"})


def small_number(digits: str) -> str:
    """Whole numbers up to twelve in words, others as digits."""
    return SMALL[int(digits)] if digits.isdecimal() and int(digits) < len(SMALL) else digits


def unit_piece(node: Node) -> str:
    """A node as part of a unit, "m", "/", "s^2"; empty where it is none."""
    match node:
        case Operator("/" | "⋅" | "×"):
            return node.text
        case Words(text) if text.strip() in UNITS or speak_unit(text.strip()):
            return text.strip()
        case Symbol(text) if text in UNITS:
            return text
        case Scripts(Words() | Symbol() as base, None, sup) if sup is not None and flat(sup) in {"2", "3"}:
            return f"{unit_piece(base)}^{flat(sup)}" if unit_piece(base) else ""
        case _:
            return ""


def raw(node: Node) -> str:
    """The text of an index with its spaces."""
    match node:
        case Words(text):
            return text.strip()
        case Row(items):
            return " ".join(raw(item) for item in items)
        case _:
            return flat(node)


def has_sum(items: Sequence[Node]) -> bool:
    """Whether something is added or subtracted; a leading minus, or one after a sign, is no subtraction."""
    return any(
        isinstance(item, Operator) and item.text in _SUMS and not isinstance(items[place], Operator)
        for place, item in enumerate(items[1:])
    )


def closes(node: Node) -> bool:
    return node in CLOSING or (isinstance(node, Scripts) and node.base in CLOSING)


def spell(formula: str) -> str:
    """ "CO2" letter by letter: "C O two"."""
    parts = re.findall(r"[A-Za-z]|\d+", formula)
    return " ".join(small_number(part) for part in parts)


def spoken_power(power: str, spoken: str = "") -> str:
    if power in {"2", "3"}:
        return {"2": "squared", "3": "cubed"}[power]
    if power == "′":
        return "prime"
    if power == "°":
        return "degrees"
    return f"to the power of {(spoken or power).replace('−', 'negative ')}"


def root_name(index: Node | None) -> str:
    if index is None:
        return "the square root of"
    return "the cube root of" if flat(index) == "3" else f"the root of order {flat(index)} of"


def singular(unit: str) -> str:
    first, _, rest = unit.partition(" ")
    first = {"feet": "foot", "inches": "inch", "hertz": "hertz", "degrees": "degree"}.get(
        first, first.removesuffix("s")
    )
    return f"{first} {rest}".strip() if first not in {"kilohert"} else unit

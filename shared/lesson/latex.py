"""Reads the LaTeX of the books into a small tree that `spoken_math` speaks and `plain_math` writes.

Only presentation mathematics is understood: letters, numbers, operators, fractions, roots, powers, indices,
accents and text. What is unknown is kept as a word, never as a command: nothing that comes out of here holds
a backslash or a brace.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.lesson.latex_signs import GREEK, OPERATORS

ACCENTS: Final = frozenset({"bar", "overline", "hat", "vec", "dot", "tilde", "underline"})
WRAPPERS: Final = frozenset({"mathrm", "mathbf", "mathit", "boldsymbol", "operatorname", "textbf", "textit", "textrm"})
_SPACES: Final = frozenset(
    {",", ";", ":", "!", " ", "quad", "qquad", "thinspace", "medspace", "displaystyle", "limits"}
)
_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:,\d{3})*(?:\.\d+)?|\.\d+|[{}_^&~]|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Number:
    """Digits as written, "1,836" or "0.25"."""

    text: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """One letter, Latin or Greek, or a named function."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Upright text: a word, a unit, a chemical formula."""

    text: str


@dataclass(frozen=True, slots=True)
class Operator:
    """One sign, as a Unicode character."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Things side by side."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """Numerator over denominator."""

    top: "Node"
    bottom: "Node"


@dataclass(frozen=True, slots=True)
class Root:
    """A root; `index` is None for a square root."""

    body: "Node"
    index: "Node | None"


@dataclass(frozen=True, slots=True)
class Scripts:
    """A base with an index, a power, or both."""

    base: "Node"
    sub: "Node | None"
    sup: "Node | None"


@dataclass(frozen=True, slots=True)
class Accent:
    """A letter with a sign over it, such as the bar of a mean."""

    name: str
    body: "Node"


Node = Number | Symbol | Words | Operator | Row | Fraction | Root | Scripts | Accent
EMPTY: Final = Row(())


def parse(latex: str) -> Row:
    """Return the tree of a formula; never fails, for a book's slip must not stop a lesson."""
    return Row(tuple(_merge_words(_Reader(latex).row())))


def children(node: Node) -> Iterator[Node]:
    """The parts directly inside a node."""
    match node:
        case Row(items):
            yield from items
        case Fraction(top, bottom):
            yield from (top, bottom)
        case Root(body, index):
            yield from (body,) if index is None else (index, body)
        case Scripts(base, sub, sup):
            yield from (part for part in (base, sub, sup) if part is not None)
        case Accent(_, body):
            yield body
        case _:
            return


def walk(node: Node) -> Iterator[Node]:
    """A node and all that is inside it."""
    yield node
    for child in children(node):
        yield from walk(child)


def flat(node: Node) -> str:
    """The characters of a node, without structure: "F_{net}" gives "F_net". Used to compare symbols."""
    match node:
        case Number(text) | Symbol(text) | Words(text) | Operator(text):
            return text.strip()
        case Row(items):
            return "".join(flat(item) for item in items)
        case Fraction(top, bottom):
            return f"{flat(top)}/{flat(bottom)}"
        case Root(body, _):
            return f"√{flat(body)}"
        case Scripts(base, sub, sup):
            return flat(base) + (f"_{flat(sub)}" if sub else "") + (f"^{flat(sup)}" if sup else "")
        case Accent(name, body):
            return f"{flat(body)}:{name}"


def _merge_words(items: list[Node]) -> Iterator[Node]:
    """Join neighboring texts, which converters split at every space."""
    held = ""
    for item in items:
        if isinstance(item, Words):
            held = (
                f"{held} {item.text}".strip() if held.endswith(" ") or item.text.startswith(" ") else held + item.text
            )
            continue
        if held.strip():
            yield Words(held)
        held = ""
        yield item
    if held.strip():
        yield Words(held)


class _Reader:
    """A recursive-descent reader over the tokens of one formula."""

    def __init__(self, latex: str) -> None:
        grouped = re.sub(r"(?<=\d)\{,\}(?=\d)", ",", latex.strip().strip("$"))
        self._tokens: list[str] = _TOKEN.findall(grouped)
        self._next = 0

    def row(self, closing: str = "") -> list[Node]:
        items: list[Node] = []
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token == closing:
                self._next += 1
                break
            if token in {"_", "^"}:
                self._next += 1
                self._attach(items, token, self._argument())
                continue
            node = self._node()
            if node is not None:
                items.append(node)
        return items

    def _attach(self, items: list[Node], mark: str, script: Node) -> None:
        base = items.pop() if items else EMPTY
        sub, sup = (script, None) if mark == "_" else (None, script)
        if isinstance(base, Scripts) and ((mark == "_" and base.sub is None) or (mark == "^" and base.sup is None)):
            items.append(Scripts(base.base, base.sub or sub, base.sup or sup))
        elif isinstance(base, Number | Symbol | Words | Operator | Row | Accent | Fraction | Root | Scripts):
            items.append(Scripts(base, sub, sup))

    def _argument(self) -> Node:
        while self._next < len(self._tokens) and self._tokens[self._next].isspace():
            self._next += 1
        if self._next >= len(self._tokens):
            return EMPTY
        return self._node() or EMPTY

    def _raw_argument(self) -> str:
        """The text of a `\\text{…}`, spaces kept, nested commands dropped."""
        if self._next >= len(self._tokens) or self._tokens[self._next] != "{":
            return ""
        self._next += 1
        depth, out = 1, ""
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            self._next += 1
            depth += {"{": 1, "}": -1}.get(token, 0)
            if depth == 0:
                break
            if token in {"{", "}", "$"}:
                continue
            out += token[1:] if token.startswith("\\") and not token[1:].isalpha() else token.removeprefix("\\")
        return out

    def _node(self) -> Node | None:
        token = self._tokens[self._next]
        self._next += 1
        if token == "{":  # noqa: S105
            return Row(tuple(_merge_words(self.row("}"))))
        if token in {"}", "&", "~", "$"} or token.isspace():
            return None
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdecimal() or (token[0] == "." and len(token) > 1):
            return Number(token)
        if token.isalpha():
            return Symbol(token)
        return Operator("−" if token in {"-", "–"} else "⋅" if token in {"*", "·"} else token)

    def _command(self, name: str) -> Node | None:
        if name in {"frac", "dfrac", "tfrac"}:
            return Fraction(self._argument(), self._argument())
        if name == "sqrt":
            return self._root()
        if name in {"text", "textnormal", "mbox"}:
            return Words(self._raw_argument())
        if name in WRAPPERS:
            argument = self._argument()
            word = flat(argument)
            return Words(word) if len(word) > 1 and word.isalpha() else argument
        if name in ACCENTS:
            return Accent(name, self._argument())
        if name in GREEK:
            return Symbol(GREEK[name])
        if name in OPERATORS:
            return Operator(OPERATORS[name])
        if name in {"begin", "end"}:
            self._raw_argument()
            return None
        if name in _SPACES or name in {"left", "right", "big", "Big", "bigg", "\\"}:
            return None
        if len(name) == 1 and not name.isalpha():
            return Operator(name)
        return Words(name)

    def _root(self) -> Node:
        index: Node | None = None
        if self._next < len(self._tokens) and self._tokens[self._next] == "[":
            self._next += 1
            index = Row(tuple(self.row("]")))
        return Root(self._argument(), index)

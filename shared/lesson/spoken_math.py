"""LaTeX to spoken American English: "F = ma" is "force equals mass times acceleration" where the names are known.

Names come with the formula (`names`, by the symbol's characters as `latex.flat` writes them); without a name a
letter is spoken as itself. Nothing spoken holds a sign, a backslash or a dollar.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from shared.lesson import chemistry
from shared.lesson.latex import Accent, Fraction, Node, Number, Operator, Root, Row, Scripts, Symbol, Words, flat, parse
from shared.lesson.latex_signs import GREEK_NAMES, SIGNS
from shared.lesson.spoken_parts import (
    CLOSING,
    OPENING,
    closes,
    has_sum,
    raw,
    root_name,
    singular,
    small_number,
    spell,
    spoken_power,
    unit_piece,
)
from shared.lesson.units import SINGLE_LETTER_UNITS, speak_unit

_PARTS: Final = {2: "half", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth"}


_FUNCTIONS: Final = frozenset("fghPE")


_ENGLISH_IN_MATH: Final = {
    "sin": "sine",
    "cos": "cosine",
    "tan": "tangent",
    "ln": "natural log",
    "log": "log",
    "exp": "e to the power of",
}


def speak(latex: str, names: Mapping[str, str] | None = None) -> str:
    """Return the formula in words."""
    tree = parse(latex.strip().rstrip(".,;"))
    spoken = _Speaker(names or {}, chemical=chemistry.is_chemical(tree)).say(tree)
    return tidy(spoken)


def tidy(spoken: str) -> str:
    """One space between words, none before a comma."""
    spoken = re.sub(r"\s+", " ", spoken).strip()
    return re.sub(r"\s+,", ",", spoken).strip(" ,")


class _Speaker:
    def __init__(self, names: Mapping[str, str], *, chemical: bool) -> None:
        self._names = {key.replace(" ", ""): value for key, value in names.items()}
        self._chemical = chemical

    def say(self, node: Node) -> str:
        name = self._names.get(flat(node).replace(" ", ""))
        if name and not isinstance(node, Number | Operator):
            return name
        match node:
            case Number(text):
                return text
            case Symbol(text):
                return GREEK_NAMES.get(text, text)
            case Words(text):
                return self._words(text)
            case Operator(text):
                return "" if text in "()[]|" else SIGNS.get(text, "")
            case Row(items):
                return self._row(items)
            case Fraction(top, bottom):
                return self._fraction(top, bottom)
            case Root(body, index):
                return f"{root_name(index)} {self.say(body)}"
            case Scripts():
                return self._scripts(node)
            case Accent(mark, body):
                return f"{self.say(body)} {mark.replace('overline', 'bar').replace('vec', 'vector')}"

    def _words(self, text: str) -> str:
        word = text.strip()
        if self._chemical and chemistry.is_formula_text(word):
            return spell(word)
        if word in _ENGLISH_IN_MATH:
            return _ENGLISH_IN_MATH[word]
        return speak_unit(word) or word.replace("/", " per ").replace("%", " percent")

    def _row(self, items: Sequence[Node]) -> str:
        said: list[str] = []
        position = 0
        while position < len(items):
            item = items[position]
            before = items[position - 1] if position else None
            after = items[position + 1] if position + 1 < len(items) else None
            step, text = self._pair(items, position)
            if step:
                said.append(text)
                position += step
                continue
            if isinstance(item, Operator):
                said.append(self._operator(item, before, after))
            else:
                if before is not None and self._multiplies(before, item):
                    said.append("times")
                said.append(self.say(item))
            position += 1
        return " ".join(part for part in said if part)

    def _pair(self, items: Sequence[Node], position: int) -> tuple[int, str]:
        """Number with unit, count with molecule, function with argument: spoken together."""
        item = items[position]
        rest = items[position + 1 :]
        if item in OPENING:
            return self._bracket(items, position)
        if item == Symbol("Δ") and rest and isinstance(rest[0], Symbol | Scripts):
            return 2, f"the change in {self.say(rest[0])}"
        if isinstance(item, Number) and rest:
            length, unit = self._unit_run(rest)
            if unit:
                return length + 1, f"{item.text} {singular(unit) if float(item.text.replace(',', '')) == 1 else unit}"
            if self._chemical and not isinstance(rest[0], Operator):
                return 1, small_number(item.text)
        if isinstance(item, Symbol) and item.text in _FUNCTIONS and len(rest) >= 3 and rest[0] in OPENING:
            end = next((place for place, node in enumerate(rest) if closes(node)), 0)
            if 2 <= end <= (4 if item.text == "P" else 2):
                return end + 2, f"{item.text} of {' '.join(map(self._argument, rest[1:end]))}"
        return 0, ""

    def _unit_run(self, nodes: Sequence[Node]) -> tuple[int, str]:
        """The longest unit that begins here, over several nodes: m / s²."""
        if self._chemical:
            return 0, ""
        written, best = "", (0, "")
        for place, node in enumerate(nodes[:7]):
            piece = unit_piece(node)
            if not piece:
                break
            written += piece
            spoken = speak_unit(written)
            if spoken and not (isinstance(node, Symbol) and not place and not self._is_letter_unit(node)):
                best = place + 1, spoken
        return best if best[0] else (1, unit) if (unit := self._unit(nodes[0])) else (0, "")

    def _is_letter_unit(self, node: Symbol) -> bool:
        return node.text in SINGLE_LETTER_UNITS and node.text not in self._names

    def _argument(self, node: Node) -> str:
        return "given" if node == Operator("|") else self.say(node)

    def _bracket(self, items: Sequence[Node], position: int) -> tuple[int, str]:
        """A bracket is said as a product, and as one quantity when it holds a sum."""
        depth, end = 0, position
        for end in range(position, len(items)):
            depth += (items[end] in OPENING) - (closes(items[end]))
            if depth == 0:
                break
        inside = items[position + 1 : end]
        before = items[position - 1] if position else None
        product = before is not None and (not isinstance(before, Operator) or before in CLOSING)
        spoken = f"the quantity {self._row(inside)}" if has_sum(inside) else self._row(inside)
        last = items[end] if end < len(items) else None
        if isinstance(last, Scripts) and last.sup is not None:
            spoken = f"{spoken}, {spoken_power(flat(last.sup), self.say(last.sup))}"
        return end - position + 1, f"times {spoken}" if product else spoken

    def _unit(self, node: Node) -> str:
        match node:
            case Words(text):
                return speak_unit(text.strip(), plural=True)
            case Symbol(text) if not self._chemical and text in SINGLE_LETTER_UNITS and text not in self._names:
                return speak_unit(text, plural=True)
            case Scripts(Words(text), None, sup) if sup is not None and speak_unit(text.strip()):
                return f"{speak_unit(text.strip(), plural=True)} {spoken_power(flat(sup))}"
            case Fraction(top, bottom):
                above, below = self._unit(top), speak_unit(flat(bottom).replace("^", ""), plural=False)
                return f"{above} per {below}" if above and below else ""
            case _:
                return ""

    def _operator(self, item: Operator, before: Node | None, after: Node | None) -> str:
        if item.text == "−" and (before is None or (isinstance(before, Operator) and before.text not in ")]!%|°")):
            named = after is not None and (self._named(after) or (isinstance(after, Scripts) and self._is_pair(after)))
            return "minus" if named and before is not None else "negative"
        if item.text in "→⇌" and self._chemical:
            return "gives"
        if item.text == "|" or (after is None and item.text in {",", ".", ";"}):
            return ""
        return SIGNS.get(item.text, "")

    def _multiplies(self, before: Node, item: Node) -> bool:
        """Whether two neighbors are a product that has to be said: names, fractions, closing brackets."""
        if self._chemical or isinstance(item, Operator):
            return False
        if isinstance(before, Operator):
            return before in CLOSING and not isinstance(item, Words)
        if isinstance(before, Words) or isinstance(item, Words):
            return self._named(before) and self._named(item)
        return self._named(before) or self._named(item) or isinstance(before, Fraction) or isinstance(item, Fraction)

    def _named(self, node: Node) -> bool:
        key = flat(node).replace(" ", "")
        base = flat(node.base) if isinstance(node, Scripts) else key
        return key in self._names or base in self._names

    def _fraction(self, top: Node, bottom: Node) -> str:
        over, under = flat(top), flat(bottom)
        if over.isdecimal() and under.isdecimal() and int(under) in _PARTS and 0 < int(over) < int(under):
            part = _PARTS[int(under)]
            count = small_number(over)
            return f"{count} {part}" if over == "1" else f"{count} {'halves' if part == 'half' else part + 's'}"
        link = "per" if self._unit(top) and self._unit(bottom) else "divided by"
        above = self._grouped(top)
        return f"{above}{' all' if above.endswith(',') else ''} {link} {self._grouped(bottom)}"

    def _grouped(self, node: Node) -> str:
        """Say a sum inside a fraction as one quantity."""
        items = node.items if isinstance(node, Row) else (node,)
        return f"the quantity {self.say(node)}," if has_sum(items) else self.say(node)

    def _scripts(self, node: Scripts) -> str:
        base = self.say(node.base)
        index = flat(node.sub) if node.sub else ""
        power = flat(node.sup) if node.sup else ""
        if power == "°":
            return f"{base} degrees"
        if self._chemical:
            charge = power.replace("+", " plus").replace("−", " minus")
            charge = re.sub(r"\d+", lambda digits: small_number(digits[0]), charge)
            letters = flat(node.base)
            spelled = spell(letters) if chemistry.is_formula_text(letters) or len(letters) == 1 else letters
            return tidy(f"{spelled} {small_number(index)} {charge}")
        bare = flat(Scripts(node.base, node.sub, None)).replace(" ", "")
        if self._is_pair(node) and bare not in self._names:
            base = f"the force of {raw(node.sub or node.base)}"
        elif node.sub is not None:
            base = self._names.get(bare) or (base if self._is_sum(node.base) else f"{base} {self._index(node.sub)}")
        if not node.sup:
            return base
        unit = self._unit(node.base)
        return f"{unit or base} {spoken_power(power, self.say(node.sup))}"

    @staticmethod
    def _is_sum(base: Node) -> bool:
        return isinstance(base, Operator) and base.text in "∑∏∫"

    @staticmethod
    def _is_pair(node: Scripts) -> bool:
        """Whether an index names who acts on whom, "F A on B"."""
        return node.sub is not None and " on " in raw(node.sub)

    def _index(self, sub: Node) -> str:
        spoken = self.say(sub)
        return spoken if len(spoken) > 1 else f"sub {spoken}"

"""The formulas of a section, and what their letters mean in the words of the text around them."""

import re
from dataclasses import dataclass
from typing import Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson import chemistry, latex
from shared.lesson.draft import Context
from shared.lesson.editing import cleaned, explains_symbols, is_standalone, is_usable
from shared.lesson.limits import LATEX_CHARACTERS
from shared.lesson.material import field
from shared.lesson.units import UNITS
from shared.lesson.words import content, count, sentences

MATH: Final = re.compile(r"\$([^$]+)\$")


# In the patterns, ⟦n⟧ stands for the n-th formula of a text, so that no dollar sign can be taken for another.
_LETTER: Final = r"(⟦\d+⟧|(?<![\w’'-])[A-ZΔ∑][a-z]{0,3}(?= is the)|(?<![\w’'-])[b-hj-z](?= is the))"


_UNIT: Final = r"[a-z]+(?: [a-z]+)?(?: per [a-z]+(?: squared)?| squared| cubed)?"


_UNIT_NAMES: Final = frozenset(name for pair in UNITS.values() for name in pair)


_IS: Final = re.compile(
    rf"{_LETTER}(?:, the Greek letter \w+,)? (?:is|stands for|represents|=) ((?:the|an?) [^,;.()]+?)"
    rf"(?:,? (?:measured )?in ({_UNIT}))?(?=,|;|\.| and (?:⟦|[a-zA-Z] is|the \w+ \w? ?is)|$)"
)


_ARE: Final = re.compile(r"((?:⟦\d+⟧,? (?:and )?){2,4})are (?:the )?([a-z][^,;.⟦]+)")


_NAMED: Final = re.compile(
    rf"the ((?:[a-z-]+ ){{0,2}}[a-z-]+) (⟦\d+⟧)(?: in ({_UNIT}))?(?= (?:equals|is|by|multiplied|divided)|,|\.)"
)


_SUBSTANCE: Final = re.compile(
    r"(?:molecules?|atoms?) of ([a-z ]+?), \$([^$]+)\$|\b([a-z]+ ions?|electrons?|protons?), \$([^$]+)\$"
)


@dataclass(frozen=True)
class Formula:
    """A displayed formula with what its letters mean."""

    latex: str
    name: str
    passage: Passage
    context: str
    citations: tuple[str, ...]


def formulas_of(context: Context) -> list[Formula]:
    """The usable formulas; one shown in the text and again among the key equations is one."""
    found: dict[str, Formula] = {}
    for passage in context.material.of(PassageKind.EQUATION):
        shown = _trimmed(field(passage, "latex"))
        if not _is_formula(shown):
            continue
        key = latex.flat(latex.parse(shown)).replace(" ", "")
        before = found.get(key)
        around = field(passage, "context")
        if before is None:
            found[key] = Formula(shown, field(passage, "name"), passage, around, (passage.passage_id,))
        else:
            found[key] = Formula(
                before.latex,
                before.name or field(passage, "name"),
                before.passage,
                f"{before.context} {around}".strip(),
                (*before.citations, passage.passage_id),
            )
    return [_with_text(formula, context) for formula in found.values()]


def _with_text(formula: Formula, context: Context) -> Formula:
    """Add the sentences of the running text that explain the same letters."""
    letters = {latex.flat(node) for node in latex.walk(latex.parse(formula.latex)) if isinstance(node, latex.Symbol)}
    added, ids = [], []
    for sentence in context.material.sentences:
        if sentence.passage.section != formula.passage.section or sentence.text in formula.context:
            continue
        mentioned = {latex.flat(latex.parse(match[1])) for match in MATH.finditer(sentence.text)}
        if explains_symbols(sentence.text) and mentioned & letters:
            added.append(sentence.text)
            ids.append(sentence.passage.passage_id)
    around = " ".join([formula.context, *added]).strip()
    return Formula(
        formula.latex, formula.name, formula.passage, around, tuple(dict.fromkeys((*formula.citations, *ids)))
    )


def _trimmed(shown: str) -> str:
    """The first of alternative forms, without the sentence's punctuation."""
    first = re.split(r"(?:\\[,;: ]|\s)*\\text\{\s*(?:or|and|,)\s*\}", shown)[0]
    return re.sub(r"(?:\\[,;: ]|[\s.,;])+$", "", first.strip().strip("$")).strip()


def _is_formula(shown: str) -> bool:
    """Whether a displayed formula relates quantities, rather than working out one number."""
    if not shown or len(shown) > LATEX_CHARACTERS or not re.search(r"=|\\propto|\\rightarrow|\\to\b|→", shown):
        return False
    tree = latex.parse(shown)
    if chemistry.is_chemical(tree):
        return True
    numbers = sum(isinstance(node, latex.Number) for node in latex.walk(tree))
    letters = {latex.flat(node) for node in latex.walk(tree) if isinstance(node, latex.Symbol | latex.Words)}
    return numbers <= 3 and len(letters) >= 2 and shown.count("=") <= 1


@dataclass(frozen=True)
class Meaning:
    """What a letter of a formula stands for; several letters may share one meaning."""

    latex: str
    text: str  # "mass"
    unit: str  # "kilograms", empty where the text gives none
    article: str  # "the", "a"
    several: bool = False


def meanings(formula: Formula) -> dict[str, Meaning]:
    """What a formula's letters mean, by their flat form."""
    tree = latex.parse(formula.latex)
    kinds = latex.Symbol | latex.Scripts | latex.Accent
    parts = {latex.flat(node).replace(" ", "") for node in latex.walk(tree) if isinstance(node, kinds)}
    found: dict[str, Meaning] = {}

    def add(written: str, phrase: str, unit: str) -> None:
        key = latex.flat(latex.parse(written)).replace(" ", "")
        key = next((part for part in parts if part == key or part.replace("_", "") == key), key)
        if key in parts and key not in found:
            article, _, rest = (
                phrase.partition(" ") if phrase.startswith(("the ", "a ", "an ")) else ("the", "", phrase)
            )
            meaning, inner = _parted(rest.strip())
            found[key] = Meaning(written, meaning, unit or inner, article)

    context, formulas = _numbered(formula.context)

    def restored(text: str) -> str:
        return re.sub(r"⟦(\d+)⟧", lambda match: f"${formulas[int(match[1])]}$", text)

    def bare(text: str) -> str:
        return restored(text).strip("$")

    for match in _IS.finditer(context):
        unit = match[3] or ""
        phrase = match[2] if _is_unit(unit) or not unit else f"{match[2]} in {unit}"
        add(bare(match[1]), restored(phrase), unit if _is_unit(unit) else "")
    for match in _NAMED.finditer(context):
        if not re.search(r"\b(?:that|as|of|by|than|with|same)\b", match[1]) and _is_unit(match[3] or "meters"):
            add(bare(match[2]), f"the {match[1]}", match[3] or "")
    for match in _ARE.finditer(context):
        letters = [bare(letter) for letter in re.findall(r"⟦\d+⟧", match[1])]
        keys = [latex.flat(latex.parse(letter)) for letter in letters]
        if all(key in parts for key in keys) and not any(key in found for key in keys):
            found[",".join(keys)] = Meaning(", ".join(letters), match[2].strip(), "", "the", several=True)
    return found


def _numbered(text: str) -> tuple[str, list[str]]:
    """A text with its formulas numbered, and the formulas."""
    formulas: list[str] = []

    def number(match: re.Match[str]) -> str:
        formulas.append(match[1].strip())
        return f"⟦{len(formulas) - 1}⟧"

    return MATH.sub(number, text), formulas


def _is_unit(text: str) -> bool:
    """Whether words name a unit, "meters per second squared"."""
    first = text.split(" per ")[0]
    return first in _UNIT_NAMES or first.split(" ")[-1] in _UNIT_NAMES or first.split(" ")[0] in _UNIT_NAMES


def _parted(meaning: str) -> tuple[str, str]:
    """A meaning without the unit inside it: "distance in meters that the object moves"."""
    match = re.search(
        rf",? (?:measured )?in ({_UNIT})(?= that| above| of| from|$)",
        meaning,
    )
    if match and _is_unit(match[1]):
        return meaning[: match.start()] + meaning[match.end() :], match[1]
    return meaning, ""


def substances_of(formula: Formula) -> dict[str, str]:
    """The names that the text gives to the molecules of an equation."""
    names = {}
    for match in _SUBSTANCE.finditer(formula.context):
        name, written = (match[1] or match[3], match[2] or match[4])
        names[latex.flat(latex.parse(written)).replace(" ", "")] = name
    tree = latex.parse(formula.latex)
    for node in latex.walk(tree):
        key = latex.flat(node).replace(" ", "")
        known = chemistry.NAMES.get(key)
        if known and key not in names and set(known.split()) <= set(formula.context.lower().split()):
            names[key] = known
    return names


def remarks(formula: Formula, context: Context) -> tuple[str, ...]:
    """Sentences beside a formula that say what it means."""
    kept = []
    for raw in sentences(formula.context):
        text = cleaned(raw)
        short = count(text) <= 24 and not re.search(r"\$|\b1[5-9]\d\d|\bequation\b|^[A-Z][a-z]+ing ", text)
        if short and is_usable(text) and is_standalone(text):
            kept.append(text)
    about = re.compile(
        r"\b(?:sign|larger|smaller|greater|stronger|doubl\w+|halv\w+|increas\w+|decreas\w+|more|balanced|means? that)\b"
    )
    kept.sort(key=lambda text: -context.focus.relevance(content(text)) - (1.5 if about.search(text) else 0.0))
    return tuple(kept[:2])

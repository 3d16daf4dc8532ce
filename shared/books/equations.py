"""Formulas of a section: which text explains them, and which name belongs to which."""

import re
from typing import Final

from shared.books import drafts
from shared.books.book import Draft
from shared.books.latex import join, letters
from shared.books.text import count_words, sentences
from shared.enums import PassageKind

_FORMULA: Final = re.compile(r"\$([^$]+)\$")
_RELATION: Final = re.compile(r"[\w)}'\]|]\s*&?(?:[=<>]|\\(?:approx|le|ge|propto|sim|ne|rightarrow)\b)\s*[\w({\\\-+.]")
_LONGEST_CONTEXT: Final = 60  # words of one sentence that still explains rather than tells
_SENTENCES_AFTER: Final = 3
_SYMBOL_AND_MEANING: Final = 4  # words that "where x is time" has at least
_EXPLAINS: Final = re.compile(r"(?:where|here|in this equation|this equation)\b", re.IGNORECASE)


def formulas(text: str) -> list[str]:
    """Return the LaTeX of the formulas in prose that state a relation."""
    return [latex for latex in _FORMULA.findall(text) if _RELATION.search(latex)]


def from_prose(text: str) -> str:
    """Return a formula that was typed as text ("$F$ = ma") as LaTeX; empty where the text states no relation."""
    parts = re.split(r"\$([^$]*)\$", text)
    latex = join(
        atom for i, part in enumerate(parts) for atom in ([part] if i % 2 else letters(part.strip(), italic=True))
    ).strip()
    return latex if _RELATION.search(latex) else ""


def review_line(section: str, text: str) -> list[Draft]:
    """Return the formulas in a line of a list of formulas; "Mean: $...$" gives the name, other words explain."""
    found = formulas(text)
    named = re.fullmatch(r"([^$:=]{3,60}):\s*\$[^$]+\$[.,;]?", text)
    if named:
        return [drafts.equation(section, latex=latex, name=named[1].strip()) for latex in found]
    alone = re.fullmatch(r"\$[^$]+\$[.,;]?", text)
    return [drafts.equation(section, latex=latex, context="" if alone else text) for latex in found]


def context(before: str, formula: str, after: str) -> str:
    """Return the sentences around a displayed formula that lead to it and explain its symbols.

    `formula` is `$LaTeX$`; it is repeated where the sentence before it ends in it. `before` and `after` may be empty.
    """
    leading = [one for one in sentences(before)[-1:] if count_words(one) <= _LONGEST_CONTEXT]
    following: list[str] = []
    for position, sentence in enumerate(sentences(after)[:_SENTENCES_AFTER]):
        explains = "$" in sentence or _EXPLAINS.match(sentence)
        finished = sentence[-1] in ".!?)”" or (
            _EXPLAINS.match(sentence) and count_words(sentence) >= _SYMBOL_AND_MEANING
        )
        if not explains or not finished or (position and count_words(sentence) > _LONGEST_CONTEXT):
            break
        following.append(sentence)
    if leading and leading[0][-1] not in ".!?":
        goes_on = bool(following) and following[0][0].islower()
        leading = [f"{leading[0].rstrip(':,')} {formula}{',' if goes_on else '.'}"]
    text = " ".join([*leading, *following])
    return text[:1].upper() + text[1:]


def merge_named(found: list[Draft]) -> list[Draft]:
    """Give formulas of the text the names that the list of key equations has for them, and drop the repeats."""
    names: dict[str, str] = {}
    for draft in found:
        if draft.kind is PassageKind.EQUATION and (name := draft.structure["name"]):
            names.setdefault(_essence(draft.structure["latex"]), name)
    kept: list[Draft] = []
    seen: dict[str, int] = {}
    for draft in found:
        if draft.kind is not PassageKind.EQUATION:
            kept.append(draft)
            continue
        essence = _essence(draft.structure["latex"])
        if essence in seen:
            kept[seen[essence]] = _richer(kept[seen[essence]], draft)
            continue
        seen[essence] = len(kept)
        kept.append(_named(draft, names.get(essence, "")))
    return kept


def _named(draft: Draft, name: str) -> Draft:
    structure = draft.structure
    return drafts.equation(
        draft.section,
        latex=structure["latex"],
        name=structure["name"] or name,
        context=structure["context"],
    )


def _richer(first: Draft, second: Draft) -> Draft:
    """The first occurrence, with the context of the second where it has none."""
    if first.structure["context"] or not second.structure["context"]:
        return first
    return drafts.equation(
        first.section,
        latex=first.structure["latex"],
        name=first.structure["name"],
        context=second.structure["context"],
    )


def _essence(latex: str) -> str:
    """What a formula says, whatever its spacing, boldness and closing sign."""
    return re.sub(r"\\(?:mathbf|boldsymbol|text)\b|[\s{}.,;&]|\\ ", "", latex)

"""Prose with markers to plain prose: scripts, variables and formulas become `$LaTeX$`.

A parser writes `10`, marker, `8`, marker for a superscript; here the base is found ("10", with the factor in
front of it) and both become one formula. Marker characters are declared in `shared.books.text`.
"""

import re
from typing import Final

from shared.books.latex import GREEK, join, letters, scripted
from shared.books.references import repair_references
from shared.books.runs import merge_runs
from shared.books.text import (
    BREAK,
    MATHEMATICS,
    SUBSCRIPT,
    SUPERSCRIPT,
    clean,
    closed,
    spell_money,
)

_ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
_DEGREES: Final = frozenset({"o", "°", "∘", "º", "0°"})
_MARKS: Final = frozenset({"®", "™", "TM", "*"})

_MATH: Final = f"{MATHEMATICS[0]}[^{MATHEMATICS[1]}]*{MATHEMATICS[1]}"
_SUP: Final = f"{SUPERSCRIPT[0]}[^{SUPERSCRIPT[1]}]*{SUPERSCRIPT[1]}"
_SUB: Final = f"{SUBSCRIPT[0]}[^{SUBSCRIPT[1]}]*{SUBSCRIPT[1]}"
_GREEK_LETTERS: Final = "α-ωΑ-Ωϑϕ"
_SCRIPTED: Final = re.compile(
    rf"(?P<base>{_MATH}"
    r"|(?:[-−–]?\d[\d,.]*\s?[×·]\s?)?(?<![\w.,])[-−–]?\d+(?:[\d,]*\.\d+|(?:,\d{3})+)?"  # a number, with its factor
    rf"|[/·⋅]?[A-Za-z{_GREEK_LETTERS}Å]+(?:[/·⋅][A-Za-z{_GREEK_LETTERS}]+)*[′'’]?"  # a variable, a unit, a formula
    r"|\d+|\([^()]{1,40}\)|[)\]]|)"
    rf"(?P<scripts>(?:{_SUP}|{_SUB})+)"
)
_SYMBOL: Final = rf"[A-Z][a-z]?(?:{SUBSCRIPT[0]}\s*\d+\s*{SUBSCRIPT[1]})?"
_COMPOUND: Final = re.compile(
    rf"(?<![A-Za-z{MATHEMATICS[1]}])(?:{_SYMBOL}){{2,}}(?:{SUPERSCRIPT[0]}\d*[+\-−–]{SUPERSCRIPT[1]})?(?![a-z{SUBSCRIPT[0]}])"
)
_ISOTOPE: Final = re.compile(rf"(?<![\w)\]{MATHEMATICS[1]}])(?:{_SUP}|{_SUB})+(?P<symbol>[A-Z][a-z]?)(?![a-z])")
_ONE_SCRIPT: Final = re.compile(rf"(?P<sup>{_SUP})|(?P<sub>{_SUB})")
_ADJACENT: Final = re.compile(rf"{MATHEMATICS[1]}{MATHEMATICS[0]}")
_LIST_LABEL: Final = re.compile(rf"(?<![\w{MATHEMATICS[1]}])\({MATHEMATICS[0]}\\mathbf\{{([a-h])\}}{MATHEMATICS[1]}\)")
_WORD_AFTER: Final = re.compile(rf"(?<={MATHEMATICS[1]})(?=(?!(?:st|nd|rd|th)\b)[a-z]{{2}})")
_WORD_BEFORE: Final = re.compile(rf"(?<=[a-z]{{2}})(?={MATHEMATICS[0]})")
_UNICODE_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0123456789+-=()n")
_UNICODE_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()")
_UNICODE_RUNS: Final = re.compile(r"(?P<sup>[⁰¹²³⁴-⁹⁺-ⁿ]+)|(?P<sub>[₀-₎]+)")
_ELEMENTS: Final = frozenset(
    [
        "H",
        "He",
        "Li",
        "Be",
        "B",
        "C",
        "N",
        "O",
        "F",
        "Ne",
        "Na",
        "Mg",
        "Al",
        "Si",
        "P",
        "S",
        "Cl",
        "Ar",
        "K",
        "Ca",
        "Fe",
        "Ni",
        "Cu",
        "Zn",
        "Br",
        "Ag",
        "Sn",
        "I",
        "Ba",
        "Au",
        "Hg",
        "Pb",
        "Rn",
        "Ra",
        "Th",
        "U",
        "Pu",
        "Co",
        "Mn",
        "Cr",
    ]
)
_DIATOMIC: Final = frozenset(["H", "N", "O", "Cl", "Br"])  # F and I are forces and currents more often than gases
_GREEK_SIGNS: Final = {latex: sign for sign, latex in reversed(GREEK.items())}
_SIMPLE_VARIABLE: Final = re.compile(
    rf"\$(?:(?:\\mathbf\{{)?([A-Za-z])\}}?|({'|'.join(re.escape(latex) for latex in _GREEK_SIGNS)}))\$"
)
_INDEXED: Final = re.compile(
    rf"({MATHEMATICS[0]}(?:[A-Za-z]|\\\\mathbf\{{[A-Za-z]\}}){MATHEMATICS[1]})(\d{{1,2}})\b(?![.,]\d|{SUBSCRIPT[1]}|{SUPERSCRIPT[1]})"
)
_MINUS: Final = str.maketrans("−–", "--")
_FORMULA: Final = re.compile(r"[A-Z][a-z]?")
_UNIT_BEFORE: Final = re.compile(r"\d\s?$")


def variable(text: str, *, bold: bool) -> str | None:
    """Return one emphasised letter as marked mathematics; None where the text is not one letter."""
    if len(text) != 1 or not text.isalpha():
        return None
    return mathematics(join(letters(text, italic=True, bold=bold and text not in GREEK)))


def mathematics(latex: str) -> str:
    """Mark LaTeX as mathematics."""
    return f"{MATHEMATICS[0]}{latex}{MATHEMATICS[1]}" if latex else ""


def plain_title(text: str) -> str:
    """Return a heading with its simple variables as plain letters: "Using a $p$-value" has no mathematics to set."""
    return _SIMPLE_VARIABLE.sub(lambda match: match[1] or _GREEK_SIGNS[match[2]], text)


def mark_unicode_scripts(text: str) -> str:
    """Mark Unicode superscripts and subscripts like those of the markup."""

    def marked(match: re.Match[str]) -> str:
        if sup := match["sup"]:
            return f"{SUPERSCRIPT[0]}{sup.translate(_UNICODE_SUPERSCRIPTS)}{SUPERSCRIPT[1]}"
        return f"{SUBSCRIPT[0]}{match['sub'].translate(_UNICODE_SUBSCRIPTS)}{SUBSCRIPT[1]}"

    return _UNICODE_RUNS.sub(marked, text)


def resolve(marked: str) -> str:
    """Return marked text as plain prose with `$LaTeX$`; `clean` has been applied to what was marked."""
    text = repair_references(marked)
    text = _statements(text)
    text = spell_money(text)
    text = mark_unicode_scripts(text)
    text = _LIST_LABEL.sub(r"(\1)", text)
    text = _INDEXED.sub(rf"\1{SUBSCRIPT[0]}\2{SUBSCRIPT[1]}", text)
    text = join_scripts(text)
    text = _ADJACENT.sub("", text)
    text = _WORD_BEFORE.sub(" ", _WORD_AFTER.sub(" ", text))
    text = merge_runs(text)
    return text.replace(MATHEMATICS[0], "$").replace(MATHEMATICS[1], "$")


def join_scripts(text: str) -> str:
    """Turn marked scripts and what carries them into marked mathematics; scripts within scripts come first."""
    text = _ISOTOPE.sub(_isotope, _COMPOUND.sub(_compound, text))
    return _SCRIPTED.sub(_formula, text)


def _statements(text: str) -> str:
    """Turn line breaks between statements into full stops, and others into spaces."""
    pieces = [piece.strip() for piece in text.split(BREAK)]
    pieces = [piece for piece in pieces if piece]
    out = ""
    for piece in pieces:
        starts_anew = piece[0].isupper() or piece[0] == MATHEMATICS[0]
        unfinished = re.search(r"(?:[-=+×,(:;–]|\b(?:a|an|the|of|by|is|are|to|and|or|in|with|for|at))$", out)
        out = f"{closed(out) if starts_anew and not unfinished else out} {piece}" if out else piece
    return out


def _isotope(match: re.Match[str]) -> str:
    """Numbers in front of the symbol of an element."""
    if match["symbol"] not in _ELEMENTS:
        return match[0]
    scripts = {("sub" if part["sub"] else "sup"): part[0][1:-1].strip() for part in _ONE_SCRIPT.finditer(match[0])}
    prefix = scripted("", sub=scripts.get("sub", ""), sup=scripts.get("sup", ""))
    return mathematics(f"{prefix}\\text{{{match['symbol']}}}")


def _compound(match: re.Match[str]) -> str:
    """A chemical formula of several elements, set upright; anything else stays as it is."""
    symbols = _FORMULA.findall(_ONE_SCRIPT.sub("", match[0]))
    if SUBSCRIPT[0] not in match[0] or not set(symbols) <= _ELEMENTS:
        return match[0]
    upright = re.sub(r"[A-Z][a-z]?", lambda symbol: f"\\text{{{symbol[0]}}}", match[0])
    return mathematics(
        _ONE_SCRIPT.sub(
            lambda part: f"{'_' if part['sub'] else '^'}{{{part[0][1:-1].strip().translate(_MINUS)}}}", upright
        )
    )


def _formula(match: re.Match[str]) -> str:
    base = match["base"]
    scripts = [
        (("sup", part[0][1:-1].strip()) if part["sup"] else ("sub", part[0][1:-1].strip()))
        for part in _ONE_SCRIPT.finditer(match["scripts"])
    ]
    scripts = [(kind, content) for kind, content in scripts if content]
    if not scripts:
        return base
    kind, content = scripts[0]
    if len(scripts) == 1 and kind == "sup" and (content in _ORDINALS or content in _MARKS):
        return base + ("" if content in _MARKS else content)
    if len(scripts) == 1 and kind == "sup" and content in _DEGREES and (not base or base[-1].isdecimal()):
        return f"{base}°"
    sub = " ".join(_script(content) for kind, content in scripts if kind == "sub")
    sup = " ".join(_script(content) for kind, content in scripts if kind == "sup")
    latex = _base(base, match.string[: match.start()], scripts)
    return mathematics(scripted(latex, sub=sub, sup=sup))


def _script(content: str) -> str:
    """The LaTeX of a script's content, which may hold formulas and scripts of its own."""
    parts = re.split(rf"({_MATH})", join_scripts(content))
    return "".join(
        part[1:-1] if part.startswith(MATHEMATICS[0]) else join(letters(part, italic=True)) for part in parts if part
    )


def _base(base: str, before: str, scripts: list[tuple[str, str]]) -> str:
    if base.startswith(MATHEMATICS[0]):
        return base[1:-1]
    if not base:
        return ""
    if base[0] == "(":
        return f"({_script(base[1:-1])})"
    unit = base[0] in "/·⋅" or "/" in base or bool(_UNIT_BEFORE.search(before))
    if unit or _is_substance(base, scripts):
        pieces = re.split(r"([/·⋅])", base)
        return "".join(
            {"/": "/", "·": " \\cdot ", "⋅": " \\cdot "}.get(piece, f"\\text{{{piece}}}") for piece in pieces if piece
        )
    return join(letters(clean(base), italic=True))


def _is_substance(symbol: str, scripts: list[tuple[str, str]]) -> bool:
    """Tell a gas or an ion, set upright, from a variable with an index."""
    if symbol not in _ELEMENTS:
        return False
    molecule = scripts == [("sub", "2")] and symbol in _DIATOMIC
    return molecule or all(kind == "sup" and re.fullmatch(r"\d*[+\-−–]", content) for kind, content in scripts)

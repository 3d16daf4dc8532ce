"""Small pieces of LaTeX: signs, letters, scripts, and joining them so that they stay what they are."""

import re
from collections.abc import Iterable
from typing import Final

SPACE: Final = "\\ "  # kept between words and numbers only

GREEK: Final = {
    "α": "\\alpha",
    "β": "\\beta",
    "γ": "\\gamma",
    "δ": "\\delta",
    "ε": "\\varepsilon",
    "ϵ": "\\epsilon",
    "ζ": "\\zeta",
    "η": "\\eta",
    "θ": "\\theta",
    "ϑ": "\\vartheta",
    "ι": "\\iota",
    "κ": "\\kappa",
    "λ": "\\lambda",
    "μ": "\\mu",
    "ν": "\\nu",
    "ξ": "\\xi",
    "π": "\\pi",
    "ρ": "\\rho",
    "σ": "\\sigma",
    "ς": "\\varsigma",
    "τ": "\\tau",
    "υ": "\\upsilon",
    "φ": "\\varphi",
    "ϕ": "\\phi",
    "χ": "\\chi",
    "Χ": "\\chi",  # books type the capital for the chi-square distribution
    "ψ": "\\psi",
    "ω": "\\omega",
    "Γ": "\\Gamma",
    "Δ": "\\Delta",
    "∆": "\\Delta",
    "Θ": "\\Theta",
    "Λ": "\\Lambda",
    "Ξ": "\\Xi",
    "Π": "\\Pi",
    "Σ": "\\Sigma",
    "Φ": "\\Phi",
    "Ψ": "\\Psi",
    "Ω": "\\Omega",
    "ϒ": "\\Upsilon",
    "ℓ": "\\ell",
    "∂": "\\partial",
    "∞": "\\infty",
    "ŷ": "\\hat{y}",
    "ẑ": "\\hat{z}",
    "½": "\\frac{1}{2}",
    "¼": "\\frac{1}{4}",
    "¾": "\\frac{3}{4}",
    "∅": "\\emptyset",
}
SIGNS: Final = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "\\times",
    "⋅": "\\cdot",
    "·": "\\cdot",
    "∙": "\\cdot",
    "•": "\\cdot",
    "*": "*",
    "÷": "\\div",
    "±": "\\pm",
    "∓": "\\mp",
    "≤": "\\le",
    "≥": "\\ge",
    "≠": "\\ne",
    "≈": "\\approx",
    "≅": "\\cong",
    "≡": "\\equiv",
    "∼": "\\sim",
    "∽": "\\sim",
    "~": "\\sim",
    "∝": "\\propto",
    "→": "\\rightarrow",
    "⟶": "\\rightarrow",
    "←": "\\leftarrow",
    "↔": "\\leftrightarrow",
    "⇌": "\\rightleftharpoons",
    "⇒": "\\Rightarrow",
    "∑": "\\sum",
    "∏": "\\prod",
    "∫": "\\int",
    "√": "\\sqrt",
    "⊥": "\\perp",
    "∥": "\\parallel",
    "∈": "\\in",
    "∪": "\\cup",
    "∩": "\\cap",
    "∣": "|",
    "′": "'",
    "″": "''",
    "°": "^{\\circ}",
    "∘": "^{\\circ}",
    "˚": "^{\\circ}",
    "⋯": "\\cdots",
    "…": "\\dots",
    "%": "\\%",
    "#": "\\#",
    "&": "\\&",
    "_": "\\_",
    "{": "\\{",
    "}": "\\}",
    "$": "\\text{USD}\\ ",  # a dollar sign would end the mathematics
    "\\": "\\backslash",
    "^": "\\wedge",
    "¯": "\\bar{}",
}
FUNCTIONS: Final = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "log",
        "ln",
        "exp",
        "lim",
        "max",
        "min",
    ]
)

_PIECES: Final = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)"
    r"|(?P<degrees>°[CFR]\b)"
    r"|(?P<word>[^\W\d_\u0370-\u03ff]+(?:(?:[ '’]|(?<=\w)-(?=\w))[^\W\d_\u0370-\u03ff]+)*)"
    r"|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_RELATION: Final = r"(?:[=<>]|\\(?:le|ge|ne|approx|sim|cong|equiv|rightarrow|propto|times|pm|cdot))"
_RELATION_START: Final = re.compile(rf"{_RELATION}(?![A-Za-z])")
_RELATION_END: Final = re.compile(rf"{_RELATION}$")
_ENDS_IN_COMMAND: Final = re.compile(r"\\[A-Za-z]+$")
_ENDS_IN_TEXT: Final = re.compile(r"\\text\{[^{}]*\}$")
_WORDLIKE_END: Final = re.compile(r"[\dA-Za-z)'}]$")
_WORDLIKE_START: Final = re.compile(
    r"[\dA-Za-z]|\\(?:text|mathbf|mathrm|frac|sqrt|sin|cos|tan|log|ln|Omega|mu|Delta)\b"
)
_UNIT_START: Final = re.compile(r"\\text\{[A-Za-z°]|\\Omega\b")
_CONJUNCTION: Final = re.compile(r"\\text\{(?:and|or|is|for|where|with|of|AND|OR)\}")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?![\d}]))")


def word(text: str) -> str:
    """Return the text set upright."""
    return f"\\text{{{text}}}"


def letters(text: str, *, italic: bool, bold: bool = False) -> list[str]:
    """Return the LaTeX atoms of an identifier, a number or a word.

    One letter is a variable when `italic`; longer words are set upright. A number in front of a unit stays a number.
    """
    parts: list[str] = []
    for match in _PIECES.finditer(" ".join(re.split(r"\s+", text))):
        piece = match[0]
        if match["number"]:
            parts.append(_THOUSANDS.sub("{,}", piece))
        elif match["degrees"]:
            parts.append(word(piece))
        elif match["space"]:
            parts.append(SPACE)
        elif match["word"]:
            parts.append(_letters(piece, italic=italic, bold=bold))
        elif piece in GREEK:
            parts.append(f"\\boldsymbol{{{GREEK[piece]}}}" if bold else GREEK[piece])
        else:
            parts.append(SIGNS.get(piece, piece))
    return parts


def _letters(piece: str, *, italic: bool, bold: bool) -> str:
    if piece in FUNCTIONS:
        return f"\\{piece}"
    if piece in GREEK:
        return GREEK[piece]
    if len(piece) == 1 and bold:
        return f"\\mathbf{{{piece}}}"
    if len(piece) == 1 and italic:
        return piece
    return word(piece)


def operator(text: str) -> list[str]:
    """Return the LaTeX atoms of an operator."""
    stripped = text.strip()
    if stripped in SIGNS:
        return [SIGNS[stripped]]
    if not stripped:
        return [SPACE] if text else []
    if len(stripped) == 1 and not stripped.isalnum():
        return [GREEK.get(stripped, stripped)]
    return letters(text, italic=True)


def atom(latex: str) -> bool:
    """Tell whether the LaTeX is one letter or sign, so that a short accent covers it."""
    return bool(re.fullmatch(r"[^\\{}^_\s]|\\[A-Za-z]+|\\(?:text|mathbf|boldsymbol)\{(?:.|\\[a-z]+)\}", latex))


def scripted(base: str, *, sub: str = "", sup: str = "") -> str:
    """Return the base with its scripts; they stand at its end, which looks the same as around it in braces."""
    raised = sup if not sup or _is_superscript(sup) else f"^{{{sup}}}"
    if not base:
        base = "{}"
    elif _has_script(base, "_" if sub else "^") or (sub and sup and _has_script(base, "^")):
        base = f"{{{base}}}"
    return base + (f"_{{{sub}}}" if sub else "") + raised


def _is_superscript(latex: str) -> bool:
    return bool(re.fullmatch(r"'+", latex)) or latex == SIGNS["°"]


def _has_script(base: str, sign: str) -> bool:
    """Tell whether the base ends in a script of this sort, to which no second one may be added."""
    if sign == "^" and base.endswith("'"):
        return True
    while base.endswith("}"):
        depth, start = 0, len(base)
        for start in range(len(base) - 1, -1, -1):
            depth += {"}": 1, "{": -1}.get(base[start], 0)
            if not depth:
                break
        if start == 0 or base[start - 1] not in "_^":
            return False
        if base[start - 1] == sign:
            return True
        base = base[: start - 1]
    return False


def join(parts: Iterable[str]) -> str:
    """Join atoms: a command is kept apart from a letter, relations get air, a space stays between words."""
    out = ""
    pending = False
    for part in parts:
        if part == SPACE:
            pending = True
        elif part:
            out = _joined(out, part, spaced=pending)
            pending = False
    return _THOUSANDS.sub("{,}", out)


def _joined(out: str, part: str, *, spaced: bool) -> str:
    if not out:
        return part
    if _RELATION_START.match(part) or _RELATION_END.search(out):
        return f"{out} {part}"
    if _ENDS_IN_TEXT.search(out) and part.startswith("\\text{"):
        return out[:-1] + (" " if spaced else "") + part.removeprefix("\\text{")
    command = bool(_ENDS_IN_COMMAND.search(out))
    unit = re.search(r"\d(?:\^\{-?\d+\})?$", out)
    separate = spaced and _WORDLIKE_END.search(out) and not command and _WORDLIKE_START.match(part)
    if separate or (unit and _UNIT_START.match(part)) or _CONJUNCTION.match(part) or _ends_in_conjunction(out):
        return f"{out}{SPACE}{part}"
    return f"{out} {part}" if command and part[0].isalpha() else out + part


def _ends_in_conjunction(out: str) -> bool:
    return out.endswith("}") and bool(_CONJUNCTION.fullmatch(out[out.rfind("\\text{") :]))

"""A book's prose, with `$LaTeX$` in it, as narration (all in spoken words) and as on-screen text (plain Unicode)."""

import re
from functools import lru_cache
from typing import Final

from shared.lesson.chemistry import is_formula_text
from shared.lesson.latex_signs import GREEK_NAMES, SIGNS
from shared.lesson.plain_math import plain
from shared.lesson.spoken_math import speak
from shared.lesson.units import expand_in_prose, speak_unit

_MATH: Final = re.compile(r"(?<!\\)\$([^$]*)\$")
_MONEY: Final = re.compile(r"(?<!\\)\$(?=\d[\d,]*(?:\.\d\d)?(?:\s+[A-Za-z(]|[.,;:?!)]?\s*$|[.,;:?!)]\s|\s*[-–]\s*\$))")
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉", "0123456789+-0123456789")
_MONEY_SPOKEN: Final = re.compile(r"\\\$(\d[\d,]*(?:\.\d\d)?)( (?:million|billion|thousand))?")
_FORMULA_WORD: Final = re.compile(r"\b(?=[A-Za-z]*\d|[A-Za-z]*[₀-₉])(?:(?:[A-Z][a-z]?)[\d₀-₉]*){1,6}(?=\W|$)")
# The books are American; a teacher's own text may not be.
_AMERICAN: Final = {
    "metre": "meter",
    "litre": "liter",
    "colour": "color",
    "behaviour": "behavior",
    "favour": "favor",
    "neighbour": "neighbor",
    "vapour": "vapor",
    "centre": "center",
    "fibre": "fiber",
    "organis": "organiz",
    "recognis": "recogniz",
    "energis": "energiz",
    "ionis": "ioniz",
    "travelled": "traveled",
    "travelling": "traveling",
    "modelling": "modeling",
    "labelled": "labeled",
    "grey": "gray",
    "aluminium": "aluminum",
    "sulphur": "sulfur",
    "maths": "math",
}
_BRITISH: Final = re.compile("|".join(_AMERICAN), re.IGNORECASE)
# What must not be left in a narration: markup, signs that a voice guesses at.
RAW_SIGNS: Final = re.compile(r"[$\\{}^_=+*<>~|#@\[\]×÷±∓≤≥≠≈∝→↔⇌∑∏∫∞°√²³⁰-⁹₀-₉Α-Ωα-ωµ%&…/]")


def american(text: str) -> str:
    """British spellings of common school words in American."""

    def swap(match: re.Match[str]) -> str:
        word = _AMERICAN[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return _BRITISH.sub(swap, text)


def protect_money(text: str) -> str:
    """Mark the dollar signs that are money, so that they open no formula."""
    return _MONEY.sub(lambda _: "\\$", text) if "$" in text else text


@lru_cache(maxsize=8_000)
def narrated(text: str) -> str:
    """Return a book's text as it is to be spoken."""
    text = _MATH.sub(lambda match: f" {speak(match[1])}{_stop(match[1])} ", protect_money(text))
    text = _MONEY_SPOKEN.sub(lambda match: f"{match[1].removesuffix('.00')}{match[2] or ''} dollars", text)
    text = re.sub(r"\s+-(?=[A-Za-z])", "-", text)
    text = text.replace("’", "'").replace("‘", "'").replace("“", "").replace("”", "").replace('"', "")
    text = expand_in_prose(text)
    text = _FORMULA_WORD.sub(lambda match: _formula(match[0]), text)
    text = re.sub(r"(?<=\d)\s*%", " percent", text)
    text = re.sub(r"\be\.g\.,?", "for example,", text)
    text = re.sub(r"\bi\.e\.,?", "that is,", text)
    text = re.sub(r"(?<=\d)\s*[–-]\s*(?=\d)", " to ", text)
    text = re.sub(r"(?:^|(?<=[\s(]))[−–-](?=\d)", "negative ", text)
    text = re.sub(r"\s*[—–]\s*", ", ", text)
    text = re.sub(r"\s&\s", " and ", text)
    text = re.sub(r"\band/or\b", "or", text)
    text = re.sub(
        r"(?<![\w/])([A-Za-z]{1,3}/[A-Za-z]{1,3}[²³23]?)(?![\w/])", lambda match: speak_unit(match[1]) or match[0], text
    )
    text = re.sub(r"(?<=\w)/(?=\w)", " or ", text).replace("/", " ")
    text = text.translate(_SUPERSCRIPTS)
    text = re.sub(r"[Α-Ωα-ωµ]", lambda match: f" {GREEK_NAMES.get(match[0], '')} ", text)
    text = RAW_SIGNS.sub(lambda match: f" {SIGNS.get(match[0], '')} ", text)
    return american(_spaced(text))


@lru_cache(maxsize=8_000)
def on_screen(text: str) -> str:
    """Return a text as it is to be read."""
    text = _MATH.sub(lambda match: f"{plain(match[1])}{_stop(match[1])}", protect_money(text))
    return american(_spaced(text.replace("\\$", "$").replace("'", "’")))


def _stop(latex: str) -> str:
    """The punctuation that a book puts inside a formula."""
    last = latex.rstrip()[-1:]
    return last if last in {".", ","} else ""


def _formula(word: str) -> str:
    """Speak "H2O" of running text; what is no formula stays."""
    letters = word.translate(_SUPERSCRIPTS)
    return speak(re.sub(r"(\d+)", r"_{\1}", letters)) if is_formula_text(letters) else word


def _spaced(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([.,;:?!)])", r"\1", text)
    text = re.sub(r"([.,;])(?:\s*[.,;])+", r"\1", text)
    return re.sub(r"\(\s*\)", "", text).strip()

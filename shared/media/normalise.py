"""Text to the words that a voice speaks, token by token, so that timings map back to the text as written.

What a synthesiser makes of signs is not to be relied on: "H2O" came out as "hatchtwo", "m/s" as "em es". So every
whitespace-separated token of a narration becomes plain words here, whatever voice speaks them.

Conventions of the words: letters, apostrophes and hyphens only; a single upper-case letter is the name of the letter
(the article is written "a"); a word may end with a pause mark (`, ; : . ? !`).
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from shared.media.spoken_core import Context, spoken_core

NORMALISER_VERSION: Final = "1"  # part of the name of stored speech: raised with every change of the words

PAUSES: Final = ",;:.?!"
_STRENGTH: Final = {"": 0, ",": 1, ";": 2, ":": 3, ".": 4, "!": 5, "?": 6}
_OPENING: Final = "([{\"'“‘«‹¿¡*_`•"
_CLOSING: Final = ")]}\"'”’»›*_`"
_DASHES: Final = "-–—―"

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n")
_SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₒₓₙₘₜᵢ", "0123456789+-aeoxnmti")
_PLAIN_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "‑": "-", "‐": "-", "\u00ad": ""})

# Dotted abbreviations: what they say. Only the last group can end a sentence.
_ABBREVIATIONS: Final = {
    "e.g.": "for example",
    "i.e.": "that is",
    "vs.": "versus",
    "cf.": "compare",
    "dr.": "doctor",
    "mr.": "mister",
    "mrs.": "missus",
    "ms.": "miz",
    "prof.": "professor",
    "st.": "saint",
    "fig.": "figure",
    "figs.": "figures",
    "eq.": "equation",
    "eqs.": "equations",
    "ch.": "chapter",
    "sec.": "section",
    "no.": "number",
    "p.": "page",
    "pp.": "pages",
    "vol.": "volume",
    "approx.": "approximately",
    "ca.": "about",
}
_CLOSING_ABBREVIATIONS: Final = {
    "etc.": "et cetera",
    "al.": "al",
    "jr.": "junior",
    "sr.": "senior",
    "inc.": "incorporated",
    "a.m.": "A M",
    "p.m.": "P M",
    "ph.d.": "P H D",
    "u.s.": "U S",
    "u.k.": "U K",
}
# These read as abbreviations only before a number ("no." is a word, and "p." may close a sentence).
_BEFORE_NUMBERS: Final = frozenset({"fig.", "figs.", "no.", "p.", "pp.", "ch.", "sec.", "eq.", "eqs.", "vol.", "ca."})


@dataclass(frozen=True, slots=True)
class SpokenToken:
    """One whitespace-separated token of a text and the words it is spoken as (none for a lone dash)."""

    written: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """A token taken apart: its core, and the pauses that its punctuation makes before and after it."""

    core: str
    before: str
    after: str
    in_brackets: bool = False


def spoken_tokens(text: str) -> tuple[SpokenToken, ...]:
    """Return one SpokenToken for each of `text.split()`, in order."""
    tokens = text.split()
    parts = [_take_apart(_plain(token), tokens[index + 1 : index + 2]) for index, token in enumerate(tokens)]
    spoken: list[list[str]] = []
    context = Context()
    for index, part in enumerate(parts):
        following = parts[index + 1].core if index + 1 < len(parts) and not part.after else ""
        if part.before:
            _pause(spoken, part.before)
        words, context = spoken_core(part.core, replace(context, in_brackets=part.in_brackets), following)
        spoken.append(_tidy(words))
        if words == [","]:
            _pause(spoken, ",")
        if part.after:
            _pause(spoken, part.after)
            context = context.after_pause(part.after)
    return tuple(SpokenToken(token, tuple(words)) for token, words in zip(tokens, spoken, strict=True))


def spoken_text(text: str) -> str:
    """The whole text as words, for a service that takes text."""
    return " ".join(word for token in spoken_tokens(text) for word in token.words)


def _plain(token: str) -> str:
    """Straight quotes, marked superscripts (x² as x^2), plain subscripts, no control characters."""
    token = unicodedata.normalize("NFC", token).translate(_PLAIN_QUOTES)
    token = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ]+", lambda match: "^" + match[0].translate(_SUPERSCRIPTS), token)
    return "".join(c for c in token.translate(_SUBSCRIPTS) if not unicodedata.category(c).startswith("C"))


def _take_apart(token: str, following: list[str]) -> _Parts:
    """Separate the core from quotes, brackets and punctuation."""
    core = token.lstrip(_OPENING)
    before = "," if "(" in token[: len(token) - len(core)] else ""
    while core and core[0] in _DASHES and not (len(core) > 1 and core[0] in "-–" and core[1].isdecimal()):
        core, before = core[1:], ","
        if not core:
            return _Parts("−" if token in {"-", "–"} else "", "" if token in {"-", "–"} else ",", "")
    after = ""
    while core and not _is_abbreviation(core, following):
        if core[-1] in _CLOSING and not _closes_inside(core):
            after = _stronger(after, "," if core[-1] in ")]" and following else "")
        elif core[-1] in ".,;:!?…—–" or (core[-1] == "-" and core[-2:-1].islower()):
            after = _stronger(after, {"…": ",", "—": ",", "–": ",", "-": ","}.get(core[-1], core[-1]))
        else:
            break
        core = core[:-1]
    if core and core[-1] == "." and _is_closing(core) and not after and _ends_sentence(following):
        after = "."
    words = _ABBREVIATIONS.get(core.lower()) or _CLOSING_ABBREVIATIONS.get(core.lower())
    in_brackets = token.startswith("(") and ")" in token
    return _Parts(words if words else core, before, after, in_brackets)


def _closes_inside(core: str) -> bool:
    """Whether the closing bracket at the end belongs to the core, as in Ca(OH)2 or J/(kg·K)."""
    return core[-1] == ")" and "(" in core


def _is_abbreviation(core: str, following: list[str]) -> bool:
    lowered = core.lower()
    if lowered in _BEFORE_NUMBERS:
        return bool(following) and following[0].lstrip("(")[:1].isdecimal()
    return lowered in _ABBREVIATIONS or _is_closing(core)


def _is_closing(core: str) -> bool:
    return core.lower() in _CLOSING_ABBREVIATIONS or re.fullmatch(r"(?:[A-Z]\.){2,}", core) is not None


def _ends_sentence(following: list[str]) -> bool:
    return not following or following[0].lstrip(_OPENING)[:1].isupper()


def _stronger(one: str, other: str) -> str:
    return max(one, other, key=lambda mark: _STRENGTH[mark])


def _pause(spoken: list[list[str]], mark: str) -> None:
    """Let the last word spoken so far end with the mark, unless it has a stronger one."""
    for words in reversed(spoken):
        if words:
            bare = words[-1].rstrip(PAUSES)
            words[-1] = bare + _stronger(words[-1][len(bare) :], mark)
            return


def _tidy(words: list[str]) -> list[str]:
    """Drop what the voices cannot say; keep Latin letters with their accents, apostrophes, hyphens, pause marks."""
    tidied: list[str] = []
    for word in words:
        bare = "".join(c for c in word if _is_spoken(c)).strip("-'")
        mark = word[-1] if word[-1:] in PAUSES and word else ""
        if bare:
            tidied.append(bare + mark)
        elif mark and tidied:
            tidied[-1] = tidied[-1].rstrip(PAUSES) + mark
    return tidied


def _is_spoken(character: str) -> bool:
    return character in "'-" or (character.isalpha() and "LATIN" in unicodedata.name(character, ""))

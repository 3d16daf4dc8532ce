"""One token, freed of its punctuation, as words: the rules that look at what stands around it."""

import re
from dataclasses import dataclass, replace
from typing import Final

from shared.media import spoken_numbers as numbers
from shared.media import spoken_science as science
from shared.media.spoken_expand import VULGAR_FRACTION, expand
from shared.media.spoken_numbers import NUMBER, SIGN
from shared.media.words import word_set

_NUMBER: Final = re.compile(f"({SIGN}?{NUMBER})")
_MONEY: Final = re.compile(r"([$€£])(\d[\d,]*)(?:\.(\d{2}))?(?:\.(\d))?")
_MAGNITUDES: Final = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
_CURRENCIES: Final = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_YEAR_WORDS: Final = word_set(
    "in since by during until till from around about year of before after circa to and between january february march "
    "april may june july august september october november december"
)
_COUNTED: Final = re.compile(  # after these a four-digit number before it is a quantity, not a year
    r"(?:%|percent|degrees?|times|people|students|(?:\w*(?:meter|gram|second|newton|joule|watt|volt|pascal|mole|mile|hour"
    r"|minute|liter|calorie|kelvin|hertz|ampere|coulomb|ohm|feet|foot|pound|dollar|year|day|cell|molecule|atom)s?))"
)
_ROMAN: Final = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12}
_ROMAN_LETTER: Final = {"I": 1, "V": 5, "X": 10}
_NUMBERED: Final = word_set(
    "photosystem type phase stage part chapter class group war complex volume level period factor step law"
)


@dataclass(frozen=True, slots=True)
class Context:
    """What stood before the token."""

    previous: str = ""
    is_number: bool = False  # the token before ends in a number, so a unit may follow
    is_one: bool = False
    currency: str = ""  # said after the word "million" that follows
    starts_sentence: bool = True
    in_brackets: bool = False

    def after_pause(self, mark: str) -> "Context":
        """The context once the token's punctuation is spoken."""
        return replace(self, is_number=False, currency="", starts_sentence=mark in ".?!")


def spoken_core(core: str, context: Context, following: str) -> tuple[list[str], Context]:
    """The words of a token and the context of the next; `following` is the next core, empty after a pause."""
    words, currency = _words(core, context, following)
    ends_in_number = (
        bool(core) and (core[-1].isdecimal() or bool(VULGAR_FRACTION.match(core[-1]))) and "^" not in core[-2:-1]
    )
    scientific = re.search(r"10\^[-−]?\d+$", core) is not None
    return words, Context(
        previous=core,
        is_number=ends_in_number or scientific,
        is_one=core in {"1", "-1", "−1"},
        currency=currency,
        starts_sentence=context.starts_sentence and not words,
    )


def _words(core: str, context: Context, following: str) -> tuple[list[str], str]:
    """The words, and the currency that has to be said later."""
    if " " in core:  # an abbreviation that was written out
        return core.split(), ""
    if context.currency and core in _MAGNITUDES:
        return [core, context.currency], ""
    if money := _MONEY.fullmatch(core):
        return _money(money, following)
    for rule in (_lone_sign, _unit_after_number, _year, _roman, _single_letter, _product):
        if (words := rule(core, context, following)) is not None:
            return words, ""
    return expand(core), ""


def _money(match: re.Match[str], following: str) -> tuple[list[str], str]:
    one, part = _CURRENCIES[match[1]]
    if following in _MAGNITUDES or match[4]:
        decimals = match[3] or match[4]
        amount = numbers.number(match[2] + (f".{decimals}" if decimals else ""))
        return (amount, one + "s") if following in _MAGNITUDES else ([*amount, one + "s"], "")
    words = [*numbers.number(match[2]), one if match[2] == "1" else one + "s"]
    if match[3] and match[3] != "00":
        cents = int(match[3])
        words += ["and", *numbers.cardinal(cents), part if cents == 1 else {"penny": "pence"}.get(part, part + "s")]
    return words, ""


def _lone_sign(core: str, context: Context, following: str) -> list[str] | None:
    """A sign with spaces around it; a dash is a pause unless it stands between quantities."""
    if len(core) != 1 or core.isalnum():
        is_between_numbers = context.is_number and _NUMBER.match(following)
        return ["times"] if core in {"x", "X"} and is_between_numbers else None
    if core == "−":
        is_minus = _is_quantity(context.previous) and _is_quantity(following)
        return ["minus"] if is_minus else [","]
    if core == "/":
        return ["over"]
    return science.symbol(core)


def _is_quantity(core: str) -> bool:
    return len(core) == 1 or _NUMBER.match(core) is not None or re.search(r"[\d)]$", core) is not None


def _unit_after_number(core: str, context: Context, following: str) -> list[str] | None:
    if context.is_number:
        return science.unit(core, several=not context.is_one)
    is_certain = science.is_certain_unit(core) or re.search(r"\^[-−]\d$", core) is not None
    return science.unit(core) if is_certain else None


def _year(core: str, context: Context, following: str) -> list[str] | None:
    """Four digits after a word such as "in", or in brackets, or before a pause, unless they count something."""
    if not numbers.is_year(core):
        return None
    counts = _COUNTED.fullmatch(following.lower()) is not None or science.unit(following) is not None
    is_recent = int(core) >= 1900 and not following
    is_dated = (context.previous.lower() in _YEAR_WORDS or context.in_brackets or is_recent) and not counts
    return numbers.year(core) if is_dated else None


def _single_letter(core: str, context: Context, following: str) -> list[str] | None:
    """The article, or the name of a letter."""
    if core not in {"a", "A"}:
        return [core.upper()] if len(core) == 1 and core.isascii() and core.isalpha() else None
    is_named = following.lower() in {"is", "equals", "=", "and", "or", "are", "+", "×", "over", "times", "plus"}
    is_last = not following
    if core == "A":
        return ["A" if not context.starts_sentence or is_named else "a"]
    return ["A" if is_last or following in {"=", "+", "×"} else "a"]


def _roman(core: str, context: Context, following: str) -> list[str] | None:
    previous = context.previous
    if core in _ROMAN and (previous[:1].isupper() or previous.lower() in _NUMBERED):
        return numbers.cardinal(_ROMAN[core])
    if core in _ROMAN_LETTER and previous.lower() in _NUMBERED:
        return numbers.cardinal(_ROMAN_LETTER[core])
    return None


def _product(core: str, context: Context, following: str) -> list[str] | None:
    """Two variables after "=", as in "F = ma"."""
    is_product = context.previous == "=" and re.fullmatch(r"[a-z]{2}", core) is not None
    return [letter.upper() for letter in core] if is_product else None

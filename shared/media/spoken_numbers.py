"""Numbers as words: integers, decimals, fractions, years, ordinals, powers."""

import re
import unicodedata
from typing import Final

from num2words import num2words

# 1,234.5 | .5 | 12 | 12.5
NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
SIGN: Final = "[-−–+±]"
_SIGN_WORDS: Final = {"-": "minus", "−": "minus", "–": "minus", "+": "plus", "±": "plus or minus"}
_LONGEST_READ_AS_ONE: Final = 15  # digits; longer ones without separators are codes, read digit by digit
_LARGEST_NAMED: Final = 10**36  # beyond it there is no name that a listener would know
_YEARS: Final = range(1100, 2100)


def cardinal(number: int) -> list[str]:
    """ "105" as "one hundred five": American, without "and" and without commas."""
    if number >= _LARGEST_NAMED:
        return digits(str(number))
    words: str = num2words(number, lang="en")
    return [word for word in words.replace(",", " ").split() if word != "and"]


def ordinal(number: int) -> list[str]:
    """21 as "twenty-first"."""
    if number >= _LARGEST_NAMED:
        return digits(str(number))
    words: str = num2words(number, lang="en", to="ordinal")
    return [word for word in words.replace(",", " ").split() if word != "and"]


def digits(text: str) -> list[str]:
    """Each digit by its name; everything else is left out."""
    return [word for character in text if character.isdecimal() for word in cardinal(int(character))]


def number(text: str) -> list[str]:
    """An unsigned number as written: "1,234.50" keeps its final zero, "007" is read digit by digit."""
    whole, _, decimals = text.replace(",", "").partition(".")
    if not whole:
        return ["point", *digits(decimals)]
    is_code = (len(whole) > 1 and whole[0] == "0") or ("," not in text and len(whole) > _LONGEST_READ_AS_ONE)
    words = digits(whole) if is_code else cardinal(int(whole))
    return [*words, "point", *digits(decimals)] if decimals else words


def signed(text: str) -> list[str]:
    """A number with or without a sign."""
    if text[0] in _SIGN_WORDS:
        return [*_SIGN_WORDS[text[0]].split(), *number(text[1:])]
    return number(text)


def is_year(text: str) -> bool:
    """Whether the digits could be a year of our era."""
    return len(text) == 4 and text.isdecimal() and int(text) in _YEARS


def year(text: str) -> list[str]:
    """1687 as "sixteen eighty-seven"; 1905 as "nineteen oh five"; 2008 as "two thousand eight"."""
    value = int(text)
    century, rest = divmod(value, 100)
    if value % 1000 < 10:
        return cardinal(value)
    if rest == 0:
        return [*cardinal(century), "hundred"]
    return [*cardinal(century), *(["oh"] if rest < 10 else []), *cardinal(rest)]


def decade(text: str) -> list[str]:
    """ "1990" (of "1990s") as "nineteen nineties"; "90" as "nineties"."""
    words = year(text) if is_year(text) else cardinal(int(text))
    last = words[-1]
    return [*words[:-1], last[:-1] + "ies" if last.endswith("y") else last + "s"]


def fraction(numerator: str, denominator: str) -> list[str]:
    """2/3 as "two thirds", 1/2 as "one half"; a large or improper one is read "over"."""
    top, bottom = int(numerator), int(denominator)
    if not 0 < top < bottom or bottom > 100:
        return [*cardinal(top), "over", *cardinal(bottom)]
    if bottom == 2:
        return ["one", "half"]
    part = ordinal(bottom)
    return [*cardinal(top), *part[:-1], part[-1] + ("s" if top > 1 else "")]


def vulgar_fraction(character: str) -> list[str]:
    """½ as "one half"."""
    numerator, _, denominator = unicodedata.normalize("NFKC", character).partition("⁄")
    return fraction(numerator, denominator)


def power(exponent: str) -> list[str]:
    """What follows the base: "squared", "cubed", "to the power of minus nine"."""
    if exponent in {"2", "3"}:
        return ["squared" if exponent == "2" else "cubed"]
    if re.fullmatch(f"{SIGN}?{NUMBER}", exponent):
        return ["to", "the", "power", "of", *signed(exponent)]
    return ["to", "the", "power", "of", exponent]

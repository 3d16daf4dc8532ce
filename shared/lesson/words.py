"""Words, stems and sentences: what relevance, grounding and editing share."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


STOP_WORDS: Final = word_set("""
    a about above after again all along also although always am an and another any are around as at away back be
    became because become becomes been before behind being below between both but by can cannot come comes could
    did do does doing done down during each either else enough etc even ever every few first for from further
    gave get gets give given gives go goes had has have having he hence her here hers him his how however i if
    in indeed instead into is it its itself just kind last least less let like likely look made make makes
    making many may me might more most much must my name near nearly need neither never next no none nor not
    nothing now of off often on once one only onto or other others our out over own part per perhaps please put
    quite rather really same say says see seem seen several she should show shown shows simply since so some
    something still such take taken takes than that the their them themselves then there therefore these they
    thing things this those though three through thus to together too toward towards two under until up upon us
    use used uses using usual usually various very via want was way ways we well went were what when where
    whether which while who whose why will with within without would yet you your yourself
""")
# What a request is made of besides its subject.
REQUEST_WORDS: Final = word_set("""
    calculate calculating solve solving find finding compute need want explain explains describe tell teach
    learn understand know help question answer lesson video topic work works working happen happens happened
    example examples include includes including detail details difference different please basics basic simple
    simply idea ideas concept concepts difference differ compare comparison step steps process main important
    importance actually exactly real life everyday class homework test exam school
""")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’]*(?:-[A-Za-z][A-Za-z'’]*)*|\d[\d,]*(?:\.\d+)?")
# Longest first within a kind; the order decides what is cut.
_SUFFIXES: Final = tuple(
    """
    izations ization ational ations ation ingly ments ating ators ator ated ates ities iness ously ment ence
    ance ions ings edly ical ally able ible ate ium ia ity ion ing ies ied ers ous ive ize ed er es ly al ic s e
    y
    """.split()  # noqa: SIM905
)
_ABBREVIATIONS: Final = word_set("""
    e.g i.e etc vs dr mr mrs ms prof fig eq st approx no vol cf ca al u.s
""")
_BOUNDARY: Final = re.compile(r"(?<=[.!?])[\"”’')\]]*\s+(?=[\"“‘(\[]?[A-Z0-9$])")
_MATH: Final = re.compile(r"(?<!\\)\$[^$]*\$")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a crude stem: endings are cut so that "reacts", "reacting" and "reaction" meet."""
    word = word.lower().replace("’", "'")
    word = word.removesuffix("'s").removesuffix("s'").replace("'", "")
    if word[:1].isdecimal():
        return word.replace(",", "").removesuffix(".0")
    for _ in range(2):
        for suffix in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 4:
                word = word.removesuffix(suffix)
                break
        else:
            break
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def tokens(text: str) -> list[str]:
    """The words and numbers of a text, as written."""
    return _WORD.findall(text)


def count(text: str) -> int:
    """How many words a voice speaks: pieces between spaces."""
    return len(text.split())


def shown(text: str) -> int:
    """How many words a line on a screen has; the signs of a formula are none."""
    return sum(any(letter.isalnum() for letter in part) for part in text.split())


def stems(text: str, *, drop: frozenset[str] = STOP_WORDS) -> list[str]:
    """Stems of the content words, in order; a hyphenated word also gives its parts."""
    found: list[str] = []
    for token in tokens(text):
        low = token.lower().replace("’", "'")
        if low in drop:
            continue
        found.append(stem(low))
        if "-" in low:
            found.extend(stem(part) for part in low.split("-") if part and part not in drop)
    return found


@lru_cache(maxsize=8_000)
def content(text: str) -> frozenset[str]:
    """The set of content stems."""
    return frozenset(stems(text))


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Jaccard similarity of two sets of stems."""
    first, second = frozenset(one), frozenset(other)
    return len(first & second) / len(first | second) if first or second else 0.0


def sentences(text: str) -> list[str]:
    """Split prose into sentences; formulas between dollars are never split."""
    return list(_sentences(text))


@lru_cache(maxsize=4_000)
def _sentences(text: str) -> tuple[str, ...]:
    held: list[str] = []

    def hide(match: re.Match[str]) -> str:
        held.append(match[0])
        # A formula that ends in a full stop ends the sentence.
        closing = "." if match[0].rstrip("$").rstrip().endswith(".") else ""
        return f"$\x00{len(held) - 1}\x00{closing}"

    hidden = _MATH.sub(hide, text)
    parts: list[str] = []
    for part in _BOUNDARY.split(hidden):
        if parts and _ends_in_abbreviation(parts[-1]):
            parts[-1] += " " + part
        elif part.strip():
            parts.append(part.strip())
    return tuple(re.sub(r"\$\x00(\d+)\x00", lambda match: held[int(match[1])], part) for part in parts)


def _ends_in_abbreviation(part: str) -> bool:
    last = part.rsplit(maxsplit=1)[-1].lower().strip("(“\"'").rstrip(".")
    return part.endswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last not in "ai"))


def lower_first(text: str) -> str:
    """Lower the first letter unless the first word is a name, a symbol or an abbreviation."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    bare = first.rstrip(",.:;?!")
    if bare == "I" or (len(bare) > 1 and any(letter.isupper() or letter.isdecimal() for letter in bare[1:])):
        return text
    if bare.endswith(("’s", "'s")) or (len(bare) == 1 and bare not in {"A"}):
        return text
    return text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Raise the first letter."""
    return text[:1].upper() + text[1:]


def join_words(items: list[str], conjunction: str = "and") -> str:
    """Return "a", "a and b", "a, b, and c"."""
    if len(items) < 3:
        return f" {conjunction} ".join(items)
    return f"{', '.join(items[:-1])}, {conjunction} {items[-1]}"


_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def small_count(number: int) -> str:
    """A small number in words."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)

"""How hard a text is to follow: the Flesch–Kincaid grade.

Formula: 0.39 × words/sentences + 11.8 × syllables/words − 15.59 (Kincaid, Fishburne, Rogers and Chissom, 1975,
"Derivation of new readability formulas for Navy enlisted personnel", Research Branch Report 8-75).
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from shared.lesson.words import sentences, stem

_VOWELS: Final = re.compile(r"[aeiouy]+")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z']*|\d[\d,.]*")
_TAUGHT_SYLLABLES: Final = 2


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """Estimate the syllables of an English word by its groups of vowels; a number counts as two."""
    word = word.lower().replace("'", "")
    if not word or word[0].isdecimal():
        return 2
    groups = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1:
        groups -= 1
    if (
        word.endswith("es")
        and not word.endswith(("ses", "ces", "ges", "zes", "xes", "ches", "shes", "ies"))
        and groups > 1
    ):
        groups -= 1
    if word.endswith("ed") and not word.endswith(("ted", "ded")) and groups > 1:
        groups -= 1
    groups += len(re.findall(r"i[ao](?!u)|[^q]ua|eo|[^g]iu", word)) - len(re.findall(r"[ctsg]i[ao]", word))
    return max(1, groups)


def grade(text: str, taught: Collection[str] = ()) -> float:
    """Return the grade level of a text, 0 for an empty one.

    `taught` are terms that the lesson itself explains: each of their words counts as two syllables, because a
    long name that has just been explained is no longer what makes a sentence hard.
    """
    known = {stem(word) for term in taught for word in _WORD.findall(term)}
    units = sentences(text)
    words = [word for unit in units for word in _WORD.findall(unit.replace("-", " "))]
    if not words:
        return 0.0
    sounds = sum(min(syllables(word), _TAUGHT_SYLLABLES) if stem(word) in known else syllables(word) for word in words)
    return 0.39 * len(words) / len(units) + 11.8 * sounds / len(words) - 15.59

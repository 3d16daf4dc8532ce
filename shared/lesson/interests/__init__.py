"""The curated interests: for each, how ideas of a family look from inside it.

The data are the TOML files beside this module, one an interest:

    name, display, aliases
    [family]                      of shared.lesson.families
    hook = "one sentence that opens a lesson"
    analogy = "two or three sentences that compare"
    pairs = [["words of the analogy", "what they stand for"], ...]     two or three

An analogy compares; it states nothing that a textbook would have to back. The left side of a pair stands in the
analogy word for word.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from shared.lesson import foreign
from shared.lesson.families import FAMILIES, GENERAL, widening

_FOLDER: Final = Path(__file__).parent
_SAYABLE: Final = re.compile(r"[A-Za-z][A-Za-z'’ &-]{1,38}[A-Za-z]")
_MOST_WORDS: Final = 4
_BESIDE: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "classical",
        "club",
        "college",
        "doing",
        "for",
        "fun",
        "going",
        "i",
        "in",
        "jazz",
        "lessons",
        "like",
        "love",
        "making",
        "men",
        "my",
        "of",
        "on",
        "our",
        "playing",
        "practice",
        "practicing",
        "pro",
        "professional",
        "rock",
        "school",
        "street",
        "team",
        "the",
        "to",
        "varsity",
        "watching",
        "with",
        "women",
        "youth",
    ]
)


@dataclass(frozen=True, slots=True)
class Analogy:
    """One idea seen from one interest."""

    hook: str
    analogy: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Interest:
    """An interest that analogies are known for."""

    name: str  # also the name of its motif in drawings
    display: str  # within a sentence, "video games"
    aliases: tuple[str, ...]
    analogies: Mapping[str, Analogy]

    def analogy(self, family: str) -> tuple[str, Analogy]:
        """The narrowest analogy that fits, with the family that it belongs to."""
        for wider in widening(family):
            if wider in self.analogies:
                return wider, self.analogies[wider]
        return GENERAL, self.analogies[GENERAL]


@lru_cache(maxsize=1)
def interests() -> Mapping[str, Interest]:
    """All interests by name. Raises ValueError where a data file is not as described above."""
    return {interest.name: interest for interest in map(_read, sorted(_FOLDER.glob("*.toml")))}


@lru_cache(maxsize=1)
def _index() -> Mapping[str, Interest]:
    return {
        _key(alias): interest
        for interest in interests().values()
        for alias in (interest.name, interest.display, *interest.aliases)
    }


def find(text: str) -> Interest | None:
    """The interest that a student's words name, "basketball" or "playing basketball"; None where it is another one.

    Only words that change nothing may stand beside the name: "card games" are not video games.
    """
    index = _index()
    wanted = _key(text)
    if wanted in index:
        return index[wanted]
    words = wanted.split()
    while words and words[0] in _BESIDE:
        words.pop(0)
    while words and words[-1] in _BESIDE:
        words.pop()
    return index.get(" ".join(words))


def sayable(text: str) -> str:
    """An unknown interest as it may be repeated in a lesson: a few plain words, or nothing."""
    tidy = re.sub(r"\s+", " ", text).strip(" .,!?")
    plain = _SAYABLE.fullmatch(tidy) and len(tidy.split()) <= _MOST_WORDS and not foreign.in_part(tidy)
    return tidy.lower() if plain else ""


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _read(path: Path) -> Interest:
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    analogies = {}
    for family, entry in data.items():
        if isinstance(entry, dict):
            if family not in FAMILIES and family != GENERAL:
                raise ValueError(f"{path.name}: no family is called {family}")
            analogies[family] = _analogy(entry, f"{path.name} [{family}]")
    if GENERAL not in analogies:
        raise ValueError(f"{path.name}: no [{GENERAL}]")
    return Interest(data["name"], data["display"], tuple(data["aliases"]), analogies)


def _analogy(entry: Mapping[str, Any], where: str) -> Analogy:
    """Read one entry; its pairs come in the order in which the analogy speaks of them."""
    text = str(entry["analogy"])
    found = []
    for left, right in entry["pairs"]:
        place = text.lower().find(str(left).lower())
        if place < 0:
            raise ValueError(f"{where}: the analogy does not say “{left}”")
        found.append((place, str(left), str(right)))
    return Analogy(str(entry["hook"]), text, tuple((left, right) for _, left, right in sorted(found)))

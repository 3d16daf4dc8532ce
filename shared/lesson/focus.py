"""What a question is about: which sections and terms of the material it names, what it wants done, what weighs.

The question's words only steer the choice; none of them is ever written into a lesson.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson.material import Material, Section, Sentence, Term, title_stems
from shared.lesson.words import REQUEST_WORDS, STOP_WORDS, content, stems

_COVERED: Final = 0.74  # share of a heading's or term's weight that the question has to hold to name it
_MAIN: Final = 0.6  # share of a term's stems in the title from which the term is the section's own subject
_LENGTH_CONSTANT: Final = 6.0  # stems; dampens the advantage of short sentences
_CAUSE: Final = re.compile(r"\b(?:because|so that|as a result|therefore|which means|causes?|depends? on|reason)\b")
_DEFINES: Final = re.compile(r"\b(?:is|are) (?:the|an?|called)\b|\bmeans\b|\bstates that\b|\brefers to\b")
_VIVID: Final = re.compile(r"\b(?:you|your|when an?|daily life|everyday|ball|water|air|car|bus|wall|ground)\b")


_HISTORY: Final = re.compile(r"\bnamed after\b|\b1[5-9]\d\d\b|\bpublished\b")


_WHAT_MEANS: Final = re.compile(r"\bwhat (?:do|does|did)\b.*\bmeans?\b|\bmeaning\b|\bmeans? by\b")


class Intent(StrEnum):
    """What a question wants done with its subject."""

    DEFINE = "define"  # what is it
    PROCESS = "process"  # how does it work
    STEPS = "steps"  # its steps, by that name
    CAUSE = "cause"  # why
    COMPARE = "compare"  # the difference
    CALCULATE = "calculate"  # a number, a formula, a solution


_INTENTS: Final = (
    (Intent.COMPARE, r"\bdifferen|\bcompar|\bversus\b|\bvs\b|\bdistinguish|\bcontrast|\bbetter\b|\bor the\b"),
    (Intent.CALCULATE, r"\bcalculat|\bsolv|\bcomput|\bwork out\b|\bformula|\bequation"
                       r"|\bhow (?:much|many|fast|far|long)\b|\bfind(?:ing)? the\b|\bchoose the\b"
                       r"|\bhow do (?:i|you) (?:use|find|get)\b"),
    (Intent.CAUSE, r"\bwhy\b|\bcause|\breason\b|\bwhat makes\b|\bhow come\b"),
    (Intent.PROCESS, r"\bhow (?:do|does|did|is|are|can)\b|\bsteps?\b|\bprocess|\bhappens?\b|\bworks?\b"
                     r"|\bstages?\b|\bcycle\b|\breactions\b|\bhow \w+ works?\b"),
    (Intent.STEPS, r"\bsteps?\b|\bstages?\b|\bstep by step\b"),
    (Intent.DEFINE, r"\bwhat(?:'s|’s| is| are| does)\b|\bdefin|\bmeaning\b|\bmeans?\b"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facet:
    """One part of the subject that the question names."""

    label: str  # in the book's words
    stems: frozenset[str]
    section: Section | None
    term: Term | None


@dataclass(frozen=True)
class Focus:
    """The question, understood: stems with their weights, facets, intents."""

    weights: dict[str, float]
    facets: tuple[Facet, ...]
    intents: frozenset[Intent]
    subject: frozenset[str]  # stems of the modules' titles
    is_whole: bool  # the question names all that the title names
    asked: frozenset[str]  # the question's stems that the material knows
    sections: frozenset[tuple[str, str]] = field(default=frozenset())  # of the facets: (module_id, title)

    @property
    def is_narrow(self) -> bool:
        """Whether the question names a part of its section rather than all of it."""
        return not self.is_whole and any(not _is_main(content(facet.label), self.subject) for facet in self.facets)

    def names(self, passage: Passage) -> bool:
        """Whether a passage stands in a section that the question names."""
        return (passage.module_id, passage.section) in self.sections

    def touches(self, passage: Passage) -> bool:
        """Whether a passage holds any of what the question asks beyond the section's own subject."""
        special = self.asked - self.subject
        return not special or not special.isdisjoint(content(passage.text))

    def relevance(self, found: frozenset[str]) -> float:
        """Weight of the question's stems in a set of stems, dampened by its length."""
        if not found:
            return 0.0
        return sum(self.weights.get(stem, 0.0) for stem in found) / math.sqrt(len(found) + _LENGTH_CONSTANT)

    def of_passage(self, passage: Passage) -> float:
        """How relevant a structured passage is."""
        bonus = 2.0 if self.names(passage) else 0.0
        return self.relevance(content(passage.text)) + 1.5 * self.relevance(content(passage.section)) + bonus

    def of_sentence(self, sentence: Sentence, target_grade: float, strictness: float) -> float:
        """How much a sentence belongs into the lesson."""
        score = self.relevance(sentence.stems)
        score += 0.9 if self.names(sentence.passage) else 0.0
        score += 0.3 if _CAUSE.search(sentence.text) else 0.0
        score += 0.3 if _DEFINES.search(sentence.text) else 0.0
        score += 0.15 if _VIVID.search(sentence.text) else 0.0
        score += 0.35 if sentence.place[2] == 0 else 0.0
        if self.is_narrow:
            apart = not self.names(sentence.passage) and not any(facet.stems <= sentence.stems for facet in self.facets)
            score -= 0.8 if apart else 0.0
        else:
            score += 0.3 * min(2, len(sentence.stems & self.subject))
        score -= 0.25 * len(re.findall(r"\d[\d,.]*", sentence.text)) + 0.4 * sentence.text.count("$") / 2
        score -= 0.5 if _HISTORY.search(sentence.text) else 0.0
        score -= strictness * max(0.0, sentence.difficulty - target_grade - 2)
        return score


class _Rarity:
    """How much a stem tells in this material: the inverse document frequency."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._frequency: Counter[str] = Counter()
        for passage in passages:
            self._frequency.update(content(passage.text) | content(passage.section))
        self._documents = len(passages) + 1

    def __call__(self, stem: str) -> float:
        return math.log(1 + self._documents / (1 + self._frequency[stem]))

    def knows(self, stem: str) -> bool:
        """Whether the stem occurs at all."""
        return self._frequency[stem] > 0


def understand(query: str, material: Material) -> Focus:
    """Read a question against the material."""
    rarity = _Rarity(material.chosen)
    asked = frozenset(stems(query, drop=STOP_WORDS | REQUEST_WORDS))
    if _WHAT_MEANS.search(query.lower()):
        asked -= {"mean"}  # the verb, not the average
    subject = title_stems(material.chosen)
    intents = frozenset(intent for intent, pattern in _INTENTS if re.search(pattern, query.lower()))
    facets = _facets(asked, subject, material, rarity)
    weights = {
        stem: rarity(stem) * (0.5 if stem in subject and facets else 1.0) for stem in asked if rarity.knows(stem)
    }
    for facet in facets:
        for stem in facet.stems:
            weights[stem] = max(weights.get(stem, 0.0), 1.2 * rarity(stem))
        for stem in content(facet.term.meaning) if facet.term else ():
            weights.setdefault(stem, 0.3 * rarity(stem))
    if not facets:
        _spread(weights, material, subject, rarity)
    named = [facet for facet in facets if not _is_main(content(facet.label), subject)]
    titled = [section for section in material.sections if _names_title(asked, subject, section.title)]
    sections = frozenset(
        (section.module_id, section.title) for section in (*(facet.section for facet in named), *titled) if section
    )
    return Focus(
        weights=weights,
        facets=facets,
        intents=intents,
        subject=subject,
        is_whole=subject <= asked,
        asked=frozenset(stem for stem in asked if rarity.knows(stem)),
        sections=sections,
    )


def _names_title(asked: frozenset[str], subject: frozenset[str], title: str) -> bool:
    """Whether a question holds all of a section's title, and that says more than the module's own title."""
    wanted = frozenset(stems(title))
    return len(wanted) > 1 and wanted <= asked and not _is_main(wanted, subject)


def _is_main(label: frozenset[str], subject: frozenset[str]) -> bool:
    """Whether a term is what its section is about, rather than a part of it."""
    return len(label & subject) >= _MAIN * len(label)


def _spread(weights: dict[str, float], material: Material, subject: frozenset[str], rarity: _Rarity) -> None:
    """A broad question is about what its section is about: its title, terms and summary weigh too."""
    for stem in subject:
        weights[stem] = max(weights.get(stem, 0.0), 0.8)
    for term in material.terms:
        for stem in term.stems:
            weights.setdefault(stem, 0.6)
    for passage in material.of(PassageKind.SUMMARY):
        for stem in content(passage.text):
            weights.setdefault(stem, 0.25 * min(rarity(stem), 2.0))


def _facets(asked: frozenset[str], subject: frozenset[str], material: Material, rarity: _Rarity) -> tuple[Facet, ...]:
    """The terms and section titles that the question names, each section once, in reading order."""

    def covered(label: str) -> bool:
        wanted = frozenset(stems(label))
        if not wanted or wanted == subject:
            return False
        if len(wanted) > 2 and asked <= wanted and len(asked) > 1 and len(wanted - asked) < 2:
            return True
        if wanted < subject:  # one of several things in a title, and the question is about this one only
            return asked & subject == wanted and len(subject - wanted) > 1
        if wanted.isdisjoint(asked - subject):
            return False
        compounds = {stem for stem in wanted if "-" in stem}
        weight = sum(map(rarity, wanted))
        return compounds <= asked and sum(rarity(stem) for stem in wanted & asked) >= _COVERED * weight

    found: list[Facet] = []
    for term in material.terms:
        if any(covered(label) for label in (term.name, *term.aliases)):
            found.append(Facet(term.name, term.stems | _alias_stems(term), _home(term, material), term))
    for section in material.sections:
        parts = [part for part in re.split(r": |\?", section.title) if part]
        if any(covered(part) for part in parts):
            named = frozenset(stems(section.title)) - subject or frozenset(stems(section.title))
            found.append(Facet(section.title, named, section, None))
    return _distinct(found, material)


def _alias_stems(term: Term) -> frozenset[str]:
    return frozenset(stem for alias in term.aliases for stem in stems(alias))


def _home(term: Term, material: Material) -> Section | None:
    """The section whose text is about a term: named for it, or the one that introduces it."""
    for section in material.sections:
        if term.stems and term.stems <= content(section.title):
            return section
    opening = re.compile(
        rf"^(?:An?|The)? ?{re.escape(term.name)}\b.{{0,40}}?\b(?:is|are|means|states)\b", re.IGNORECASE
    )
    called = re.compile(rf"\bcalled (?:an? |the )?{re.escape(term.name)}", re.IGNORECASE)
    for pattern in (opening, called):
        for sentence in material.sentences:
            if pattern.search(sentence.text):
                return material.sections[material.section_order(sentence.passage)]
    mentions = Counter(
        material.section_order(sentence.passage) for sentence in material.sentences if term.stems <= sentence.stems
    )
    best = min(mentions, key=lambda order: (-mentions[order], order), default=len(material.sections))
    return material.sections[best] if best < len(material.sections) else None


def _distinct(found: Sequence[Facet], material: Material) -> tuple[Facet, ...]:
    """Drop a section title that says the same as a term, and a term that is part of a longer one found."""
    kept: list[Facet] = []
    for facet in found:
        longer = any(other.term and facet.term and facet.stems < other.stems for other in found)
        homes = [
            other
            for other in kept
            if other.section == facet.section and (facet.term is None or other.stems >= facet.stems)
        ]
        if not longer and not homes:
            kept.append(facet)
    order = {section: section.order for section in material.sections}
    return tuple(sorted(kept, key=lambda facet: order.get(facet.section, len(order)) if facet.section else len(order)))[
        :4
    ]

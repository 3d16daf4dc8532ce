"""What a question is about in the books: one section, two, several to choose from, or none.

Two measures decide, both comparable between searches: `similarity`, the cosine of question and best passage, and
`coverage`, the share of the question's words that the section's text holds. The limits were measured on 250 exercises
of textbooks and on questions written for the purpose (`tests/data/questions`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.books.passages import RankedModule
from shared.db.sections import Section
from shared.lesson.words import stem
from shared.questions.reading import Question
from shared.questions.subjects import ANYTHING, MAXIMUM_OPTIONS, SAMPLE_SOURCE, Subject, entries
from shared.questions.words import FORM_WORDS, topic_words

Search = Callable[[str], Sequence[RankedModule]]
Catalogue = Callable[[], Sequence[Section]]

CONSIDERED: Final = 8  # modules of a search that are looked at
# How much a section's coverage counts beside its similarity. On 150 exercises the right section came first in 115
# by the order of the search, in 126 by this sum.
COVERAGE_WEIGHT: Final = 0.7
NAMED_WITHIN_WEIGHT: Final = 0.25  # of a section whose whole title stands in the question


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where one embedding model's similarities part the kinds of question."""

    surely: float  # enough for a school's own book to go before the sample book, whatever that has
    certain: float  # enough whatever the words
    likely: float  # enough where a fair share of the words is in the section
    whole: float  # enough where all of several words are in the section
    possible: float  # enough for a long question most of whose words are in the section; less is no option either
    single_word: float  # enough for one word that is in the section
    apart: float  # so far ahead of the next, the first is meant
    foreign: float  # below this the question is of another world than the books


# Measured for all-MiniLM-L6-v2 (int8). Another model needs a row of its own.
MINILM: Final = Limits(
    surely=0.65, certain=0.55, likely=0.40, whole=0.35, possible=0.30, single_word=0.52, apart=0.15, foreign=0.27
)
# For models without a row: words decide, and a word that several sections use is asked back.
WORDS_ALONE: Final = Limits(
    surely=2.0, certain=2.0, likely=-1.0, whole=-1.0, possible=-1.0, single_word=-1.0, apart=2.0, foreign=-1.0
)
LIMITS: Final = {"all-MiniLM-L6-v2-int8": MINILM}

_FORMS: Final = frozenset(stem(word) for word in FORM_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """The question is about these sections, the first before all."""

    module_ids: tuple[str, ...]
    topic: str
    confidence: float  # 0 to 1: mean of similarity and coverage of the first section


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A section that the student can choose."""

    module_id: str
    title: str
    book: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vague:
    """The question could be about each of these sections, or about anything; the student is asked."""

    options: tuple[Option, ...]
    text: str  # what to ask
    reasoning: str  # why, for operators; holds no words of the student


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCovered:
    """The books do not treat it. `foreign`: it is of no subject that the books are about."""

    foreign: bool


Resolution = Clear | Vague | NotCovered


def limits(model: str) -> Limits:
    """The limits for an embedding model."""
    return LIMITS.get(model, WORDS_ALONE)


def resolve(question: Question, search: Search, catalogue: Catalogue, bounds: Limits) -> Resolution:
    """Say what the question is about in the books that `search` finds sections of and `catalogue` lists."""
    if not question.content and not question.forms:
        return _of_subject(question.subject, catalogue()) if question.subject else offer_anything(catalogue())
    ranked = _sections(search(question.text))
    if not question.content:
        return _of_form(ranked, catalogue(), bounds)
    if not ranked:
        return NotCovered(foreign=False)
    first = _first(question, ranked, bounds)
    if len(question.content) == 1 and not _single_meaning(question, ranked, first, bounds):
        rivals = _rivals(ranked, first, bounds)
        if len(rivals) > 1:
            return Vague(
                options=rivals,
                text="Your question fits several sections of the books. Which one do you mean?",
                reasoning="one word that several sections use",
            )
    if not _enough(question, first, bounds):
        if question.subject:
            return _of_subject(question.subject, catalogue())
        foreign = max(module.similarity for module in ranked) < bounds.foreign and first.coverage < 0.6
        return NotCovered(foreign=foreign)
    return _clear(question, ranked, first, bounds)


def best(question: Question, search: Search, bounds: Limits) -> Clear | None:
    """The section that fits best, for a question that will not be asked back again; None where none fits at all."""
    ranked = _sections(search(question.text)) if question.content or question.forms else []
    if not ranked:
        return None
    first = _first(question, ranked, bounds)
    fits = first.coverage >= 0.5 and first.similarity >= bounds.foreign
    return _clear(question, ranked, first, bounds) if fits or _enough(question, first, bounds) else None


def _clear(question: Question, ranked: Sequence[RankedModule], first: RankedModule, bounds: Limits) -> Clear:
    meant = _own(first, ranked, bounds)
    modules = [meant, *_second(question, ranked, meant, first.similarity - bounds.apart)]
    confidence = (max(0.0, min(1.0, first.similarity)) + first.coverage) / 2
    return Clear(
        module_ids=tuple(module.module_id for module in modules),
        topic=" and ".join(module.title for module in modules),
        confidence=round(confidence, 3),
    )


def _sections(ranked: Sequence[RankedModule]) -> list[RankedModule]:
    """The sections proper: in a book that numbers its sections, those without a number are front or back matter."""
    numbering = {module.source for module in ranked if _number(module)}
    return [module for module in ranked if module.source not in numbering or _number(module)]


def _number(module: RankedModule) -> str:
    return module.passages[0].passage.number if module.passages else ""


def _first(question: Question, ranked: Sequence[RankedModule], bounds: Limits) -> RankedModule:
    """The section meant, among the best that were found: one that is enough before all others."""

    def fit(module: RankedModule) -> float:
        named = _names(question, module) + NAMED_WITHIN_WEIGHT * _names_within(question, module)
        return module.similarity + COVERAGE_WEIGHT * module.coverage + named

    return max(ranked[:CONSIDERED], key=lambda module: (_enough(question, module, bounds), fit(module)))


def _own(first: RankedModule, ranked: Sequence[RankedModule], bounds: Limits) -> RankedModule:
    """In place of a section of the sample book, one of a school's own that treats the question well or has its name."""
    if first.source != SAMPLE_SOURCE:
        return first
    own = [module for module in ranked if module.source != SAMPLE_SOURCE]
    name = frozenset(stem(word) for word in topic_words(first.title.partition(":")[0])) - _FORMS
    for module in own:
        if module.similarity >= bounds.surely and module.coverage >= 0.85:
            return module
    return next((module for module in own if len(name) > 1 and name <= _title_stems(module)), first)


def _names(question: Question, module: RankedModule) -> bool:
    """Tell whether the question is, word for word, the section's title."""
    return bool(question.content) and _title_stems(module) - _FORMS == question.stems - _FORMS


def _names_within(question: Question, module: RankedModule) -> bool:
    """Tell whether the question holds the section's whole title, "Ohm's law", among other words."""
    title = _title_stems(module)
    return len(title) > 1 and bool(title - _FORMS) and title <= question.stems


def _enough(question: Question, module: RankedModule, bounds: Limits) -> bool:
    similarity, coverage, length = module.similarity, module.coverage, len(question.content)
    if similarity >= bounds.certain or _names(question, module):
        return True
    if length == 1:
        return similarity >= bounds.single_word and coverage >= 0.99
    if similarity >= bounds.whole and coverage >= 0.99:
        return True
    if length >= 5 and similarity >= bounds.possible and coverage >= 0.6:
        return True
    return similarity >= bounds.likely and coverage >= (0.4 if length >= 3 else 0.5)


def _single_meaning(question: Question, ranked: Sequence[RankedModule], first: RankedModule, bounds: Limits) -> bool:
    if question.asks and _enough(question, first, bounds):
        return True
    others = [module.similarity for module in ranked[:CONSIDERED] if module is not first and module.coverage >= 0.99]
    return _names(question, first) or not others or first.similarity - max(others) >= bounds.apart


def _rivals(ranked: Sequence[RankedModule], first: RankedModule, bounds: Limits) -> tuple[Option, ...]:
    """The sections that use the word and are near enough, the nearest first."""
    least = max(bounds.possible, first.similarity - 2 * bounds.apart)
    near = [module for module in ranked[:CONSIDERED] if module.coverage >= 0.99 and module.similarity >= least]
    return tuple(_option(module) for module in sorted(near, key=lambda module: -module.similarity)[:MAXIMUM_OPTIONS])


def _second(
    question: Question, ranked: Sequence[RankedModule], first: RankedModule, least: float
) -> Iterator[RankedModule]:
    """Yield a second section where each of the two titles names one side of "this and that", and neither both."""
    one = _title_stems(first)
    for module in ranked:
        other = _title_stems(module)
        if module.similarity >= least and any(
            (before <= one and after <= other and not after <= one)
            or (before <= other and after <= one and not before <= one)
            for before, after in question.sides
        ):
            yield module
            return


def offer_anything(sections: Sequence[Section]) -> Vague:
    """Ask what the lesson should be about at all."""
    return Vague(
        options=tuple(map(_offer, entries(ANYTHING, sections))),
        text="What would you like to learn about? Choose a topic or write your own.",
        reasoning="no topic is named that the books treat",
    )


def _of_subject(subject: Subject, sections: Sequence[Section]) -> Resolution:
    offered = entries(subject, sections)
    if not offered:
        return NotCovered(foreign=False)
    return Vague(
        options=tuple(map(_offer, offered)),
        text=f"There is a lot to learn in {subject.name or 'science'}. Which part would you like?",
        reasoning="a whole subject is named",
    )


def _of_form(ranked: Sequence[RankedModule], sections: Sequence[Section], bounds: Limits) -> Resolution:
    found = [module for module in ranked if module.coverage > 0 and module.similarity >= bounds.possible]
    options = {module.module_id: _option(module) for module in found}
    for section in entries(ANYTHING, sections):
        options.setdefault(section.module_id, _offer(section))
    return Vague(
        options=tuple(options.values())[:MAXIMUM_OPTIONS],
        text="Which topic should the lesson be about? Choose one or write your own.",
        reasoning="a form such as a graph or a law is named, and no topic",
    )


def _option(module: RankedModule) -> Option:
    book = module.passages[0].passage.book if module.passages else module.source
    return Option(module_id=module.module_id, title=module.title, book=book)


def _offer(section: Section) -> Option:
    return Option(module_id=section.module_id, title=section.title, book=section.book)


def _title_stems(module: RankedModule) -> frozenset[str]:
    return frozenset(stem(word) for word in topic_words(module.title))

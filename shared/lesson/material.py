"""The passages of a brief, sorted into what a lesson is built from: sentences, sections, terms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson.editing import LONG_SENTENCE, cleaned, explains_symbols, is_standalone, is_usable, split_long
from shared.lesson.prose import narrated
from shared.lesson.readability import grade
from shared.lesson.words import content, count, sentences, stems, upper_first

_BACK_MATTER: Final = re.compile(
    r"^(?:references|bibliography|key terms|section summary|key equations|glossary|chapter review|formula review|"
    r"practice|homework|bringing it together|check your understanding|tips for success|teacher|.*\blab\b.*|"
    r"worked example|snap lab|virtual physics|watch physics|links? to physics|boundless physics|work in physics|"
    r"fun in physics)",
    re.IGNORECASE,
)
_ALIAS: Final = re.compile(r"\balso (?:called|known as) (?:the |an? )?([\w’' -]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """One cleaned sentence of a book, with where it stands; its text keeps `$LaTeX$`."""

    text: str
    passage: Passage
    place: tuple[int, int, int]  # module, passage, sentence
    section: str
    usable: bool
    standalone: bool
    stems: frozenset[str]
    difficulty: float  # Flesch–Kincaid grade of the narrated sentence

    @property
    def words(self) -> int:
        """Length as written."""
        return count(self.text)


@dataclass(frozen=True, eq=False)
class Term:
    """A term of the glossary."""

    name: str
    meaning: str
    passage: Passage
    aliases: tuple[str, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        """Content stems of the name."""
        return content(self.name)


@dataclass(frozen=True)
class Section:
    """A titled part of a module."""

    title: str
    module_id: str
    order: int


class Material:
    """A brief's passages in reading order: those of the chosen modules first, then what else was found."""

    def __init__(self, passages: Sequence[Passage], module_ids: Sequence[str], longest: int = LONG_SENTENCE) -> None:
        self._longest = longest  # words from which a sentence is split where it can be
        unique = {passage.passage_id: passage for passage in passages}.values()
        order = {module_id: place for place, module_id in enumerate(module_ids)}
        inside = [passage for passage in unique if passage.module_id in order]
        self.chosen: tuple[Passage, ...] = tuple(
            sorted(inside, key=lambda passage: (order[passage.module_id], passage.position, passage.passage_id))
        )
        self.others: tuple[Passage, ...] = tuple(passage for passage in unique if passage.module_id not in order)
        if not self.chosen:
            self.chosen, self.others = self.others, ()
        self._modules = {passage.module_id: order.get(passage.module_id, 0) for passage in self.chosen}

    def of(self, kind: PassageKind) -> tuple[Passage, ...]:
        """The chosen modules' passages of a kind, in reading order."""
        return tuple(passage for passage in self.chosen if passage.kind is kind)

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        """Every passage by its id."""
        return {passage.passage_id: passage for passage in (*self.chosen, *self.others)}

    @cached_property
    def text(self) -> str:
        """All of the chosen modules in one text, to look words up in."""
        return " ".join(passage.text for passage in self.chosen)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The titled sections of the chosen modules, back matter left out."""
        found: dict[tuple[str, str], Section] = {}
        for passage in self.chosen:
            key = (passage.module_id, passage.section)
            if key not in found and passage.kind is not PassageKind.DEFINITION and not is_back_matter(passage.section):
                found[key] = Section(passage.section, passage.module_id, len(found))
        return tuple(found.values())

    def section_order(self, passage: Passage) -> int:
        """Where a passage's section stands in the lesson; unknown ones come last."""
        for section in self.sections:
            if (section.module_id, section.title) == (passage.module_id, passage.section):
                return section.order
        return len(self.sections)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The glossary of the chosen modules, in the order of the book."""
        found: dict[str, Term] = {}
        for passage in self.of(PassageKind.DEFINITION):
            name, meaning = str(passage.structure.get("term", "")), str(passage.structure.get("meaning", ""))
            if name and meaning:
                aliases = tuple(match[1].strip() for match in _ALIAS.finditer(meaning))
                found.setdefault(name.lower(), Term(name.strip(), meaning.strip(), passage, aliases))
        return tuple(found.values())

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences of the explanations, in reading order."""
        return tuple(self._read(self.of(PassageKind.EXPLANATION)))

    @cached_property
    def other_sentences(self) -> tuple[Sentence, ...]:
        """Those of the explanations that search found in other sections."""
        return tuple(self._read([passage for passage in self.others if passage.kind is PassageKind.EXPLANATION]))

    @cached_property
    def proper_nouns(self) -> frozenset[str]:
        """Words that the books capitalize within sentences: names, not the first words of titles."""
        found: set[str] = set()
        small = set(re.findall(r"\b[a-z][\w’'-]*", self.text))
        for passage in self.chosen:
            if passage.kind in {PassageKind.EXPLANATION, PassageKind.SUMMARY}:
                found.update(re.findall(r"(?<=[a-z,] )[A-Z][\w’'-]*", passage.text))
        for term in self.terms:
            found.update(word for word in term.name.split() if word[:1].isupper())
        return frozenset(word for word in found if word.lower() not in small)

    def _read(self, passages: Sequence[Passage]) -> Iterator[Sentence]:
        for passage in passages:
            if is_back_matter(passage.section):
                continue
            module = self._modules.get(passage.module_id, len(self._modules))
            place = 0
            for raw in sentences(passage.text):
                for text in split_long(cleaned(raw), self._longest):
                    yield sentence_of(text, passage, (module, passage.position, place))
                    place += 1


def sentence_of(text: str, passage: Passage, place: tuple[int, int, int]) -> Sentence:
    """Judge one sentence."""
    usable = is_usable(text) and not explains_symbols(text)
    return Sentence(
        text=text,
        passage=passage,
        place=place,
        section=passage.section,
        usable=usable,
        standalone=usable and is_standalone(text),
        stems=content(text),
        difficulty=grade(narrated(text)) if usable else 99.0,
    )


def is_back_matter(section: str) -> bool:
    """Whether a section title names exercises, references or boxes rather than the subject."""
    return bool(_BACK_MATTER.match(section.strip()))


def items(passage: Passage, key: str = "items") -> list[str]:
    """A passage's list of texts, blank ones left out."""
    value: Any = passage.structure.get(key, ())
    return [str(item).strip() for item in value if str(item).strip()] if isinstance(value, list | tuple) else []


def field(passage: Passage, key: str) -> str:
    """A passage's text under a key, or an empty one."""
    value = passage.structure.get(key, "")
    return value.strip() if isinstance(value, str) else ""


def title_stems(passages: Sequence[Passage]) -> frozenset[str]:
    """Content stems of the modules' titles."""
    return frozenset(stem for passage in passages for stem in stems(passage.module_title))


def titled(term: str) -> str:
    """A term as a heading: first letters raised, small words left."""
    small = {"of", "the", "and", "in", "a", "an", "to", "for", "or", "by", "on", "with", "at", "as"}
    raised = [upper_first(word) if not place or word not in small else word for place, word in enumerate(term.split())]
    return re.sub(r"-([a-z])", lambda match: "-" + match[1].upper(), " ".join(raised))

"""What cited passages state, sentence by sentence: the evidence that claims are held against."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson.prose import narrated
from shared.lesson.statements import Clause, Statement, parsed
from shared.lesson.words import sentences

# A sentence on what people wrongly believe states the opposite of what it holds.
_MISTAKEN: Final = re.compile(
    r"\b(?:misconceptions?|myth|mistaken(?:ly)?|wrongly)\b"
    r"|\b(?:many|some|most|several) (?:people|students|of us)(?: \w+)? (?:think|believe|say|assume|suppose|imagine)\b"
    r"|\b(?:people|students) (?:often|sometimes|commonly|usually|may|might) (?:think|believe|say|assume|suppose)\b"
    r"|\bit (?:is|was) (?:often|sometimes|commonly|widely) (?:thought|believed|said|assumed)\b"
    r"|\b(?:common|frequent) (?:mistake|error|belief)\b",
    re.IGNORECASE,
)
_BEFORE: Final = 2  # sentences before one that it may take its subject from
_AFTER: Final = 1
_LETTER: Final = re.compile(r"\(?([a-d])\)?")


@dataclass(frozen=True, eq=False)
class Unit:
    """One thing that a passage states."""

    statement: Statement
    around: frozenset[str]  # keys of the sentences beside it, and of the passage's titles
    passage: str
    place: int  # in the passage

    @cached_property
    def is_mistaken(self) -> bool:
        """Whether it tells of a mistake."""
        return is_mistaken(self.statement.text)

    def near(self, others: "Iterable[Unit]") -> list[Clause]:
        """The clauses of this unit and of those beside it."""
        beside = (unit for unit in others if unit.passage == self.passage and abs(unit.place - self.place) <= 1)
        return [clause for unit in beside for clause in unit.statement.clauses]


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that some passages state."""

    units: tuple[Unit, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """What all its words, and those of the titles, can be found by."""
        return frozenset().union(*(unit.around | unit.statement.keys for unit in self.units))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Every number in it, as digits."""
        return frozenset(token.stem for unit in self.units for token in unit.statement.tokens if token.is_number)

    @cached_property
    def facts(self) -> tuple[Unit, ...]:
        """What is stated as true."""
        return tuple(unit for unit in self.units if not unit.is_mistaken)

    @cached_property
    def mistakes(self) -> tuple[Unit, ...]:
        """What is told as a mistake."""
        return tuple(unit for unit in self.units if unit.is_mistaken)


def is_mistaken(sentence: str) -> bool:
    """Whether a sentence says what is wrongly believed."""
    return bool(_MISTAKEN.search(sentence))


def evidence(passages: Iterable[Passage]) -> Evidence:
    """What the passages state. The same passages are read once."""
    return _together(tuple(_Held(passage) for passage in passages))


class _Held:
    """A passage as a key: the very same one, as its structure cannot be hashed."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.passage is other.passage

    def __hash__(self) -> int:
        return id(self.passage)


@lru_cache(maxsize=256)
def _together(held: tuple[_Held, ...]) -> Evidence:
    return Evidence(tuple(unit for one in held for unit in _units(one)))


@lru_cache(maxsize=512)
def _units(held: _Held) -> tuple[Unit, ...]:
    passage = held.passage
    titles = parsed(narrated(". ".join((passage.module_title, passage.section, *_titles(passage))))).keys
    texts = [*(sentences(passage.text) if _is_prose(passage) else ()), *_structured(passage)]
    statements = [parsed(text) for text in dict.fromkeys(narrated(text) for text in texts if text.strip())]
    units = []
    for place, statement in enumerate(statements):
        beside = statements[max(0, place - _BEFORE) : place] + statements[place + 1 : place + 1 + _AFTER]
        units.append(Unit(statement, titles.union(*(one.keys for one in beside)), passage.passage_id, place))
    return tuple(units)


def _is_prose(passage: Passage) -> bool:
    """Whether a passage's text is what it states; of the others it mixes what is right with what is only offered."""
    return passage.kind not in {PassageKind.EXERCISE, PassageKind.TABLE}


def _titles(passage: Passage) -> Iterator[str]:
    for key in ("heading", "title", "term", "name"):
        if isinstance(name := passage.structure.get(key), str):
            yield name


def _structured(passage: Passage) -> Iterator[str]:
    """The statements of a passage's structure, each with what it is said of."""
    structure = passage.structure
    match passage.kind:
        case PassageKind.DEFINITION:
            yield from (f"{_text(structure, 'term')} is {part}" for part in sentences(_text(structure, "meaning")))
        case PassageKind.TABLE:
            yield from _cells(structure)
        case PassageKind.EXERCISE:
            yield from _answer(structure)
        case PassageKind.STEPS:
            steps = [step for step in structure.get("items", ()) if isinstance(step, Mapping)]
            yield f"{_text(structure, 'title')}: {len(steps)} steps"
            yield from (f"{_text(step, 'label')} {_text(step, 'text')}" for step in steps)
        case PassageKind.EQUATION:
            yield f"{_text(structure, 'name')} ${_text(structure, 'latex')}$"
            yield from sentences(_text(structure, "context"))
        case _:
            for text in _strings(structure):
                yield from sentences(text)


def _text(structure: Mapping[str, object], key: str) -> str:
    value = structure.get(key)
    return value if isinstance(value, str) else ""


def _texts(structure: Mapping[str, object], key: str) -> list[str]:
    value = structure.get(key)
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _cells(structure: Mapping[str, object]) -> Iterator[str]:
    """A table states each cell of its row and its column, and each row as a whole."""
    header, rows = _texts(structure, "header"), structure.get("rows")
    yield _text(structure, "title")
    for row in rows if isinstance(rows, list | tuple) else ():
        cells = [str(cell) for cell in row]
        titled = list(zip(header, cells, strict=False))
        yield "; ".join(f"{title} {cell}" for title, cell in titled)
        yield from (f"{cells[0]} {title} {cell}" for title, cell in titled[1:])


def _answer(structure: Mapping[str, object]) -> Iterator[str]:
    """An exercise states its problem, its answer and the reason; what else could be chosen it does not state."""
    problem, answer = _text(structure, "problem"), _text(structure, "answer")
    options = _texts(structure, "options")
    letter = _LETTER.fullmatch(answer.strip().rstrip(".").lower())
    if letter and "abcd".index(letter[1]) < len(options):
        answer = options["abcd".index(letter[1])]
    yield from sentences(problem)
    yield answer
    yield f"{problem.rstrip('?')} {answer}"
    yield from sentences(_text(structure, "reason"))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _strings(part)

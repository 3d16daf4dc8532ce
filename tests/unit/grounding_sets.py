"""Labelled sentences to judge the measure of grounding by: written by hand, composed from books, and twisted by rule.

The tables of the twists are of their own: taken from the measure's tables they would prove nothing.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

from shared.books.cnxml import read_cnxml
from shared.books.files import FolderFiles
from shared.books.passages import Passage
from shared.enums import LessonStyle, PassageKind
from shared.errors import PermanentError
from shared.lesson import grounding, pruning
from shared.lesson.compose import compose
from shared.lesson.storyboard import Storyboard
from shared.lesson.words import content, sentences, stems
from shared.services import LessonBrief
from tests.unit.lesson_samples import SAMPLE_BOOK, passage, sample_modules

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "grounding"
CITED: Final = {PassageKind.EXPLANATION, PassageKind.MISCONCEPTION}


@dataclass(frozen=True)
class Case:
    """A sentence, what it cites, and whether that says so."""

    sentence: str
    passages: tuple[Passage, ...]
    supported: bool
    kind: str


def authored(name: str) -> list[Case]:
    """The sentences of `tests/data/grounding/NAME.jsonl`."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Case(row["sentence"], _cited(row), row["supported"], row["kind"])
        for row in (json.loads(line) for line in lines)
    ]


def _cited(row: dict[str, str]) -> tuple[Passage, ...]:
    if "passage" in row:
        return (passage(PassageKind.EXPLANATION, row["passage"]),)
    found = tuple(one for one in sample_modules()[row["module"]] if one.section == row["section"] and one.kind in CITED)
    assert found, row
    return found


def composed(book: Path = SAMPLE_BOOK, *, every: int = 1) -> list[Case]:
    """What the offline composer says of the sections of a book, of every so manieth; at two lengths each.

    It leaves out what the measure rejects, so its sentences are taken down before it does.
    """
    modules: dict[str, list[Passage]] = {}
    for one in read_cnxml(FolderFiles(book)).passages():
        modules.setdefault(one.module_id, []).append(one)
    cases: dict[tuple[str, tuple[str, ...]], Case] = {}

    def taken_down(storyboard: Storyboard, known: Mapping[str, Passage]) -> pruning.Pruned:
        for scene in storyboard.scenes:
            passages = tuple(known[one] for one in scene.citations)
            for sentence in sentences(scene.narration) if not grounding.is_framing(scene) else ():
                if grounding.claims(sentence):
                    cases.setdefault((sentence, tuple(scene.citations)), Case(sentence, passages, True, "composed"))
        return prune(storyboard, known)

    prune = pruning.pruned
    with mock.patch.object(pruning, "pruned", taken_down):
        for passages in list(modules.values())[::every]:
            for seconds, style, grade in ((90, LessonStyle.BALANCED, 10), (240, LessonStyle.PRACTICE, 12)):
                _compose(passages, seconds, style, grade)
    return list(cases.values())


def _compose(passages: Sequence[Passage], seconds: int, style: LessonStyle, grade: int) -> None:
    title = passages[0].module_title
    asked = LessonBrief(
        query=title,
        topic=title,
        module_ids=(passages[0].module_id,),
        grade_level=grade,
        interest="music",
        style=style,
        language="en",
        duration_seconds=seconds,
        passages=tuple(passages),
    )
    with contextlib.suppress(PermanentError):  # a section of a few lines
        compose(asked)


def twisted(cases: Sequence[Case]) -> list[Case]:
    """Every supported sentence turned in each way that it can be, and each against passages of another section."""
    found: list[Case] = []
    for place, case in enumerate(cases):
        for kind, sentence in _twists(case.sentence):
            found.append(Case(sentence, case.passages, False, kind))
        stranger = cases[(place + len(cases) // 2) % len(cases)]
        apart = {one.module_id for one in stranger.passages} & {one.module_id for one in case.passages}
        if not apart:
            found.append(Case(case.sentence, stranger.passages, False, "elsewhere"))
    return found


_NEGATABLE: Final = re.compile(r"\b(is|are|was|were|can|does|do|will|must|has|have)\b(?! not)")
_DENIED: Final = re.compile(r"\b(is|are|was|were|can|does|do|will|must|has|have) not\b|\bcannot\b|\bnever ")
_OPPOSITES: Final = dict(
    pair
    for one, other in (
        line.split()
        for line in """
        increases decreases
        increase decrease
        larger smaller
        greater less
        more less
        higher lower
        faster slower
        longer shorter
        stronger weaker
        positive negative
        before after
        above below
        same opposite
        equal unequal
        hot cold
        high low
        large small
        long short
        attract repel
        absorbs emits
        gains loses
        internal external
        inside outside
        maximum minimum
        first last
        expands contracts
        solid liquid
        parallel perpendicular
        true false
        with without
        upward downward
        forward backward
        directly inversely
        dominant recessive
        toward away
        known unknown
        most least
        rises falls
        """.strip().splitlines()
    )
    for pair in ((one, other), (other, one))
)
_SURE: Final = {
    "some": "all",
    "many": "all",
    "most": "all",
    "usually": "always",
    "often": "always",
    "sometimes": "always",
    "may": "must always",
    "almost": "exactly",
}
_MEASURES: Final = ("newtons", "joules", "kilograms", "meters", "seconds", "volts", "amperes", "ohms", "hertz", "grams")
_HALVES: Final = (
    re.compile(r"^(?P<a>[^,]+?),? because (?P<b>[^,]+)\.$"),
    re.compile(r"^(?P<a>[^,]+?),? before (?P<b>[^,]+)\.$"),
    re.compile(r"^(?P<a>[^,]+?),? after (?P<b>[^,]+)\.$"),
    re.compile(r"^(?P<a>[^,]+), so (?P<b>[^,]+)\.$"),
)
_JOINED: Final = (" because ", " before ", " after ", ", so ")


def _twists(sentence: str) -> Iterator[tuple[str, str]]:
    """The sentence turned in every way that its words allow: (kind, sentence)."""
    if _DENIED.search(sentence):
        yield (
            "negation",
            _DENIED.sub(lambda match: f"{match[1] or ('can' if match[0] == 'cannot' else '')} ", sentence, 1),
        )
    elif _NEGATABLE.search(sentence):
        yield "negation", _NEGATABLE.sub(lambda match: f"{match[1]} not", sentence, count=1)
    for word in re.findall(r"[a-z]+", sentence):
        if word in _OPPOSITES:
            yield "antonym", re.sub(rf"\b{word}\b", _OPPOSITES[word], sentence, count=1)
            break
    number = re.search(r"\b\d+(?:\.\d+)?\b", sentence)
    if number:
        yield "number", f"{sentence[: number.start()]}{_other_number(number[0])}{sentence[number.end() :]}"
    for place, unit in enumerate(_MEASURES):
        if re.search(rf"\b{unit}\b", sentence):
            yield "unit", re.sub(rf"\b{unit}\b", _MEASURES[(place + 3) % len(_MEASURES)], sentence, count=1)
            break
    for word, sure in _SURE.items():
        if re.search(rf"\b{word}\b", sentence):
            yield "quantifier", re.sub(rf"\b{word}\b", sure, sentence, count=1)
            break
    for pattern, joint in zip(_HALVES, _JOINED, strict=True):
        halves = pattern.match(sentence)
        if halves:
            yield (
                "cause",
                f"{halves['b'][:1].upper()}{halves['b'][1:]}{joint}{halves['a'][:1].lower()}{halves['a'][1:]}.",
            )
            break
    yield from (("swap", text) for text in _swapped(sentence))


def _other_number(number: str) -> str:
    return f"{float(number) + 3:g}" if "." in number else str(int(number) + 3)


def _swapped(sentence: str) -> Iterator[str]:
    """The sentence with two of its longer words in one another's place, at least two words between them."""
    words = sentence.split()
    places = [
        place
        for place, word in enumerate(words)
        if re.fullmatch(r"[a-z]{5,}[,.]?", word) and stems(word) and not word.rstrip(",.").endswith(("ed", "ing", "ly"))
    ]
    pairs = [(one, other) for one in places for other in places if other - one >= 3]
    pairs = [
        (one, other)
        for one, other in pairs
        if content(words[one]) != content(words[other])
        and not {"and", "or", "is", "are", "equals", "called"} & set(words[one + 1 : other])
    ]
    if not pairs:
        return
    digest = int(hashlib.sha256(sentence.encode()).hexdigest(), 16)
    one, other = pairs[digest % len(pairs)]
    first, second = words[one].rstrip(",."), words[other].rstrip(",.")
    words[one], words[other] = words[one].replace(first, second), words[other].replace(second, first)
    yield " ".join(words)

"""The passages that a model is shown: the best of a brief, within a budget, under short handles of our own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson.words import sentences
from shared.questions.normalise import clean
from shared.services import LessonBrief

MOST_PASSAGES: Final = 40
MOST_CHARACTERS: Final = 24_000  # of all texts together, about 6,000 tokens
PASSAGE_CHARACTERS: Final = 1_800  # of one; a passage has about 200 words
_BEST_SHARE: Final = 0.5  # of the budget that goes to the best passages whatever they are
_EXERCISES: Final = 3

# What a lesson is built from, before more of the running text.
_BUILT_FROM: Final = (
    PassageKind.DEFINITION,
    PassageKind.SUMMARY,
    PassageKind.EQUATION,
    PassageKind.STEPS,
    PassageKind.TABLE,
    PassageKind.MISCONCEPTION,
    PassageKind.EXAMPLE,
)
_NEVER: Final = frozenset({PassageKind.OBJECTIVE})
_HANDLE: Final = re.compile(r"[\s\[(\"']*[Pp]?(\d{1,3})[\s\])\"'.,;]*")


class Excerpts:
    """Passages by handle, "P1" onwards, in reading order."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self.passages: tuple[Passage, ...] = tuple(passages)

    @classmethod
    def of(cls, brief: LessonBrief, keep: Iterable[str] = ()) -> "Excerpts":
        """Choose from a brief; the passages with the ids of `keep` are among the chosen whatever the budget."""
        chosen = _chosen(brief.passages, frozenset(keep))
        modules = {module_id: place for place, module_id in enumerate(brief.module_ids)}
        return cls(sorted(chosen, key=lambda one: (modules.get(one.module_id, len(modules)), *_place(one))))

    @cached_property
    def _handles(self) -> dict[str, str]:
        return {passage.passage_id: f"P{number}" for number, passage in enumerate(self.passages, start=1)}

    def handle(self, passage_id: str) -> str:
        """The handle of a passage; empty where it is not among these."""
        return self._handles.get(passage_id, "")

    def passage(self, handle: str) -> Passage | None:
        """The passage of a handle, "P3" or "[p3]"; None where there is none."""
        match = _HANDLE.fullmatch(handle.strip())
        number = int(match[1]) if match else 0
        return self.passages[number - 1] if 0 < number <= len(self.passages) else None

    def as_data(self) -> list[dict[str, Any]]:
        """What the model sees of them."""
        return [
            {
                "handle": f"P{number}",
                "kind": passage.kind.value,
                "section": clean(
                    f"{passage.module_title}: {passage.section}" if passage.section else passage.module_title
                ),
                "text": _shown(passage.text),
            }
            for number, passage in enumerate(self.passages, start=1)
        ]


def _place(passage: Passage) -> tuple[str, int, str]:
    return passage.module_id, passage.position, passage.passage_id


def _chosen(passages: Sequence[Passage], keep: frozenset[str]) -> list[Passage]:
    taken = {passage.passage_id: passage for passage in passages if passage.passage_id in keep}
    used = sum(len(_shown(passage.text)) for passage in taken.values())
    for passage, budget in _candidates(passages):
        size = len(_shown(passage.text))
        if passage.passage_id not in taken and len(taken) < MOST_PASSAGES and used + size <= budget:
            taken[passage.passage_id] = passage
            used += size
    return list(taken.values())


def _candidates(passages: Sequence[Passage]) -> Iterator[tuple[Passage, float]]:
    """Passages in the order in which they are taken, each with how far the budget may be used up by then."""
    usable = [passage for passage in passages if passage.kind not in _NEVER and passage.text.strip()]
    exercises = [passage for passage in usable if passage.kind is PassageKind.EXERCISE][:_EXERCISES]
    told = [passage for passage in usable if passage.kind is not PassageKind.EXERCISE]
    yield from ((passage, _BEST_SHARE * MOST_CHARACTERS) for passage in told)
    yield from ((passage, MOST_CHARACTERS) for passage in told if passage.kind in _BUILT_FROM)
    yield from ((passage, MOST_CHARACTERS) for passage in [*exercises, *told])


def _shown(text: str) -> str:
    """A passage's text in one line, cut after a whole sentence where it is very long."""
    whole = clean(text)
    if len(whole) <= PASSAGE_CHARACTERS:
        return whole
    kept = ""
    for sentence in sentences(whole):
        if len(kept) + len(sentence) >= PASSAGE_CHARACTERS:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or whole[:PASSAGE_CHARACTERS]

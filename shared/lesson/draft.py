"""What a scene is before the plan has chosen how much of it is said: drafts, each in several lengths."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.enums import LessonStyle, SceneKind
from shared.lesson.focus import Focus
from shared.lesson.limits import (
    BULLET_CHARACTERS,
    BULLET_WORDS,
    HEADING_WORDS,
    STATEMENT_CHARACTERS,
    STATEMENT_WORDS,
)
from shared.lesson.material import Material
from shared.lesson.pace import spoken_words
from shared.lesson.prose import narrated, on_screen
from shared.lesson.storyboard import Cued, Visual
from shared.lesson.words import count, upper_first
from shared.lesson.words import shown as shown_words


@dataclass(frozen=True, eq=False)
class Take:
    """One way to tell a scene."""

    narration: str
    visual: Visual
    citations: tuple[str, ...]
    said: tuple[str, ...] = ()  # the book's sentences in it, as `Sentence.text`, so that none is said twice
    then: "Take | None" = None  # a second scene that goes with this one: the solution after the problem

    @cached_property
    def words(self) -> float:
        """Spoken length of all its scenes, in average words."""
        return sum(spoken_words(scene.narration) for scene in self.scenes())

    def scenes(self) -> "list[Take]":
        """This scene and the one that goes with it."""
        return [self, *(self.then.scenes() if self.then else ())]


@dataclass(frozen=True)
class Draft:
    """A scene that the lesson may hold; its takes grow in length."""

    kind: SceneKind
    order: tuple[float, ...]  # where it stands in the lesson
    priority: float  # how much the lesson needs it; 100 and more: always
    takes: tuple[Take, ...]
    preferred: float = 40  # words it is best told in, where there is time
    least: int = 0  # words below which it is not worth telling, unless time is very short


@dataclass(frozen=True)
class Context:
    """What every part of the composer knows of the lesson."""

    material: Material
    focus: Focus
    style: LessonStyle
    grade: int
    strictness: float  # how much hard sentences are avoided, 0 for not at all
    topic: str  # title of the section, as a heading
    family: str
    interest: str  # display name, empty where none is known or wanted
    seconds: int

    @property
    def reading_target(self) -> float:
        """The grade level that sentences should not exceed by much."""
        return float(self.grade)


def grown(takes: Iterable[Take | None], most: int = 55, least: int = 12) -> tuple[Take, ...]:
    """The takes that keep to a scene's length, from short to long, each longer than the one before."""
    kept: list[Take] = []
    for take in sorted((take for take in takes if take), key=lambda take: take.words):
        fits = all(least <= count(scene.narration) <= most for scene in take.scenes())
        if fits and (not kept or take.words > kept[-1].words):
            kept.append(take)
    return tuple(kept)


def spoken(*parts: str) -> str:
    """Join sentences of the books and of ours into one narration."""
    return " ".join(part for part in (narrated(part) for part in parts) if part)


def opening_words(sentence: str, words: int = 4) -> str:
    """The first words of a narrated sentence, as a cue; without the punctuation after them."""
    return " ".join(narrated(sentence).split()[:words]).rstrip(".,;:!?")


def cue_in(narration: str, *phrases: str) -> str:
    """The first of the phrases that stands in the narration, as it stands there; empty where none does."""
    for phrase in phrases:
        if not phrase:
            continue
        match = re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", narration, re.IGNORECASE)
        if match:
            return match[0]
    return ""


def in_order(narration: str, cues: Sequence[str]) -> list[str]:
    """Empty the cues that do not follow the one before them in the narration."""
    position, kept = 0, []
    for cue in cues:
        found = narration.find(cue, position) if cue else -1
        kept.append(cue if found >= 0 else "")
        position = max(position, found + 1) if found >= 0 else position
    return kept


def heading(title: str, fallback: str = "") -> str:
    """A title cut to what fits above a scene."""
    text = on_screen(re.sub(r"\s*\([^)]*\)", "", title)).strip()
    for part in (text, text.rpartition(": ")[2], text.partition(": ")[0]):
        if part and count(part) <= HEADING_WORDS:
            return upper_first(part)
    if fallback and count(fallback) <= HEADING_WORDS:
        return fallback
    cut = " ".join(text.split()[:HEADING_WORDS])
    return upper_first(re.sub(r"(?:[ ,]+(?:and|of|the|a|in|to|for|or|with|by))+$", "", cut))


def _fitted(line: str, *, alone: bool) -> str:
    """A line in the space there is, which is more where it stands alone; what is cut off is marked."""
    words_most, characters_most = (
        (STATEMENT_WORDS, STATEMENT_CHARACTERS) if alone else (BULLET_WORDS, BULLET_CHARACTERS)
    )
    if shown_words(line) <= words_most and len(line) <= characters_most:
        return line
    words = line.split()[: BULLET_WORDS - 2]
    while len(" ".join(words)) > BULLET_CHARACTERS - 2 or words[-1].strip(",;") in {
        "the",
        "a",
        "of",
        "and",
        "or",
        "to",
        "in",
    }:
        words.pop()
    return " ".join(words).rstrip(",;:") + " …"


def cued(lines: Sequence[tuple[str, str]], narration: str, *, alone: bool = False) -> list[Cued]:
    """Lines of text with their cues, the cues kept in order; a text that comes twice is kept once.

    `alone`: a single line has its page to itself, and may be longer.
    """
    cues = in_order(narration, [cue for _, cue in lines])
    seen: set[str] = set()
    items = []
    for (text, _), cue in zip(lines, cues, strict=True):
        shown = _fitted(on_screen(text).rstrip("."), alone=alone and len(lines) == 1)
        if shown and shown.lower() not in seen:
            seen.add(shown.lower())
            items.append(Cued(text=shown, cue=cue))
    return items

"""Chooses which drafts a lesson holds and how much of each is said, to the length that was asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shared.enums import LessonStyle, SceneKind
from shared.lesson.draft import Draft, Take
from shared.lesson.limits import LENGTH_TOLERANCE, SCENES_MOST, SHORT_SECONDS, least_scenes, seconds_for, words_for
from shared.lesson.words import content

REQUIRED = 100.0
_PRESSING = 95.0  # priority of what a lesson may become a little longer for
_TINY_SCENE = 18  # words; lessons whose scenes have to be shorter on average are planned from the bottom up
_USUAL_WORDS = 247.5  # of a lesson of 90 seconds, for which the preferred lengths are given
# How far from the wished length a plan may end before it is mended; tighter than the rule, which allows 15 %.
_AIM = 0.06
# Two sentences that share so much of the shorter one's content words, of at least so many, say the same.
_ALIKE = 0.85
_ALIKE_WORDS = 5


@dataclass
class Choice:
    """A draft with the take that is told."""

    draft: Draft
    level: int

    @property
    def take(self) -> Take:
        """The take chosen."""
        return self.draft.takes[self.level]

    @property
    def scenes(self) -> int:
        """How many scenes it fills."""
        return len(self.take.scenes())


def plan(drafts: Sequence[Draft], seconds: float, style: LessonStyle) -> list[Choice]:
    """Return the chosen drafts in the order of the lesson."""
    target = words_for(seconds)
    scale = min(1.25, max(0.45, target / _USUAL_WORDS))
    usable = [draft for draft in drafts if draft.takes]
    chosen = [Choice(draft, 0) for draft in usable if draft.priority >= REQUIRED]
    for choice in chosen:
        choice.level = _level(choice.draft, choice.draft.preferred * scale) or 0
    tiny = target < least_scenes(seconds) * _TINY_SCENE or seconds < SHORT_SECONDS
    if tiny:
        for choice in chosen:
            choice.level = 0
    optional = sorted(
        (draft for draft in usable if draft.priority < REQUIRED), key=lambda draft: (-draft.priority, draft.order)
    )
    if tiny:
        _fill_scenes(chosen, optional, target)
    for draft in optional:
        _try_add(chosen, draft, target, scale, _limits(style))
    _grow(chosen, target)
    for draft in optional:  # what did not fit beside longer takes may fit now
        if _words(chosen) < target * (1 - _AIM):
            _try_add(chosen, draft, target, 0.0, {})
    _grow(chosen, target)
    _fill_scenes(chosen, optional, target)
    return sorted(chosen, key=lambda choice: choice.draft.order)


def _level(draft: Draft, words: float) -> int | None:
    """The longest take of at most so many words; None where all are longer."""
    fitting = [level for level, take in enumerate(draft.takes) if take.words <= words]
    return max(fitting) if fitting else None


def _limits(style: LessonStyle) -> dict[SceneKind, int]:
    """How many scenes of a kind a lesson needs at most before others had their turn."""
    return {
        SceneKind.DEFINITION: 3,
        SceneKind.EQUATION: 2,
        SceneKind.WORKED_EXAMPLE: 2 if style is LessonStyle.PRACTICE else 1,
        SceneKind.PROCESS: 2,
        SceneKind.COMPARISON: 1,
        SceneKind.MISCONCEPTION: 1,
    }


def _words(chosen: Sequence[Choice]) -> float:
    return sum(choice.take.words for choice in chosen)


def _scenes(chosen: Sequence[Choice]) -> int:
    return sum(choice.scenes for choice in chosen)


def _said(chosen: Sequence[Choice]) -> set[str]:
    return {text for choice in chosen for scene in choice.take.scenes() for text in scene.said}


def _repeats(take: Take, said: Collection[str]) -> bool:
    """Tell whether a sentence of the take was said, word for word or in nearly the same words."""
    earlier = [content(text) for text in said]
    for text in (text for scene in take.scenes() for text in scene.said):
        words = content(text)
        for other in earlier:
            shorter = min(len(words), len(other))
            if text in said or (shorter >= _ALIKE_WORDS and len(words & other) >= _ALIKE * shorter):
                return True
    return False


def _try_add(chosen: list[Choice], draft: Draft, target: float, scale: float, limits: Mapping[SceneKind, int]) -> None:
    """Add a draft where it fits: in its preferred length if there is room, in a shorter one that is worth telling."""
    same = sum(choice.draft.kind is draft.kind for choice in chosen)
    if same >= limits.get(draft.kind, SCENES_MOST) or any(choice.draft is draft for choice in chosen):
        return
    said = _said(chosen)
    margin = _AIM if draft.priority >= _PRESSING else _AIM / 2
    room = target * (1 + margin) - _words(chosen)
    wanted = draft.preferred * scale if scale else room
    for level in range(len(draft.takes) - 1, -1, -1):
        take = draft.takes[level]
        if take.words > min(room, wanted) and not (level == 0 and take.words <= room):
            continue
        if take.words < draft.least * min(scale, 1.0):
            return
        if _scenes(chosen) + len(take.scenes()) > SCENES_MOST:
            continue
        if not _repeats(take, said):
            chosen.append(Choice(draft, level))
            return


def _grow(chosen: list[Choice], target: float) -> None:
    """Lengthen takes, the most important first and in turns, while the lesson is too short."""
    grew = True
    while grew and _words(chosen) < target * (1 - _AIM / 3):
        grew = False
        # What is furthest below the length it is best told in comes first.
        for choice in sorted(
            chosen, key=lambda choice: (choice.take.words / choice.draft.preferred, -choice.draft.priority)
        ):
            if _lengthen(choice, chosen, target):
                grew = True
                break


def _lengthen(choice: Choice, chosen: Sequence[Choice], target: float) -> bool:
    others = _said([other for other in chosen if other is not choice])
    for level in range(choice.level + 1, len(choice.draft.takes)):
        take = choice.draft.takes[level]
        after = _words(chosen) - choice.take.words + take.words
        scenes = _scenes(chosen) - choice.scenes + len(take.scenes())
        if after <= target * (1 + _AIM) and scenes <= SCENES_MOST and not _repeats(take, others):
            choice.level = level
            return True
    return False


def _fill_scenes(chosen: list[Choice], optional: Sequence[Draft], target: float) -> None:
    """A very short lesson still has its least number of scenes: shorten takes and add small scenes."""
    for draft in sorted(optional, key=lambda draft: (draft.takes[0].words > _TINY_SCENE, -draft.priority)):
        if _scenes(chosen) >= least_scenes(seconds_for(target)):
            return
        if any(choice.draft is draft for choice in chosen):
            continue
        smallest = min(draft.takes, key=lambda take: take.words)
        for choice in sorted(chosen, key=lambda choice: choice.draft.priority):
            while choice.level and _words(chosen) + smallest.words > target * (1 + LENGTH_TOLERANCE):
                choice.level -= 1
        said = {text for choice in chosen for scene in choice.take.scenes() for text in scene.said}
        if _words(chosen) + smallest.words <= target * (1 + LENGTH_TOLERANCE) and not said & set(smallest.said):
            chosen.append(Choice(draft, draft.takes.index(smallest)))

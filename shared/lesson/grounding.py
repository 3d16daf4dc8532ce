"""Whether what a lesson claims stands in the passages that it cites.

A sentence's support is the share of its content stems that occur in the cited passages, numbers included. It is a
measure of overlap, not of logic: it catches what was invented, not a clever twisting of the same words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.books.passages import Passage
from shared.enums import SceneKind
from shared.lesson.limits import SCENE_WORDS_LEAST
from shared.lesson.prose import narrated
from shared.lesson.storyboard import Scene, Storyboard
from shared.lesson.words import content, count, sentences, stem, stems, word_set

SUPPORT_THRESHOLD: Final = 0.6
_LEAST_STEMS: Final = 3  # a sentence with fewer content words of its own claims nothing

# What the lesson itself says to the student: no claim about the subject.
_TALK: Final = frozenset(
    stem(word)
    for word in word_set("""
    lesson today topic idea ideas point points key next then first second third last finally step steps happen
    look watch think remember recall imagine picture compare comparison sum recap summary example examples try
    answer question check quick test yourself equation formula symbols words word written write writing line
    whole here follow end able learn know understand understood explain describe story start begin let's short
    tour textbook open book good way keep mind find right wrong true false reason together called mean means
    meaning term terms big simple simply solve solved
    """)
)
# Scenes that frame the subject: their comparisons are the interest library's, their questions the student's to answer.
_FRAME: Final = frozenset({SceneKind.HOOK, SceneKind.CONNECTION, SceneKind.CREDITS, SceneKind.OBJECTIVES})
_QUANTITY: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


def evidence(passages: Iterable[Passage]) -> frozenset[str]:
    """All stems that passages hold, as written and as spoken."""
    found: set[str] = set()
    for passage in passages:
        for text in (passage.text, narrated(passage.text), passage.section, passage.module_title):
            found.update(stems(text, drop=frozenset()))
        found.update(stems(" ".join(_strings(passage.structure)), drop=frozenset()))
        found.update(stems(narrated(" ".join(_strings(passage.structure))), drop=frozenset()))
    return frozenset(found)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _strings(part)


def claims(sentence: str) -> frozenset[str]:
    """The stems that a sentence claims something with; empty for questions and for talk to the student."""
    if sentence.rstrip().endswith("?"):
        return frozenset()
    own = content(sentence) - _TALK
    return own if len(own) >= _LEAST_STEMS else frozenset()


def support(sentence: str, found: frozenset[str]) -> float:
    """Share of a sentence's claim that the evidence holds; 1 where it claims nothing.

    A number that is not in the evidence leaves the sentence unsupported: a wrong figure is worse than none.
    """
    own = claims(sentence)
    if not own:
        return 1.0
    numbers = {match.replace(",", "").removesuffix(".0") for match in _QUANTITY.findall(sentence)}
    if numbers - {stem.replace(",", "") for stem in found}:
        return 0.0
    return len(own & found) / len(own)


def is_framing(scene: Scene) -> bool:
    """Whether a scene's sentences are comparison and glue rather than claims from the books."""
    return scene.kind in _FRAME


def unsupported(storyboard: Storyboard, passages: Mapping[str, Passage]) -> list[tuple[str, str]]:
    """The claim-bearing sentences that their scenes' citations do not back: (scene id, sentence)."""
    held: dict[str, frozenset[str]] = {}
    found = []
    for scene in storyboard.scenes:
        if is_framing(scene):
            continue
        for cited in scene.citations:
            if cited in passages and cited not in held:
                held[cited] = evidence([passages[cited]])
        backing = frozenset().union(*(held[cited] for cited in scene.citations if cited in held))
        found += [
            (scene.id, sentence)
            for sentence in sentences(scene.narration)
            if support(sentence, backing) < SUPPORT_THRESHOLD
        ]
    return found


def supported_share(storyboard: Storyboard, passages: Mapping[str, Passage]) -> float:
    """Share of the claim-bearing sentences that are supported, 0 to 1; 1 where nothing is claimed."""
    bearing = [
        sentence
        for scene in storyboard.scenes
        if not is_framing(scene)
        for sentence in sentences(scene.narration)
        if claims(sentence)
    ]
    if not bearing:
        return 1.0
    return round(1 - len(unsupported(storyboard, passages)) / len(bearing), 4)


def repaired(storyboard: Storyboard, passages: Mapping[str, Passage]) -> Storyboard:
    """Return the storyboard without its unsupported sentences, and with its share measured.

    A scene that would become too short to be one is dropped; the cues of what is gone are emptied.
    """
    bad = set(unsupported(storyboard, passages))
    scenes: list[Scene] = []
    for scene in storyboard.scenes:
        kept = [sentence for sentence in sentences(scene.narration) if (scene.id, sentence) not in bad]
        narration = " ".join(kept)
        if narration == " ".join(sentences(scene.narration)):
            scenes.append(scene)
        elif count(narration) >= SCENE_WORDS_LEAST:
            scenes.append(Scene.model_validate(_recued(scene.model_dump(), narration) | {"narration": narration}))
    numbered = [scene.model_copy(update={"id": f"scene-{place:02d}"}) for place, scene in enumerate(scenes, start=1)]
    changed = storyboard.model_copy(update={"scenes": numbered or storyboard.scenes})
    return changed.model_copy(update={"supported_share": supported_share(changed, passages)})


def _recued(data: dict[str, object], narration: str) -> dict[str, object]:
    """Empty every cue that the narration no longer holds."""

    def visit(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: ("" if key in {"cue", "answer_cue"} and part not in narration else visit(part))
                for key, part in value.items()
            }
        return [visit(part) for part in value] if isinstance(value, list) else value

    result = visit(data)
    return result if isinstance(result, dict) else data

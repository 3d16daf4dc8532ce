"""A lesson without what must not be in it: what its passages do not state, and what no text may hold.

Nothing is written anew. A sentence, a line or a scene is left out, a cue emptied, a wrong citation taken away.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.books.passages import Passage
from shared.enums import SceneKind
from shared.lesson import foreign, grounding
from shared.lesson.cues import cues
from shared.lesson.limits import SCENE_WORDS_LEAST
from shared.lesson.prose import RAW_SIGNS
from shared.lesson.shown import Element, Unstated, unstated
from shared.lesson.storyboard import Scene, SourceCredit, Storyboard
from shared.lesson.words import count, sentences

# Without these a lesson is none: where it begins, and whose work it rests on.
INDISPENSABLE: Final = frozenset({SceneKind.HOOK, SceneKind.CREDITS})
_CUES: Final = frozenset({"cue", "answer_cue"})
# Elements without which their scene shows nothing.
_ALL_OF_IT: Final = frozenset({Element.MEANING, Element.FORMULA, Element.LABEL, Element.EXAMPLE, Element.ANSWER})
# Where the others stand in their visual.
_LISTS: Final[Mapping[Element, str]] = {Element.LINE: "items", Element.SYMBOL: "symbols", Element.ROW: "rows"}


@dataclass(frozen=True)
class Pruned:
    """What is left of a lesson, and how much of what is gone ("sentence", "scene", "line", …)."""

    storyboard: Storyboard
    dropped: Counter[str] = field(default_factory=Counter)


def pruned(storyboard: Storyboard, passages: Mapping[str, Passage]) -> Pruned:
    """Return the lesson without what is not stated or not allowed, its claims counted anew.

    A scene that says or shows too little then is dropped, but never the hook or the credits: what is wrong with these
    stays, for the rules to find.
    """
    dropped: Counter[str] = Counter()
    storyboard = _cited(storyboard, passages, dropped)
    bad = grounding.unsupported(storyboard, passages)
    wrong: dict[str, list[Unstated]] = {}
    for element in unstated(storyboard, passages):
        wrong.setdefault(element.scene_id, []).append(element)
    said: set[str] = set()
    scenes: list[Scene] = []
    for scene in storyboard.scenes:
        refuted = {sentence for scene_id, sentence in bad if scene_id == scene.id}
        kept = _kept(scene, wrong.get(scene.id, []), refuted, said, dropped)
        if kept is None:
            dropped["scene"] += 1
        else:
            scenes.append(kept)
    lesson = _beside(storyboard, wrong.get("", []), dropped).model_copy(update={"scenes": renumbered(scenes)})
    lesson = lesson.model_copy(update={"sources": _sources(lesson, passages)})
    found = grounding.measure(lesson, passages)
    return Pruned(lesson.model_copy(update={"supported_share": found.share, "claims": found.claims}), dropped)


def renumbered(scenes: Sequence[Scene]) -> list[Scene]:
    """The scenes with ids that count up."""
    return [scene.model_copy(update={"id": f"scene-{place:02d}"}) for place, scene in enumerate(scenes, start=1)]


def _cited(storyboard: Storyboard, passages: Mapping[str, Passage], dropped: Counter[str]) -> Storyboard:
    """The lesson without citations of what is not known; a scene that cites nothing else is dropped."""
    scenes = []
    for scene in storyboard.scenes:
        known = [one for one in scene.citations if one in passages]
        dropped["citation"] += len(scene.citations) - len(known)
        if known or scene.kind in INDISPENSABLE:
            scenes.append(scene.model_copy(update={"citations": known or scene.citations}))
        else:
            dropped["scene"] += 1
    return storyboard.model_copy(update={"scenes": scenes}) if dropped else storyboard


def _kept(
    scene: Scene,
    wrong: Sequence[Unstated],
    refuted: set[str],
    said: set[str],
    dropped: Counter[str],
) -> Scene | None:
    """The scene without what must not be in it; None where too little is left of it."""
    spoken = sentences(scene.narration)
    kept = [one for one in spoken if one not in said and one not in refuted and not _is_foreign(one)]
    if scene.kind in INDISPENSABLE:
        kept = spoken
    dropped["sentence"] += len(spoken) - len(kept)
    data = scene.model_dump()
    shown = _shown(data["visual"], wrong, dropped)
    narration = " ".join(kept)
    if scene.kind not in INDISPENSABLE and (
        shown is None or _has_foreign_text(scene) or (len(kept) < len(spoken) and count(narration) < SCENE_WORDS_LEAST)
    ):
        return None
    said.update(kept)
    if len(kept) == len(spoken):
        narration = scene.narration
    mended = Scene.model_validate(data | {"narration": narration, "visual": shown or data["visual"]})
    return _cued(mended, dropped)


def _is_foreign(sentence: str) -> bool:
    return bool(foreign.in_part(sentence) or RAW_SIGNS.search(sentence))


def _has_foreign_text(scene: Scene) -> bool:
    """Whether what the scene shows holds what no text may hold."""
    return foreign.in_part(scene.visual)


def _shown(visual: dict[str, Any], wrong: Sequence[Unstated], dropped: Counter[str]) -> dict[str, Any] | None:
    """The visual without what is not stated; None where nothing would be left to show."""
    dropped.update(str(one.element) for one in wrong)
    if any(one.element in _ALL_OF_IT for one in wrong):
        return None
    for element, key in _LISTS.items():
        places = {one.place for one in wrong if one.element is element}
        if places:
            visual = visual | {key: [part for place, part in enumerate(visual[key]) if place not in places]}
            if not visual[key] and element is not Element.SYMBOL:
                return None
    if any(one.element is Element.NOTE for one in wrong):
        visual = visual | {"note": None}
    return visual


def _sources(lesson: Storyboard, passages: Mapping[str, Passage]) -> list[SourceCredit]:
    """The sources without the sections that no scene rests on any more."""
    cited = {one for scene in lesson.scenes for one in scene.citations}
    used = {section_of(passages[one]) for one in cited if one in passages}
    gone = {section_of(passage) for passage in passages.values()} - used
    return [
        source.model_copy(
            update={
                "sections": [section for section in source.sections if section not in gone],
                "passage_ids": [one for one in source.passage_ids if one in cited or one not in passages],
            }
        )
        for source in lesson.sources
    ]


def section_of(passage: Passage) -> str:
    """A passage's section as sources name it."""
    return f"{passage.number} {passage.module_title}".strip()


def _cued(scene: Scene, dropped: Counter[str]) -> Scene:
    """The scene with those cues emptied that its narration does not hold, and all of a group that is out of order."""
    lost = {cue for group in cues(scene.visual) for cue in _lost(group, scene.narration)}
    if not lost:
        return scene
    dropped["cue"] += len(lost)

    def visit(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: "" if key in _CUES and part in lost else visit(part) for key, part in value.items()}
        return [visit(part) for part in value] if isinstance(value, list) else value

    return Scene.model_validate(visit(scene.model_dump()))


def _lost(group: Sequence[str], narration: str) -> list[str]:
    position, lost = 0, []
    for cue in group:
        place = narration.find(cue, position)
        if place < 0:
            lost.append(cue)
        else:
            position = place + 1
    return lost


def _beside(storyboard: Storyboard, wrong: Sequence[Unstated], dropped: Counter[str]) -> Storyboard:
    """The lesson with only those objectives, key terms and questions that may stand beside it."""
    gone = {element: {one.place for one in wrong if one.element is element} for element in Element}
    lists: dict[str, tuple[Sequence[Any], str]] = {
        "objectives": (storyboard.objectives, "objective"),
        "key_terms": (storyboard.key_terms, Element.KEY_TERM),
        "quiz": (storyboard.quiz, Element.QUESTION),
    }
    update = {}
    for name, (listed, what) in lists.items():
        places = gone[Element(what)] if what in set(Element) else set()
        places |= {place for place, one in enumerate(listed) if foreign.in_part(one)}
        dropped[str(what)] += len(places)
        update[name] = [one for place, one in enumerate(listed) if place not in places]
    return storyboard.model_copy(update=update)

"""From a model's script to a storyboard: ids, citations, sources, credits; what code can mend is mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.enums import SceneKind
from shared.lesson import compose_frame, grounding, limits
from shared.lesson import interests as library
from shared.lesson.draft import heading
from shared.lesson.drafting import script as written
from shared.lesson.drafting.citing import Backing
from shared.lesson.drafting.drawing import drawable
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.drafting.privacy import impersonal
from shared.lesson.drafting.texts import line, may_be_said, spoken, statement
from shared.lesson.drafting.visuals import made, plainest
from shared.lesson.prose import narrated
from shared.lesson.storyboard import (
    ImageVisual,
    KeyTerm,
    QuizQuestion,
    QuizVisual,
    Scene,
    Storyboard,
    Visual,
)
from shared.lesson.words import sentences
from shared.services import LessonBrief

OBJECTIVES_MOST: Final = 3
TERMS_MOST: Final = 6
# Their sentences frame the subject and are not put to the check of claims, so there is no second one of a kind.
_FRAMING: Final = frozenset({SceneKind.HOOK, SceneKind.OBJECTIVES, SceneKind.CONNECTION})


@dataclass(frozen=True, slots=True)
class _Told:
    """A scene that has something to say."""

    kind: SceneKind
    narration: str
    written: written.WrittenScene


def assembled(script: written.Script, brief: LessonBrief, excerpts: Excerpts) -> Storyboard:
    """The storyboard of a script. What cannot be mended is left for the rules to find.

    Raises UnusableScript where the script holds too little that can be told.
    """
    script = impersonal(script, brief, excerpts)
    told = _told(script.scenes)
    if len(told) < 2 or told[0].kind is not SceneKind.HOOK:
        raise written.UnusableScript(["the scenes hold too little that can be told to a student"])
    title = heading(line(script.title, 4 * limits.HEADING_CHARACTERS)) or heading(brief.topic)
    backing = Backing(excerpts)
    citations = _citations(told, backing)
    visuals = _visuals(told, title, brief)
    scenes = [
        Scene(id=_id(number), kind=one.kind, narration=one.narration, visual=visual, citations=cited)
        for number, (one, visual, cited) in enumerate(zip(told, visuals, citations, strict=True), start=1)
    ]
    known = {passage.passage_id: passage for passage in excerpts.passages}
    used = [known[cited] for cited in dict.fromkeys(cited for scene in scenes for cited in scene.citations)]
    credits = compose_frame.credits(used).takes[0]
    scenes.append(
        Scene(
            id=_id(len(scenes) + 1),
            kind=SceneKind.CREDITS,
            narration=credits.narration,
            visual=credits.visual,
            citations=list(credits.citations),
        )
    )
    whole = Storyboard(
        title=title,
        objectives=[one for objective in script.objectives if (one := _objective(objective))][:OBJECTIVES_MOST],
        grade_level=brief.grade_level,
        interest=_interest(brief)[1],
        style=brief.style,
        language="en",
        duration_seconds=brief.duration_seconds,
        scenes=scenes,
        key_terms=_key_terms(script.key_terms, scenes, backing),
        quiz=_questions(told, scenes),
        sources=compose_frame.sources(used),
        supported_share=0,
    )
    share = grounding.supported_share(whole, known)
    return drawable(whole.model_copy(update={"supported_share": share}))


def _id(number: int) -> str:
    return f"scene-{number:02d}"


def _interest(brief: LessonBrief) -> tuple[str, str]:
    """The motif and the name of the student's interest, as they may be shown; empty where there is none."""
    known = library.find(brief.interest)
    if known:
        return known.name, known.display
    words = library.sayable(brief.interest)
    return "", words if may_be_said(words) else ""


def _told(scenes: Sequence[written.WrittenScene]) -> list[_Told]:
    """The scenes that say something, the hook first; what was said before is not said again."""
    said: set[str] = set()
    found: set[SceneKind] = set()
    told = []
    for scene in sorted(scenes, key=lambda scene: SceneKind(scene.kind) is not SceneKind.HOOK):
        fresh = [sentence for sentence in sentences(spoken(scene.narration)) if sentence not in said]
        fresh = list(dict.fromkeys(fresh))
        kind = SceneKind(scene.kind)
        if fresh:
            told.append(_Told(SceneKind.KEY_POINTS if kind in _FRAMING & found else kind, " ".join(fresh), scene))
            said.update(fresh)
            found.add(kind)
    return told


def _citations(told: Sequence[_Told], backing: Backing) -> list[list[str]]:
    """Passage ids of each scene. A scene that claims nothing may cite what the first that does rests on."""
    found = []
    for one in told:
        cited = backing.cited(one.written.passages)
        found.append(cited if one.kind in _FRAMING else backing.completed(one.narration, cited))
    core = next((cited for cited in found if cited), []) or backing.nearest(told[0].narration, 1)
    return [cited or core[:1] for cited in found]


def _visuals(told: Sequence[_Told], title: str, brief: LessonBrief) -> list[Visual]:
    motif, interest = _interest(brief)
    subheading = f"Seen through {interest}" if interest else ""
    pictures = 0
    visuals: list[Visual] = []
    for one in told:
        visual = made(one.written.visual, one.narration, motif=motif, subheading=subheading)
        pictures += isinstance(visual, ImageVisual)
        if visual is None or (isinstance(visual, ImageVisual) and pictures > 1):
            visual = plainest(one.narration, getattr(one.written.visual, "heading", ""), title)
        if getattr(visual, "heading", title) == "":
            visual = visual.model_copy(update={"heading": title})
        visuals.append(visual)
    return visuals


def _objective(text: str) -> str:
    return statement(text, limits.STEP_CHARACTERS)


def _key_terms(terms: Sequence[written.WrittenTerm], scenes: Sequence[Scene], backing: Backing) -> list[KeyTerm]:
    """The terms that the narration uses and the cited passage has: others would only pass for easy words."""
    told = " ".join(scene.narration for scene in scenes).casefold()
    found: dict[str, KeyTerm] = {}
    for term in terms:
        name, meaning = line(term.term, limits.TERM_CHARACTERS), _meaning(term.meaning)
        for cited in backing.cited([term.passage]):
            if name and meaning and narrated(name).casefold() in told and backing.says(cited, name, meaning):
                found.setdefault(name.casefold(), KeyTerm(term=name, meaning=meaning, citation=cited))
    return list(found.values())[:TERMS_MOST]


def _meaning(text: str) -> str:
    return statement(text, limits.MEANING_CHARACTERS, limits.MEANING_WORDS)


def _questions(told: Sequence[_Told], scenes: Sequence[Scene]) -> list[QuizQuestion]:
    return [
        QuizQuestion(
            question=scene.visual.question,
            options=scene.visual.options,
            answer_index=scene.visual.answer_index,
            explanation=line(one.written.visual.explanation, limits.PROBLEM_CHARACTERS),
            citation=scene.citations[0],
        )
        for one, scene in zip(told, scenes, strict=False)
        if isinstance(scene.visual, QuizVisual) and isinstance(one.written.visual, written.Quiz)
    ]

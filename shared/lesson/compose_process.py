"""Process scenes: the steps that a book lists, told in order and drawn as a row or a ring."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.books.passages import Passage
from shared.enums import PassageKind, SceneKind
from shared.lesson.draft import Context, Draft, Take, cue_in, grown, heading, in_order, spoken
from shared.lesson.editing import bullet, cleaned, told_briefly
from shared.lesson.focus import Intent
from shared.lesson.limits import DETAIL_CHARACTERS, LABEL_WORDS
from shared.lesson.material import field
from shared.lesson.phrasing import is_plural, with_article
from shared.lesson.prose import narrated, on_screen
from shared.lesson.storyboard import DiagramEdge, DiagramNode, DiagramVisual
from shared.lesson.words import content, count, lower_first, sentences, small_count, upper_first, word_set

_IMPERATIVES: Final = word_set("""
    add analyze apply ask calculate change check choose collect combine compare convert count cross decide
    describe divide draw evaluate explain factor fill find form gather graph identify interpret keep label list
    look make mark measure move multiply observe pick place plot plug predict put read record repeat report
    rewrite round run set share show simplify sketch solve sort start state study subtract substitute take test
    think turn use work write
""")


_CYCLE: Final = re.compile(r"\bcycle\b", re.IGNORECASE)


_RETURNS: Final = re.compile(r"\b(?:again|repeats?|start over|begins? (?:again|anew)|next generation|returns? to)\b")


_ORDINALS: Final = ("First", "Next", "Then", "After that", "Then", "Finally")


_LONG_LESSON: Final = 150  # seconds from which a long process gets two scenes


_STEP_WORDS: Final = 10  # a step's sentence is shortened towards this


@dataclass(frozen=True)
class Step:
    """One step of a process: its name and what happens in it."""

    label: str
    text: str


def processes(context: Context) -> list[Draft]:
    """The processes of the section, the most relevant first."""
    passages = context.material.of(PassageKind.STEPS)
    ranked = sorted(passages, key=lambda passage: (-context.focus.of_passage(passage), passage.position))
    drafts: list[Draft] = []
    for rank, passage in enumerate(ranked[:3]):
        steps = _steps(passage)
        if not 2 <= len(steps) <= 7:
            continue
        drafts += _process(passage, steps, rank, context)
    return drafts


def _steps(passage: Passage) -> list[Step]:
    """The steps of a passage that can be told; none where one of them has no short name."""
    raw = passage.structure.get("items", ())
    steps = []
    for item in raw if isinstance(raw, list | tuple) else ():
        label, text = str(item.get("label", "")).strip(" :."), str(item.get("text", "")).strip()
        if not label:
            match = re.match(r"^([A-Z][\w ’-]{2,30}):\s+(.+)$", text)
            label, text = (match[1], match[2]) if match else (_name_of(text), text)
        if not label or not text:
            return []
        steps.append(Step(label, cleaned(sentences(text)[0])))
    return steps


def _name_of(text: str) -> str:
    """A name for a step that the book does not name: its first words, where they make a whole phrase."""
    first = re.split(r"[,;:.(]| (?:by|so|and|that|which|to|for|in|on|of|from|with|using) ", text)[0].strip()
    return first if 1 <= count(first) <= LABEL_WORDS and "$" not in first else ""


def _process(passage: Passage, steps: Sequence[Step], rank: int, context: Context) -> list[Draft]:
    named = context.focus.names(passage)
    wanted = Intent.PROCESS in context.focus.intents
    several = len(context.focus.facets) > 1 and named
    priority = 93.0 if named else 35.0 if context.focus.is_narrow else 74.0
    priority += 6.0 if named and wanted else 14.0 if wanted and rank == 0 else 0.0
    if rank == 0 and Intent.STEPS in context.focus.intents:
        priority = max(priority, 97.0)
    if not named and not context.focus.touches(passage):
        priority -= 30.0
    if Intent.CALCULATE in context.focus.intents:  # the formula and an example come first
        priority = min(priority, 90.0)
    priority -= 1.0 * rank if several else 12.0 * rank
    order = (2.0, float(context.material.section_order(passage)), 3.0, float(passage.position))
    takes = [_process_take(passage, steps, form, context) for form in _forms(steps)]
    told = grown([*takes, *_halves(passage, steps, context)])
    if not told:
        return []
    complete = [take.words for take in told if sum(len(scene.said) for scene in take.scenes()) == len(steps)]
    long_enough = context.seconds >= _LONG_LESSON or (
        named and wanted and not several and Intent.CALCULATE not in context.focus.intents
    )
    preferred = max(56, min(complete, default=56)) if long_enough else 50
    return [Draft(SceneKind.PROCESS, order, priority, told, preferred=preferred, least=30)]


def _halves(passage: Passage, steps: Sequence[Step], context: Context) -> list[Take]:
    """A long process in two scenes, the drawing growing from the one to the other."""
    if len(steps) < 4:
        return []
    middle = (len(steps) + 1) // 2
    takes = []
    for limit in (_STEP_WORDS, 40):
        texts = [told_briefly(step.text, limit) for step in steps]
        late = [text if place >= middle else "" for place, text in enumerate(texts)]
        early = [text if place < middle else "" for place, text in enumerate(texts)]
        second = _process_take(passage, steps, late, context, told=range(middle, len(steps)))
        takes.append(replace(_process_take(passage, steps, early, context, told=range(middle)), then=second))
    return takes


def _forms(steps: Sequence[Step]) -> list[list[str]]:
    """Ways to tell the steps: names alone, then more and more of the sentences, short ones first, then all in full."""
    full = [step.text for step in steps]
    short = [told_briefly(text, _STEP_WORDS) for text in full]
    ranked = sorted(range(len(steps)), key=lambda place: (count(short[place]), place))
    forms = []
    for told in range(len(steps) + 1):
        forms.append([short[place] if place in ranked[:told] else "" for place in range(len(steps))])
    return [*forms, full]


def _process_take(
    passage: Passage, steps: Sequence[Step], texts: Sequence[str], context: Context, told: range | None = None
) -> Take:
    """One scene of a process; `told` are the steps it speaks of, where it is one of two scenes."""
    spoken_of = told if told is not None else range(len(steps))
    title = heading(field(passage, "title") or passage.section, context.topic)
    parts = [_announcement(passage, steps, context) if spoken_of.start == 0 and any(texts) else ""]
    for place in spoken_of:
        last = place == len(steps) - 1
        ordinal = _ORDINALS[-1] if last else _ORDINALS[min(place, len(_ORDINALS) - 2)]
        name, text = lower_first(steps[place].label), texts[place]
        parts.append(f"{ordinal}, {name}: {lower_first(text)}" if text else f"{ordinal}, {name}.")
    narration = spoken(*parts)
    cycle = bool(_CYCLE.search(f"{title} {passage.section}")) or bool(_RETURNS.search(steps[-1].text))
    visual = diagram(steps[: spoken_of.stop], narration, title, cycle=cycle and spoken_of.stop == len(steps))
    said = tuple(steps[place].text for place in spoken_of if texts[place])
    return Take(narration, visual, (passage.passage_id,), said)


def _announcement(passage: Passage, steps: Sequence[Step], context: Context) -> str:
    """ "The Calvin cycle has four steps.", by the term that the section is about."""
    number = small_count(len(steps))
    if _is_imperative(steps[0].label):
        return f"Here is how to do it, in {number} steps."
    titles = [content(part) - {"work", "step"} for part in re.split(r": ", passage.section)]
    for term in context.material.terms:
        if term.stems in titles:
            verb = "have" if is_plural(term.name) else "has"
            name = term.name if is_plural(term.name) else with_article(term.name, context.material.text)
            article = "the " if is_plural(term.name) else ""
            return f"{upper_first(article + name)} {verb} {number} steps."
    return f"It happens in {number} steps."


def _is_imperative(label: str) -> bool:
    words = label.lower().split()
    return len(words) > 1 and words[0] in _IMPERATIVES and words[1] not in {"in", "of", "for", "from", "and"}


def diagram(steps: Sequence[Step], narration: str, title: str, *, cycle: bool) -> DiagramVisual:
    """The steps as a ring or a row, each appearing when it is named."""
    labels = [_label(step.label) for step in steps]
    cues = in_order(
        narration, [cue_in(narration, narrated(lower_first(step.label)), narrated(step.label)) for step in steps]
    )
    nodes = []
    for place, step in enumerate(steps):
        detail = on_screen(bullet(step.text, limit=8))
        nodes.append(
            DiagramNode(
                id=f"step-{place + 1}",
                label=labels[place],
                detail=detail if len(detail) <= DETAIL_CHARACTERS else "",
                cue=cues[place],
            )
        )
    edges = [DiagramEdge(source=one.id, target=two.id, cue=two.cue) for one, two in itertools.pairwise(nodes)]
    if cycle:
        edges.append(DiagramEdge(source=nodes[-1].id, target=nodes[0].id))
    return DiagramVisual(heading=title, layout="cycle" if cycle else "flow", nodes=nodes, edges=edges)


def _label(text: str) -> str:
    words = on_screen(text).split()
    return upper_first(" ".join(words[:LABEL_WORDS]))

"""Worked examples: a problem and its solution, in one scene where that is possible, else in two."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from shared.books.passages import Passage
from shared.enums import LessonStyle, PassageKind, SceneKind
from shared.lesson.draft import Context, Draft, Take, cue_in, cued, grown, heading, in_order, opening_words, spoken
from shared.lesson.editing import bullet
from shared.lesson.focus import Intent
from shared.lesson.formulas import MATH
from shared.lesson.limits import (
    LATEX_CHARACTERS,
    PROBLEM_CHARACTERS,
    SCENE_WORDS_LEAST,
    SCENE_WORDS_MOST,
    STEP_CHARACTERS,
)
from shared.lesson.material import field, items
from shared.lesson.prose import on_screen
from shared.lesson.storyboard import BulletsVisual, Cued, ExampleStep, WorkedExampleVisual
from shared.lesson.words import content, count, sentences, upper_first

_STEP_NAME: Final = re.compile(
    r"^(?:Step \d+[:.]|(?:First|Second|Third|Fourth|Next|Then|Finally|Last),|State the (?:answer|result):|Solution:?"
    r"|\([a-d\d]\))\s*"
)


# How an example, its two-scene form, and its solution are opened; by rank, so that none is said twice.
_LEADS: Final = (
    ("Try an example.", "Try an example with me.", "Here is how to solve it."),
    ("Here is another example.", "Now try another one with me.", "Work it out like this."),
    ("One more example.", "Here is one more to try.", "The solution goes like this."),
)


_SIDE: Final = re.compile(r"\b(?:ignore|ignored|neglect|small enough|assume|negligible|round(?:ed)?)\b", re.IGNORECASE)


def examples(context: Context) -> list[Draft]:
    """Worked examples, the most fitting first: in one scene where that is possible, else problem and solution."""
    passages = [passage for passage in context.material.of(PassageKind.EXAMPLE) if _is_tellable(passage)]
    ranked = sorted(
        passages,
        key=lambda passage: (-context.focus.of_passage(passage) + 0.01 * count(passage.text), passage.position),
    )
    base = {LessonStyle.BALANCED: 58.0, LessonStyle.SIMPLE: 38.0, LessonStyle.PRACTICE: 93.0}[context.style]
    if Intent.CALCULATE in context.focus.intents:
        base = max(base, 97.0)
    drafts = []
    for rank, passage in enumerate(ranked[:3]):
        takes = grown(_example_takes(passage, context, rank))
        parts = [facet.stems for facet in context.focus.facets]
        fits = bool(parts) and all(part <= content(passage.text) for part in parts) and not rank
        step = 8.0 if context.style is LessonStyle.PRACTICE else 25.0
        order = (2.5 if not rank else 2.6, float(context.material.section_order(passage)), 5.0, float(passage.position))
        if takes:
            drafts.append(
                Draft(
                    SceneKind.WORKED_EXAMPLE,
                    order,
                    min(97.5, base - step * rank + (28.0 if fits else 0.0)),
                    takes,
                    preferred=130 if Intent.CALCULATE in context.focus.intents else 95,
                )
            )
    return drafts


def _is_tellable(passage: Passage) -> bool:
    problem, solution = field(passage, "problem"), items(passage, "solution")
    if not problem or not solution or count(problem) > 70 or len(re.findall(r"\d[\d,.]*", problem)) > 9:
        return False
    steps = _solution_steps(solution)
    return (
        2 <= len(steps) <= 8
        and all(_is_step(step) for step in steps)
        and not re.search(r"[Ff]igure|[Tt]able|shown", problem)
    )


def _is_step(step: str) -> bool:
    formulas = MATH.findall(step)
    return (
        sum(map(len, formulas)) <= 150 and count(MATH.sub("", step)) <= 45 and not re.search(r"\\begin|_{3,}|:$", step)
    )


def _solution_steps(solution: Sequence[str]) -> list[str]:
    """The solution sentence by sentence, without the names of the steps; the last one is the answer."""
    steps = []
    for part in solution:
        for sentence in sentences(re.sub(r"\bStep \d+[:.] ?", "", part)):
            text = upper_first(_STEP_NAME.sub("", sentence).strip())
            if text and text not in {".", ","}:
                steps.append(text)
    return steps


def _example_takes(passage: Passage, context: Context, rank: int) -> list[Take]:
    """The example in one scene, in two, or in three, each a whole chain of thought where the steps allow it."""
    leads = _LEADS[min(rank, len(_LEADS) - 1)]
    problem = sentences(field(passage, "problem"))
    core = [text for text in problem if not _SIDE.search(text)] or problem
    *steps, answer = _solution_steps(items(passage, "solution"))
    essential = [text for text in steps if "$" in text or re.search(r"\d", text)] or steps[:1]
    title = heading(field(passage, "title"), "Worked Example")
    pointed = _to_the_point(problem[-1], steps)
    at_length = context.style is LessonStyle.PRACTICE or Intent.CALCULATE in context.focus.intents
    whole, partial = [steps, essential], [essential[-2:], essential[-1:], pointed]

    def solved(narration: str) -> Take:
        visual = _example_visual(title, problem, steps, answer, narration)
        return Take(narration, visual, (passage.passage_id,))

    def told(tellings: Sequence[Sequence[str]]) -> Iterator[Take]:
        for telling in tellings:
            yield solved(spoken(leads[0], *core, *map(_abridged, telling), answer))
            for stated, lead in itertools.product((core, problem), ("", leads[2])):
                opening = _listed(title, stated, spoken(leads[1], *stated), passage)
                yield replace(opening, then=solved(spoken(lead, *map(_abridged, telling), answer)))
            if at_length:
                yield from _in_three(title, core, telling, answer, leads, passage, solved)

    complete = [take for take in told(whole) if _fits(take)]
    return complete or [take for take in told([*partial, []]) if _fits(take)]


def _fits(take: Take) -> bool:
    return all(SCENE_WORDS_LEAST <= count(scene.narration) <= SCENE_WORDS_MOST for scene in take.scenes())


def _in_three(
    title: str,
    core: Sequence[str],
    steps: Sequence[str],
    answer: str,
    leads: tuple[str, str, str],
    passage: Passage,
    solved: Callable[[str], Take],
) -> Iterator[Take]:
    """Problem, first steps, last steps and answer, split where both scenes have enough to say."""
    opening = _listed(title, core, spoken(leads[1], *core), passage)
    for middle in range(1, len(steps)):
        first = _listed(title, steps[:middle], spoken(leads[2], *map(_abridged, steps[:middle])), passage)
        last = solved(spoken(*map(_abridged, steps[middle:]), answer))
        if _fits(first) and _fits(last):
            yield replace(opening, then=replace(first, then=last))
            return


def _listed(title: str, lines: Sequence[str], narration: str, passage: Passage) -> Take:
    """Sentences of a problem or of its solution as a list."""
    shown = cued([(bullet(text) or text, opening_words(text)) for text in lines], narration)
    return Take(narration, BulletsVisual(heading=title, items=shown[:5]), (passage.passage_id,))


def _to_the_point(question: str, steps: Sequence[str]) -> list[str]:
    """The sentences of a solution, without formulas, that speak of what was asked."""
    asked = content(question)
    plain = [step for step in steps if "$" not in step and not re.search(r"\?$", step)]
    best = sorted(plain, key=lambda step: -len(asked & content(step)))[:2]
    return [step for step in plain if step in best and asked & content(step)]


def _abridged(step: str) -> str:
    """A step to be spoken: of a chain of equalities, only its ends; the whole chain is on the screen."""

    def last(match: re.Match[str]) -> str:
        members = [member.strip() for member in match[1].split("=")]
        if len(members) < 3:
            return match[0]
        worked_out = re.search(r"(?::|gives|get|is)\s*$", step[: match.start()])
        return f"${members[-2] if worked_out else members[0]} = {members[-1]}$"

    return MATH.sub(last, step)


def _example_visual(
    title: str, problem: Sequence[str], steps: Sequence[str], answer: str, narration: str
) -> WorkedExampleVisual:
    shown = list(steps[:5])
    cues = [cue_in(narration, opening_words(text, 5)) for text in shown]
    answer_cue = cue_in(narration, opening_words(answer, 5))
    kept = in_order(narration, [*cues, answer_cue])
    lines = []
    for text, cue in zip(shown, kept[:-1], strict=True):
        formulas = MATH.findall(text)
        longest = max(formulas, key=len, default="")
        alone = len(longest) > 12 and len(longest) <= LATEX_CHARACTERS
        said = _without_formula(text, longest) if alone else bullet(text) or text
        screen = on_screen(said).rstrip(".:,")
        lines.append(
            ExampleStep(
                text=screen if len(screen) <= STEP_CHARACTERS else "",
                latex=longest.strip().rstrip(".,") if alone else "",
                cue=cue,
            )
        )
    lines = [line for line in lines if line.text or line.latex] or [
        ExampleStep(text=on_screen(bullet(answer) or answer))
    ]
    return WorkedExampleVisual(
        heading=title,
        problem=_fitted(on_screen(" ".join(problem)), problem),
        steps=lines,
        answer=Cued(text=on_screen(answer), cue=kept[-1]),
    )


def _fitted(text: str, problem: Sequence[str]) -> str:
    """The problem in the space there is for it."""
    if len(text) <= PROBLEM_CHARACTERS:
        return text
    core = on_screen(" ".join(line for line in problem if not _SIDE.search(line)))
    return core if len(core) <= PROBLEM_CHARACTERS else on_screen(problem[-1])


def _without_formula(text: str, formula: str) -> str:
    """What a step says besides its formula."""
    before = text.partition(f"${formula}$")[0]
    before = re.sub(r"[,:]?\s*(?:which gives|to get|so|gives|is|and|we have|:)?\s*$", "", before).strip()
    return bullet(before + ".") or before if count(before) > 1 else ""

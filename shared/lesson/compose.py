"""The offline writer: a storyboard from a textbook's own structure, extractive, edited, the same for the same brief."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.books.passages import Passage
from shared.enums import DegradedReason, LessonStyle
from shared.errors import ContentNotFound, InvalidStoryboard
from shared.lesson import (
    compose_definition,
    compose_equation,
    compose_example,
    compose_frame,
    compose_plan,
    compose_points,
    compose_process,
    compose_quiz,
    compose_summary,
    compose_table,
    feasible,
    focus,
    pruning,
    readability,
    rules,
)
from shared.lesson import interests as library
from shared.lesson.compose_plan import Choice
from shared.lesson.draft import Context, Draft
from shared.lesson.editing import shortened
from shared.lesson.families import family_of
from shared.lesson.limits import HEADING_WORDS, LENGTH_TOLERANCE, MEANING_WORDS
from shared.lesson.material import Material, titled
from shared.lesson.prose import on_screen
from shared.lesson.storyboard import KeyTerm, QuizQuestion, Scene, Storyboard
from shared.lesson.words import content, count, overlap
from shared.services import LessonBrief

# How much hard sentences are avoided, and the words from which they are split: tried in turn until the level fits.
# The last number is how many grades above the student's a single scene may be.
_STRICTNESS: Final = ((0.06, 28, 99.0), (0.25, 20, 7.0), (0.6, 15, 4.0), (1.2, 12, 2.5), (1.5, 10, 1.5))
_KEY_TERMS: Final = 6
_SURE: Final = 80.0  # priority from which a draft is all but certain to be told


def compose(brief: LessonBrief) -> Storyboard:
    """Return a storyboard that keeps every rule.

    Raises ContentNotFound where the passages hold nothing that can be told, and InvalidStoryboard where what they
    hold cannot be brought within the rules or the language is not that of the books.
    """
    feasible.check(brief)
    material = Material(brief.passages, brief.module_ids)
    if not material.sentences and not material.terms:
        raise ContentNotFound("no passage of the brief can be told", passages=len(brief.passages))
    problems: list[rules.Violation] = []
    for strictness, longest, above in _STRICTNESS:
        material = Material(brief.passages, brief.module_ids, longest)
        storyboard = _written(brief, material, strictness, above)
        problems = rules.check(storyboard, brief.passages)
        if not problems:
            return storyboard
    if any(problem.code is rules.Rule.SCENE_COUNT for problem in problems):
        raise ContentNotFound("the passages of the brief are too few for a lesson", passages=len(brief.passages))
    raise InvalidStoryboard(
        "no plan keeps the rules of a lesson",
        violations=[f"{problem.code} {problem.scene_id}: {problem.detail}" for problem in problems],
    )


def _written(brief: LessonBrief, material: Material, strictness: float, above: float) -> Storyboard:
    """One try: hard sentences avoided as `strictness` says, no scene more than `above` grades over the student's."""
    understood = focus.understand(brief.query, material)
    interest = library.find(brief.interest) if brief.interest.strip() else None
    unknown = library.sayable(brief.interest) if not interest else ""
    context = Context(
        material=material,
        focus=understood,
        style=brief.style,
        grade=brief.grade_level,
        strictness=strictness * (1.5 if brief.style is LessonStyle.SIMPLE else 1.0),
        topic=_topic(brief, material),
        family=family_of(material.chosen),
        interest=interest.display if interest else "",
        seconds=brief.duration_seconds,
    )
    drafts, questions = _drafts(context, interest, unknown)
    drafts = _easy_enough(drafts, context, brief.grade_level + above)
    credited = list(_cited(drafts, material))
    draft_plan = compose_plan.plan([*drafts, compose_frame.credits(credited)], brief.duration_seconds, brief.style)
    # The credits name the books of the chosen scenes only, so they are written again when the choice is known.
    used = _used(draft_plan, material)
    draft_plan[-1] = Choice(compose_frame.credits(used), draft_plan[-1].level)
    return _storyboard(brief, context, draft_plan, questions, used, unknown)


def _drafts(
    context: Context, interest: library.Interest | None, unknown: str
) -> tuple[list[Draft], list[QuizQuestion]]:
    terms = compose_definition.main_terms(context)
    definitions = compose_definition.definitions(context)
    said = frozenset(
        text for draft in definitions if draft.priority > _SURE and draft.takes for text in draft.takes[0].said
    )
    points = compose_points.key_points(context, said)
    if not any(draft.takes for draft in (*definitions, *points)):
        raise ContentNotFound("no passage of the brief can be told", passages=len(context.material.chosen))
    core = next((draft.takes[0].citations for draft in (*definitions, *points) if draft.takes), ())
    analogy = interest.analogy(context.family)[1] if interest else None
    drafts = [
        compose_frame.hook(context, analogy, unknown, interest.name if interest else "", core),
        *compose_frame.objectives_scene(context),
        *definitions,
        *points,
        *compose_process.processes(context),
        *compose_table.comparisons(context),
        *compose_equation.equations(context),
        *compose_example.examples(context),
        *compose_summary.misconceptions(context),
        *compose_summary.recap(context),
    ]
    if analogy:
        drafts.append(compose_frame.connection(context, analogy, core))
    quiz, question = compose_quiz.quiz(context, terms)
    return [*drafts, *([quiz] if quiz else [])], [question] if question else []


def _easy_enough(drafts: Sequence[Draft], context: Context, limit: float) -> list[Draft]:
    """Leave out the takes that are harder than a grade level; a scene that has to be keeps its easiest one."""
    taught = [term.name for term in context.material.terms]
    kept = []
    for draft in drafts:
        levels = {
            take: readability.grade(" ".join(scene.narration for scene in take.scenes()), taught)
            for take in draft.takes
        }
        takes = tuple(take for take in draft.takes if levels[take] <= limit)
        if not takes and draft.takes and draft.priority >= compose_plan.REQUIRED:
            takes = (min(draft.takes, key=lambda take: levels[take]),)
        kept.append(replace(draft, takes=takes))
    return kept


def _topic(brief: LessonBrief, material: Material) -> str:
    """The section's title; a long one is cut at its colon."""
    title = brief.topic.strip() if brief.topic.strip() in {p.module_title for p in material.chosen} else ""
    title = title or next(passage.module_title for passage in material.chosen)
    return title if count(title) <= HEADING_WORDS else title.partition(":")[0]


def _title(context: Context) -> str:
    """The topic, with the part of it that the question is about, in the book's words."""
    base = on_screen(context.topic)
    parts: list[str] = []
    homes = {facet.section for facet in context.focus.facets[:2]}
    if (
        len(context.focus.facets) > 1
        and len(homes) == 1
        and (home := homes.pop())
        and count(home.title) <= HEADING_WORDS
    ):
        return on_screen(home.title)
    if context.focus.is_whole and len(context.focus.facets) < 2:
        return base
    for facet in context.focus.facets[:2]:
        label = on_screen(titled(facet.label)) if facet.term else on_screen(facet.label)
        said = content(f"{base} {' '.join(parts)}")
        new = not content(label) <= said and overlap(content(label), said) < 0.4
        if new and count(f"{' '.join(parts)} {label}") <= HEADING_WORDS:
            parts.append(label)
    return f"{base}: {' and '.join(parts)}" if parts and ":" not in base else base


def _cited(drafts: Sequence[Draft], material: Material) -> list[Passage]:
    ids = dict.fromkeys(cited for draft in drafts for take in draft.takes for cited in take.citations)
    return [material.by_id[cited] for cited in ids]


def _used(chosen: Sequence[Choice], material: Material) -> list[Passage]:
    scenes = [scene for choice in chosen[:-1] for scene in choice.take.scenes()]
    ids = dict.fromkeys(cited for scene in scenes for cited in scene.citations)
    return [material.by_id[cited] for cited in ids]


def _storyboard(
    brief: LessonBrief,
    context: Context,
    chosen: Sequence[Choice],
    questions: list[QuizQuestion],
    used: Sequence[Passage],
    unknown: str,
) -> Storyboard:
    scenes: list[Scene] = []
    for choice in chosen:
        for take in choice.take.scenes():
            scenes.append(
                Scene(
                    id=f"scene-{len(scenes) + 1:02d}",
                    kind=choice.draft.kind,
                    narration=take.narration,
                    visual=take.visual,
                    citations=list(take.citations),
                )
            )
    storyboard = Storyboard(
        title=_title(context),
        objectives=[on_screen(item) for item in compose_frame.objectives(context)[0]],
        grade_level=brief.grade_level,
        interest=context.interest or unknown,
        style=brief.style,
        language="en",
        duration_seconds=brief.duration_seconds,
        scenes=scenes,
        key_terms=_key_terms(context, scenes),
        quiz=questions,
        sources=compose_frame.sources(used),
        supported_share=1.0,
        degraded=[],
    )
    storyboard = pruning.pruned(storyboard, context.material.by_id).storyboard
    degraded = [DegradedReason.GENERIC_INTEREST.value] if unknown else []
    if rules.spoken_seconds(storyboard) < brief.duration_seconds * (1 - LENGTH_TOLERANCE):
        degraded.append(DegradedReason.SHORTER.value)
    return storyboard.model_copy(update={"degraded": degraded})


def _key_terms(context: Context, scenes: Sequence[Scene]) -> list[KeyTerm]:
    """The terms of the glossary that the lesson speaks of, the ones it defines first."""
    told = content(" ".join(scene.narration for scene in scenes))
    first = compose_definition.main_terms(context)
    ordered = [*first, *(term for term in context.material.terms if term not in first)]
    return [
        KeyTerm(
            term=on_screen(term.name),
            meaning=on_screen(shortened(term.meaning, 2 * MEANING_WORDS)),
            citation=term.passage.passage_id,
        )
        for term in ordered
        if term.stems and term.stems <= told
    ][:_KEY_TERMS]

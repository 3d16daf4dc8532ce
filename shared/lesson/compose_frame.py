"""The scenes around the subject: hook, objectives, the connection to the interest, credits."""

import re
from collections.abc import Sequence
from typing import Final

from shared.books.passages import Passage
from shared.enums import LessonStyle, PassageKind, SceneKind
from shared.lesson.draft import Context, Draft, Take, cue_in, cued, grown, heading, opening_words, spoken
from shared.lesson.editing import bullet
from shared.lesson.interests import Analogy
from shared.lesson.limits import HEADING_WORDS
from shared.lesson.material import items, titled
from shared.lesson.phrasing import in_sentence
from shared.lesson.prose import narrated, on_screen
from shared.lesson.storyboard import BulletsVisual, CreditLine, CreditsVisual, SourceCredit, TitleVisual
from shared.lesson.words import content, count, lower_first, upper_first

_LICENCES: Final = {
    "CC BY 4.0": "a Creative Commons Attribution license",
    "CC BY-SA 4.0": "a Creative Commons Attribution ShareAlike license",
    "CC BY-NC-SA 4.0": "a Creative Commons Attribution NonCommercial ShareAlike license",
    "CC0": "a public domain dedication",
}


_MAX_OBJECTIVES: Final = 3


def hook(context: Context, analogy: Analogy | None, unknown: str, motif: str, citations: Sequence[str]) -> Draft:
    """The opening: the student's world where it is known, a picture of daily life from the book where not."""
    subject = _subject(context)
    scene = _daily_life(context)
    openings: list[tuple[str, tuple[str, ...]]]
    if analogy:
        openings = [(analogy.hook, ()), (f"{analogy.hook} Today's topic: {subject}.", ())]
    elif unknown:
        openings = [
            (f"Today's topic is {subject}. You like {unknown}, so keep it in mind.", ()),
            (f"Today's topic is {subject}. You like {unknown}, so see where this idea could come up there.", ()),
            (
                f"Today's topic is {subject}. You told us that you like {unknown}. Keep it in mind as you watch, "
                "and see where this idea could come up there.",
                (),
            ),
        ]
    else:
        openings = [(f"Here is a short tour of {subject}, one idea at a time, with the help of your textbook.", ())]
        if scene:
            openings.append(
                (f"Picture this. {narrated(scene[0])} Let's look at what is behind it: {subject}.", (scene[1],))
            )
    subheading = f"Seen through {context.interest}" if analogy and context.interest else ""
    visual = TitleVisual(heading=_title_heading(context.topic), subheading=subheading, motif=motif)
    takes = [
        Take(narrated(text), visual, tuple(dict.fromkeys((*ids, *citations))), (scene[0],) if ids and scene else ())
        for text, ids in openings
    ]
    return Draft(SceneKind.HOOK, (0.0,), 100.0, grown(takes))


def _subject(context: Context) -> str:
    """The topic within a sentence."""
    return narrated(in_sentence(context.topic.partition(": ")[0], context.material.proper_nouns))


def _title_heading(topic: str) -> str:
    return heading(topic) if count(topic) > HEADING_WORDS else on_screen(topic)


def _daily_life(context: Context) -> tuple[str, str] | None:
    """A short concrete sentence of the book to open with."""
    vivid = re.compile(
        r"\b(?:you|your|aquarium|houseplant|window|autumn|daily|pool|bus|car|street|kitchen|garden|guitar|phone|ball|pond|balloon|truck|skater|shower)\b"
    )
    lines = [
        line
        for line in context.material.sentences
        if line.standalone and vivid.search(line.text) and 7 <= line.words <= 18 and "$" not in line.text
    ]
    best = max(lines, key=lambda line: (context.focus.relevance(line.stems), -line.place[1]), default=None)
    return (best.text, best.passage.passage_id) if best else None


def objectives(context: Context) -> tuple[list[str], str]:
    """The section's objectives that fit the question, and the passage they are from."""
    for passage in context.material.of(PassageKind.OBJECTIVE):
        listed = [item.rstrip(".;") for item in items(passage) if 3 <= count(item) <= 24 and "$" not in item]
        if not listed:
            continue
        ranked = sorted(listed, key=lambda item: -context.focus.relevance(content(item)))
        kept = set(ranked[:_MAX_OBJECTIVES])
        return [item for item in listed if item in kept], passage.passage_id
    return [], ""


def objectives_scene(context: Context) -> list[Draft]:
    """What the student will be able to do."""
    listed, citation = objectives(context)
    if not listed:
        return []
    takes = []
    for size in (1, 2, 3):
        chosen = (
            listed[:size]
            if size == 3
            else sorted(listed, key=lambda item: -context.focus.relevance(content(item)))[:size]
        )
        chosen = [item for item in listed if item in chosen]
        said = [lower_first(item) for item in chosen]
        joined = said[0] if len(said) == 1 else "; ".join(said[:-1]) + f"; and {said[-1]}"
        narration = spoken(f"By the end of this lesson, you will be able to {joined}.")
        lines = [(_objective_line(item), cue_in(narration, opening_words(lower_first(item), 3))) for item in chosen]
        shown = cued([line for line in lines if line[0]], narration)
        if shown:
            takes.append(Take(narration, BulletsVisual(heading="What You Will Learn", items=shown), (citation,)))
    apart = context.focus.is_narrow and not any(facet.stems <= content(listed[0]) for facet in context.focus.facets)
    return [Draft(SceneKind.OBJECTIVES, (0.5,), 22.0 if apart else 44.0, grown(takes))] if grown(takes) else []


def _objective_line(item: str) -> str:
    if count(item) <= 12:
        return item
    head = re.split(r",? and (?=[a-z]+ )|, ", item)[0]
    return head if 3 <= count(head) <= 12 else bullet(item + ".")


def connection(context: Context, analogy: Analogy, citations: Sequence[str]) -> Draft:
    """The idea in the student's interest, as a comparison."""
    concept = _subject(context)
    concept = "this idea" if count(concept) > 3 or re.search(r" and ", concept) else concept
    takes = []
    for lead in ("", f"Compare it with {context.interest}.", f"Now compare {concept} with {context.interest}."):
        narration = narrated(f"{lead} {analogy.analogy}")
        lines = [(f"{upper_first(left)} → {right}", cue_in(narration, narrated(left))) for left, right in analogy.pairs]
        visual = BulletsVisual(heading=f"Think of {titled(context.interest)}", items=cued(lines, narration))
        takes.append(Take(narration, visual, tuple(citations)))
    priority = {LessonStyle.BALANCED: 99.5, LessonStyle.SIMPLE: 99.5, LessonStyle.PRACTICE: 95.0}[context.style]
    return Draft(SceneKind.CONNECTION, (4.0,), priority, grown(takes), preferred=52)


def credits(passages: Sequence[Passage]) -> Draft:
    """Which books the lesson is adapted from, and under which license."""
    books = list(dict.fromkeys(passage.source for passage in passages))
    first = {source: next(passage for passage in passages if passage.source == source) for source in books}
    lines = [
        CreditLine(attribution=first[source].attribution, licence=first[source].licence, url=first[source].url)
        for source in books[:4]
    ]
    titles = [re.sub(r"\s+", " ", first[source].book) for source in books[:4]]
    listed = " and ".join(titles) if len(titles) < 3 else ", ".join(titles[:-1]) + f", and {titles[-1]}"
    licences = list(
        dict.fromkeys(
            _LICENCES.get(first[source].licence, f"the license {first[source].licence}") for source in books[:4]
        )
    )
    under = f"under {' and '.join(licences)}"
    book = "textbook" if len(titles) == 1 else "textbooks"
    visual = CreditsVisual(heading="Sources", lines=lines)
    ids = tuple(first[source].passage_id for source in books)
    texts = (
        f"Adapted from the open {book} {listed}, {under}.",
        f"This lesson is adapted from the open {book} {listed}, {under}.",
        f"Thanks for watching. This lesson is adapted from the open {book} {listed}, {under}.",
    )
    takes = grown((Take(narrated(text), visual, ids) for text in texts), most=60, least=1)
    # The rules want twelve words at least; a short title is introduced at more length.
    fitting = tuple(take for take in takes if 12 <= take.words <= 55) or takes[-1:]
    return Draft(SceneKind.CREDITS, (9.0,), 100.0, fitting, preferred=20)


def sources(used: Sequence[Passage]) -> list[SourceCredit]:
    """The books with the sections that the scenes rest on."""
    books = dict.fromkeys(passage.source for passage in used)
    credits = []
    for source in books:
        passages = [passage for passage in used if passage.source == source]
        sections = dict.fromkeys(f"{passage.number} {passage.module_title}".strip() for passage in passages)
        credits.append(
            SourceCredit(
                book=passages[0].book,
                sections=list(sections),
                attribution=passages[0].attribution,
                licence=passages[0].licence,
                url=passages[0].url,
                passage_ids=[passage.passage_id for passage in passages],
            )
        )
    return credits

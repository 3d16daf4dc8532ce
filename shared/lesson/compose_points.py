"""Key points: the few sentences of the running text that answer the question best."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.enums import SceneKind
from shared.lesson import recipes
from shared.lesson.compose_definition import BRIEF, cited_by, place_of, summary_lines
from shared.lesson.draft import Context, Draft, Take, cued, grown, heading, opening_words, spoken
from shared.lesson.editing import bullet, shortened
from shared.lesson.limits import BULLET_CHARACTERS, BULLET_WORDS, STATEMENT_CHARACTERS, STATEMENT_WORDS
from shared.lesson.material import Sentence, sentence_of
from shared.lesson.phrasing import in_sentence
from shared.lesson.storyboard import BulletsVisual
from shared.lesson.words import content, count, overlap

_WINDOW: Final = 4  # sentences of one key point


_FEW: Final = 6  # sentences; a section with fewer is also told from its summary


_CLAUSE_HEADING: Final = re.compile(r"^(?:Why|How|What|Where|When) (?!is\b|are\b|do\b|does\b|can\b|if\b)[^?]*$")


@dataclass(frozen=True)
class Segment:
    """A few sentences that follow one another and make one point."""

    sentences: tuple[Sentence, ...]
    score: float

    @property
    def stems(self) -> frozenset[str]:
        """Content stems of the whole segment."""
        return frozenset().union(*(sentence.stems for sentence in self.sentences))


def segments(context: Context, used: frozenset[str]) -> list[Segment]:
    """All windows of usable neighbors that begin with a sentence that can stand alone, scored."""
    pool = [*context.material.sentences, *context.material.other_sentences]
    if sum(line.standalone for line in pool) < _FEW:  # hardly any running text: the summary has to do
        pool += summary_lines(context)
    scores = {
        line.place: context.focus.of_sentence(line, context.reading_target, context.strictness)
        for line in pool
        if line.usable
    }
    main = len(context.material.sentences)
    found = []
    for start, first in enumerate(pool):
        if not first.standalone or first.text in used or first.words > 30:
            continue
        window = [first]
        penalty = 0.0 if start < main else 1.2
        for line in pool[start + 1 : start + _WINDOW]:
            if not line.usable or line.text in used or line.place[:2] != first.place[:2] or line.words > 30:
                break
            window.append(line)
        for size in range(1, len(window) + 1):
            chosen = tuple(window[:size])
            if sum(line.words for line in chosen) > 52:
                break
            mean = sum(scores[line.place] for line in chosen) / size
            score = 0.55 * mean + 0.45 * scores[first.place]
            found.append(Segment(chosen, score + 0.25 * (size - 1) - penalty))
    return found


def key_points(context: Context, used: frozenset[str]) -> list[Draft]:
    """The points that answer the question best, each a scene, without overlap between them."""
    drafts: list[Draft] = []
    chosen: list[Segment] = []
    candidates = segments(context, used)
    taken = set(used)
    introduced: set[str] = set()
    while len(chosen) < 9:
        best, worth = None, -1e9
        for candidate in candidates:
            if any(line.text in taken for line in candidate.sentences):
                continue
            similar = max((overlap(candidate.stems, other.stems) for other in chosen), default=0.0)
            said = max(
                (overlap(line.stems, content(text)) for line in candidate.sentences for text in used), default=0.0
            )
            same = sum(other.sentences[0].section == candidate.sentences[0].section for other in chosen)
            facet = 0.8 * (_uncovered(candidate, chosen, context))
            short = 0.9 if sum(line.words for line in candidate.sentences) < 12 else 0.0
            value = candidate.score - 2.2 * similar - 2.0 * max(0.0, said - 0.3) - 0.45 * same + facet - short
            if value > worth:
                best, worth = candidate, value
        if best is None:
            break
        chosen.append(best)
        taken.update(line.text for line in best.sentences)
        drafts.append(_key_point(best, len(chosen) - 1, context, introduced))
    return [draft for draft in drafts if draft.takes]


def _uncovered(candidate: Segment, chosen: Sequence[Segment], context: Context) -> int:
    """How many parts of the question a segment touches that no chosen one does."""
    count_new = 0
    for facet in context.focus.facets:
        if facet.stems & candidate.stems == facet.stems and not any(facet.stems <= other.stems for other in chosen):
            count_new += 1
    return count_new


def _key_point(segment: Segment, rank: int, context: Context, introduced: set[str]) -> Draft:
    lines = segment.sentences
    title = lines[0].section or lines[0].passage.module_title
    takes = []
    lead = _lead(title, segment, context) if title not in introduced else ""
    introduced.add(title)
    brief = shortened(lines[0].text, BRIEF)
    if brief != lines[0].text:
        takes.append(_points_take([sentence_of(brief, lines[0].passage, lines[0].place)], "", title, context))
    for size in range(1, len(lines) + 1):
        for intro in ("", lead) if lead and size == len(lines) else ("",):
            takes.append(_points_take(lines[:size], intro, title, context))
    first = 95.0 if len(context.focus.facets) < 2 else 88.5
    priorities = (first, 79.0, 66.0, 57.0, 49.0, 42.0, 36.0, 30.0, 25.0)
    return Draft(
        SceneKind.KEY_POINTS,
        (2.0, *place_of(context, lines[0], 0)),
        priorities[rank],
        grown(takes),
        preferred=44,
        least=18,
    )


def _lead(title: str, segment: Segment, context: Context) -> str:
    """ "Here is why the two forces do not cancel." from a heading that is a clause."""
    asked = content(title)
    if not _CLAUSE_HEADING.match(title) or count(title) > 9 or len(asked & segment.stems) < 0.6 * len(asked):
        return ""
    return f"Here is {in_sentence(title, context.material.proper_nouns)}."


def _points_take(lines: Sequence[Sentence], intro: str, title: str, context: Context) -> Take:
    narration = spoken(intro, *(line.text for line in lines))
    said = tuple(line.text for line in lines)
    drawn = recipes.picture(context, narration, heading(title, context.topic))
    if drawn:
        return Take(narration, drawn.visual, cited_by(*lines, also=drawn.citations), said)
    return Take(narration, points(lines, narration, heading(title, context.topic), context), cited_by(*lines), said)


def points(lines: Sequence[Sentence], narration: str, title: str, context: Context) -> BulletsVisual:
    """Short lines for a few sentences."""
    focus = frozenset(context.focus.weights)
    most = (STATEMENT_WORDS, STATEMENT_CHARACTERS) if len(lines) == 1 else (BULLET_WORDS, BULLET_CHARACTERS)
    shown = [(bullet(line.text, focus, *most), opening_words(line.text)) for line in lines]
    listed = cued([(text, cue) for text, cue in shown if text], narration, alone=True)
    if not listed:  # nothing can be shortened safely: a whole sentence stands there
        listed = cued([(lines[0].text, opening_words(lines[0].text))], narration, alone=True)
    return BulletsVisual(heading=title, items=listed[:5])

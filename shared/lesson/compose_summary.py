"""The common mistake, and the recap from the section's own summary."""

import re

from shared.enums import PassageKind, SceneKind
from shared.lesson.compose_definition import BRIEF, cited_by, definition_sentence, main_terms, summary_lines
from shared.lesson.compose_points import points
from shared.lesson.draft import Context, Draft, Take, cued, grown, opening_words, spoken
from shared.lesson.editing import bullet, cleaned, is_usable, shortened
from shared.lesson.limits import BULLET_WORDS
from shared.lesson.material import field, sentence_of
from shared.lesson.storyboard import BulletsVisual, Cued
from shared.lesson.words import lower_first, overlap, sentences, upper_first


def misconceptions(context: Context) -> list[Draft]:
    """A common mistake and what is right instead."""
    drafts = []
    passages = context.material.of(PassageKind.MISCONCEPTION)
    ranked = sorted(passages, key=lambda passage: -context.focus.of_passage(passage))
    for rank, passage in enumerate(ranked[:2]):
        lines = [
            sentence_of(cleaned(text), passage, (0, passage.position, place))
            for place, text in enumerate(sentences(field(passage, "text") or passage.text))
        ]
        lines = [line for line in lines if is_usable(line.text)]
        if not lines or not re.search(r"misconception|think|believe|mistake|confus|myth|seem", lines[0].text):
            continue
        takes = []
        for size in (2, 3, 4):
            chosen = lines[:size]
            narration = spoken(*(line.text for line in chosen))
            wrong = re.sub(
                r"^(?:A common (?:misconception|mistake) is(?: to think)? that"
                r"|(?:Many|Some) (?:people|students) (?:think|believe) that"
                r"|It is a common (?:mistake|misconception) that)\s+",
                "",
                chosen[0].text,
            )
            pairs = [(bullet(upper_first(wrong), limit=BULLET_WORDS - 1), opening_words(chosen[0].text))]
            pairs += [(bullet(line.text, limit=BULLET_WORDS - 1), opening_words(line.text)) for line in chosen[1:]]
            shown = cued([pair for pair in pairs if pair[0]], narration)
            if len(chosen) < 2 or len(shown) < 2 or not pairs[0][0]:
                continue
            first = Cued(text=f"Myth: {lower_first(shown[0].text)}", cue=shown[0].cue)
            rest = [Cued(text=f"Fact: {lower_first(shown[1].text)}", cue=shown[1].cue), *shown[2:]]
            visual = BulletsVisual(heading="A Common Mix-Up", items=[first, *rest])
            takes.append(Take(narration, visual, (passage.passage_id,), tuple(line.text for line in chosen)))
        weight = 62.0 if context.focus.names(passage) else 46.0
        order = (2.0, float(context.material.section_order(passage)), 6.0, float(passage.position))
        if grown(takes):
            drafts.append(Draft(SceneKind.MISCONCEPTION, order, weight - 14 * rank, grown(takes), preferred=48))
    return drafts


def recap(context: Context) -> list[Draft]:
    """The section's own summary, the sentences that fit the question best."""
    lines = [line for line in summary_lines(context) if line.standalone and line.words <= 30]
    if not lines:
        return []
    score = {line.text: context.focus.of_sentence(line, context.reading_target, context.strictness) for line in lines}
    known = [definition_sentence(term, context) for term in main_terms(context)[:2]]
    defined = [line.stems for line in known if line]
    repeated = {line.text: max((overlap(line.stems, other) for other in defined), default=0.0) for line in lines}
    ranked = sorted(lines, key=lambda line: 2.5 * max(0.0, repeated[line.text] - 0.35) - score[line.text])
    takes = []
    forms = [(size, "Let's sum up.", 99) for size in (1, 2, 3)]
    for size, lead, limit in [(1, "Remember this.", BRIEF), *forms]:
        chosen = sorted(ranked[:size], key=lambda line: line.place)
        narration = spoken(lead, *(shortened(line.text, limit) for line in chosen))
        visual = points(chosen, narration, "What to Remember", context)
        takes.append(Take(narration, visual, cited_by(*chosen), tuple(line.text for line in chosen)))
    return [Draft(SceneKind.RECAP, (5.0,), 76.0, grown(takes), preferred=46)]

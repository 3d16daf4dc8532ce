"""Definition scenes: what the terms of a question mean, in a sentence of the book or of its glossary."""

import re
from collections.abc import Sequence
from typing import Final

from shared.enums import PassageKind, SceneKind
from shared.lesson import recipes
from shared.lesson.draft import Context, Draft, Take, cued, grown, heading, opening_words, spoken
from shared.lesson.editing import bullet, cleaned, shortened, told_briefly
from shared.lesson.limits import MEANING_CHARACTERS, MEANING_WORDS
from shared.lesson.material import Sentence, Term, items, sentence_of
from shared.lesson.phrasing import is_plural, with_article
from shared.lesson.prose import on_screen
from shared.lesson.storyboard import Cued, DefinitionVisual
from shared.lesson.words import count, lower_first, sentences, upper_first

BRIEF: Final = 15  # words of a sentence in a very short lesson


_TERM_LEADS: Final = (
    "Start with the key term.",
    "Now for the other term.",
    "Here is one more term.",
    "And one last term.",
)


_LAW: Final = re.compile(r"\b(?:law|principle|theorem|rule|postulate)\b", re.IGNORECASE)


_MASS: Final = re.compile(r"(?:tion|sion|sis|ity|ment|ness|ance|ence|ism|ing|ure|gy|ter|um|um)$|[’']s |^[A-Z]")
_DETERMINERS: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "any",
        "all",
        "each",
        "every",
        "one",
        "two",
        "three",
        "some",
        "several",
        "how",
        "what",
        "when",
        "where",
        "whether",
        "either",
        "both",
        "no",
        "not",
        "its",
    ]
)


def main_terms(context: Context) -> list[Term]:
    """The terms to define: those that the question names, then the one that the section is about."""
    focus, terms, lines = context.focus, context.material.terms, context.material.sentences
    named = [facet.term for facet in focus.facets if facet.term]
    about = [term for term in terms if term.stems and term.stems <= focus.subject]
    nearness = {
        term.name: max((len(line.stems & focus.asked) for line in lines if term.stems <= line.stems), default=0)
        for term in about
    }
    about.sort(key=lambda term: (-len(term.stems), -nearness[term.name]))
    ranked = sorted(terms, key=lambda term: -focus.relevance(term.stems))
    # "Fission and Fusion": where a title joins two terms, a question on all of it is about both.
    joined = len(about) > 1 and not about[0].stems >= focus.subject and about[0].stems | about[1].stems >= focus.subject
    first = about[: 2 if joined else 1] if focus.is_whole else []
    return list(dict.fromkeys([*first, *named, *about[:1], *(ranked[:2] if not named else ())]))


def named_terms(context: Context) -> set[str]:
    """The names of the terms that the question is about."""
    named = {facet.term.name for facet in context.focus.facets if facet.term}
    leading = main_terms(context)[:2]
    if context.focus.is_whole and len(leading) == 2 and all(term.stems <= context.focus.subject for term in leading):
        named |= {term.name for term in leading}
    return named


def definition_sentence(term: Term, context: Context) -> Sentence | None:
    """The book's own sentence on what a term is, else one from the glossary; None where neither can be said."""
    lawful = bool(_LAW.search(term.name))
    says = (
        r"(?:states|says) that|is that"
        if lawful
        else (r"(?:is|are) (?:an?|the|any|one|two|called|when|how|what|atoms|cells)\b|means|states that|says that")
    )
    opening = re.compile(
        rf"^(?:(?:An?|The) )?{re.escape(term.name)}(?:s|es)?"
        rf"(?:, [^,]{{3,40}},| (?:of|in|for) (?:an?|the|any) [\w’ -]{{3,30}}?)? (?:{says})",
        re.IGNORECASE,
    )
    limit = 32 if context.grade >= 9 else 26
    for sentence in (*context.material.sentences, *summary_lines(context)):
        exact = sentence.words <= limit and not re.search(r"\d", sentence.text)
        if exact and sentence.usable and opening.match(sentence.text):
            return sentence
    meaning = shortened(cleaned(re.split(r"; |(?<=[a-z])\. ", term.meaning)[0].rstrip(".")), limit).rstrip(".")
    text = f"{_defined(term, lower_first(meaning), lawful, context)}."
    usable = count(text) <= limit + 8 and "$" not in text and not re.search(r"\b[A-Z] is\b|~", text)
    return sentence_of(text, term.passage, (99, term.passage.position, 0)) if usable else None


def _defined(term: Term, meaning: str, lawful: bool, context: Context) -> str:
    """A glossary entry as a sentence: "A wave is ...", "Ohm's law states that ...", "Interference happens when ..."."""
    name = with_article(term.name, context.material.text)
    if name == term.name and meaning.startswith(("a ", "an ")) and not is_plural(name) and not _MASS.search(name):
        name = f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
    subject = upper_first(name)
    be = "are" if is_plural(term.name) else "is"
    if lawful and not re.match(r"(?:an?|the) (?:\w+ )?(?:law|principle|rule|theorem|statement)\b", meaning):
        return f"{subject} states that {meaning}"
    if meaning.startswith("when "):
        return f"{subject} happens {meaning}"
    first = meaning.split(maxsplit=1)[0]
    bare = first in _DETERMINERS or first.endswith("ing") or (is_plural(term.name) and is_plural(first))
    noun = re.match(
        r"((?:[\w’-]+ ){0,3}?[\w’-]+) (?:in which|in the|that|which|of|when|with|for|who|where|used|between|to)\b",
        meaning,
    )
    if bare or not noun or is_plural(noun[1]):
        return f"{subject} {be} {meaning}"
    if re.search(rf"\bthe {re.escape(noun[1])}\b", context.material.text, re.IGNORECASE):
        return f"{subject} {be} the {meaning}"
    return f"{subject} {be} {'an' if noun[1][0].lower() in 'aeiou' else 'a'} {meaning}"


def summary_lines(context: Context) -> list[Sentence]:
    """The sentences of the sections' own summaries."""
    lines = []
    for passage in context.material.of(PassageKind.SUMMARY):
        texts = [text for item in items(passage) for text in sentences(item)] or sentences(passage.text)
        lines += [sentence_of(cleaned(text), passage, (0, passage.position, place)) for place, text in enumerate(texts)]
    return lines


def _subject(term: Term, context: Context) -> str:
    """ "A wave is", "Momentum is", "Light-dependent reactions are": the opening of a definition."""
    name = with_article(term.name, context.material.text)
    return f"{upper_first(name)} {'are' if is_plural(term.name) else 'is'}"


def definitions(context: Context) -> list[Draft]:
    """A draft for each main term; those that the question names come first in importance."""
    drafts = []
    named = named_terms(context)
    sentences_of = [(term, definition_sentence(term, context)) for term in main_terms(context)]
    defined = [(term, sentence) for term, sentence in sentences_of if sentence]
    for rank, (term, sentence) in enumerate(defined):
        follow = _following(sentence, context)
        meaning = shown_meaning(term)
        takes = []
        forms = [(sentence.text, follow[:size]) for size in range(len(follow) + 1)]
        brief = shortened(sentence.text, BRIEF)
        for text, extra in ([(brief, [])] if brief != sentence.text else []) + forms:
            short = count(text) < 12 and not extra
            narration = spoken(_TERM_LEADS[min(rank, 3)] if short else "", text, *(line.text for line in extra))
            note = next((text for text in (bullet(line.text) for line in extra) if text), "")
            noted = cued([(note, opening_words(extra[0].text))], narration) if note and extra else []
            visual = DefinitionVisual(
                term=on_screen(upper_first(term.name)),
                meaning=Cued(text=meaning, cue=_after_subject(spoken(text))),
                note=noted[0] if noted else None,
            )
            cited = cited_by(sentence, *extra, also=(term.passage.passage_id,))
            drawn = recipes.picture(context, narration, heading(term.name)) if rank else None
            if drawn:  # a second term is better seen than read
                cited = tuple(dict.fromkeys((*cited, *drawn.citations)))
            takes.append(
                Take(
                    narration, drawn.visual if drawn else visual, cited, (sentence.text, *(line.text for line in extra))
                )
            )
        first = rank == 0 or term.stems <= context.focus.subject
        order = (
            (1.0, float(rank)) if first and term.name not in named else (2.0, *place_of(context, sentence, -1, term))
        )
        adrift = sentence.passage.kind is PassageKind.DEFINITION and not any(
            facet.section for facet in context.focus.facets if facet.term == term
        )
        if (rank == 0 and len(named) < 2) or (term.name in named and adrift):
            order = (1.0, 0.5 + rank / 10)
        priority = 100.0 if rank == 0 else 91.0 - rank if term.name in named else 56.0 - 2 * rank
        drafts.append(
            Draft(
                SceneKind.DEFINITION,
                order,
                priority,
                grown(takes),
                preferred=38 if rank == 0 and len(named) < 2 else 28,
            )
        )
    return drafts


def _after_subject(narration: str) -> str:
    """The words that begin the meaning within a definition, as its cue."""
    match = re.search(r"\b(?:is|are|means|states|says)\b ((?:\S+ ){1,3}\S+)", narration)
    return match[1].rstrip(".,;:") if match else ""


def _following(sentence: Sentence, context: Context) -> list[Sentence]:
    """Usable sentences right after one, in its own passage."""
    module, position, place = sentence.place
    after = [
        other
        for other in context.material.sentences
        if other.place[:2] == (module, position) and place < other.place[2] <= place + 2
    ]
    kept = []
    for other in after:
        if not other.usable:
            break
        kept.append(other)
    return kept


def place_of(context: Context, sentence: Sentence, step: float, term: Term | None = None) -> tuple[float, ...]:
    """Order key by section, then by kind of scene within it."""
    section = float(context.material.section_order(sentence.passage))
    if term:
        home = next((facet.section for facet in context.focus.facets if facet.term == term), None)
        section = float(home.order) if home else section
    return (section, step, float(sentence.place[1]), float(sentence.place[2]))


def cited_by(*lines: Sentence, also: Sequence[str] = ()) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(line.passage.passage_id for line in lines), *also]))


def beginning(text: str) -> str:
    words = on_screen(text).split()[:9]
    return (
        re.sub(r"(?:[ ,;:]+(?:the|a|an|of|and|or|to|in|is|are|that|which|by|with))+$", "", " ".join(words)).rstrip(
            ",;:."
        )
        + " …"
    )


def shown_meaning(term: Term) -> str:
    """A term's meaning in the space that a screen has for it."""
    first = cleaned(re.split(r"; ", term.meaning)[0])
    first = re.sub(r"^(?:an?|the) law (?:stating|which states|that states) that ", "", first)
    choices = (
        first,
        shortened(first, MEANING_WORDS),
        told_briefly(first, MEANING_WORDS // 2),
        bullet(first + "."),
        beginning(first),
    )
    fitting = (on_screen(text).rstrip(".") for text in choices)
    return next(
        (text for text in fitting if text and len(text) <= MEANING_CHARACTERS and count(text) <= MEANING_WORDS + 8), ""
    )

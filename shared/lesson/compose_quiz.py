"""The quiz: a question of the book with its answer, or one on its terms."""

import hashlib
import re
from collections.abc import Sequence

from shared.books.passages import Passage
from shared.enums import PassageKind, SceneKind
from shared.lesson.draft import Context, Draft, Take, cue_in, grown, spoken
from shared.lesson.editing import cleaned, shortened
from shared.lesson.limits import OPTION_CHARACTERS, QUESTION_CHARACTERS
from shared.lesson.material import Term, field, items
from shared.lesson.prose import on_screen
from shared.lesson.storyboard import QuizQuestion, QuizVisual
from shared.lesson.words import content, count, lower_first, sentences, upper_first


def quiz(context: Context, term_order: Sequence[Term]) -> tuple[Draft | None, QuizQuestion | None]:
    """One question with its answer: the book's own where it has one, else one on its terms."""
    question = _from_exercises(context)
    if question is None or _misses(question, context):
        question = _from_terms(context, term_order) or question
    if question is None:
        return None, None
    answer = question.options[question.answer_index]
    said = f"{lower_first(answer) if not re.match(r'[A-Z]{2}|[−-]?[0-9]', answer) else answer}".rstrip(".")
    reason = question.explanation
    takes = []
    for lead in ("Quick check.", "Now test yourself."):
        for tail, options in (("", False), (reason, False), (reason, True)):
            listed = f"Is it {_alternatives(question.options)}?" if options else ""
            narration = spoken(lead, _spoken_question(question.question), listed, f"The answer: {said}.", tail)
            visual = QuizVisual(
                question=on_screen(question.question),
                options=[on_screen(option).rstrip(".") for option in question.options],
                answer_index=question.answer_index,
                answer_cue=cue_in(narration, "The answer"),
            )
            takes.append(Take(narration, visual, (question.citation,)))
    shown = question.model_copy(
        update={
            "question": on_screen(question.question),
            "options": [on_screen(option).rstrip(".") for option in question.options],
            "explanation": on_screen(reason),
        }
    )
    priority = 100.0
    fitting = grown(takes)
    return (Draft(SceneKind.QUIZ, (6.0,), priority, fitting, preferred=26) if fitting else None), shown


def _misses(question: QuizQuestion, context: Context) -> bool:
    """Whether a narrow question's parts do not come up in a quiz question at all."""
    found = content(" ".join([question.question, *question.options, question.explanation]))
    named = [facet for facet in context.focus.facets if facet.term]
    return context.focus.is_narrow and bool(named) and not any(facet.stems & found == facet.stems for facet in named)


def _alternatives(options: Sequence[str]) -> str:
    said = [lower_first(option.rstrip(".")) for option in options]
    return ", ".join(said[:-1]) + f", or {said[-1]}"


def _spoken_question(question: str) -> str:
    """The last two sentences of a question carry it; earlier ones are on the screen."""
    return " ".join(sentences(question)[-3:])


def _from_exercises(context: Context) -> QuizQuestion | None:
    passages = [passage for passage in context.material.of(PassageKind.EXERCISE) if _option_index(passage) is not None]
    fitting = [passage for passage in passages if _is_askable(passage)]
    if not fitting:
        return None
    best = max(fitting, key=lambda passage: (context.focus.of_passage(passage), -passage.position))
    index = _option_index(best)
    options = [option.rstrip(".") for option in items(best, "options")]
    return QuizQuestion(
        question=field(best, "problem"),
        options=options,
        answer_index=index or 0,
        explanation=_reason(best),
        citation=best.passage_id,
    )


def _reason(passage: Passage) -> str:
    """The first sentence of the reason that can be said; empty where there is none."""
    for text in sentences(field(passage, "reason")):
        line = cleaned(text)
        if count(line) >= 3 and line[-1] in ".!" and count(line) <= 32:
            return line
    return ""


def _is_askable(passage: Passage) -> bool:
    problem, options = field(passage, "problem"), items(passage, "options")
    pointing = re.search(
        r"\b(?:figure|table|graph|above|below|diagram|shown|following (?:data|graph|table))\b", problem, re.IGNORECASE
    )
    short = count(problem) <= 36 and len(on_screen(problem)) <= QUESTION_CHARACTERS
    fits = all(len(on_screen(option)) <= OPTION_CHARACTERS for option in options)
    return not pointing and short and fits and 2 <= len(options) <= 4 and "___" not in problem


def _option_index(passage: Passage) -> int | None:
    """Which option is right: by its text, or by its letter."""
    options = [_bare(option) for option in items(passage, "options")]
    answer = _bare(field(passage, "answer"))
    if not answer or not 2 <= len(options) <= 4 or len(set(options)) != len(options):
        return None
    if answer in options:
        return options.index(answer)
    letter = re.fullmatch(r"\(?([a-d])\)?", answer)
    return "abcd".index(letter[1]) if letter and "abcd".index(letter[1]) < len(options) else None


def _bare(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().rstrip(".").lower()


def _from_terms(context: Context, terms: Sequence[Term]) -> QuizQuestion | None:
    """ "Which term means …?" with other terms of the module as the wrong answers."""
    pool = [term for term in context.material.terms if count(term.name) <= 5 and len(term.name) <= OPTION_CHARACTERS]
    if len(pool) < 3:
        return None
    asked = next((term for term in terms if term in pool and _meaning(term)), None)
    if asked is None:
        return None
    others = sorted((term for term in pool if term is not asked), key=lambda term: _hash(asked.name, term.name))[:3]
    options = sorted((asked, *others), key=lambda term: _hash(term.name, asked.name))
    meaning = _meaning(asked)
    return QuizQuestion(
        question=f"Which term fits this meaning: “{meaning}”?",
        options=[upper_first(term.name) for term in options],
        answer_index=options.index(asked),
        explanation="",
        citation=asked.passage.passage_id,
    )


def _meaning(term: Term) -> str:
    """A term's meaning without the term in it; empty where it gives the answer away or is too long."""
    text = shortened(re.split(r"; |\. ", term.meaning)[0], 22).rstrip(".")
    gives_away = content(text) >= term.stems
    return "" if gives_away or count(text) > 26 or "$" in text else text


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

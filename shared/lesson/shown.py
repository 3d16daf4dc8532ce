"""Whether what stands on the screen, in the key terms and in the quiz is stated by the passages that it cites.

Statements are held against the evidence as the narration is: definitions, lines of bullets, key terms, explanations of
answers. Formulas have to stand in the passages as they are. Of what is no sentence (labels, cells, steps, options)
the words and every number have to occur. Framing scenes, headings, objectives and curves claim nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.lesson.evidence import Evidence, evidence
from shared.lesson.grounding import SUPPORT_THRESHOLD, cited, familiar, is_framing, support
from shared.lesson.prose import narrated, protect_money
from shared.lesson.statements import parsed
from shared.lesson.storyboard import (
    BulletsVisual,
    ComparisonVisual,
    DefinitionVisual,
    DiagramVisual,
    EquationVisual,
    QuizQuestion,
    QuizVisual,
    Scene,
    Storyboard,
    WorkedExampleVisual,
)
from shared.lesson.words import content, overlap, sentences, word_set


class Element(StrEnum):
    """What of a lesson is shown or kept beside its narration."""

    LINE = "line"  # of bullets
    MEANING = "meaning"  # of a definition
    NOTE = "note"
    FORMULA = "formula"
    SYMBOL = "symbol"
    LABEL = "label"  # of a diagram
    ROW = "row"  # of a comparison
    EXAMPLE = "example"  # problem, steps and answer
    ANSWER = "answer"  # of a quiz on the screen
    KEY_TERM = "key_term"
    QUESTION = "question"  # of the quiz beside the lesson


@dataclass(frozen=True, slots=True)
class Unstated:
    """An element that its passages do not state; `scene_id` is empty beside the scenes."""

    scene_id: str
    element: Element
    place: int  # among its kind in the scene, or in the lesson
    text: str


_MATH: Final = re.compile(r"(?<!\\)\$([^$]*)\$")
# What is set out in more than one way in a formula: spaces, brackets that grow, signs of multiplication.
_LAYOUT: Final = re.compile(r"\\(?:[,;:! ]|(?:quad|qquad|left|right|displaystyle|cdot|times)(?![A-Za-z]))|[.,]?\s*$")
_SIGN: Final = re.compile(r"\\(?:text|mathrm)\{[^{}]*\}|\\[A-Za-z]+|\d+(?:\.\d+)?|[^\s{}~]")
_RELATIONS: Final = word_set(r"\rightarrow \to \approx \propto \le \ge \leq \geq = < >")
_SIGNS: Final = re.compile(r"[=<>≤≥≈²³√×÷Δ^]|\d/\d")  # what is read as mathematics, and narrated in another way
_MYTH: Final = re.compile(r"^Myth: ")
_FACT: Final = re.compile(r"^Fact: ")
_SAME_QUESTION: Final = 0.6
_STEP: Final = re.compile(r"\b(?:step|stage|phase|part) ?\d+", re.IGNORECASE)


def unstated(storyboard: Storyboard, passages: Mapping[str, Passage]) -> list[Unstated]:
    """Every element that its citations do not state, in the order of the lesson."""
    found: list[Unstated] = []
    for scene in storyboard.scenes:
        if not is_framing(scene):
            backing = cited(scene, passages)
            found += [Unstated(scene.id, *wrong) for wrong in _of_scene(scene, backing, passages)]
    for place, term in enumerate(storyboard.key_terms):
        backing = evidence([passages[term.citation]] if term.citation in passages else [])
        if term.citation not in passages or not _states(f"{term.term} is {term.meaning}", backing):
            found.append(Unstated("", Element.KEY_TERM, place, term.term))
    for place, question in enumerate(storyboard.quiz):
        if not _is_answered(question, passages):
            found.append(Unstated("", Element.QUESTION, place, question.question))
    return found


def _of_scene(scene: Scene, backing: Evidence, passages: Mapping[str, Passage]) -> Iterator[tuple[Element, int, str]]:
    match scene.visual:
        case BulletsVisual() as shown:
            for place, item in enumerate(shown.items):
                if not _states(item.text, backing):
                    yield Element.LINE, place, item.text
        case DefinitionVisual() as shown:
            if not _states(f"{shown.term} is {shown.meaning.text}", backing):
                yield Element.MEANING, 0, shown.meaning.text
            if shown.note and not _states(shown.note.text, backing):
                yield Element.NOTE, 0, shown.note.text
        case EquationVisual() as shown:
            if not _has_formula(shown.latex, scene, passages):
                yield Element.FORMULA, 0, shown.latex
            for place, symbol in enumerate(shown.symbols):
                if not _knows(symbol.meaning, backing):
                    yield Element.SYMBOL, place, symbol.meaning
        case DiagramVisual() as shown:
            for place, node in enumerate(shown.nodes):
                if not _knows(_STEP.sub("", f"{node.label}. {node.detail}"), backing):
                    yield Element.LABEL, place, node.label
        case ComparisonVisual() as shown:
            for place, row in enumerate(shown.rows):
                if not all(_knows(f"{row.label}. {cell}", backing) for cell in row.cells):
                    yield Element.ROW, place, row.label
        case WorkedExampleVisual() as shown:
            texts = (shown.problem, *(f"{step.text} ${step.latex}$" for step in shown.steps), shown.answer.text)
            if not all(_knows(text, backing) for text in texts):
                yield Element.EXAMPLE, 0, shown.problem
        case QuizVisual() as shown:
            asked = _quiz(shown, scene)
            if not _is_answered(asked, passages):
                yield Element.ANSWER, 0, shown.question


def _states(text: str, backing: Evidence) -> bool:
    """Whether every sentence of a text as it is to be read is supported; of mathematics, whether its words occur."""
    if _SIGNS.search(text):
        return _knows(text, backing)
    said = _MYTH.sub("Many people think that ", _FACT.sub("", text)).removesuffix("…")
    parts = sentences(narrated(said))
    return all(support(sentence, backing, brief=True) >= SUPPORT_THRESHOLD for sentence in parts)


def _knows(text: str, backing: Evidence) -> bool:
    return familiar(text, backing) >= SUPPORT_THRESHOLD


def _miscounts(text: str, backing: Evidence) -> bool:
    tokens = parsed(narrated(text)).tokens
    return any(token.is_number and token.stem not in backing.numbers for token in tokens)


def _has_formula(latex: str, scene: Scene, passages: Mapping[str, Passage]) -> bool:
    """Whether one of the cited passages has the formula, alone or between signs of relation."""
    wanted = _signs(latex)
    held = (_signs(formula) for one in scene.citations if one in passages for formula in _formulas(passages[one]))
    return bool(wanted) and any(_is_part(wanted, formula) for formula in held)


def _signs(latex: str) -> list[str]:
    """A formula sign by sign; what differs only in how it is set out comes out alike."""
    return _SIGN.findall(_LAYOUT.sub(" ", latex))


def _is_part(wanted: list[str], formula: list[str]) -> bool:
    """Whether a formula holds another one whole: "a = b" stands in "a = b = c", "b" of "b + c" does not."""
    size = len(wanted)
    for start in range(len(formula) - size + 1):
        before, after = formula[start - 1 : start] if start else [], formula[start + size : start + size + 1]
        alone = all(sign in _RELATIONS for sign in (*before, *after))
        if alone and all(map(_is_same, wanted, formula[start : start + size])):
            return True
    return False


def _is_same(sign: str, other: str) -> bool:
    """Whether two signs are the same, or two words that name one thing: "light" and "light energy"."""
    if sign == other:
        return True
    words = [content(text.removeprefix("\\text")) for text in (sign, other) if text.startswith("\\text")]
    return len(words) == 2 and bool(words[0] & words[1])


def _formulas(passage: Passage) -> Iterator[str]:
    for text in (passage.text, *_strings(passage.structure)):
        yield from _MATH.findall(protect_money(text))
    if passage.kind is PassageKind.EQUATION:
        yield str(passage.structure.get("latex", ""))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(part)


def _quiz(visual: QuizVisual, scene: Scene) -> QuizQuestion:
    return QuizQuestion(
        question=visual.question,
        options=visual.options,
        answer_index=visual.answer_index,
        explanation="",
        citation=scene.citations[0],
    )


def _is_answered(question: QuizQuestion, passages: Mapping[str, Passage]) -> bool:
    """Whether the marked option is the one that the passage gives, and the explanation is stated.

    The book's own question has the book's answer. Of any other, no option may be stated but the marked one.
    """
    passage = passages.get(question.citation)
    if passage is None or not 0 <= question.answer_index < len(question.options):
        return False
    backing = evidence([passage])
    if question.explanation and not _states(question.explanation, backing):
        return False
    marked = question.options[question.answer_index]
    asked = content(narrated(question.question))
    if passage.kind is PassageKind.EXERCISE and overlap(asked, _stems(passage, "problem")) >= _SAME_QUESTION:
        return _nearest(question.options, _book_answer(passage)) == question.answer_index
    if passage.kind is PassageKind.DEFINITION and overlap(asked, _stems(passage, "meaning")) >= _SAME_QUESTION:
        return _nearest(question.options, str(passage.structure.get("term", ""))) == question.answer_index
    shares = [
        support(f"{narrated(question.question).rstrip('?')} {narrated(option)}.", backing)
        for option in question.options
    ]
    right = shares[question.answer_index] >= SUPPORT_THRESHOLD or max(shares) < SUPPORT_THRESHOLD
    return right and not _miscounts(marked, backing)


def _nearest(options: Sequence[str], answer: str) -> int:
    """The place of the option that says most of an answer; -1 where none says anything of it."""
    alike = [overlap(content(narrated(option)), content(narrated(answer))) for option in options]
    exact = [place for place, option in enumerate(options) if _key(option) == _key(answer)]
    return exact[0] if exact else alike.index(max(alike)) if max(alike) else -1


def _stems(passage: Passage, key: str) -> frozenset[str]:
    return content(narrated(str(passage.structure.get(key, ""))))


def _book_answer(passage: Passage) -> str:
    """The book's answer to its exercise, where it names only a letter the option of that letter."""
    answer = _key(str(passage.structure.get("answer", "")))
    options = [str(option) for option in passage.structure.get("options", ()) or ()]
    letter = re.fullmatch("[a-d]", answer)
    return options["abcd".index(answer)] if letter and "abcd".index(answer) < len(options) else answer


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", narrated(text)).strip().lower()

"""How a model may word the question to a student: what it is asked for, and what of its answer is taken.

What is offered, and under which ids, is code's; so are the words that serve when the model's do not.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import prompts
from shared.errors import ContentRefused
from shared.prompts import Prompt
from shared.questions import safety
from shared.questions.normalise import clean
from shared.services import Clarification, ClarificationBrief

TEXT_CHARACTERS: Final = 200
REASONING_CHARACTERS: Final = 200
_QUESTION_CHARACTERS: Final = 1_000
_LEAST_OFFERED: Final = 2
_QUOTED_WORDS: Final = 4  # so many words of the student's in a row are a quotation
_SIGNS: Final = frozenset("<>{}[]|\\^`*_#@$~=/")


class Wording(BaseModel):
    """A model's answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: Annotated[str, Field(max_length=4 * TEXT_CHARACTERS)]
    order: Annotated[list[int], Field(max_length=64)]
    reasoning: Annotated[str, Field(max_length=8 * REASONING_CHARACTERS)]


def own_words(brief: ClarificationBrief) -> Clarification:
    """The question as code found it: everything that was found is offered."""
    return Clarification(text=brief.text, order=tuple(range(len(brief.options))), reasoning="")


def request(brief: ClarificationBrief) -> Prompt:
    """Ask for the wording."""
    sections = [{"place": place, "title": clean(title)} for place, title in enumerate(brief.options)]
    return Prompt(
        system=prompts.text(
            "clarification_system", text_characters=TEXT_CHARACTERS, reasoning_characters=REASONING_CHARACTERS
        ),
        task=prompts.text("clarification_task", grade=brief.grade_level),
        data=prompts.as_data({"question": clean(brief.query)[:_QUESTION_CHARACTERS], "sections": sections}),
    )


def accepted(answer: str, brief: ClarificationBrief) -> Clarification | None:
    """The wording, where it is a plain question that offers enough of what was found; None where it is not."""
    try:
        wording = Wording.model_validate_json(answer)
    except ValidationError:
        return None
    text = clean(wording.text)
    order = tuple(dict.fromkeys(wording.order))
    if not _is_question(text) or not all(0 <= place < len(brief.options) for place in order):
        return None
    if len(order) < min(_LEAST_OFFERED, len(brief.options)):
        return None
    return Clarification(text=text, order=order, reasoning=_reasoning(wording.reasoning, brief.query))


def _is_question(text: str) -> bool:
    one = text.endswith("?") and text.count("?") == 1 and len(text) <= TEXT_CHARACTERS
    return one and _is_plain(text)


def _is_plain(text: str) -> bool:
    """Whether a text is prose without markup or links that students may be shown."""
    if not _SIGNS.isdisjoint(text) or "www." in text.casefold() or not any(letter.isalpha() for letter in text):
        return False
    try:
        safety.check(text)
    except ContentRefused:
        return False
    return True


def _reasoning(text: str, query: str) -> str:
    """A model's reason, which operators read; none where it is not plain or quotes the student."""
    reason = clean(text)
    if len(reason) > REASONING_CHARACTERS or not _is_plain(reason) or _quotes(reason, query):
        return ""
    return reason


def _quotes(text: str, query: str) -> bool:
    words = clean(query).casefold().split()
    said = f" {clean(text).casefold()} "
    runs = (" ".join(words[start : start + _QUOTED_WORDS]) for start in range(len(words) - _QUOTED_WORDS + 1))
    return any(f" {run} " in said for run in runs)

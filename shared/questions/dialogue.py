"""What was asked of the student about a question, and what the student answered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.questions.normalise import clean
from shared.questions.reading import Question, read, read_with_answer
from shared.questions.resolve import Option, Vague
from shared.services import Clarification
from shared.work import AskStudent

# "2", "the second one", "option 2": an option by its place.
_PLACE: Final = re.compile(
    r"^(?:the |number |option |no\.? ?|#)*(?:(\d)|(first|second|third|fourth)|([a-d]))(?: one| option)?\.?\)?$"
)
_PLACES: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "a": 1, "b": 2, "c": 3, "d": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The clarification of one request, as `request_metadata.clarification` holds it."""

    rounds: int  # how often the student was asked
    chosen: tuple[str, ...]  # module ids of the options chosen in the last round
    texts: tuple[str, ...]  # answers in the student's own words, the newest first

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Self:
        """Read the clarification from a request's metadata; one that never was is empty."""
        clarification = metadata.get("clarification") or {}
        options = {question["id"]: list(question.get("options", [])) for question in clarification.get("questions", [])}
        chosen: list[str] = []
        texts: list[str] = []
        for answer in clarification.get("answers", []):
            option = _option(answer, options.get(answer.get("question_id"), []))
            if option is not None:
                chosen.append(option["module_id"])
            elif answer.get("text"):
                texts.append(answer["text"])
        earlier = [answer["text"] for answer in clarification.get("earlier_answers", []) if answer.get("text")]
        return cls(
            rounds=int(clarification.get("round") or 0),
            chosen=tuple(dict.fromkeys(chosen)),
            texts=(*texts, *reversed(earlier)),
        )

    def readings(self, query: str) -> tuple[Question, ...]:
        """The questions to try, best first: the newest answer with the query, the answer alone, the query alone."""
        if not self.texts:
            return (read(query),)
        newest = self.texts[0]
        return read_with_answer(query, newest), read(newest), read(query)

    def search_text(self, query: str) -> str:
        """What to search for now that the sections are settled; empty where the words name no topic."""
        question = self.readings(query)[0]
        return question.text if question.content or question.forms else ""

    def spoken(self, query: str) -> str:
        """The question and what the student added to it, for who writes the lesson."""
        return " ".join([query, *reversed(self.texts)])


def ask(vague: Vague, *, rounds: int, wording: Clarification | None = None) -> AskStudent:
    """The question to the student for a vague one, after `rounds` rounds before it; in a writer's `wording`, if any.

    What is offered, and its ids, is code's; a wording says it, orders it, and may leave some of it out.
    """
    wording = wording or Clarification(text=vague.text, order=tuple(range(len(vague.options))), reasoning="")
    options = [vague.options[place] for place in wording.order]
    return AskStudent(
        questions=({"id": f"topic-{rounds + 1}", "text": wording.text, "options": _options(options)},),
        reasoning=wording.reasoning or vague.reasoning,
    )


def _options(options: Sequence[Option]) -> list[dict[str, str]]:
    titles = [option.title for option in options]
    return [
        {
            "id": str(place),
            "label": option.title if titles.count(option.title) == 1 else f"{option.title} ({option.book})",
            "module_id": option.module_id,
        }
        for place, option in enumerate(options, start=1)
    ]


def _option(answer: Mapping[str, Any], options: Sequence[Mapping[str, str]]) -> Mapping[str, str] | None:
    """The option that an answer chooses: by id, by label, or by its place in the list."""
    chosen = answer.get("option_id")
    if chosen is None:
        words = clean(answer.get("text") or "").casefold()
        place = _PLACE.match(words)
        if place:
            number = int(place[1]) if place[1] else _PLACES[place[2] or place[3]]
            return options[number - 1] if 0 < number <= len(options) else None
        return next((option for option in options if option["label"].casefold() == words), None)
    return next((option for option in options if option["id"] == chosen), None)

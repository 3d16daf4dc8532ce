"""What is asked of the student, and how answers are read."""

from typing import Any

import pytest

from shared.questions.dialogue import Dialogue, ask
from shared.questions.resolve import Option, Vague

OPTIONS = [
    {"id": "1", "label": "Electric Charge", "module_id": "m1"},
    {"id": "2", "label": "Ohm's law", "module_id": "m2"},
]


def clarification(*answers: dict[str, str], **more: Any) -> dict[str, Any]:
    question = {"id": "topic-1", "text": "Which one?", "options": OPTIONS}
    return {"clarification": {"questions": [question], "answers": list(answers), "round": 1} | more}


def test_a_request_that_was_never_asked_has_an_empty_dialogue() -> None:
    assert Dialogue.of({}) == Dialogue(rounds=0, chosen=(), texts=())


def test_an_option_is_chosen_by_its_id() -> None:
    said = Dialogue.of(clarification({"question_id": "topic-1", "option_id": "2"}))
    assert said == Dialogue(rounds=1, chosen=("m2",), texts=())


@pytest.mark.parametrize("text", ["2", "option 2", "the second one", "b", "B)", "ohm's law", " OHM'S  LAW "])
def test_an_option_is_chosen_in_words(text: str) -> None:
    assert Dialogue.of(clarification({"question_id": "topic-1", "text": text})).chosen == ("m2",)


@pytest.mark.parametrize("text", ["how batteries work", "7", "both"])
def test_other_words_stay_words(text: str) -> None:
    said = Dialogue.of(clarification({"question_id": "topic-1", "text": text}))
    assert (said.chosen, said.texts) == ((), (text,))


def test_answers_of_earlier_rounds_come_after_the_newest() -> None:
    earlier = [{"question_id": "topic-0", "text": "first"}, {"question_id": "topic-0b", "text": "second"}]
    said = Dialogue.of(clarification({"question_id": "topic-1", "text": "third"}, earlier_answers=earlier, round=3))
    assert said.texts == ("third", "second", "first")
    assert said.rounds == 3
    assert said.spoken("query") == "query first second third"


def test_an_option_of_a_question_that_is_gone_chooses_nothing() -> None:
    said = Dialogue.of(clarification({"question_id": "topic-9", "option_id": "1"}))
    assert (said.chosen, said.texts) == ((), ())


def test_the_newest_answer_is_read_with_the_query_and_then_alone() -> None:
    said = Dialogue(rounds=1, chosen=(), texts=("batteries",))
    joined, alone, query = said.readings("I need a video on charge")
    assert joined.content == ("batteries", "charge")
    assert alone.content == ("batteries",)
    assert query.content == ("charge",)
    assert said.search_text("I need a video on charge") == "batteries charge"
    assert Dialogue.of({}).search_text("help me") == ""


def test_the_question_carries_options_in_order_with_their_sections() -> None:
    options = (
        Option(module_id="m1", title="Momentum", book="Physics"),
        Option(module_id="m2", title="Momentum", book="Foundations"),
        Option(module_id="m3", title="Collisions", book="Physics"),
    )
    asked = ask(Vague(options=options, text="Which one?", reasoning="several"), rounds=1)
    [question] = asked.questions
    assert question["id"] == "topic-2"
    assert [option["label"] for option in question["options"]] == [
        "Momentum (Physics)",
        "Momentum (Foundations)",
        "Collisions",
    ]
    assert [option["module_id"] for option in question["options"]] == ["m1", "m2", "m3"]
    assert len({option["id"] for option in question["options"]}) == 3
    assert asked.reasoning == "several"

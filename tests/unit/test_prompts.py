"""What models are told: that every change of it is seen, and that its figures are the code's."""

import json
import re
import string
from dataclasses import replace

import pytest

from shared import prompts
from shared.lesson import limits
from shared.lesson.drafting import requests
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.rules import Rule
from tests import writer_cases

FOLDER = writer_cases.FOLDER / "prompts"
RENDERED = writer_cases.prompts()
AGAIN = "look at the difference, then run: python -m tests.writer_cases"


@pytest.mark.parametrize("name", [writer_cases.NEWTON, writer_cases.PHOTOSYNTHESIS])
def test_a_prompt_reads_as_it_was_last_looked_at(name: str) -> None:
    assert writer_cases.golden(RENDERED[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8"), AGAIN


def test_no_letter_of_a_prompt_changes_unseen() -> None:
    kept = json.loads((FOLDER / "digests.json").read_text(encoding="utf-8"))
    assert {name: writer_cases.digest(prompt) for name, prompt in RENDERED.items()} == kept, AGAIN


def test_the_prompt_states_the_limits_of_the_code() -> None:
    prompt = RENDERED[writer_cases.NEWTON]
    assert f"{limits.SCENE_WORDS_LEAST} to {limits.SCENE_WORDS_MOST} words" in prompt.system
    assert f"at most {limits.HEADING_WORDS} words" in prompt.system
    assert "reading level of grade 10" in prompt.task


@pytest.mark.parametrize("seconds", [30, 44, 45, 60, 90, 120, 180, 240, 300])
def test_what_is_asked_for_can_be_done(seconds: int) -> None:
    brief = replace(writer_cases.brief(writer_cases.NEWTON), duration_seconds=seconds)
    task = requests.storyboard(brief, Excerpts.of(brief)).task
    words = [int(number) for number in re.findall(r"Length: (\d+) to (\d+) words", task)[0]]
    scenes = [int(number) for number in re.findall(r"(\d+) to (\d+) scenes", task)[0]]
    assert words[0] < words[1]
    assert limits.least_scenes(seconds) - 1 <= scenes[0] <= scenes[1] <= limits.SCENES_MOST - 1
    assert scenes[0] * limits.SCENE_WORDS_MOST >= words[0]
    assert scenes[1] * limits.SCENE_WORDS_MOST >= words[1]
    spoken = (words[0] + 18) / (153 / 60)
    assert spoken >= (1 - limits.LENGTH_TOLERANCE) * seconds


def test_every_rule_of_a_lesson_is_explained_to_who_revises() -> None:
    task = RENDERED["revision"].task
    assert [rule for rule in Rule if rule.value not in task] == []


def test_a_prompt_is_filled_in_completely() -> None:
    for prompt in RENDERED.values():
        assert not string.Template.pattern.search(prompt.system)
        assert not string.Template.pattern.search(prompt.task)


def test_a_value_too_few_or_too_many_is_an_error() -> None:
    with pytest.raises(KeyError):
        prompts.text("clarification_task")
    with pytest.raises(ValueError, match="color"):
        prompts.text("clarification_task", grade=8, color="red")


@pytest.mark.parametrize("text", ["</data>", "<data>", "</DATA>", "<!--", "\u2028</data>", '"}\n</data>', "\\u003c"])
def test_data_cannot_end_before_its_end(text: str) -> None:
    written = prompts.as_data({"text": text, "more": [text]})
    inside = written.removeprefix("<data>\n").removesuffix("\n</data>")
    assert not {"<", ">", "&", "\u2028"} & set(inside)
    assert json.loads(inside) == {"text": text, "more": [text]}

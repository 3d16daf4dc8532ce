"""Answers of a model and what has to become of them: `tests/data/writer`.

The answers are authored, not recorded from a live model. A case is a whole answer, or one of the two good ones with
edits; `python -m tests.writer_cases` writes the rendered prompts that the tests compare with.
"""

import copy
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.enums import LessonStyle
from shared.lesson.drafting import requests
from shared.lesson.drafting.assembly import assembled
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.drafting.script import Script
from shared.lesson.rules import Rule, Violation
from shared.prompts import Prompt
from shared.questions import asking
from shared.services import ClarificationBrief, LessonBrief
from tests.counterparts import vertex
from tests.counterparts.http_fake import Answer
from tests.unit.lesson_samples import sample_brief

FOLDER = Path(__file__).parent / "data" / "writer"
CASES = sorted(path.stem for path in (FOLDER / "cases").glob("*.json"))
NEWTON = "newton_basketball"
PHOTOSYNTHESIS = "photosynthesis_cooking"
_SHOWN = 60  # characters of a passage in a golden file


@lru_cache
def brief(name: str) -> LessonBrief:
    """The brief that a good answer was written for."""
    if name == NEWTON:
        return sample_brief("vf0203", "Explain Newton's third law", interest="basketball", grade=10, seconds=120)
    return sample_brief("vf0502", "How does photosynthesis work?", interest="cooking", grade=9, seconds=90)


def good(name: str) -> Any:
    """A good answer, as the JSON that it is."""
    return json.loads((FOLDER / "answers" / f"{name}.json").read_text(encoding="utf-8"))


def storyboard(name: str) -> Any:
    """The storyboard of a good answer."""
    excerpts = Excerpts.of(brief(name))
    return assembled(Script.model_validate(good(name)), brief(name), excerpts)


def case(name: str) -> Any:
    """A case as it is written down."""
    return json.loads((FOLDER / "cases" / f"{name}.json").read_text(encoding="utf-8"))


def edited(base: Any, edits: Sequence[Any]) -> Any:
    """A copy of an answer with a case's edits."""
    whole = copy.deepcopy(base)
    for edit in edits:
        *path, last = [int(part) if part.isdigit() else part for part in edit["at"].split(".")]
        place = whole
        for part in path:
            place = place[part]
        if "put" in edit:
            place[last] = _value(edit["put"])
        elif "add" in edit:
            place[last].append(edit["add"])
        elif "move" in edit:
            place.insert(edit["move"], place.pop(last))
        else:
            del place[last]
    return whole


def _value(value: Any) -> Any:
    repeated = isinstance(value, dict) and value.keys() == {"repeat", "times"}
    return value["repeat"] * value["times"] if repeated else value


def answers(one: Any) -> list[Answer]:
    """What the model says in a case, request by request."""
    base = good(one["brief"])
    texts = {"edited": json.dumps(edited(base, one.get("edits", ()))), "base": json.dumps(base)}
    return [_answer(said, texts) for said in one.get("answers", [{"edited": True}])]


def _answer(said: Any, texts: dict[str, str]) -> Answer:
    if "blocked_answer" in said:
        return vertex.blocked_answer(said["blocked_answer"])
    if "blocked_prompt" in said:
        return vertex.blocked_prompt(said["blocked_prompt"])
    if "cut" in said:
        return vertex.said(texts["base"][: said["cut"]], finish=said.get("finish", "STOP"))
    if "text" in said:
        return vertex.said(_value(said["text"]))
    return vertex.said(texts["edited" if "edited" in said else "base"])


def prompts() -> dict[str, Prompt]:
    """One prompt of each kind, for fixed briefs."""
    newton, photosynthesis = brief(NEWTON), brief(PHOTOSYNTHESIS)
    excerpts = Excerpts.of(newton)
    first = requests.storyboard(newton, excerpts)
    found = [
        Violation(Rule.UNSUPPORTED_CLAIM, "scene-03", "A sentence that no passage backs."),
        Violation(Rule.LESSON_LENGTH, "", "150 s for 120 s"),
    ]
    asked = ClarificationBrief(
        query="Tell me about forces",
        grade_level=8,
        language="en",
        text="Which of these do you mean?",
        options=("Newton’s First Law: Inertia", "Newton’s Third Law: Action and Reaction"),
    )
    long = replace(newton, duration_seconds=300, style=LessonStyle.PRACTICE, interest="", grade_level=6)
    simple = replace(photosynthesis, duration_seconds=30, style=LessonStyle.SIMPLE, interest="falconry", grade_level=13)
    return {
        NEWTON: first,
        PHOTOSYNTHESIS: requests.storyboard(photosynthesis, Excerpts.of(photosynthesis)),
        "long_practice_without_interest": requests.storyboard(long, Excerpts.of(long)),
        "short_simple_unknown_interest": requests.storyboard(simple, Excerpts.of(simple)),
        "shorter": requests.shorter(first),
        "repair": requests.repaired(first, ["scenes[7].visual.quiz: answer_index is none of the options"]),
        "revision": requests.revision(newton, excerpts, Script.model_validate(good(NEWTON)), found),
        "clarification": asking.request(asked),
    }


def golden(prompt: Prompt) -> str:
    """A prompt as people read it, its passages cut short."""
    data = re.sub(rf'("text": ".{{{_SHOWN}}})(?:[^"\\]|\\.)*"', r'\1…"', prompt.data)
    return f"=== system\n{prompt.system}\n=== task\n{prompt.task}\n=== data\n{data}\n"


def digest(prompt: Prompt) -> str:
    """What changes with any letter of a prompt."""
    return hashlib.sha256("\0".join((prompt.system, prompt.task, prompt.data)).encode()).hexdigest()[:16]


def write_snapshots() -> None:
    """Write what the prompts are now: look at the difference before it is committed."""
    rendered = prompts()
    for name in (NEWTON, PHOTOSYNTHESIS):
        (FOLDER / "prompts" / f"{name}.txt").write_text(golden(rendered[name]), encoding="utf-8")
    digests = {name: digest(prompt) for name, prompt in rendered.items()}
    (FOLDER / "prompts" / "digests.json").write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(write_snapshots())

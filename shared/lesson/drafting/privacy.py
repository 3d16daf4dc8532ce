"""A lesson is kept for whoever asks next, so nothing may stand in it that only this student wrote."""

import re
from typing import Any, Final

from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.drafting.script import Script
from shared.lesson.words import sentences, stem, tokens
from shared.questions.normalise import clean
from shared.services import LessonBrief

# A capital within a sentence, or after "I'm": the first word of a sentence has one in any case.
_NAME: Final = re.compile(r"(?:(?<=[a-z0-9,;:'’)] )|(?<=I['’]m )|(?<=I am ))[A-Z][\w’'-]{2,}")


def impersonal(script: Script, brief: LessonBrief, excerpts: Excerpts) -> Script:
    """The script without the sentences that hold a name from the question which is none of the books'."""
    names = _names(brief, excerpts)
    if not names:
        return script
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)", re.IGNORECASE)
    return Script.model_validate(_without(pattern, script.model_dump()))


def _names(brief: LessonBrief, excerpts: Excerpts) -> set[str]:
    told = " ".join(f"{passage.module_title} {passage.section} {passage.text}" for passage in excerpts.passages)
    known = {stem(word) for word in tokens(f"{told} {brief.topic} {brief.interest}")}
    found = (re.sub(r"['’]s$", "", name) for name in _NAME.findall(clean(brief.query)))
    return {name for name in found if stem(name) not in known}


def _without(names: re.Pattern[str], value: Any) -> Any:
    match value:
        case str() if names.search(value):
            return " ".join(sentence for sentence in sentences(value) if not names.search(sentence))
        case dict():
            return {key: _without(names, part) for key, part in value.items()}
        case list():
            return [_without(names, part) for part in value]
        case _:
            return value

"""Captions (WebVTT) from the words' own times, and reading them back.

Cues follow what subtitlers keep to: at most two lines of 42 characters, one to six seconds, divided where the
sentence divides. The text is the narration as it was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.errors import InvalidMedia
from shared.media.words import word_set
from shared.services import SpokenWord

LINE_CHARACTERS: Final = 42
LINES: Final = 2
SHORTEST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 6.0
_BRIDGED_SECONDS: Final = 0.7  # a gap between cues up to this is filled: a caption that blinks is hard to read

# What dividing before the next word costs, by what the word before the division ends with, or the next begins.
_SENTENCE_END: Final = 0.0
_CLAUSE_END: Final = 3.0
_BEFORE_PHRASE: Final = 7.0
_WITHIN_PHRASE: Final = 14.0
_EACH_CUE: Final = 6.0  # fewer, fuller cues
_TOO_SHORT: Final = 25.0  # per missing second
_PHRASE_OPENERS: Final = word_set(
    "and or but nor so yet because although while when where which that who whose if unless since than as to of in "
    "on at by for from with without into onto over under between through during before after about against "
    "is are was were"
)
# Between these and the next word a line is not divided if another way can be found.
_CLINGS: Final = word_set(
    "a an the this that these those my your his her its our their of to in on at by for from with and or not no"
)

_TIMESTAMP: Final = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIMESTAMP}[ \t]+-->[ \t]+{_TIMESTAMP}(?:[ \t]+.*)?")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&lrm;": "", "&rlm;": "", "&amp;": "&"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One caption: seconds from the lesson's start, and its lines."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneWords:
    """The words of one scene and where the scene begins in the lesson, in seconds."""

    offset: float
    words: Sequence[SpokenWord]


def cues(scenes: Sequence[SceneWords]) -> list[Cue]:
    """The lesson's captions, in order; none spans two scenes, and the last ends with the last word."""
    found: list[Cue] = []
    for scene in scenes:
        for group in _divided(scene.words):
            start, end = scene.offset + group[0].start, scene.offset + group[-1].end
            found.append(Cue(start=start, end=end, text=_lines([word.text for word in group])))
    if found:
        found[-1] = _begun_earlier(found[-1], found[-2].end if len(found) > 1 else 0.0)
    return [_bridged(cue, found[index + 1 : index + 2]) for index, cue in enumerate(found)]


def to_vtt(captions: Sequence[Cue]) -> str:
    """The captions as a WebVTT file."""
    blocks = [
        f"{number}\n{_timestamp(cue.start)} --> {_timestamp(cue.end)}\n{_escaped(cue.text)}"
        for number, cue in enumerate(captions, start=1)
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def parse_vtt(text: str) -> list[Cue]:
    """Read a WebVTT file; raise InvalidMedia where it is none, or its times do not run forward."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    header, _, body = lines.partition("\n\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?(?:\n.*)*", header):
        raise InvalidMedia("the captions do not begin with WEBVTT", code="invalid_captions")
    found: list[Cue] = []
    for block in re.split(r"\n{2,}", body.strip("\n")):
        if not block or re.match(r"(?:NOTE|STYLE|REGION)(?:\s|$)", block):
            continue
        found.append(_parsed(block, found))
    return found


def _parsed(block: str, before: Sequence[Cue]) -> Cue:
    lines = block.split("\n")
    timing = _TIMING.fullmatch(lines[0]) or (_TIMING.fullmatch(lines[1]) if len(lines) > 1 else None)
    if timing is None:
        raise InvalidMedia("a caption has no times", code="invalid_captions")
    parts = timing.groups()
    start, end = _seconds(parts[:4]), _seconds(parts[4:])
    if end <= start or (before and start < before[-1].start):
        raise InvalidMedia(f"the captions' times do not run forward at {start} s", code="invalid_captions")
    text = re.sub(r"<[^>]*>", "", "\n".join(lines[1 if timing.string == lines[0] else 2 :]))  # without markup
    for entity, character in _ENTITIES.items():  # the ampersand last, or "&amp;lt;" would become "<"
        text = text.replace(entity, character)
    return Cue(start=start, end=end, text=text)


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _timestamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bridged(cue: Cue, following: Sequence[Cue]) -> Cue:
    """The cue until the next begins, if that is soon; a short one for at least a second where there is room."""
    if not following:
        return cue
    room = following[0].start
    end = room if room - cue.end <= _BRIDGED_SECONDS else min(room, max(cue.end, cue.start + SHORTEST_SECONDS))
    return Cue(start=cue.start, end=min(end, max(cue.end, cue.start + LONGEST_SECONDS)), text=cue.text)


def _begun_earlier(last: Cue, room: float) -> Cue:
    """The last cue ends with the last word, so if it is short it has to begin before its first."""
    start = max(room, last.end - SHORTEST_SECONDS)
    return Cue(start=min(start, last.start), end=last.end, text=last.text)


def _divided(words: Sequence[SpokenWord]) -> list[Sequence[SpokenWord]]:
    """The words in groups of one cue each, the cheapest division of all (dynamic programming)."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        choices = []
        for begin in range(end - 1, -1, -1):
            cost = _cost(words, begin, end)
            if cost is None and begin < end - 1:
                break
            choices.append((best[begin][0] + (cost or 0.0), begin))
        best.append(min(choices))
    groups: list[Sequence[SpokenWord]] = []
    end = len(words)
    while end:
        begin = best[end][1]
        groups.append(words[begin:end])
        end = begin
    return groups[::-1]


def _cost(words: Sequence[SpokenWord], begin: int, end: int) -> float | None:
    """What one cue of these words costs; None where they do not fit."""
    seconds = words[end - 1].end - words[begin].start
    texts = tuple(word.text for word in words[begin:end])
    if seconds > LONGEST_SECONDS or not _fits(texts):
        return None
    cost = _EACH_CUE + _TOO_SHORT * max(0.0, SHORTEST_SECONDS - seconds)
    # A sentence that ends within the cue is better the last thing in it.
    cost += sum(_CLAUSE_END for text in texts[:-1] if text.rstrip("\"'”’)")[-1:] in ".?!")
    return cost if end == len(words) else cost + _division(words[end - 1].text, words[end].text)


def _division(before: str, after: str) -> float:
    mark = before.rstrip("\"'”’)")[-1:]
    if mark and mark in ".?!":
        return _SENTENCE_END
    if mark and mark in ",;:—–":
        return _CLAUSE_END
    if before.lower() in _CLINGS:
        return 2 * _WITHIN_PHRASE
    return _BEFORE_PHRASE if after.lower() in _PHRASE_OPENERS else _WITHIN_PHRASE


@lru_cache(maxsize=4096)
def _fits(texts: tuple[str, ...]) -> bool:
    if sum(map(len, texts)) > LINE_CHARACTERS * LINES:
        return len(texts) == 1
    return len(_lines(texts).split("\n")) <= LINES


def _lines(texts: Sequence[str]) -> str:
    """The words in one line, or in two of like length, divided where it reads best."""
    whole = " ".join(texts)
    if len(whole) <= LINE_CHARACTERS or len(texts) == 1:
        return whole
    choices = []
    for at in range(1, len(texts)):
        first, second = " ".join(texts[:at]), " ".join(texts[at:])
        if max(len(first), len(second)) <= LINE_CHARACTERS:
            choices.append((abs(len(first) - len(second)) + _division(texts[at - 1], texts[at]), f"{first}\n{second}"))
    return min(choices)[1] if choices else "\n".join(texts)

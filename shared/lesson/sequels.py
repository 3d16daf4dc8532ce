"""How a sentence can say something else than others by turning cause and effect, or earlier and later, around."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from shared.lesson.evidence import Unit
from shared.lesson.statements import Statement, parsed
from shared.lesson.twists import in_

Joints = tuple[tuple[re.Pattern[str], bool], ...]  # a joint, and whether what comes first stands after it

_BECAUSE: Final = (re.compile(r"\b(?:because|due to|since)\b"), True)
_CAUSES: Final[Joints] = (
    _BECAUSE,
    (
        re.compile(
            r"\b(?:so that|so|therefore|thus|hence|as a result|for this reason|causes?|caused|leads? to|led to"
            r"|results? in|makes?)\b"
        ),
        False,
    ),
)
_CONDITIONS: Final[Joints] = ((re.compile(r"\b(?:if|when|whenever)\b"), True),)
_TIMES: Final[Joints] = ((re.compile(r"\bbefore\b"), False), (re.compile(r"\b(?:after|once)\b"), True))
_NEIGHBOR: Final = re.compile(r"[;:]|,? (?:because|so|and therefore|therefore)\b")
_LEAST_CROSSED: Final = 3  # words that have to stand on the other side
_SAME_EFFECT: Final = 0.8
_TOLD: Final = 0.6


def _pairs(text: str, joints: Joints) -> Iterator[tuple[Statement, Statement]]:
    """What is joined in a sentence: (cause, effect), or (earlier, later)."""
    low = text.lower()
    for pattern, turned in joints:
        for match in pattern.finditer(low):
            before, after = low[: match.start()], low[match.end() :]
            if not before.strip(" ,;"):  # "Because A, B"
                after, _, before = after.partition(", ")
            first, second = _NEIGHBOR.split(before)[-1], _NEIGHBOR.split(after)[0]
            if first.strip() and second.strip():
                yield (parsed(second), parsed(first)) if turned else (parsed(first), parsed(second))


def inverts(statement: Statement, others: Sequence[Statement]) -> bool:
    """Whether the statement takes for the cause, or for the earlier, what the others have the other way round."""
    for joints, more in ((_CAUSES, _CONDITIONS), (_TIMES, ())):
        ours = list(_pairs(statement.text, joints))
        theirs = [pair for other in others for pair in _pairs(other.text, (*joints, *more))] if ours else []
        for pair in ours:
            standing = [_standing(pair, other) for other in theirs]
            if -1 in standing and 1 not in standing:
                return True
    return False


def _standing(ours: tuple[Statement, Statement], theirs: tuple[Statement, Statement]) -> int:
    """1 where both have the same order, -1 where they have opposite ones, 0 where they speak of other things."""
    (first, second), (their_first, their_second) = ours, theirs
    straight = (_common(first, their_first), _common(second, their_second))
    crossed = (_common(first, their_second), _common(second, their_first))
    if all(crossed) and sum(crossed) >= _LEAST_CROSSED and sum(crossed) > sum(straight):
        return -1
    return int(all(straight) and sum(straight) > sum(crossed))


def _common(one: Statement, other: Statement) -> int:
    """How many words of the first the second has."""
    words = {token.stem: token for token in one.content}
    return sum(in_(token, other.content) for token in words.values())


def excuses(statement: Statement, others: Sequence[Statement]) -> bool:
    """Whether the statement gives another cause for an effect whose cause the others tell."""
    for cause, effect in _pairs(statement.text, (_BECAUSE,)):
        told = [
            other
            for other in others
            for _, their_effect in _pairs(other.text, (_BECAUSE,))
            if _common(effect, their_effect) >= max(2, _SAME_EFFECT * len(effect.content))
        ]
        if told and cause.content and not any(_common(cause, other) for other in told):
            return True
    return False


def misorders(statement: Statement, units: Sequence[Unit]) -> bool:
    """Whether the statement puts one thing before another that the same passage tells first."""
    for earlier, later in _pairs(statement.text, _TIMES):
        first, second = _telling(earlier, units), _telling(later, units)
        if first and second and first.passage == second.passage and first.place > second.place:
            return True
    return False


def _telling(part: Statement, units: Sequence[Unit]) -> Unit | None:
    """The unit that tells a part of a sentence, where one does."""
    best = max(units, key=lambda unit: _common(part, unit.statement), default=None)
    if best is None or _common(part, best.statement) < max(2, _TOLD * len(part.content)):
        return None
    return best

"""How a sentence can say something else than another by putting its things in one another's places."""

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from shared.lesson.opposites import UNITS
from shared.lesson.statements import Statement, Token, keys
from shared.lesson.twists import Twist, in_
from shared.lesson.words import word_set

_NEARLY_ALL: Final = 0.8  # share of a sentence's words that the other has to have before their order tells anything
_LIKE: Final = 0.66  # likeness of two sequences from which what differs between them was replaced
_VERY_LIKE: Final = 0.8  # the same, where the new word is in none of the passages
_LONGEST: Final = 14  # words between the first and the last that changed places
# Words that come and go without changing the sense of the order.
_LOOSE: Final = frozenset(
    {"a", "an", "the", "and", "or", "but", "is", "are", "also", "then", "this", "that", "it", "they", "its", "their"}
)
# Two things that such a word joins can change places. Stems.
_MUTUAL: Final = word_set("equal same differ call mean balanc cancel oppos attract meet collid touch tim")
_JOINTS: Final = frozenset({"because", "so", "when", "if", "while", "therefore", "since", "after", "before"})
_BE: Final = frozenset({"is", "are", "was", "were", "be", "been", "being"})


def keeps_order(statement: Statement, other: Statement) -> bool:
    """Whether the statement is the other one with words left out."""
    theirs = iter(token.stem for token in other.content)
    return all(token.stem in theirs for token in statement.claimed)


def exchanges(ours: Sequence[Token], theirs: Sequence[Token]) -> bool:
    """Whether two things have changed places around what stands between them, and all else is as it was."""
    mine = [token for token in ours if token.text not in _LOOSE]
    own = [token for token in mine if in_(token, theirs)]
    others = [token for token in theirs if token.text not in _LOOSE and in_(token, ours)]
    if len(own) < 3 or len(own) < _NEARLY_ALL * len(mine) or _is_passive(ours) != _is_passive(theirs):
        return False
    return _changed_places(_named(own, others), [token.stem for token in others])


def trades(statement: Statement, other: Statement) -> bool:
    """The same for whole sentences: "B, because A" is no exchange of "A, so B"."""
    joints, their_joints = ({token.text for token in one.tokens} & _JOINTS for one in (statement, other))
    return joints == their_joints and exchanges(statement.tokens, other.tokens)


def _is_passive(tokens: Sequence[Token]) -> bool:
    """Whether "is … by" stands in it: then who does it comes last."""
    words = [token.text for token in tokens]
    return "by" in words and bool(_BE & set(words[: words.index("by")][-4:]))


def _named(tokens: Sequence[Token], others: Sequence[Token]) -> list[str]:
    """The tokens by the stems that the others have for them."""
    return [next((other.stem for other in others if token.says(other)), token.stem) for token in tokens]


def _changed_places(ours: list[str], theirs: list[str]) -> bool:
    start = 0
    while start < min(len(ours), len(theirs)) and ours[start] == theirs[start]:
        start += 1
    end = 0
    while end < min(len(ours), len(theirs)) - start and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    changed, other = ours[start : len(ours) - end], theirs[start : len(theirs) - end]
    if len(changed) != len(other) or not 3 <= len(changed) <= _LONGEST:
        return False
    for left in range(1, len(changed) - 1):
        for right in range(1, len(changed) - left):
            cut = len(changed) - right
            first, between, second = changed[:left], changed[left:cut], changed[cut:]
            if other == [*second, *between, *first] and not set(between) <= _MUTUAL:
                return True
    return False


def replaced(
    ours: Sequence[Token], theirs: Sequence[Token], *, whole: frozenset[str], known: frozenset[str]
) -> Twist | None:
    """What was put in another's place in words that are otherwise the same.

    `whole` are the keys of the sentence that the other is of, `known` those of all evidence: a word that stands
    elsewhere alone was taken from another thing.
    """
    matcher = SequenceMatcher(None, _named(ours, theirs), [token.stem for token in theirs], autojunk=False)
    alike = _likeness(matcher, len(ours), len(theirs))
    if alike < _LIKE:
        return None
    for kind, start, end, their_start, their_end in matcher.get_opcodes():
        words, gone = ours[start:end], theirs[their_start:their_end]
        symbols = all(len(one.text) == 1 and one.text.isalpha() for one in gone)  # "mass" for "m"
        if kind != "replace" or len(words) > 3 or symbols or any(in_(one, ours) for one in gone):
            continue
        if _both(words, gone, lambda token: token.is_number) or _both(words, gone, lambda token: token.text in UNITS):
            return Twist.NUMBER
        strange = [one for one in words if not one.poles and not one.is_number and one.keys.isdisjoint(whole)]
        if any(one.stem in known for one in strange) or (strange and alike >= _VERY_LIKE):
            return Twist.REPLACED
    return None


def _likeness(matcher: SequenceMatcher[str], ours: int, theirs: int) -> float:
    """How alike ours is to the stretch of theirs that it tells, 0 to 1."""
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return 0.0
    first, last = blocks[0], blocks[-1]
    lead = min(first.a, first.b)
    tail = min(ours - last.a - last.size, theirs - last.b - last.size)
    stretch = last.b + last.size - first.b + lead + tail
    return 2 * sum(block.size for block in blocks) / (ours + stretch)


def _both(words: Sequence[Token], gone: Sequence[Token], is_such: Callable[[Token], bool]) -> bool:
    return any(map(is_such, words)) and any(map(is_such, gone))


def unbinds(statement: Statement, other: Statement) -> bool:
    """Whether a word that both have stands among other words: said of one thing there, of another here."""
    shared = [token for token in statement.content if in_(token, other.content)]
    several = len(statement.clauses) > 1 and len(other.clauses) > 1
    if not several or len(shared) < _NEARLY_ALL * len(statement.content):
        return False
    ours, theirs = _groups(statement), _groups(other)
    stems, their_stems = frozenset().union(*ours), frozenset().union(*theirs)
    for token in shared:
        if sum(token.stem in group for group in ours) != 1 or sum(token.stem in group for group in theirs) != 1:
            continue
        mates = _mates(token, statement) & their_stems
        their_mates = _mates(token, other) & stems
        if len(mates) > 1 and their_mates and not mates & their_mates:
            return True
    return False


def _groups(statement: Statement) -> list[frozenset[str]]:
    """The words of each clause, with the subject that it takes from the one before."""
    groups: list[frozenset[str]] = []
    subject: frozenset[str] = frozenset()
    for clause in statement.clauses:
        own = frozenset(token.stem for token in clause.content)
        groups.append(own | subject if clause.leans else own)
        subject = subject if clause.leans else frozenset(token.stem for token in clause.content[:2])
    return groups


def _mates(token: Token, statement: Statement) -> frozenset[str]:
    """The words that stand in the same clause."""
    clauses = (clause for clause in statement.clauses if in_(token, clause.content))
    return frozenset(one.stem for clause in clauses for one in clause.content) - {token.stem}


def misdivides(statement: Statement, others: Sequence[Statement]) -> bool:
    """Whether the statement divides by what the others divide."""
    ours = list(_divisions(statement))
    theirs = [pair for other in others for pair in _divisions(other)] if ours else []
    for dividend, divisor in ours:
        turned = {
            (bool(dividend & low and divisor & top), bool(dividend & top or divisor & low)) for top, low in theirs
        }
        if any(wrong for wrong, _ in turned) and (False, True) not in turned:
            return True
    return False


def _divisions(statement: Statement) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """What is divided by what, each without what both have."""
    for clause in statement.clauses:
        words = [token.text for token in clause.tokens]
        for place, (word, following) in enumerate(pairwise(words)):
            if not (word.startswith("divid") and following == "by"):
                continue
            start = max((i for i in range(place) if words[i] in _BE | {"equals", "equal", "that"}), default=-1)
            dividend = keys(token for token in clause.tokens[start + 1 : place] if token.is_content)
            divisor = keys(token for token in clause.tokens[place + 2 :] if token.is_content)
            yield dividend - divisor, divisor - dividend

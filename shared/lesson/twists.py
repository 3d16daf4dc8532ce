"""How one clause can say something else than another in its own words: denied, opposite, miscounted, overstated."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from shared.lesson.opposites import EVERY, ONLY, ORDINALS, SOME, UNITS
from shared.lesson.statements import Clause, Token, opposed, unit_after


class Twist(StrEnum):
    """What was turned around."""

    OPPOSITE = "opposite"  # denied, or said with the opposite word
    NUMBER = "number"  # another number, or another unit
    QUANTIFIER = "quantifier"  # all for some, only for also
    EXCHANGE = "exchange"  # two things have changed places
    DIVISION = "division"  # divided by what is divided
    REPLACED = "replaced"  # said of another thing
    CAUSE = "cause"  # the effect for the cause, or another cause
    ORDER = "order"  # the later for the earlier
    NAME = "name"  # a name that does not occur
    MISTAKE = "mistake"  # told as a fact where the book tells of a mistake


_SCOPE: Final = 2  # content words after a negation that it denies
_EQUAL: Final = frozenset({"equal", "equally", "same", "identical"})
_PARTLY: Final = frozenset({"some", "sometimes", "partly", "rarely", "seldom"})
_CONDITIONS: Final = frozenset({"when", "if", "because", "the", "a", "an", "in", "by", "after"})


def in_(token: Token, others: Sequence[Token]) -> bool:
    """Whether one of the others may stand for the token."""
    return any(token.says(other) for other in others)


def denies(clause: Clause, other: Clause, beside: Sequence[Clause] = ()) -> bool:
    """Whether a clause says the opposite of another: an odd number of its words are turned around.

    `beside` are the clauses of the other's sentence, on which a negation may bear as well.
    """
    turns = _denied(clause, other, beside) + _denied(other, clause) + len(_turned(clause, other))
    return (turns + _compared(clause, other)) % 2 == 1


def _denied(clause: Clause, other: Clause, beside: Sequence[Clause] = ()) -> int:
    """1 where a negation of the clause bears on what the other, or one beside it, says without one."""
    if other.negations:
        return 0
    for negation in clause.negations:
        scope = [token for token in clause.content if token.place > negation.place][:_SCOPE]
        if negation.text == "without":  # it denies no more than the thing after it
            if any(one.text == "with" and in_(scope[0], _after(one, other)[:1]) for one in other.tokens if scope):
                return 1
            continue
        if not scope or any(in_(token, other.content) for token in scope):
            return 1
        if any(_against(token, clause, one, other) for token in scope for one in other.tokens):
            return 1
        holding = [one for one in beside if any(in_(token, one.content) for token in scope)]
        if holding and not any(one.negations for one in holding):
            return 1
    return 0


def _after(token: Token, clause: Clause) -> list[Token]:
    return [one for one in clause.content if one.place > token.place]


def _turned(clause: Clause, other: Clause) -> set[str]:
    """The words of the other clause whose opposites stand in this one, in the same place."""
    # What stands after "than" is what is compared with: it may well have the opposite word.
    limit = _than(clause) if _than(other) is None else None
    ours = [token for token in _unshared(clause, other) if token.poles and (limit is None or token.place < limit)]
    theirs = [token for token in _unshared(other, clause) if token.poles or token.text in _EQUAL]
    for token in tuple(ours):
        agreeing = next((one for one in theirs if set(token.poles) & set(one.poles)), None)
        if agreeing is not None:
            ours.remove(token)
            theirs.remove(agreeing)
    turned = {one.stem for token in ours for one in theirs if _against(token, clause, one, other)}
    first, second = clause.words & ORDINALS, other.words & ORDINALS
    return turned | second if first and second and not first & second else turned


def _unshared(clause: Clause, other: Clause) -> list[Token]:
    stems = {token.stem for token in other.tokens}
    return [token for token in clause.tokens if token.stem not in stems]


def _against(token: Token, clause: Clause, other: Token, theirs: Clause) -> bool:
    """Whether two words are opposites that stand beside the same word."""
    equality = {token.text, other.text} & _EQUAL
    if not opposed(token, frozenset(other.poles)) and not (
        equality and (_is_comparative(token) or _is_comparative(other))
    ):
        return False
    reach = 2 if equality else 1
    mine = _beside(token, clause, reach)
    return not mine or any(in_(one, mine) for one in _beside(other, theirs, reach))


def _is_comparative(token: Token) -> bool:
    """ "larger", "less", "more": no two things that differ so are equal."""
    return token.text.endswith(("er", "ess", "ore")) and any(dimension == "amount" for dimension, _ in token.poles)


def _beside(token: Token, clause: Clause, reach: int) -> list[Token]:
    before = [one for one in clause.content if one.place < token.place][-reach:]
    return before + [one for one in clause.content if one.place > token.place][:reach]


def _than(clause: Clause) -> int | None:
    return next((token.place for token in clause.tokens if token.text == "than"), None)


def _compared(clause: Clause, other: Clause) -> int:
    """1 where what stands before "than" in one stands after it in the other."""
    before, after = _sides(clause)
    if not before or not after:
        return 0
    their_before, their_after = _sides(other)
    if not their_after:
        # The other speaks of one thing alone: it should be the one that has more of it.
        missing = any(not in_(token, other.content) for token in before)
        return int(missing and all(in_(token, other.content) for token in after))
    straight = _shared(before, their_before) + _shared(after, their_after)
    return int(_shared(before, their_after) + _shared(after, their_before) > straight)


def _sides(clause: Clause) -> tuple[list[Token], list[Token]]:
    """What stands before "than", without the comparative itself, and after it."""
    place = _than(clause)
    if place is None:
        return [], []
    before = [one for one in clause.content if one.place < place and not (one.poles and place - one.place <= 2)]
    return before, [one for one in clause.content if one.place > place]


def _shared(one: Sequence[Token], other: Sequence[Token]) -> int:
    return sum(in_(token, other) for token in one)


def mismeasures(clause: Clause, other: Clause) -> bool:
    """Whether units of measurement stand in both, and no one in common."""
    ours, theirs = ({token.stem for token in one.tokens if token.text in UNITS} for one in (clause, other))
    return bool(ours) and bool(theirs) and not ours & theirs


def miscounts(clause: Clause, others: Sequence[Clause]) -> bool:
    """Whether a number of the clause is in none of the others, or with another unit of measurement.

    "Two" may count what is not counted there ("the two forces"), where no number stands at all.
    """
    counted = any(token.is_number for other in others for token in other.tokens)
    for number in (token for token in clause.tokens if token.is_number and (counted or token.text != "two")):
        measured = unit_after(clause.tokens, number)
        theirs = {
            unit_after(other.tokens, token)
            for other in others
            for token in other.tokens
            if token.is_number and token.stem == number.stem
        }
        if not theirs or (measured and not theirs & {measured, ""}):
            return True
    return False


def overstates(clause: Clause, other: Clause) -> bool:
    """Whether the clause says of all what the other says of some, of some what it says of all, or "only" by itself."""
    ours, theirs = clause.words, other.words
    if (ours & EVERY) - theirs and theirs & SOME and not ours & SOME:
        return True
    if ours & _PARTLY and theirs & EVERY and not theirs & SOME:
        return True
    return _is_restricted(clause) and not theirs & ONLY


def _is_restricted(clause: Clause) -> bool:
    """Whether "only" bears on what is spoken of, or on a condition, rather than on what is said of it."""
    words = [token.text for token in clause.tokens]
    return words[:1] == ["only"] or any(
        word == "only" and following in _CONDITIONS for word, following in pairwise(words)
    )

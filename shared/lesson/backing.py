"""How well evidence backs one sentence: how much of it the evidence says, and whether it says it so.

A sentence is held against the one sentence of the evidence that is nearest to it; each of its clauses against the
nearest clause there, or, where it goes on to something else, anywhere in the evidence.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shared.lesson import exchanges, sequels, twists
from shared.lesson.evidence import Evidence, Unit, is_mistaken
from shared.lesson.opposites import VAGUE
from shared.lesson.statements import Clause, Statement, Token, claimed, opposed, parsed
from shared.lesson.twists import Twist, in_
from shared.lesson.words import STOP_WORDS, stem

# What a word counts that stands not in the nearest sentence itself, but …
_OPPOSITE: Final = 0.9  # its opposite does
_AROUND: Final = 0.9  # beside it, or in a title: a subject that is not repeated
_ELSEWHERE: Final = 0.35  # somewhere in the evidence
# The same for a clause.
_SUBJECT: Final = 0.6  # in the clause before one that has no subject of its own
_BESIDE: Final = 0.3  # elsewhere in its sentence
_FAR: Final = 0.2  # beside its sentence
_PLAIN: Final = 0.1  # "under", "from": a word that says nothing by itself, in the clause itself
_VAGUE_WEIGHT: Final = 0.3
_TIE: Final = 0.15  # clauses as near as this are equally good: one that fits is enough
_WHOLE: Final = 0.85  # share of a sentence in one sentence of the evidence from which it is a telling of that one
_FITS: Final = 0.4  # share of a clause below which nothing speaks of the same
_KNOWN_MISTAKE: Final = 0.8
_NAME: Final = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z'’]+")
# "… divided by g. Here, v is the speed": a symbol's letter hides the end of the sentence from the splitter.
_SYMBOL_END: Final = re.compile(r"(?<=\b[A-Za-z])\. (?=Here,)")


@dataclass(frozen=True, slots=True)
class Backing:
    """What was found for a sentence."""

    share: float  # of its words, as the nearest sentence has them, 0 to 1
    weakest: float  # the same for the clause that is backed least
    twist: Twist | None = None


_VERBATIM: Final = Backing(1.0, 1.0)


@lru_cache(maxsize=8_000)
def backing(sentence: str, evidence: Evidence) -> Backing:
    """Measure a sentence, mathematics in words."""
    parts = [_backing(parsed(part), evidence) for part in _SYMBOL_END.split(sentence)]
    return min(parts, key=lambda part: (part.twist is None, part.share))


def _backing(statement: Statement, evidence: Evidence) -> Backing:
    units = evidence.mistakes if is_mistaken(statement.text) else evidence.facts
    if not units:
        return Backing(0.0, 0.0)
    words = [token.text for token in statement.tokens]
    if any(words == [token.text for token in unit.statement.tokens] for unit in units):
        return _VERBATIM
    nearest = max(units, key=lambda unit: (_direct(statement, unit) + _closeness(statement, unit), unit.place))
    share = _share(statement.claimed, nearest, evidence)
    return Backing(share, _weakest(statement, evidence), _twist(statement, nearest, units, evidence))


def _share(tokens: Iterable[Token], unit: Unit, evidence: Evidence) -> float:
    """Share of the words that the evidence has; a vague word that it has not counts little."""
    credits = [(_credit(token, unit, evidence), token.text in VAGUE) for token in tokens]
    total = sum(_VAGUE_WEIGHT if vague and not credit else 1.0 for credit, vague in credits)
    return sum(credit for credit, _ in credits) / total if total else 1.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0


def _direct(statement: Statement, unit: Unit) -> float:
    """Share of the claim that one sentence has; an opposite is of the same thing."""
    has, poles = unit.statement.keys, unit.statement.poles
    return _mean(
        1.0 if not token.keys.isdisjoint(has) else _OPPOSITE * opposed(token, poles) for token in statement.claimed
    )


def _closeness(statement: Statement, unit: Unit) -> float:
    """A little for a sentence that says not much else."""
    union = statement.keys | unit.statement.keys
    return 0.1 * len(statement.keys & unit.statement.keys) / len(union) if union else 0.0


def _credit(token: Token, unit: Unit, evidence: Evidence) -> float:
    if not token.keys.isdisjoint(unit.statement.keys):
        return 1.0
    if opposed(token, unit.statement.poles):
        return _OPPOSITE
    if not token.keys.isdisjoint(unit.around):
        return _AROUND
    return 0.0 if token.keys.isdisjoint(evidence.keys) else _ELSEWHERE


def _weakest(statement: Statement, evidence: Evidence) -> float:
    """The least share of a clause that any sentence has."""
    shares = []
    for clause in statement.clauses:
        own = claimed(clause.content)
        if len(own) >= 2:
            shares.append(max(_share(own, unit, evidence) for unit in evidence.units))
    return min(shares, default=1.0)


def _twist(statement: Statement, nearest: Unit, units: tuple[Unit, ...], evidence: Evidence) -> Twist | None:
    if _has_strange_name(statement.text, evidence):
        return Twist.NAME
    others = [unit.statement for unit in units]
    if exchanges.misdivides(statement, others):
        return Twist.DIVISION
    kept = exchanges.keeps_order(statement, nearest.statement)
    whole = _direct(statement, nearest) >= _WHOLE
    bonus = {unit: _direct(statement, unit) for unit in units}
    for clause in statement.clauses:
        # A telling of one sentence has to fit that one; "and" may go on to another.
        goes_on = not whole or clause.tokens[0].text in {"and", "but"}
        found = _clause_twist(clause, bonus if goes_on else {nearest: bonus[nearest]}, evidence, kept)
        if found:
            return found
    if sequels.inverts(statement, others) or sequels.excuses(statement, others):
        return Twist.CAUSE
    if sequels.misorders(statement, units):
        return Twist.ORDER
    if _is_known_mistake(statement, nearest, evidence):
        return Twist.MISTAKE
    if kept:
        return None
    if exchanges.trades(statement, nearest.statement) or exchanges.unbinds(statement, nearest.statement):
        return Twist.EXCHANGE
    theirs = nearest.statement
    return exchanges.replaced(statement.claimed, theirs.claimed, whole=theirs.keys, known=evidence.keys)


def _has_strange_name(text: str, evidence: Evidence) -> bool:
    """Whether a word that only a name would write with a capital is nowhere in the evidence."""
    parts = (part for name in _NAME.findall(text) for part in name.split("-") if part.lower() not in STOP_WORDS)
    return any(stem(part) not in evidence.keys for part in parts)


def _is_known_mistake(statement: Statement, nearest: Unit, evidence: Evidence) -> bool:
    """Whether what the book calls a mistake is nearer to the statement than anything that it calls true."""
    if is_mistaken(statement.text):
        return False
    best = max((_direct(statement, unit) for unit in evidence.mistakes), default=0.0)
    return best >= _KNOWN_MISTAKE and best > _direct(statement, nearest)


def _clause_twist(clause: Clause, bonus: dict[Unit, float], evidence: Evidence, kept: bool) -> Twist | None:
    """How a clause is turned around, where the clauses nearest to it all say something else."""
    if not clause.content:
        return None
    scored = [
        (_nearness(clause, other, unit) + extra, other, unit)
        for unit, extra in bonus.items()
        for other in unit.statement.clauses
        if other.content
    ]
    top = max((score for score, _, _ in scored), default=0.0)
    if top - 1 < max(1.0, _FITS * len(clause.content)):
        figures = (token for token in clause.tokens if token.is_number and token.text != "two")
        unknown = any(token.stem not in evidence.numbers for token in figures)
        return Twist.NUMBER if unknown else None
    first: Twist | None = None
    for score, other, unit in scored:
        if score >= top - _TIE:
            found = _against(clause, other, unit, evidence, kept)
            if found is None:
                return None
            first = first or found
    return first


def _nearness(clause: Clause, other: Clause, unit: Unit) -> float:
    """How much of a clause another one says."""
    earlier = unit.statement.clauses[: unit.statement.clauses.index(other)]
    before = [token for one in earlier for token in one.content]
    score = 0.0
    for token in clause.tokens:
        if not token.is_content:
            score += _PLAIN * (token.text in other.words and len(token.text) > 3)
        elif not token.keys.isdisjoint(other.keys):
            score += 1.0
        elif opposed(token, other.poles):
            score += _OPPOSITE - 0.1
        elif in_(token, before):
            score += _SUBJECT if other.leans else _BESIDE
        elif not token.keys.isdisjoint(unit.statement.keys):
            score += _BESIDE
        elif not token.keys.isdisjoint(unit.around):
            score += _FAR
    return score


def _against(clause: Clause, other: Clause, unit: Unit, evidence: Evidence, kept: bool) -> Twist | None:
    """How a clause says something else than one that it is near to."""
    if twists.denies(clause, other, unit.statement.clauses):
        return Twist.OPPOSITE
    if twists.mismeasures(clause, other) or twists.miscounts(clause, unit.near(evidence.units)):
        return Twist.NUMBER
    if twists.overstates(clause, other):
        return Twist.QUANTIFIER
    if kept:
        return None
    if exchanges.exchanges(clause.tokens, other.tokens):
        return Twist.EXCHANGE
    ours, theirs = claimed(clause.content), claimed(other.content)
    return exchanges.replaced(ours, theirs, whole=unit.statement.keys, known=evidence.keys)

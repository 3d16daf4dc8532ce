"""Whether what a lesson says stands in the passages that it cites.

Each claim-bearing sentence is held against the one sentence of the cited passages that is nearest to it
(`shared.lesson.backing`): how much of it stands there, and whether it is said there so. How often the measure errs is
in docs/decisions/0019-what-counts-as-grounded.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.books.passages import Passage
from shared.enums import SceneKind
from shared.lesson.backing import backing
from shared.lesson.evidence import Evidence, evidence
from shared.lesson.prose import narrated
from shared.lesson.statements import TALK, claimed, parsed
from shared.lesson.storyboard import Scene, Storyboard
from shared.lesson.twists import Twist
from shared.lesson.words import content, sentences

SUPPORT_THRESHOLD: Final = 0.65
_CLAUSE_SLACK: Final = 0.15  # how much less a single clause may be backed than the sentence
_LEAST_STEMS: Final = 2  # a sentence with fewer content words of its own claims nothing

_BY_ORDER: Final = frozenset({Twist.EXCHANGE, Twist.CAUSE, Twist.ORDER})
# Scenes that frame the subject: their comparisons are the interest library's, their questions the student's to answer.
_FRAME: Final = frozenset({SceneKind.HOOK, SceneKind.CONNECTION, SceneKind.CREDITS, SceneKind.OBJECTIVES})

__all__ = [
    "SUPPORT_THRESHOLD",
    "Evidence",
    "Grounding",
    "cited",
    "claims",
    "evidence",
    "familiar",
    "is_framing",
    "measure",
    "support",
    "supported_share",
    "unsupported",
]


@dataclass(frozen=True, slots=True)
class Grounding:
    """What was found of a lesson's narration."""

    claims: int  # sentences that claim something
    unsupported: tuple[tuple[str, str], ...]  # (scene id, sentence)

    @property
    def share(self) -> float:
        """Share of the claims that are supported, 0 to 1; 1 where nothing is claimed."""
        return round(1 - len(self.unsupported) / self.claims, 4) if self.claims else 1.0


def claims(sentence: str) -> frozenset[str]:
    """The stems that a sentence claims something with; empty for questions and for talk to the student."""
    if sentence.rstrip().endswith("?"):
        return frozenset()
    own = content(sentence) - TALK
    return own if len(own) >= _LEAST_STEMS else frozenset()


def support(sentence: str, found: Evidence, *, brief: bool = False) -> float:
    """How far the evidence says what a sentence claims, 0 to 1; 1 where it claims nothing.

    A sentence that turns its evidence around is not supported at all: a wrong statement is worse than none. Of a
    `brief` one, a line on the screen, the order of words tells too little to judge who does what.
    """
    if not claims(sentence):
        return 1.0
    backed = backing(sentence, found)
    twisted = backed.twist is not None and not (brief and backed.twist in _BY_ORDER)
    return 0.0 if twisted else min(backed.share, backed.weakest + _CLAUSE_SLACK)


def familiar(text: str, found: Evidence) -> float:
    """Share of a text's words that the evidence has anywhere; 0 where a number of it is in none of the passages.

    For what is no sentence: labels, cells, steps of a solution.
    """
    own = claimed(parsed(narrated(text)).content)
    if any(token.is_number and token.stem not in found.numbers for token in own):
        return 0.0
    return sum(not token.keys.isdisjoint(found.keys) for token in own) / len(own) if own else 1.0


def is_framing(scene: Scene) -> bool:
    """Whether a scene's sentences are comparison and glue rather than claims from the books."""
    return scene.kind in _FRAME


def cited(scene: Scene, passages: Mapping[str, Passage]) -> Evidence:
    """What a scene's citations state; those that are not known state nothing."""
    return evidence([passages[one] for one in scene.citations if one in passages])


def measure(storyboard: Storyboard, passages: Mapping[str, Passage]) -> Grounding:
    """Hold every claim-bearing sentence of the narration against its scene's citations."""
    number = 0
    wrong = []
    for scene in storyboard.scenes:
        if is_framing(scene):
            continue
        found = cited(scene, passages)
        bearing = [sentence for sentence in sentences(scene.narration) if claims(sentence)]
        number += len(bearing)
        wrong += [(scene.id, sentence) for sentence in bearing if support(sentence, found) < SUPPORT_THRESHOLD]
    return Grounding(number, tuple(wrong))


def unsupported(storyboard: Storyboard, passages: Mapping[str, Passage]) -> list[tuple[str, str]]:
    """The claim-bearing sentences that their scenes' citations do not back: (scene id, sentence)."""
    return list(measure(storyboard, passages).unsupported)


def supported_share(storyboard: Storyboard, passages: Mapping[str, Passage]) -> float:
    """Share of the claim-bearing sentences that are supported, 0 to 1; 1 where nothing is claimed."""
    return measure(storyboard, passages).share

"""What students ask in a chaos run: each question says by its own words what is to become of it.

A stand-in reads them where a stage would think. Every decision follows from the question and the seed alone.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality


class Kind(StrEnum):
    """What becomes of a question."""

    PLAIN = "plain"  # made, of a content key of its own
    SHARED = "shared"  # its key is others' too: one is made, the others follow it or find it made
    ASKING = "asking"  # asked back once, then made
    FLAKY = "flaky"  # some runs of some stages fail for now
    MENDED = "mended"  # fails for good in its first life; its student tries again
    CANCELLED = "cancelled"  # its student cancels it on the way, if it is still there to be cancelled
    REFUSED = "refused"  # not answered here
    HOPELESS = "hopeless"  # its script never passes the checks


# How many of a hundred. What is shared, flaky and asked back is where things can go wrong.
SHARES: Final = {
    Kind.PLAIN: 32,
    Kind.SHARED: 26,
    Kind.ASKING: 10,
    Kind.FLAKY: 12,
    Kind.MENDED: 5,
    Kind.CANCELLED: 7,
    Kind.REFUSED: 5,
    Kind.HOPELESS: 3,
}
MODALITIES: Final = {Modality.VIDEO: 70, Modality.AUDIO: 15, Modality.TEXT: 15}
SHARED_BY: Final = 5  # about so many questions have the same key

_TEXT: Final = re.compile(r"Question (\d+) of (\d+), ([a-z]+), about (\S+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a run."""

    number: int
    run: int  # the seed
    kind: Kind
    about: str  # what its content key is made from
    modality: Modality = Modality.VIDEO
    arrives: float = 0.0  # share of the run's duration
    cancelled_after: float = 0.0  # seconds

    @property
    def text(self) -> str:
        """The words that the student sends."""
        return f"Question {self.number} of {self.run}, {self.kind}, about {self.about}."

    @property
    def is_made(self) -> bool:
        """Whether it has no other end than its lesson."""
        return self.ends == frozenset({Status.COMPLETED})

    @property
    def ends(self) -> frozenset[Status]:
        """How it may end. What the api answered to a cancellation decides between the two of a cancelled one."""
        match self.kind:
            case Kind.REFUSED | Kind.HOPELESS:
                return frozenset({Status.FAILED})
            case Kind.CANCELLED:
                return frozenset({Status.CANCELLED, Status.COMPLETED})
            case _:
                return frozenset({Status.COMPLETED})


def read(text: str) -> Question:
    """The question that these words are."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("no question of a chaos run")
    number, run, kind, about = found.groups()
    return Question(number=int(number), run=int(run), kind=Kind(kind), about=about)


def asked(requests: int, seed: int, *, kinds: Sequence[Kind]) -> list[Question]:
    """The questions of a run, of these kinds, in the order in which they arrive; of one kind: for videos."""
    chance = random.Random(f"questions {seed}")
    arrivals = sorted(chance.random() for _ in range(requests))
    return [_one(number, seed, arrival, requests, chance, kinds) for number, arrival in enumerate(arrivals)]


def _one(
    number: int, seed: int, arrives: float, requests: int, chance: random.Random, kinds: Sequence[Kind]
) -> Question:
    kind = chance.choices(kinds, [SHARES[kind] for kind in kinds])[0]
    modality = chance.choices(list(MODALITIES), list(MODALITIES.values()))[0] if len(kinds) > 1 else Modality.VIDEO
    about = f"own-{number}"
    if kind is Kind.SHARED or (kind is Kind.CANCELLED and chance.random() < 0.5):
        groups = max(1, requests * SHARES[Kind.SHARED] // (100 * SHARED_BY))
        # Those of a group are asked about the same time, or nobody would follow anybody.
        group = min(groups - 1, int(arrives * groups))
        about, modality = f"group-{group}", Modality.VIDEO
    return Question(
        number=number,
        run=seed,
        kind=kind,
        about=about,
        modality=modality,
        arrives=arrives,
        cancelled_after=chance.uniform(0.0, 1.5),
    )

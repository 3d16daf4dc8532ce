"""What a chaos run is asked for, and how much of each fault follows from it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from shared.pipeline import STAGES
from tests.chaos.dooms import Doom
from tests.chaos.messages import Again
from tests.chaos.questions import Kind

FULL: Final = Fraction(1)
QUICK: Final = Fraction(1, 5)  # leases of 3 s: short enough to wait for, long enough for a busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run. Shares are between 0 and 1; seconds are declared ones, before `scale`."""

    requests: int = 1000
    kills: int = 200  # of processes that run stages, spread evenly over the stages
    duplicates: float = 0.1  # share of messages that are delivered once more, at once or late
    again: Again = Again.BY_CHANCE  # when; all others than this leave nothing to chance
    reorder: float = 0.1  # share of messages whose delivery is held back
    pg_restarts: int | None = None  # None: 4, or none without kills
    seed: int = 1
    scale: Fraction = QUICK  # of leases, heartbeats, back-off, ack deadlines and the sweeper's clock
    zombies: int | None = None  # processes frozen for longer than their lease; None: a tenth of the kills
    planned: tuple[tuple[str, Doom], ...] = ()  # (function, doom): what befalls its first processes, before any other
    waking: float = 2.0  # a frozen process wakes within so many works of a stage after its request was taken over
    losses: float | None = None  # share of stage messages that the bus loses, though no real one does; None: 1 %
    forgotten: float = 0.0  # share of deliveries that broke off and are not repeated: the sweep alone is left
    processes: int | None = None  # of each stage; None: 3, or 1 without faults, as nobody has to stand in for another
    threads: int | None = None  # of each process; None: 1, or 3 without faults
    work_seconds: float | None = None  # mean length of a stage's work; None: 0.03, or nothing without faults
    seconds: float | None = None  # over which requests arrive; None: as long as the faults need
    kinds: tuple[Kind, ...] = ()  # of questions, of one: for videos; none: all kinds, or plain ones without faults
    unaccepted: float | None = None  # share of mails and webhooks that fail for now; None: 10 %, or none without work
    settle_seconds: float | None = None  # patience with a record in which nothing moves; None: by the sweeper's clock
    mutation: str = ""  # an invariant broken on purpose: `mutations.py`

    @property
    def calm(self) -> bool:
        """Whether nothing is left to chance."""
        return not (self.kills or self.duplicates or self.reorder or self.restarts or self.zombies or self.losses)

    @property
    def restarts(self) -> int:
        """How often PostgreSQL is brought down."""
        return (4 if self.kills else 0) if self.pg_restarts is None else self.pg_restarts

    @property
    def asked(self) -> tuple[Kind, ...]:
        """The kinds of the questions."""
        return self.kinds or ((Kind.PLAIN,) if self.calm else tuple(Kind))

    @property
    def crew(self) -> tuple[int, int]:
        """Processes of each stage, and threads of each."""
        alone = self.calm and not self.planned and self.again is Again.BY_CHANCE
        return self.processes or (1 if alone else 3), self.threads or (3 if alone else 1)

    @property
    def refused(self) -> float:
        """Share of mails and webhooks that are not accepted for now."""
        return (UNACCEPTED if self.working else 0.0) if self.unaccepted is None else self.unaccepted

    @property
    def frozen(self) -> int:
        """How many processes are frozen."""
        return self.kills // 10 if self.zombies is None else self.zombies

    @property
    def lost(self) -> float:
        """Share of stage messages that are lost."""
        faulty = self.kills or self.restarts
        return (0.01 if faulty else 0.0) if self.losses is None else self.losses

    @property
    def working(self) -> float:
        """Mean seconds of a stage's work."""
        return (0.0 if self.calm else 0.03) if self.work_seconds is None else self.work_seconds

    @property
    def duration(self) -> float:
        """Real seconds over which requests arrive and faults happen."""
        if self.seconds is not None:
            return self.seconds
        if self.calm:
            return 0.0
        restarts = self.restarts * MEAN_RESTART_SECONDS * float(self.scale)
        return max(self.requests / ARRIVALS, self.kills / KILLS, restarts, 3.0)

    @property
    def kills_of_each_stage(self) -> list[int]:
        """The kills by stage, in the stages' order."""
        each, left = divmod(self.kills, len(STAGES))
        return [each + (place < left) for place in range(len(STAGES))]


UNACCEPTED: Final = 0.1
ARRIVALS: Final = 10.0  # requests a second under faults
KILLS: Final = 4.0  # kills a second
RESTART_SECONDS: Final = (5.0, 40.0)  # declared seconds between two restarts of PostgreSQL
MEAN_RESTART_SECONDS: Final = sum(RESTART_SECONDS) / 2

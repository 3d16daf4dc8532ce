"""What a benchmark answers: its runs beside its peer's, made in turn on the same machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

RUNS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Seconds of each run, ours and the peer's; `ratio` is what to compare between machines."""

    what: str
    peer: str
    ours: tuple[float, ...]
    peers: tuple[float, ...]
    details: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Mapping[str, Any], ...] = ()  # a table of what was measured besides, with the same columns in each

    @property
    def ratio(self) -> float:
        """The median of ours over peer's, pair by pair: load that comes and goes falls on both."""
        return median(our / peer for our, peer in zip(self.ours, self.peers, strict=True))

    def as_json(self) -> dict[str, Any]:
        """All of it, in milliseconds."""
        return {
            "what": self.what,
            "peer": self.peer,
            "ours_ms": round(median(self.ours) * 1000, 3),
            "peer_ms": round(median(self.peers) * 1000, 3),
            "ratio": round(self.ratio, 3),
            "runs": len(self.ours),
            **self.details,
            **({"rows": [dict(row) for row in self.rows]} if self.rows else {}),
        }


def in_turn(
    ours: Callable[[], float], peer: Callable[[], float], *, runs: int = RUNS
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Warm both up once, then measure them in turn; each returns the seconds of what it measured."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(runs)]
    return tuple(our for our, _ in pairs), tuple(other for _, other in pairs)

"""The declared times, scaled in a process of the harness before anything has read them.

Leases, heartbeats and the sweeper's clock are waited for. Scaled together by one factor they stand to each other as
declared; the machine's own speed is not scaled, so that a scaled run is the harder one.
"""

import sys
from fractions import Fraction
from typing import Any, Final

from shared import pipeline

# Statements cast these to whole seconds.
WHOLE: Final = ("LEASE_SECONDS", "SWEEP_SUCCESSOR_SECONDS", "SWEEP_ANNOUNCE_SECONDS", "LESSON_QUIET_SECONDS")
BROKEN: Final = ("HEARTBEAT_SECONDS",)
READERS: Final = ("functions.sweep.main", "shared.runs", "shared.db.claims", "shared.db.sweeping")


def scaled(seconds: float, scale: Fraction) -> float:
    """So many declared seconds as they pass in a run of this scale."""
    return float(seconds * scale)


def check(scale: Fraction) -> None:
    """Raise ValueError for a scale that the declared times cannot have."""
    if scale <= 0:
        raise ValueError("a scale is above 0")
    for name in WHOLE:
        value = getattr(pipeline, name) * scale
        if value.denominator != 1:
            raise ValueError(f"{name} would be {float(value):.2f} s, and has to be whole: 1/15, 1/5, 1/3 and 1 do")


def scale_declaration(scale: Fraction) -> None:
    """Scale the constants of `shared.pipeline`, before they are read."""
    check(scale)
    if late := [name for name in READERS if name in sys.modules]:
        raise RuntimeError(f"read already by {', '.join(late)}")
    for name in (*WHOLE, *BROKEN):
        value: Any = getattr(pipeline, name) * scale
        setattr(pipeline, name, int(value) if name in WHOLE else float(value))

"""What a run uses of things that cost money, counted where it is used. `shared.prices` says what it costs.

A unit is `what/measure`: the model or part that was used, and what is counted of it ("gemini-2.5-flash/input_tokens").
"""

import contextvars
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Measure(StrEnum):
    """What can be counted."""

    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CHARACTERS = "characters"
    IMAGES = "images"
    CPU_SECONDS = "cpu_seconds"  # processor time used
    VCPU_SECONDS = "vcpu_seconds"  # processors held, at work or waiting: seconds times their number
    BYTES_STORED = "bytes_stored"


class Meter:
    """The quantities of one run, by unit; threads of the run may count at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quantities: defaultdict[str, float] = defaultdict(float)

    def add(self, unit: str, quantity: float) -> None:
        """Count some more of a unit."""
        with self._lock:
            self._quantities[unit] += quantity

    @property
    def quantities(self) -> Mapping[str, float]:
        """All that was counted, by unit."""
        with self._lock:
            return {unit: round(quantity, 6) for unit, quantity in sorted(self._quantities.items()) if quantity}


_meter: contextvars.ContextVar[Meter | None] = contextvars.ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Count what the block uses."""
    meter = Meter()
    token = _meter.set(meter)
    try:
        yield meter
    finally:
        _meter.reset(token)


def unit(what: str, measure: Measure) -> str:
    """The name under which a use is counted, recorded and priced."""
    return f"{what}/{measure}"


def count(what: str, measure: Measure, quantity: float) -> None:
    """Count a use for the run at hand; outside a run nobody pays, and nothing is counted."""
    meter = _meter.get()
    if meter is not None and quantity:
        meter.add(unit(what, measure), quantity)


def in_this_run(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function for another thread, where its uses are counted for the run that it is part of."""
    context = contextvars.copy_context()

    def run(*arguments: P.args, **named: P.kwargs) -> T:
        # A copy each time: a context can be entered by one thread at once.
        return context.copy().run(function, *arguments, **named)

    return run

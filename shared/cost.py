"""What a lesson costs: the quantities in its ledger ({stage: {unit: quantity}}), times the table of prices."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.pipeline import STAGES
from shared.prices import PRICES

Ledger = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCost:
    """What all runs of one stage took together."""

    stage: str
    usd: float | None  # None: one of the units has no known price
    used: Mapping[str, float]  # quantities by unit


def by_stage(ledger: Ledger, prices: Mapping[str, float] = PRICES) -> list[StageCost]:
    """Price each stage of a ledger, in the pipeline's order."""
    order = [stage.name for stage in STAGES if stage.name in ledger]
    return [StageCost(stage=name, usd=_usd(ledger[name], prices), used=ledger[name]) for name in order]


def cost_usd(ledger: Ledger, prices: Mapping[str, float] = PRICES) -> float | None:
    """Price a whole ledger; None where the price of a unit is not known, for a part would pass for the whole."""
    total = 0.0
    for used in ledger.values():
        dollars = _usd(used, prices)
        if dollars is None:
            return None
        total += dollars
    return total


def _usd(used: Mapping[str, float], prices: Mapping[str, float]) -> float | None:
    if not used.keys() <= prices.keys():
        return None
    return sum(quantity * prices[unit] for unit, quantity in used.items())

"""What a lesson costs: the quantities that its stages recorded, times one table of prices."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# US dollars a unit. The embedded parts run on the machine at hand and charge nothing for any of them.
EMBEDDED_PRICES: Final[Mapping[str, float]] = MappingProxyType({"speech_characters": 0.0, "cpu_seconds": 0.0})


def cost_usd(ledger: Mapping[str, Mapping[str, float]], prices: Mapping[str, float] = EMBEDDED_PRICES) -> float:
    """Price a request's ledger ({stage: {unit: quantity}}); raise KeyError for a unit without a price."""
    return sum(quantity * prices[unit] for quantities in ledger.values() for unit, quantity in quantities.items())

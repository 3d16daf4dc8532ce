"""The ledger is priced from one table, and a unit nobody priced is an error, not free."""

import pytest

from shared.cost import EMBEDDED_PRICES, cost_usd


def test_a_ledger_is_summed_over_stages_and_units() -> None:
    ledger = {"generate_video": {"speech_characters": 1000, "cpu_seconds": 10}, "process_video": {"cpu_seconds": 5}}
    assert cost_usd(ledger, {"speech_characters": 0.000016, "cpu_seconds": 0.00001}) == pytest.approx(0.01615)


def test_embedded_parts_charge_nothing_and_a_cache_hit_has_an_empty_ledger() -> None:
    assert cost_usd({"generate_video": dict.fromkeys(EMBEDDED_PRICES, 7.0)}) == 0.0
    assert cost_usd({}) == 0.0


def test_a_unit_without_a_price_is_an_error() -> None:
    with pytest.raises(KeyError):
        cost_usd({"generate_script": {"tokens": 1}})

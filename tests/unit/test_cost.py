"""Quantities times one table of prices; a unit that nobody priced makes the sum unknown, not wrong and not an error."""

from dataclasses import replace
from typing import Any

import pytest

from shared.cost import by_stage, cost_usd
from shared.enums import Port
from shared.parts import PARTS
from shared.pipeline import FUNCTIONS, GENERATE_SCRIPT, GENERATE_VIDEO, VALIDATE_REQUEST
from shared.prices import CLOUD_RUN, LOCAL, PRICES, machine, unpriced
from shared.usage import Measure, unit
from tests.fakes import SETTINGS

GOOGLE = replace(
    SETTINGS,
    writer="gemini",
    writer_model="gemini-2.5-flash",
    illustrator="gemini",
    illustration_model="gemini-2.5-flash-image",
    embeddings="vertex",
    embedding_model="gemini-embedding-001",
    speech="google",
    speech_voice="en-US-Neural2-D",
)


def test_a_ledger_is_summed_over_stages_and_units() -> None:
    ledger = {
        GENERATE_SCRIPT.name: {"gemini-2.5-flash/input_tokens": 10_000, "gemini-2.5-flash/output_tokens": 2_000},
        GENERATE_VIDEO.name: {"texttospeech-neural2/characters": 1_500, "gemini-2.5-flash-image/images": 2},
    }
    assert cost_usd(ledger) == pytest.approx(0.003 + 0.005 + 0.024 + 0.078)


def test_each_stage_is_priced_by_itself_in_the_order_of_the_pipeline() -> None:
    ledger = {GENERATE_VIDEO.name: {"b": 2.0}, VALIDATE_REQUEST.name: {"a": 3.0}, GENERATE_SCRIPT.name: {"nobody's": 1}}
    costs = by_stage(ledger, {"a": 0.5, "b": 0.25})
    assert [(cost.stage, cost.usd) for cost in costs] == [
        (VALIDATE_REQUEST.name, 1.5),
        (GENERATE_SCRIPT.name, None),
        (GENERATE_VIDEO.name, 0.5),
    ]
    assert costs[2].used == {"b": 2.0}


def test_nothing_used_costs_nothing() -> None:
    assert cost_usd({}) == 0.0


@pytest.mark.parametrize("unknown", ["gemini-99/input_tokens", "speech_characters", "cpu_seconds", ""])
def test_a_unit_without_a_price_makes_the_whole_unknown(unknown: str) -> None:
    ledger = {GENERATE_SCRIPT.name: {"gemini-2.5-flash/input_tokens": 1.0}, GENERATE_VIDEO.name: {unknown: 1.0}}
    assert cost_usd(ledger) is None


def test_what_runs_on_the_machine_at_hand_is_free() -> None:
    used = {"piper/characters": 1400.0, unit(LOCAL, Measure.CPU_SECONDS): 30.0, unit(LOCAL, Measure.VCPU_SECONDS): 60.0}
    assert cost_usd({GENERATE_VIDEO.name: used}) == 0.0


def test_a_held_processor_is_paid_for_and_what_it_computes_meanwhile_is_not_paid_for_again() -> None:
    minute = {unit(CLOUD_RUN, Measure.VCPU_SECONDS): 60.0}
    idle = cost_usd({GENERATE_VIDEO.name: minute})
    busy = cost_usd({GENERATE_VIDEO.name: minute | {unit(CLOUD_RUN, Measure.CPU_SECONDS): 60.0}})
    assert idle == busy == pytest.approx(60 * (0.000024 + 2 * 0.0000025))


def test_every_price_is_of_a_measure_that_is_counted_and_none_is_negative() -> None:
    for priced, dollars in PRICES.items():
        what, _, measure = priced.partition("/")
        assert what
        assert measure in list(Measure)
        assert dollars >= 0


@pytest.mark.parametrize("environment", ["local", "dev", "prod"])
def test_a_machine_of_ones_own_sends_no_bill(environment: str) -> None:
    assert machine(replace(SETTINGS, environment=environment)) == (LOCAL if environment == "local" else CLOUD_RUN)


@pytest.mark.parametrize("family", ["Standard", "Wavenet", "Neural2"])
def test_every_voice_that_lessons_can_be_spoken_with_has_a_price(family: str) -> None:
    assert unpriced(replace(GOOGLE, speech_voice=f"en-GB-{family}-A"), [Port.SPEECH]) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, []),
        ({"writer_model": "gemini-99-ultra"}, ["WRITER_MODEL"]),
        (
            {"illustration_model": "x", "embedding_model": "y", "writer_model": "z"},
            ["EMBEDDING_MODEL", "ILLUSTRATION_MODEL", "WRITER_MODEL"],
        ),
        ({"writer": "extractive", "writer_model": "gemini-99-ultra"}, []),
    ],
)
def test_settings_that_name_something_without_a_price_are_found(changes: dict[str, Any], named: list[str]) -> None:
    assert unpriced(replace(GOOGLE, **changes), PARTS) == named


def test_a_function_is_told_only_of_what_it_uses() -> None:
    settings = replace(GOOGLE, writer_model="gemini-99-ultra", embedding_model="y")
    told = {function.name: unpriced(settings, function.uses) for function in FUNCTIONS}
    assert told[GENERATE_SCRIPT.name] == ["WRITER_MODEL"]
    assert told[VALIDATE_REQUEST.name] == ["EMBEDDING_MODEL", "WRITER_MODEL"]
    assert told[GENERATE_VIDEO.name] == []

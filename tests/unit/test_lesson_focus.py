"""What a question is taken to be about."""

import pytest

from shared.lesson.focus import Intent, understand
from shared.lesson.material import Material
from tests.unit.lesson_samples import FLOATING, floating, sample_modules


def _facets(module_id: str, query: str) -> list[str]:
    passages = floating() if module_id == FLOATING else sample_modules()[module_id]
    return [facet.label for facet in understand(query, Material(passages, [module_id])).facets]


def test_both_parts_of_a_question_are_seen() -> None:
    query = "Explain how photosynthesis works, including the light-dependent and light-independent reactions"

    assert _facets("vf0502", query) == ["light-dependent reactions", "Calvin cycle"]


@pytest.mark.parametrize(
    ("module_id", "query", "label"),
    [
        ("vf0502", "What is chlorophyll?", "chlorophyll"),
        ("vf0502", "the light-independent reactions please", "Calvin cycle"),
        ("vf0203", "Why do action and reaction forces not cancel?", "Why the Two Forces Do Not Cancel"),
        ("vf0501", "What do mitochondria do?", "mitochondrion"),
        ("vf0303", "I need Ohm's law for my robot", "Ohm’s law"),
        (FLOATING, "what is buoyancy", "buoyancy"),
    ],
)
def test_the_part_that_a_question_names_is_found(module_id: str, query: str, label: str) -> None:
    assert label in _facets(module_id, query)


def test_a_broad_question_names_no_part() -> None:
    focus = understand("How does photosynthesis work?", Material(sample_modules()["vf0502"], ["vf0502"]))

    assert not focus.is_narrow
    assert focus.facets == ()
    assert Intent.PROCESS in focus.intents


@pytest.mark.parametrize(
    ("query", "intent"),
    [
        ("What is the difference between mass and weight?", Intent.COMPARE),
        ("How do I calculate the current?", Intent.CALCULATE),
        ("Why is the sky blue?", Intent.CAUSE),
        ("What is a wave?", Intent.DEFINE),
        ("steps of the scientific method", Intent.STEPS),
    ],
)
def test_what_is_wanted_is_read_from_the_question(query: str, intent: Intent) -> None:
    assert intent in understand(query, Material(floating(), [FLOATING])).intents


def test_the_verb_to_mean_is_not_the_average() -> None:
    material = Material(floating(), [FLOATING])

    assert "mean" not in understand("What does density mean?", material).weights

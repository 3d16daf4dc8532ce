"""Resolving against rankings made by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.books.passages import Passage, RankedModule, RankedPassage
from shared.db.sections import Section
from shared.enums import PassageKind
from shared.questions.reading import read
from shared.questions.resolve import (
    MINILM,
    WORDS_ALONE,
    Clear,
    NotCovered,
    Resolution,
    Vague,
    best,
    limits,
    offer_anything,
    resolve,
)
from shared.questions.subjects import SAMPLE_SOURCE, SUBJECTS, entries


def module(
    title: str, similarity: float, coverage: float = 1.0, *, source: str = "book", module_id: str = ""
) -> RankedModule:
    return RankedModule(
        module_id=module_id or title.lower().replace(" ", "-"),
        source=source,
        title=title,
        score=similarity,
        similarity=similarity,
        coverage=coverage,
        passages=(),
    )


def section(title: str, *, chapter: str = "1", book: str = "Book", source: str = "book") -> Section:
    return Section(module_id=title.lower().replace(" ", "-"), title=title, chapter=chapter, book=book, source=source)


CATALOGUE = (
    section("The Scientific Method", chapter="Method"),
    section("Newton's First Law: Inertia", chapter="Forces"),
    section("Energy and Its Conservation", chapter="Forces"),
    section("Cells: The Units of Life", chapter="Life"),
    section("Photosynthesis", chapter="Life"),
    section("Chemical Reactions", chapter="Matter"),
    section("Ratios, Rates and Proportions", chapter="Mathematics"),
)


def resolved(text: str, *ranked: RankedModule, sections: Sequence[Section] = CATALOGUE) -> Resolution:
    return resolve(read(text), lambda query: ranked, lambda: sections, MINILM)


def titles(resolution: Resolution) -> list[str]:
    assert isinstance(resolution, Vague)
    return [option.title for option in resolution.options]


def test_a_question_near_one_section_is_clear() -> None:
    found = resolved("why are leaves green", module("Photosynthesis", 0.52), module("Evolution", 0.29, 0.5))
    assert found == Clear(module_ids=("photosynthesis",), topic="Photosynthesis", confidence=0.76)


def test_coverage_decides_between_sections_that_are_equally_near() -> None:
    found = resolved("how do tall waves carry energy far", module("Energy", 0.56, 0.5), module("Waves", 0.50, 1.0))
    assert isinstance(found, Clear)
    assert found.module_ids == ("waves",)


@pytest.mark.parametrize("text", ["charge", "I need a video on charge"])
def test_a_word_that_several_sections_use_is_asked_back(text: str) -> None:
    ranked = [
        module("Electric Charge", 0.53),
        module("Ohm's law", 0.42),
        module("Atoms", 0.38),
        module("Plants", 0.15),
        module("Circuits", 0.41, 0.0),
    ]
    assert titles(resolved(text, *ranked)) == ["Electric Charge", "Ohm's law", "Atoms"]


def test_the_same_word_in_a_question_is_clear_where_one_section_is_near_enough() -> None:
    assert isinstance(resolved("What is charge?", module("Electric Charge", 0.53), module("Atoms", 0.50)), Clear)


def test_a_word_that_is_a_title_means_that_section() -> None:
    ranked = module("Light: Reflection and Refraction", 0.70), module("Refraction", 0.69)
    found = resolved("refraction", *ranked)
    assert isinstance(found, Clear)
    assert found.module_ids == ("refraction",)


def test_a_word_whose_first_section_is_far_ahead_is_clear() -> None:
    assert isinstance(resolved("waves", module("Waves", 0.73), module("Light", 0.45)), Clear)


def test_no_topic_asks_for_one_and_offers_ways_in() -> None:
    offered = titles(resolved("idk i just dont get it"))
    assert 2 <= len(offered) <= 4
    assert "The Scientific Method" in offered


def test_a_whole_subject_offers_its_own_sections() -> None:
    assert titles(resolved("biology")) == ["Cells: The Units of Life", "Photosynthesis"]


def test_a_subject_that_no_book_treats_is_not_covered() -> None:
    assert resolved("statistics") == NotCovered(foreign=False)


def test_a_subject_with_more_is_asked_back_rather_than_refused() -> None:
    found = resolved("chemistry of cooking", module("Waves", 0.2, 0.0))
    assert titles(found) == ["Chemical Reactions"]


def test_a_form_offers_the_sections_that_have_it_and_then_others() -> None:
    offered = titles(resolved("something about graphs", module("Quadratic Functions", 0.46)))
    assert offered[0] == "Quadratic Functions"
    assert len(offered) == 4


def test_another_world_is_told_from_a_gap_in_the_books() -> None:
    assert resolved("who won the world cup", module("Ratios", 0.13, 0.3)) == NotCovered(foreign=True)
    assert resolved("how does mitosis divide chromosomes", module("Cells", 0.36, 0.3)) == NotCovered(foreign=False)
    assert resolved("how does mitosis divide chromosomes") == NotCovered(foreign=False)


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("How are photosynthesis and cells connected?", "Photosynthesis", "Cells: The Units of Life"),
        ("Explain Newton's first and third law", "Newton's Third Law", "Newton's First Law"),
        ("series and parallel circuits", "Parallel Circuits", "Series Circuits"),
    ],
)
def test_two_things_that_are_joined_get_both_sections(text: str, one: str, other: str) -> None:
    found = resolved(text, module(one, 0.7), module("Something Else", 0.65), module(other, 0.6))
    assert isinstance(found, Clear)
    assert found.topic == f"{one} and {other}"


def test_no_second_section_where_one_covers_both_or_the_other_is_far() -> None:
    both = resolved("speed and velocity", module("Speed and Velocity", 0.7), module("Velocity", 0.65))
    far = resolved("photosynthesis and cells", module("Photosynthesis", 0.8), module("Cells", 0.4))
    for found in (both, far):
        assert isinstance(found, Clear)
        assert len(found.module_ids) == 1


def test_a_schools_own_book_goes_before_the_sample() -> None:
    found = resolved(
        "why do I fly forward when the bus brakes",
        module("Newton’s First Law: Inertia", 0.63, source=SAMPLE_SOURCE, module_id="sample"),
        module("Momentum", 0.40, 0.5),
        module("Newton's First Law of Motion: Inertia", 0.34, 0.2, module_id="own"),
    )
    assert isinstance(found, Clear)
    assert found.module_ids == ("own",)


def test_a_schools_own_book_is_used_wherever_it_treats_the_question_well() -> None:
    sample = module("Waves and Their Properties", 0.85, source=SAMPLE_SOURCE)
    question = "explain destructive interference of sound waves in headphones"
    well = resolved(question, sample, module("Sound Interference", 0.74, 0.89))
    badly = resolved(question, sample, module("Sound Interference", 0.60, 0.89))
    assert isinstance(well, Clear)
    assert isinstance(badly, Clear)
    assert (well.topic, badly.topic) == ("Sound Interference", "Waves and Their Properties")


def test_a_section_that_is_enough_goes_before_one_that_only_holds_the_words() -> None:
    ranked = [module("Units of Measure", 0.33, 1.0), module("Ratios and Rates", 0.50, 0.75)]
    found = resolved("apples cost dollars", *ranked)
    assert isinstance(found, Clear)
    assert found.topic == "Ratios and Rates"


def numbered(module: RankedModule, number: str) -> RankedModule:
    passage = Passage(
        passage_id="p",
        source=module.source,
        book="Book",
        module_id=module.module_id,
        module_title=module.title,
        chapter="",
        section="",
        number=number,
        position=0,
        kind=PassageKind.EXPLANATION,
        text="",
        url="",
        licence="",
        attribution="",
    )
    return replace(module, passages=(RankedPassage(passage=passage, score=1.0),))


def test_front_matter_is_left_out_but_not_the_sections_of_a_book_without_numbers() -> None:
    opener, proper = numbered(module("Introduction", 0.8), ""), numbered(module("Types of Waves", 0.6), "13.1")
    found = resolved("how do waves carry energy", opener, proper)
    assert isinstance(found, Clear)
    assert found.topic == "Types of Waves"
    notes = numbered(module("My Notes on Waves", 0.8, source="notes"), "")
    found = resolved("how do waves carry energy", notes, proper)
    assert isinstance(found, Clear)
    assert found.topic == "My Notes on Waves"


def test_the_last_round_takes_the_best_match_or_none() -> None:
    ranked = [module("Electric Charge", 0.45), module("Ohm's law", 0.42)]
    found = best(read("charge"), lambda query: ranked, MINILM)
    assert found is not None
    assert found.module_ids == ("electric-charge",)
    assert best(read("charge"), lambda query: [module("Plants", 0.1, 0.0)], MINILM) is None
    assert best(read("help"), lambda query: ranked, MINILM) is None


def test_an_unknown_model_is_judged_by_words_alone() -> None:
    assert limits("all-MiniLM-L6-v2-int8") is MINILM
    assert limits("something else") is WORDS_ALONE
    question = read("how does chlorophyll catch light")
    ranked = [module("Photosynthesis", 0.05, 1.0)]
    assert isinstance(resolve(question, lambda query: ranked, lambda: CATALOGUE, WORDS_ALONE), Clear)
    ranked = [module("Photosynthesis", 0.95, 0.3)]
    assert isinstance(resolve(question, lambda query: ranked, lambda: CATALOGUE, WORDS_ALONE), NotCovered)


def test_ways_into_a_book_without_known_entries_are_spread_over_its_chapters() -> None:
    history = [section(f"Section {n}", chapter=f"Chapter {n // 5}", book="World History") for n in range(40)]
    offered = [option.title for option in offer_anything(history).options]
    assert offered == ["Section 0", "Section 10", "Section 20", "Section 30"]


def test_the_book_of_a_subject_is_looked_in_first() -> None:
    physics = [
        section("Newton's First Law of Motion: Inertia", book="Physics"),
        section("Types of Waves", book="Physics"),
    ]
    offered = entries(SUBJECTS["physics"], [*CATALOGUE, *physics])
    assert offered[0].book == "Physics"
    assert len(offered) == len({option.module_id for option in offered})


def test_without_books_nothing_is_offered() -> None:
    assert offer_anything(()).options == ()

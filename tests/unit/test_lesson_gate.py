"""The gate: what a writer wrote is revised once, pruned, measured, or refused; never taken on trust."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from shared.enums import DegradedReason, PassageKind, SceneKind
from shared.errors import InvalidStoryboard, PermanentError, PipelineError, TransientError
from shared.lesson import gate, grounding
from shared.lesson.compose import compose
from shared.lesson.rules import Rule, Violation, check
from shared.lesson.storyboard import BulletsVisual, Cued, Storyboard
from shared.lesson.transcript import transcript
from shared.services import LessonBrief
from tests.fakes import NoWriter
from tests.unit.lesson_samples import brief, passage

BRIEF = brief()
FALSE = "Steel ships float because the captain asks the ocean politely every morning."
TWISTED = "An object floats in water when its density is higher than the density of water."
Revision = Callable[[Storyboard], Storyboard]


@dataclass
class Reviser(NoWriter):
    """Revises as it is told, and keeps what it was asked to mend."""

    revision: Revision = lambda storyboard: storyboard
    asked: list[list[Violation]] = field(default_factory=list)

    def revise(self, brief: LessonBrief, storyboard: Storyboard, violations: Sequence[Violation]) -> Storyboard:
        self.asked.append(list(violations))
        return self.revision(storyboard)


@pytest.fixture(scope="module")
def lesson() -> Storyboard:
    return compose(BRIEF)


def _place(storyboard: Storyboard, kind: SceneKind) -> int:
    return next(place for place, scene in enumerate(storyboard.scenes) if scene.kind is kind)


def _saying(storyboard: Storyboard, sentence: str) -> Storyboard:
    """The lesson with one more sentence in the shortest scene whose sentences are claims."""
    scenes = list(storyboard.scenes)
    bearing = [place for place, scene in enumerate(scenes) if not grounding.is_framing(scene)]
    place = min(bearing, key=lambda place: len(scenes[place].narration))
    scenes[place] = scenes[place].model_copy(update={"narration": f"{scenes[place].narration} {sentence}"})
    return storyboard.model_copy(update={"scenes": scenes})


def test_a_lesson_that_keeps_the_rules_passes_as_it_is(lesson: Storyboard) -> None:
    writer = Reviser()

    passed = gate.passed(lesson, BRIEF, writer)

    assert passed.storyboard == lesson
    assert writer.asked == []
    assert passed.as_output() == {"supported_share": 1.0, "claims": lesson.claims, "violations": {}}
    assert lesson.claims > 5


def test_the_writer_is_asked_once_and_its_revision_is_taken(lesson: Storyboard) -> None:
    writer = Reviser(revision=lambda storyboard: lesson)

    passed = gate.passed(_saying(lesson, FALSE), BRIEF, writer)

    assert passed.storyboard == lesson
    assert [[one.code for one in asked] for asked in writer.asked] == [[Rule.UNSUPPORTED_CLAIM]]
    assert writer.asked[0][0].detail == FALSE
    assert passed.as_output()["violations"] == {Rule.UNSUPPORTED_CLAIM: 1}
    assert passed.as_output()["violations_after_revision"] == {}
    assert "dropped" not in passed.as_output()


@pytest.mark.parametrize("sentence", [FALSE, TWISTED])
def test_what_is_still_not_stated_is_left_out_and_counted(lesson: Storyboard, sentence: str) -> None:
    writer = Reviser()

    passed = gate.passed(_saying(lesson, sentence), BRIEF, writer)

    assert len(writer.asked) == 1
    assert sentence not in passed.storyboard.model_dump_json()
    assert check(passed.storyboard, BRIEF.passages) == []
    assert passed.storyboard.supported_share == 1.0
    assert passed.storyboard.claims == lesson.claims
    output = passed.as_output()
    assert output["dropped"] == {"sentence": 1}
    assert sentence not in json.dumps(output)


def test_a_revision_that_is_no_better_is_not_taken(lesson: Storyboard) -> None:
    worse = _saying(_saying(lesson, FALSE), "Captains also invented the compass in the garden of a monastery.")

    passed = gate.passed(_saying(lesson, FALSE), BRIEF, Reviser(revision=lambda _: worse))

    assert passed.as_output()["violations_after_revision"] == {Rule.UNSUPPORTED_CLAIM: 1}
    assert passed.storyboard.model_dump() == lesson.model_dump()


@pytest.mark.parametrize("error", [TransientError("overloaded"), PermanentError("400"), InvalidStoryboard("cut")])
def test_a_revision_that_cannot_be_had_is_done_without(lesson: Storyboard, error: PipelineError) -> None:
    def failing(storyboard: Storyboard) -> Storyboard:
        raise error

    passed = gate.passed(_saying(lesson, FALSE), BRIEF, Reviser(revision=failing))

    assert FALSE not in passed.storyboard.model_dump_json()


def test_a_cue_that_is_not_spoken_is_emptied_without_asking(lesson: Storyboard) -> None:
    writer = Reviser()
    scenes = list(lesson.scenes)
    place = _place(lesson, SceneKind.KEY_POINTS)
    visual = BulletsVisual(heading="Floating", items=[Cued(text="Wood floats in water", cue="never said")])
    scenes[place] = scenes[place].model_copy(update={"visual": visual})

    passed = gate.passed(lesson.model_copy(update={"scenes": scenes}), BRIEF, writer)

    assert writer.asked == []
    assert "never said" not in passed.storyboard.model_dump_json()
    assert passed.as_output()["dropped"] == {"cue": 1}


def test_a_lesson_that_lost_a_scene_says_that_it_is_shorter(lesson: Storyboard) -> None:
    place = _place(lesson, SceneKind.KEY_POINTS)
    scenes = list(lesson.scenes)
    invented = f"{FALSE} Later the same captain painted every mast bright yellow to please the dolphins nearby."
    scenes[place] = scenes[place].model_copy(update={"narration": invented})

    passed = gate.passed(lesson.model_copy(update={"scenes": scenes}), BRIEF, Reviser())

    assert len(passed.storyboard.scenes) == len(lesson.scenes) - 1
    assert [scene.id for scene in passed.storyboard.scenes] == [
        f"scene-{number:02d}" for number in range(1, len(lesson.scenes))
    ]
    assert passed.as_output()["dropped"]["scene"] == 1
    assert passed.storyboard.degraded == [DegradedReason.SHORTER]


def test_sections_that_nothing_rests_on_any_more_are_no_longer_named() -> None:
    stray = passage(
        PassageKind.EXPLANATION, "Corals are small animals that build reefs.", module_id="o1", title="Coral Reefs"
    )
    asked = replace(BRIEF, passages=(*BRIEF.passages, stray))
    written = compose(BRIEF)
    place = _place(written, SceneKind.KEY_POINTS)
    scenes = list(written.scenes)
    scenes[place] = scenes[place].model_copy(update={"narration": FALSE, "citations": [stray.passage_id]})
    source = written.sources[0]
    sources = [
        source.model_copy(
            update={
                "sections": [*source.sections, "1.1 Coral Reefs"],
                "passage_ids": [*source.passage_ids, stray.passage_id],
            }
        )
    ]

    passed = gate.passed(written.model_copy(update={"scenes": scenes, "sources": sources}), asked, Reviser())

    assert passed.storyboard.sources[0].sections == source.sections
    assert stray.passage_id not in passed.storyboard.model_dump_json()


def test_hook_and_credits_are_never_left_out(lesson: Storyboard) -> None:
    scenes = [
        scene if scene.kind in {SceneKind.HOOK, SceneKind.CREDITS} else scene.model_copy(update={"narration": FALSE})
        for scene in lesson.scenes
    ]
    with pytest.raises(InvalidStoryboard) as refused:
        gate.passed(lesson.model_copy(update={"scenes": scenes}), BRIEF, Reviser())

    assert refused.value.code == InvalidStoryboard.code
    assert Rule.SCENE_COUNT in refused.value.details["rules"]
    assert FALSE not in f"{refused.value} {refused.value.message} {refused.value.details}"


def test_what_was_asked_for_is_not_the_writers_to_decide(lesson: Storyboard) -> None:
    boasting = lesson.model_copy(
        update={
            "grade_level": 1,
            "language": "xx",
            "interest": "whatever the writer likes",
            "supported_share": 0.25,
            "claims": 999,
            "degraded": ["nothing_is_wrong", DegradedReason.SHORTER],
        }
    )

    passed = gate.passed(boasting, BRIEF, Reviser()).storyboard

    assert (passed.grade_level, passed.language, passed.interest) == (BRIEF.grade_level, "en", "")
    assert (passed.supported_share, passed.claims) == (1.0, lesson.claims)
    assert passed.degraded == []


def test_a_length_that_was_not_asked_for_is_refused(lesson: Storyboard) -> None:
    with pytest.raises(InvalidStoryboard) as refused:
        gate.passed(lesson.model_copy(update={"duration_seconds": 30}), replace(BRIEF, duration_seconds=30), Reviser())
    assert refused.value.details["rules"] == [Rule.LESSON_LENGTH]


def test_the_transcript_tells_how_far_the_lesson_is_backed(lesson: Storyboard) -> None:
    last = transcript(lesson).splitlines()[-1]

    assert f"all {lesson.claims} statements" in last
    partly = lesson.model_copy(update={"supported_share": 0.5, "claims": 8})
    assert "4 of 8 statements" in transcript(partly).splitlines()[-1]

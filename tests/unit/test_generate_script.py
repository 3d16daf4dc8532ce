"""The script's last check before it is spoken: what cannot be drawn is left out, and said."""

import pytest

from functions.generate_script.main import _drawable
from shared.enums import DegradedReason, SceneKind
from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import BulletsVisual, Cued
from tests.unit.draw_samples import photosynthesis

TOO_LONG = BulletsVisual(heading="Too long", items=[Cued(text="immeasurable " * 60) for _ in range(5)])


def test_a_storyboard_that_can_be_drawn_stays_as_it_is() -> None:
    storyboard = photosynthesis()
    assert _drawable(storyboard) is storyboard


def test_a_scene_that_cannot_be_drawn_is_left_out_and_the_lesson_says_so() -> None:
    storyboard = photosynthesis()
    index = next(i for i, scene in enumerate(storyboard.scenes) if scene.kind is SceneKind.RECAP)
    scenes = list(storyboard.scenes)
    scenes[index] = scenes[index].model_copy(update={"visual": TOO_LONG})

    drawable = _drawable(storyboard.model_copy(update={"scenes": scenes}))

    assert [scene.narration for scene in drawable.scenes] == [s.narration for s in scenes if s.visual is not TOO_LONG]
    assert [scene.id for scene in drawable.scenes] == [f"scene-{n:02d}" for n in range(1, len(scenes))]
    assert DegradedReason.SHORTER in drawable.degraded


def test_a_lesson_without_its_credits_is_none() -> None:
    storyboard = photosynthesis()
    scenes = [
        scene.model_copy(update={"visual": TOO_LONG}) if scene.kind is SceneKind.CREDITS else scene
        for scene in storyboard.scenes
    ]
    with pytest.raises(InvalidStoryboard):
        _drawable(storyboard.model_copy(update={"scenes": scenes}))

"""Frames: on the grid, only when the picture changes, each element with its word."""

import itertools

import numpy as np
import pytest

from shared.enums import SceneKind
from shared.lesson.storyboard import BulletsVisual, Cued, QuizVisual, Scene, Storyboard
from shared.media.draw import Frame, Layout, Shape, draw_scene, frames, layout, still
from shared.media.draw.canvas import Box, ElementKind
from tests.unit.draw_samples import all_storyboards, newton, one_scene, photosynthesis, seconds, words

MOST_FRAMES = 60
SCENES = [(storyboard, scene) for storyboard in all_storyboards() for scene in storyboard.scenes]


def _frames(storyboard: Storyboard, scene: Scene, shape: Shape = Shape.WIDE) -> list[Frame]:
    return list(draw_scene(scene, storyboard, words(scene.narration), seconds(scene.narration), shape))


def _region(frame: Frame, box: Box) -> np.ndarray:
    return frame.pixels[int(box.y) : int(box.bottom), int(box.x) : int(box.right)].astype(int)


def _bullets(count: int = 2) -> tuple[Storyboard, Layout]:
    items = [Cued(text=f"Line {index}", cue=f"cue{index}") for index in range(count)]
    storyboard = one_scene(SceneKind.RECAP, BulletsVisual(heading="Lines", items=items), "cue0 and cue1 and cue2")
    return storyboard, layout(storyboard.scenes[0], storyboard, Shape.WIDE)


@pytest.mark.parametrize(("storyboard", "scene"), SCENES, ids=lambda value: getattr(value, "id", ""))
def test_frames_are_few_on_the_grid_and_all_different(storyboard: Storyboard, scene: Scene) -> None:
    drawn = _frames(storyboard, scene)

    times = [frame.time for frame in drawn]
    assert times[0] == 0.0
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
    assert times[-1] < seconds(scene.narration)
    assert all(abs(time * 30 - round(time * 30)) < 1e-9 for time in times)
    assert len(drawn) <= MOST_FRAMES
    assert all(frame.pixels.shape == (720, 1280, 3) and frame.pixels.dtype == np.uint8 for frame in drawn)
    assert all(not np.array_equal(one.pixels, other.pixels) for one, other in itertools.pairwise(drawn))


@pytest.mark.parametrize("shape", Shape)
def test_the_last_frame_shows_everything(shape: Shape) -> None:
    """Painting only what changes ends in the same picture as painting all at once."""
    storyboard = photosynthesis()
    for index in (0, 2, 3, 5, 7):  # scenes in which nothing steps back
        scene = storyboard.scenes[index]
        last = _frames(storyboard, scene, shape)[-1]
        assert np.array_equal(last.pixels, still(scene, storyboard, shape)), scene.id


def test_an_element_comes_with_its_cue_and_not_before() -> None:
    _, laid_out = _bullets()
    cards = [element for element in laid_out.elements if element.cue]
    blank = np.asarray(_region(next(iter(frames(laid_out, [9, 9], 10))), cards[1].box))

    drawn = list(frames(laid_out, [1.0, 3.0], 5.0))

    for frame in drawn:
        seen = not np.array_equal(_region(frame, cards[1].box), blank)
        assert seen == (frame.time > 3.0), frame.time


def test_an_element_rises_and_fades_in() -> None:
    _, laid_out = _bullets(1)
    card = next(element for element in laid_out.elements if element.cue)
    drawn = [frame for frame in frames(laid_out, [1.0], 3.0) if frame.time >= 1.0]
    final = _region(drawn[-1], card.box)

    distances = [float(np.abs(_region(frame, card.box) - final).mean()) for frame in drawn]

    assert len(drawn) in range(8, 13)
    assert distances == sorted(distances, reverse=True)


def test_what_was_said_steps_back_for_what_is_said() -> None:
    _, laid_out = _bullets()
    first = next(element for element in laid_out.elements if element.cue == "cue0")
    drawn = list(frames(laid_out, [1.0, 3.0], 5.0))

    before = next(frame for frame in reversed(drawn) if frame.time < 3.0)
    darkest_before = _region(before, first.box).min()
    darkest_after = _region(drawn[-1], first.box).min()

    assert darkest_after > darkest_before + 20


def test_an_arrow_draws_itself_from_its_beginning() -> None:
    storyboard = newton()
    scene = storyboard.scenes[7]
    laid_out = layout(scene, storyboard, Shape.WIDE)
    push = max((e for e in laid_out.elements if e.kind is ElementKind.ARROW), key=lambda e: e.box.w)
    drawn = list(frames(laid_out, [2.0 if cue == push.cue else 9.0 for cue in laid_out.cues], 10.0))
    half = next(frame for frame in drawn if frame.time > 2.05)
    done = next(frame for frame in drawn if frame.time > 2.7)
    (start_x, y), (end_x, _) = push.trace[0], push.trace[-1]

    def ink(frame: Frame, x: float) -> int:
        return int(np.abs(frame.pixels[int(y), int(x)].astype(int) - frame.pixels[20, 20].astype(int)).sum())

    assert ink(half, start_x + 6) > 100
    assert ink(half, end_x - 12) < 30
    assert ink(done, end_x - 12) > 100


def test_the_answer_of_a_quiz_is_marked_with_its_cue() -> None:
    visual = QuizVisual(question="Which?", options=["This", "That"], answer_index=1, answer_cue="answer")
    storyboard = one_scene(SceneKind.QUIZ, visual, "Think. The answer is that.")
    laid_out = layout(storyboard.scenes[0], storyboard, Shape.WIDE)
    mark = next(element for element in laid_out.elements if element.replaces)

    drawn = list(frames(laid_out, [2.0], 4.0))
    before = next(frame for frame in reversed(drawn) if frame.time < 2.0)

    assert _region(before, mark.box).mean() < 120  # a card of the page's deep colour
    assert _region(drawn[-1], mark.box).mean() > 200  # white


def test_a_late_cue_is_pulled_forward_so_that_nothing_is_missing() -> None:
    storyboard, laid_out = _bullets(1)

    drawn = list(frames(laid_out, [99.0], 2.0))

    assert drawn[-1].time < 2.0
    assert np.array_equal(drawn[-1].pixels, still(storyboard.scenes[0], storyboard, Shape.WIDE))


@pytest.mark.parametrize("length", [0.02, 0.2])
def test_a_very_short_scene_has_a_frame(length: float) -> None:
    _, laid_out = _bullets()

    drawn = list(frames(laid_out, [0.0, 0.0], length))

    assert drawn[0].time == 0.0
    assert all(frame.time < length for frame in drawn)


def test_another_frame_rate_is_kept_to() -> None:
    _, laid_out = _bullets()

    assert all(abs(f.time * 24 - round(f.time * 24)) < 1e-9 for f in frames(laid_out, [1.01, 2.02], 4.0, fps=24))


def test_cue_times_must_match_the_cues() -> None:
    _, laid_out = _bullets()

    with pytest.raises(ValueError, match="1 times for 2 cues"):
        list(frames(laid_out, [1.0], 4.0))


def test_frames_do_not_change_after_they_were_given() -> None:
    _, laid_out = _bullets()
    copies = [(frame, frame.pixels.copy()) for frame in frames(laid_out, [1.0, 2.0], 4.0)]

    assert all(np.array_equal(frame.pixels, copy) for frame, copy in copies)

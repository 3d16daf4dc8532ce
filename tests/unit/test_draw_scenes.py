"""Stills, posters, illustrations and captions."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from shared.enums import SceneKind
from shared.errors import InvalidMedia, InvalidStoryboard
from shared.lesson.storyboard import BulletsVisual, Cued, ImageVisual, Storyboard
from shared.media.draw import Shape, burn_captions, draw_scene, poster, still
from shared.media.draw.canvas import zones
from tests.unit.draw_samples import all_storyboards, newton, one_scene, photosynthesis, prose, seconds, words


def _image_scene() -> Storyboard:
    visual = ImageVisual(heading="A leaf", prompt="a leaf", alt="A green leaf in the sun")
    return one_scene(SceneKind.HOOK, visual, "Look at this leaf.")


def _png(colour: tuple[int, int, int], size: tuple[int, int] = (400, 300)) -> bytes:
    data = BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize("shape", Shape)
def test_stills_have_the_shape_and_hold_something(shape: Shape) -> None:
    storyboard = newton()
    for scene in storyboard.scenes:
        pixels = still(scene, storyboard, shape)
        assert pixels.shape == (shape.height, shape.width, 3)
        assert pixels.std() > 5


@pytest.mark.parametrize("shape", Shape)
def test_posters_are_jpegs_of_the_title(shape: Shape) -> None:
    data = poster(photosynthesis(), shape)

    with Image.open(BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.size == (shape.width, shape.height)
        assert np.asarray(image).std() > 20
    assert len(data) < 200_000
    assert poster(newton(), shape) != data


@pytest.mark.parametrize("shape", Shape)
def test_an_illustration_fills_its_frame(shape: Shape) -> None:
    storyboard = _image_scene()

    pixels = still(storyboard.scenes[0], storyboard, shape, picture=_png((200, 30, 40)))

    red = np.abs(pixels.astype(int) - (200, 30, 40)).sum(axis=2) < 12
    assert red.mean() > 0.3
    content = zones(shape).captions
    assert not red[int(content.y) : int(content.bottom)].any()


def test_without_an_illustration_its_description_is_drawn() -> None:
    storyboard = _image_scene()

    drawn = list(draw_scene(storyboard.scenes[0], storyboard, words("Look at this leaf."), 2.0, Shape.WIDE))

    assert drawn[-1].pixels.std() > 10


def test_a_broken_illustration_is_refused() -> None:
    storyboard = _image_scene()

    for data in (b"not a picture", _png((0, 0, 0))[:60]):
        with pytest.raises(InvalidMedia) as caught:
            still(storyboard.scenes[0], storyboard, Shape.WIDE, picture=data)
        assert caught.value.code == "invalid_picture"


@pytest.mark.parametrize("shape", Shape)
def test_captions_stay_in_their_place(shape: Shape) -> None:
    storyboard = photosynthesis()
    pixels = still(storyboard.scenes[1], storyboard, shape)

    captioned = burn_captions(pixels, "You will learn what photosynthesis needs, and what it makes.", shape)

    changed = np.nonzero((captioned != pixels).any(axis=2))
    place = zones(shape).captions
    assert changed[0].size > 1000
    assert changed[0].min() >= place.y
    assert changed[0].max() <= place.bottom
    assert changed[1].min() >= place.x
    assert changed[1].max() <= place.right


def test_an_empty_caption_changes_nothing_and_an_endless_one_is_refused() -> None:
    pixels = np.zeros((720, 1280, 3), np.uint8)

    assert np.array_equal(burn_captions(pixels, " ", Shape.WIDE), pixels)
    with pytest.raises(InvalidStoryboard):
        burn_captions(pixels, prose(900), Shape.WIDE)


def test_a_page_does_not_show_its_heading_alone_for_long() -> None:
    narration = "One two three four five six seven eight nine ten eleven twelve."
    visual = BulletsVisual(heading="Counting", items=[Cued(text="A number", cue="eleven")])
    storyboard = one_scene(SceneKind.KEY_POINTS, visual, narration=narration)

    drawn = list(draw_scene(storyboard.scenes[0], storyboard, words(narration), seconds(narration), Shape.WIDE))

    # The heading has faded in within the first half second; the next change is the bullet's.
    later = [frame.time for frame in drawn if frame.time > 0.5]
    assert later[0] == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("storyboard", all_storyboards(), ids=lambda storyboard: storyboard.title)
def test_every_kind_of_scene_can_be_drawn_to_its_end(storyboard: Storyboard) -> None:
    for scene in storyboard.scenes:
        spoken = words(scene.narration)
        drawn = list(draw_scene(scene, storyboard, spoken, seconds(scene.narration), Shape.WIDE, fps=5))
        assert drawn[0].time == 0.0
        assert np.abs(drawn[-1].pixels.astype(int) - still(scene, storyboard, Shape.WIDE)).mean() < 20

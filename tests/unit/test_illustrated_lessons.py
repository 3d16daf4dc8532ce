"""Lessons whose scenes ask for illustrations: made once, drawn, declared, and never what a lesson fails for."""

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.generate_video.main import handle as generate_video
from shared import usage
from shared.enums import DegradedReason, Modality, SceneKind
from shared.errors import PermanentError, TransientError, WorkSuperseded
from shared.lesson.storyboard import BulletsVisual, Cued, ImageVisual, Storyboard
from shared.media.draw import Shape, layout
from shared.media.draw.canvas import ElementKind
from shared.media.draw.theme import MINIMUM_CONTRAST, contrast
from shared.media.inspect import inspect_video
from shared.media.pictures import safe_picture
from shared.usage import Measure, metered
from shared.work import Advance
from tests.counterparts.vertex_pictures import picture
from tests.fakes import Sketches
from tests.unit import draw_samples
from tests.unit.test_media_stages import CountingObjects, WorkAtHand, at_hand, request

PICTURE = safe_picture(picture((640, 360)))
BALL = ImageVisual(heading="A ball", prompt="a ball on a hill", alt="A ball rests on a hill.")


def lesson(*visuals: Any) -> Storyboard:
    scenes = [(SceneKind.KEY_POINTS, f"See number {number}.", visual) for number, visual in enumerate(visuals)]
    return draw_samples.storyboard("Gravity", "Physics", "basketball", scenes)


LESSON = lesson(BALL)


def made(work: WorkAtHand, storyboard: Storyboard = LESSON, **changes: Any) -> Advance:
    outcome = generate_video(request(storyboard, **changes), work)
    assert isinstance(outcome, Advance)
    return outcome


def named(work: WorkAtHand, kind: str) -> list[str]:
    return [name for name in work.objects.data if name.startswith(f"scenes/{kind}/")]


@dataclass
class Failing(Sketches):
    """Fails the first time it is asked."""

    error: Exception = field(default_factory=lambda: TransientError("429"))

    def illustrate(self, prompt: str) -> bytes | None:
        super().illustrate(prompt)
        if len(self.prompts) == 1:
            raise self.error
        return self.picture


@pytest.fixture(scope="module")
def illustrated() -> tuple[WorkAtHand, Advance]:
    work = at_hand(LESSON, illustrator=Sketches(picture=PICTURE))
    return work, made(work)


def test_a_scene_that_asks_for_a_picture_gets_it(illustrated: tuple[WorkAtHand, Advance]) -> None:
    work, outcome = illustrated
    without = at_hand(LESSON)
    made(without)

    assert work.illustrator.prompts == ["a ball on a hill"]
    assert [work.objects.data[name] for name in named(work, "illustration")] == [PICTURE]
    assert named(work, "picture") != named(without, "picture")
    assert outcome.degraded == ()
    assert inspect_video(work.objects.data[named(work, "picture")[0]]).video_seconds > 0


def test_a_redelivery_asks_for_nothing_again(illustrated: tuple[WorkAtHand, Advance]) -> None:
    before, _ = illustrated
    work = WorkAtHand(
        objects=CountingObjects(data=dict(before.objects.data)), illustrator=Sketches(picture=b"another picture")
    )

    outcome = made(work)

    assert work.illustrator.prompts == []
    assert not [name for name in work.objects.written if name.startswith("scenes/")]
    assert outcome.degraded == ()


def test_another_model_draws_anew(illustrated: tuple[WorkAtHand, Advance]) -> None:
    before, _ = illustrated
    other = Sketches(picture=safe_picture(picture((400, 300))), model="others")
    work = WorkAtHand(objects=CountingObjects(data=dict(before.objects.data)), illustrator=other)

    made(work)

    assert other.prompts == ["a ball on a hill"]
    assert len(named(work, "illustration")) == len(named(work, "picture")) == 2


@pytest.mark.parametrize(
    "illustrator",
    [Sketches(picture=None), Failing(), Failing(error=PermanentError("400"))],
    ids=["refused", "out of reach", "rejected"],
)
def test_without_the_picture_a_drawing_stands_in(illustrator: Sketches) -> None:
    work = at_hand(LESSON, illustrator=illustrator)

    outcome = made(work)

    assert outcome.degraded == (DegradedReason.NO_ILLUSTRATION,)
    assert illustrator.prompts == ["a ball on a hill"]
    assert named(work, "illustration") == []
    assert outcome.output["draft_bytes"]


def test_a_picture_that_came_later_is_drawn_in_place_of_the_drawing() -> None:
    work = at_hand(LESSON, illustrator=Failing(picture=PICTURE))
    made(work)
    [drawing] = named(work, "picture")

    outcome = made(work)

    assert outcome.degraded == ()
    assert len(named(work, "picture")) == 2
    assert drawing in named(work, "picture")


def test_scenes_that_ask_for_the_same_share_it() -> None:
    storyboard = lesson(BALL, BALL.model_copy(update={"heading": "The ball again"}))
    work = at_hand(storyboard, illustrator=Sketches(picture=PICTURE))

    made(work, storyboard)

    assert work.illustrator.prompts == ["a ball on a hill"]


def test_sound_alone_needs_no_picture() -> None:
    work = at_hand(LESSON, illustrator=Sketches(picture=PICTURE))

    outcome = made(work, modality=Modality.AUDIO)

    assert work.illustrator.prompts == []
    assert outcome.degraded == ()


def test_a_lesson_without_illustrations_never_builds_the_illustrator() -> None:
    class Unbuilt(WorkAtHand):
        @property
        def services(self) -> Any:
            services = super().services
            del services.illustrator
            return services

    storyboard = lesson(BulletsVisual(heading="Two", items=[Cued(text="One"), Cued(text="Two")]))
    work = Unbuilt(objects=at_hand(storyboard).objects)

    assert made(work, storyboard).degraded == ()


def test_what_the_threads_use_is_counted_for_the_run() -> None:
    class Counting(Sketches):
        def illustrate(self, prompt: str) -> bytes | None:
            usage.count("sketches", Measure.IMAGES, 1)
            return super().illustrate(prompt)

    @dataclass
    class Billed(CountingObjects):
        def write(self, name: str, data: bytes, *, content_type: str) -> None:
            usage.count(name.split("/")[1], Measure.BYTES_STORED, 1)
            super().write(name, data, content_type=content_type)

    work = at_hand(LESSON, objects=Billed(), illustrator=Counting(picture=PICTURE))
    with metered() as meter:
        made(work)

    assert meter.quantities["sketches/images"] == 1
    assert meter.quantities["illustration/bytes_stored"] == 1  # in the illustrator's thread
    assert meter.quantities["picture/bytes_stored"] == 1  # in the artist's


def test_a_run_that_was_stopped_leaves_no_thread_behind() -> None:
    work = at_hand(LESSON, illustrator=Sketches(picture=PICTURE), superseded_at=1)

    with pytest.raises(WorkSuperseded):
        generate_video(request(LESSON), work)
    assert not any(thread.name.startswith(("illustrator", "artist")) for thread in threading.enumerate())


ALTS = {
    "short": "a leaf",
    "long": "A round orange ball rests on a smooth green hill under a bright sun, while two pupils " * 2
    + "watch closely.",
    "unbroken": "W" * 20,
}


@pytest.fixture(params=list(ALTS))
def described(request: pytest.FixtureRequest) -> Storyboard:
    return lesson(BALL.model_copy(update={"alt": ALTS[request.param]}))


@pytest.mark.parametrize("shape", Shape)
def test_a_picture_of_a_model_is_declared_where_it_is_seen(described: Storyboard, shape: Shape) -> None:
    drawn = layout(described.scenes[0], described, shape, picture=PICTURE)

    [frame] = [element for element in drawn.elements if element.kind is ElementKind.PICTURE]
    [(mark, text)] = [(element, text) for element, text in drawn.texts() if text.text == "AI illustration"]
    assert drawn.violations() == []
    assert drawn.elements.index(mark) > drawn.elements.index(frame)
    assert frame.box.contains(mark.box)
    assert contrast(text.ink, text.ground) >= MINIMUM_CONTRAST


@pytest.mark.parametrize("shape", Shape)
def test_a_drawing_is_not_declared_as_what_it_is_not(described: Storyboard, shape: Shape) -> None:
    drawn = layout(described.scenes[0], described, shape)

    assert "AI illustration" not in [text.text for _, text in drawn.texts()]
    assert drawn.violations() == []

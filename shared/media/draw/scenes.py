"""Whole scenes: their frames, their stills, and the lesson's poster."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final

from PIL import Image

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import Scene, Storyboard
from shared.media.cues import cue_times
from shared.media.draw import motion
from shared.media.draw.canvas import ElementKind, Layout, Shape
from shared.media.draw.compose import layout
from shared.media.draw.motion import Frame, Pixels
from shared.media.draw.page import Page
from shared.media.draw.visuals.title import cover
from shared.services import SpokenWord

_POSTER_QUALITY: Final = 88
_EMPTY_SECONDS: Final = 1.5  # that a page may show nothing but its heading
_BODY: Final = frozenset({ElementKind.CARD, ElementKind.CURVE, ElementKind.PICTURE})


def draw_scene(
    scene: Scene,
    storyboard: Storyboard,
    clip_words: Sequence[SpokenWord],
    seconds: float,
    shape: Shape,
    *,
    picture: bytes | None = None,
    fps: int = 30,
) -> Iterator[Frame]:
    """The frames of a scene that is spoken as `clip_words`; `picture` is for image scenes."""
    laid_out = layout(scene, storyboard, shape, picture=picture)
    times = _soon_begun(laid_out, cue_times(scene.narration, clip_words, laid_out.cues))
    return motion.frames(laid_out, times, seconds, fps)


def _soon_begun(laid_out: Layout, times: Sequence[float]) -> list[float]:
    """The times, with the first ones brought forward where a page would show nothing but its heading for long."""
    body = [element for element in laid_out.elements if element.kind in _BODY]
    cued = {element.cue for element in body}
    first = min((time for cue, time in zip(laid_out.cues, times, strict=True) if cue in cued), default=0.0)
    if "" in cued:
        return list(times)
    return [_EMPTY_SECONDS if time == first and first > _EMPTY_SECONDS else time for time in times]


def still(scene: Scene, storyboard: Storyboard, shape: Shape, *, picture: bytes | None = None) -> Pixels:
    """The scene with everything revealed."""
    return motion.finished(layout(scene, storyboard, shape, picture=picture))


def unfit(storyboard: Storyboard, shapes: Sequence[Shape] = tuple(Shape)) -> dict[str, InvalidStoryboard]:
    """Scene ids with what keeps each from being drawn in one of the shapes; empty where all can be."""
    found: dict[str, InvalidStoryboard] = {}
    for scene in storyboard.scenes:
        for shape in shapes:
            try:
                layout(scene, storyboard, shape)
            except InvalidStoryboard as error:
                found.setdefault(scene.id, error)
    return found


def poster(storyboard: Storyboard, shape: Shape) -> bytes:
    """A title card as JPEG: the lesson's title, its books, the motif of its interest."""
    page = Page(storyboard.scenes[0], storyboard, shape, dark=True, cover=True)
    books = " and ".join(dict.fromkeys(source.book for source in storyboard.sources))
    cover(page, storyboard.title, f"From {books}", storyboard.interest)
    data = BytesIO()
    pixels = motion.finished(page.layout(footer=False))
    Image.fromarray(pixels).save(data, "JPEG", quality=_POSTER_QUALITY, optimize=True, progressive=True)
    return data.getvalue()

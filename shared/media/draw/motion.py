"""From a layout to frames: elements come with their words, and a frame is made only when the picture changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from shared.media.draw import raster, theme
from shared.media.draw.canvas import Element, Layout, Motion, Point
from shared.media.draw.raster import Layer

Pixels = NDArray[np.uint8]

REVEAL_SECONDS: Final = 0.35  # an element's coming
START_SECONDS: Final = 0.3  # the coming of what is there from the scene's start
TRACE_SECONDS: Final = 0.6  # a line's being drawn
LONG_TRACE_SECONDS: Final = 1.0  # a curve's
_LONG_TRACE: Final = 700.0  # pixels from which a line takes that long
_RISE: Final = 12  # pixels
_MANY: Final = 60  # frames in a scene above which motion takes every second or third only: encoding pays for each
_STRIDES: Final = (1, 2, 3)
_SOFT: Final = 10.0  # pixels over which the end of a line being drawn fades


@dataclass(frozen=True, slots=True)
class Frame:
    """What is seen from `time` (seconds from the scene's start) on."""

    time: float
    pixels: Pixels  # height × width × 3, RGB


@dataclass(frozen=True, slots=True)
class _State:
    """How an element stands at a moment; equal states look the same."""

    shown: float = 0.0  # 0 to 1
    dimmed: float = 0.0  # 0 to 1


@dataclass(slots=True)
class _Actor:
    element: Element
    layer: Layer
    start: float  # seconds
    seconds: float  # of its coming
    faded: Image.Image  # what a dimmed element is mixed with: the page's colour, in the layer's size
    steps_back: float | None = None  # when something newer is spoken of
    gone: float | None = None  # when what replaces it has come
    reached: Image.Image | None = None  # for lines: how far along it each pixel lies, 0 to 255

    def state(self, time: float) -> _State:
        if self.gone is not None and time >= self.gone:
            return _State()
        dimmed = 0.0 if self.steps_back is None else _share(time, self.steps_back, REVEAL_SECONDS)
        return _State(_share(time, self.start, self.seconds), dimmed)

    def moments(self) -> list[tuple[float, float]]:
        """Beginning and end of each of its changes."""
        found = [(self.start, self.start + self.seconds)]
        if self.steps_back is not None:
            found.append((self.steps_back, self.steps_back + REVEAL_SECONDS))
        if self.gone is not None:
            found.append((self.gone, self.gone))
        return found


def _share(time: float, start: float, seconds: float) -> float:
    """0 before the start, 1 after the end, between them quick first and slow at last (a cubic)."""
    if seconds <= 0:
        return 1.0 if time >= start else 0.0
    linear = min(1.0, max(0.0, (time - start) / seconds))
    return 1.0 - (1.0 - linear) ** 3


def frames(layout: Layout, cue_times: Sequence[float], seconds: float, fps: int = 30) -> Iterator[Frame]:
    """Frames on the grid of `fps`, the first at 0, one for each change; the last one holds until `seconds`.

    `cue_times` has a time for each of `layout.cues`. What is cued so late that it could not finish comes earlier.
    """
    if len(cue_times) != len(layout.cues):
        raise ValueError(f"{len(cue_times)} times for {len(layout.cues)} cues")
    actors = _actors(layout, dict(zip(layout.cues, cue_times, strict=True)), seconds, fps)
    canvas = raster.background(layout)
    clean = canvas.copy()
    before = [_State()] * len(actors)
    for index in _changing(actors, seconds, fps):
        time = index / fps
        states = [actor.state(time) for actor in actors]
        dirty = [_region(a) for a, old, new in zip(actors, before, states, strict=True) if old != new]
        if dirty or index == 0:
            changed = [_repaint(canvas, clean, actors, states, region) for region in _merged(dirty)]
            before = states
            if index == 0 or any(changed):
                yield Frame(time, np.array(canvas))


def finished(layout: Layout) -> Pixels:
    """The picture with everything revealed."""
    canvas = raster.background(layout)
    replaced = {element.replaces for element in layout.elements}
    for element in layout.elements:
        if element.id not in replaced:
            layer = raster.layer(element, layout.page)
            canvas.paste(layer.colour, (layer.x, layer.y), layer.alpha)
    return np.array(canvas)


def _actors(layout: Layout, times: dict[str, float], seconds: float, fps: int) -> list[_Actor]:
    actors: list[_Actor] = []
    for element in layout.elements:
        layer = raster.layer(element, layout.page)
        lasting = _lasting(element)
        latest = max(0.0, seconds - lasting - 1 / fps)
        start = min(max(0.0, times.get(element.cue, 0.0)), latest)
        start = ceil(start * fps - 1e-6) / fps
        if element.motion is Motion.STILL:
            start = -1.0
        actor = _Actor(element, layer, start, lasting, Image.new("RGB", layer.size, layout.colour))
        if element.motion is Motion.TRACE:
            actor.reached = _reached(layer, element.trace)
        actors.append(actor)
    _step_back(actors)
    by_id = {actor.element.id: actor for actor in actors}
    for actor in actors:
        if actor.element.replaces:
            by_id[actor.element.replaces].gone = actor.start + actor.seconds
    return actors


def _lasting(element: Element) -> float:
    if element.motion is Motion.STILL:
        return 0.0
    if element.motion is Motion.TRACE and element.cue:
        line = sum(abs(b[0] - a[0]) + abs(b[1] - a[1]) for a, b in pairwise(element.trace))
        return LONG_TRACE_SECONDS if line > _LONG_TRACE else TRACE_SECONDS
    return REVEAL_SECONDS if element.cue else START_SECONDS


def _step_back(actors: list[_Actor]) -> None:
    """Each element that steps back does so when the next one of its kind comes."""
    stepping = sorted((a for a in actors if a.element.steps_back and a.element.cue), key=lambda a: a.start)
    for actor, following in pairwise(stepping):
        if following.start > actor.start:
            actor.steps_back = following.start


def _changing(actors: list[_Actor], seconds: float, fps: int) -> list[int]:
    """Numbers of the frames in which something may change, in order; 0 is always among them."""
    moments = {moment for actor in actors for moment in actor.moments() if actor.start >= 0}
    limit = max(1, ceil(seconds * fps - 1e-6))
    found: set[int] = set()
    for stride in _STRIDES:
        found = {0}
        for start, end in moments:
            first, last = round(start * fps), ceil(end * fps - 1e-6)
            found.update(range(first, last, stride))
            found.add(last)
        if len(found) <= _MANY:
            break
    return sorted(index for index in found if 0 <= index < limit)


Region = tuple[int, int, int, int]  # left, top, right, bottom


def _region(actor: _Actor) -> Region:
    layer = actor.layer
    w, h = layer.size
    rise = _RISE if actor.element.motion is Motion.RISE else 0
    return layer.x, layer.y, layer.x + w, layer.y + h + rise


def _merged(regions: list[Region]) -> list[Region]:
    """Regions that touch, made one."""
    merged: list[Region] = []
    for region in regions:
        while True:
            touching = next((m for m in merged if _touch(m, region)), None)
            if touching is None:
                break
            merged.remove(touching)
            region = (
                min(region[0], touching[0]),
                min(region[1], touching[1]),
                max(region[2], touching[2]),
                max(region[3], touching[3]),
            )
        merged.append(region)
    return merged


def _touch(a: Region, b: Region) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _repaint(
    canvas: Image.Image, clean: Image.Image, actors: list[_Actor], states: list[_State], region: Region
) -> bool:
    """Paint one region anew, from the background up; tell whether it looks different."""
    left, top, right, bottom = region
    right, bottom = min(right, canvas.width), min(bottom, canvas.height)
    patch = clean.crop((left, top, right, bottom))
    for actor, state in zip(actors, states, strict=True):
        if state.shown > 0 and _touch(_region(actor), region):
            _paint(patch, actor, state, left, top)
    if ImageChops.difference(patch, canvas.crop((left, top, right, bottom))).getbbox() is None:
        return False
    canvas.paste(patch, (left, top))
    return True


def _paint(patch: Image.Image, actor: _Actor, state: _State, left: int, top: int) -> None:
    layer = actor.layer
    rise = 0
    alpha = layer.alpha
    colour = layer.colour
    if state.dimmed:
        colour = Image.blend(colour, actor.faded, state.dimmed * (1.0 - theme.DIMMED_SHARE))
    opacity = 1.0
    if actor.reached is not None:
        if state.shown < 1:
            alpha = ImageChops.multiply(alpha, actor.reached.point(_drawn_until(state.shown)))
    else:
        opacity *= state.shown
        if actor.element.motion is Motion.RISE:
            rise = round(_RISE * (1 - state.shown))
    if opacity < 1:
        alpha = alpha.point([round(value * opacity) for value in range(256)])
    patch.paste(colour, (layer.x - left, layer.y - top + rise), alpha)


def _drawn_until(shown: float) -> list[int]:
    """For each place along a line, how visible it is when this share of it is drawn."""
    edge = shown * (255 + _SOFT)
    return [max(0, min(255, round((edge - value) / _SOFT * 255))) for value in range(256)]


def _reached(layer: Layer, line: tuple[Point, ...]) -> Image.Image:
    """For each pixel of the layer, how far along the line the nearest point of it lies, 0 to 255.

    Computed for every fourth pixel each way and enlarged: the line's width hides the difference.
    """
    w, h = layer.size
    coarse_w, coarse_h = max(1, ceil(w / 4)), max(1, ceil(h / 4))
    points = np.asarray(line, dtype=np.float32)
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    count = int(min(160, max(24, lengths[-1] / 8)))
    along = np.linspace(0, lengths[-1], count)
    xs = np.interp(along, lengths, points[:, 0]).astype(np.float32) - layer.x
    ys = np.interp(along, lengths, points[:, 1]).astype(np.float32) - layer.y
    grid_x = (np.arange(coarse_w, dtype=np.float32) + 0.5) * (w / coarse_w)
    grid_y = (np.arange(coarse_h, dtype=np.float32) + 0.5) * (h / coarse_h)
    across = (grid_x[:, None] - xs) ** 2
    nearest = np.empty((coarse_h, coarse_w), dtype=np.float32)
    for row, y in enumerate(grid_y):
        nearest[row] = np.argmin(across + (y - ys) ** 2, axis=1)
    scaled = Image.fromarray((nearest * (255 / (count - 1))).astype(np.uint8))
    return scaled.resize((w, h), Image.Resampling.BILINEAR)

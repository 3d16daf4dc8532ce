"""The graph of y = f(x)."""

from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Final

import numpy as np

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import PlotMarker, PlotVisual
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind, Motion, Point
from shared.media.draw.expression import INVALID_EXPRESSION, Values, evaluate
from shared.media.draw.labels import around, leader, place
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, does_not_fit, fit

_SAMPLES: Final = 480
_CURVE: Final = 5.0  # stroke
_TICK_SIZE: Final = 22
_PADDING: Final = 24.0
_MARKER_SIZES: Final = (28, 26, 24, 22, 20)
_BELOW_AXIS: Final = 14.0  # from the grid to the numbers below it, so that they clear those beside it
_DOT: Final = 10.0
_STEEPEST: Final = 40.0  # values beyond this many times the middle half's spread are off the plot
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Values along an axis and where they lie on the page."""

    low: float
    high: float
    ticks: tuple[float, ...]
    start: float  # pixel of `low`
    end: float  # pixel of `high`

    def pixel(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten within the range; at most `most` of them."""
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in _NICE if factor * power >= raw * 0.999)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return tuple(round(index * step, 10) for index in range(first, last + 1))


def number(value: float) -> str:
    """The value as a reader writes it."""
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-3:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa.removesuffix('.0')}×10{raised}".replace("-", "−")
    return f"{value:,.4f}".rstrip("0").rstrip(".").replace("-", "−")


def compose(page: Page, visual: PlotVisual) -> None:
    """Axes with a grid on a card, the curve, and its markers."""
    low, high = visual.domain
    if not (isfinite(low) and isfinite(high) and low < high and high - low > 1e-9 * max(abs(low), abs(high), 1.0)):
        raise InvalidStoryboard(f"not a range: {visual.domain}", code=INVALID_EXPRESSION)
    xs = np.linspace(low, high, _SAMPLES)
    ys = evaluate(visual.expression, xs)
    bottom, top = value_range(ys)
    page.heading(visual.heading)
    area = page.content
    height = area.h if page.shape.wide else min(area.h, 800.0)
    frame = Box(area.x, area.y + (area.h - height) * 0.3, area.w, height)
    x_axis, y_axis = _axes(page, visual, frame, (low, high), (bottom, top))
    segments = _segments(xs, ys, x_axis, y_axis)
    _curve(page, visual, segments)
    _markers(page, visual, segments, x_axis, y_axis)


def value_range(ys: Values) -> tuple[float, float]:
    """Lowest and highest value to show, with some air; poles are cut off, and zero is shown when it is near."""
    finite = ys[np.isfinite(ys)]
    if finite.size < _SAMPLES // 10:
        raise InvalidStoryboard("the expression has hardly any values in its range", code=INVALID_EXPRESSION)
    low, high = float(finite.min()), float(finite.max())
    quarter, half, three = (float(np.percentile(finite, share)) for share in (25, 50, 75))
    spread = three - quarter
    if spread > 0 and (high - low) > _STEEPEST * spread:
        low, high = max(low, half - 5 * spread), min(high, half + 5 * spread)
    if max(abs(low), abs(high)) > 1e15:
        raise InvalidStoryboard("the expression's values are too large to plot", code=INVALID_EXPRESSION)
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-6):
        low, high = low - max(1.0, abs(low) * 0.5), high + max(1.0, abs(high) * 0.5)
    span = high - low
    if 0 < low < 0.6 * span:
        low = 0.0
    elif -0.6 * span < high < 0:
        high = 0.0
    return (low if low == 0 else low - 0.08 * span), (high if high == 0 else high + 0.1 * span)


def _axes(
    page: Page, visual: PlotVisual, frame: Box, domain: tuple[float, float], values: tuple[float, float]
) -> tuple[Axis, Axis]:
    """Draw the card, the grid and the names of the axes."""
    x_name = fit(visual.x_label, (frame.w - 2 * _PADDING - 60, 34), theme.DETAIL, weight=600, lines=1, largest=24)
    y_name = fit(visual.y_label, (frame.w - 2 * _PADDING, 34), theme.DETAIL, weight=600, lines=1, largest=24)
    y_ticks = ticks(*values, 6 if page.shape.wide else 8)
    x_ticks = ticks(*domain, 11 if page.shape.wide else 7)
    y_texts = [_tick(value) for value in y_ticks]
    left = frame.x + _PADDING + max(block.width for block in y_texts) + 12
    inner = Box(
        left,
        frame.y + _PADDING + y_name.height + 10,
        frame.right - _PADDING - 14 - left,
        frame.h - 2 * _PADDING - y_name.height - x_name.height - 52,
    )
    x_axis = Axis(low=domain[0], high=domain[1], ticks=x_ticks, start=inner.x, end=inner.right)
    y_axis = Axis(low=values[0], high=values[1], ticks=y_ticks, start=inner.bottom, end=inner.y)
    sketch = card(Sketch(), frame, radius=24)
    _grid(sketch, inner, x_axis, y_axis)
    for value, block in zip(y_ticks, y_texts, strict=True):
        y = y_axis.pixel(value) - block.height / 2
        sketch.text(block, inner.x - 12, y, theme.MUTED, theme.CARD, align="end")
    _x_numbers(sketch, inner, x_axis, left_edge=frame.x + 4)
    sketch.text(y_name, frame.x + _PADDING, frame.y + _PADDING - 6, theme.INK, theme.CARD)
    sketch.text(x_name, inner.right, frame.bottom - _PADDING - x_name.height + 6, theme.INK, theme.CARD, align="end")
    page.add(ElementKind.CARD, sketch, card_extent(frame), motion=Motion.FADE)
    return x_axis, y_axis


def _tick(value: float) -> Block:
    return Block(lines=(number(value),), size=_TICK_SIZE, weight=400, leading=1.2)


def _grid(sketch: Sketch, inner: Box, x_axis: Axis, y_axis: Axis) -> None:
    faint = theme.mix(theme.HAIRLINE, theme.CARD, 0.75)
    for value in x_axis.ticks:
        sketch.line([(x_axis.pixel(value), inner.y), (x_axis.pixel(value), inner.bottom)], faint, 1.5)
    for value in y_axis.ticks:
        sketch.line([(inner.x, y_axis.pixel(value)), (inner.right, y_axis.pixel(value))], faint, 1.5)
    x = x_axis.pixel(min(max(0.0, x_axis.low), x_axis.high))
    y = y_axis.pixel(min(max(0.0, y_axis.low), y_axis.high))
    sketch.arrow([(inner.x, y), (inner.right + 12, y)], theme.INK, 2.5, head=12)
    sketch.arrow([(x, inner.bottom), (x, inner.y - 8)], theme.INK, 2.5, head=12)


def _x_numbers(sketch: Sketch, inner: Box, axis: Axis, *, left_edge: float) -> None:
    """Numbers below the grid; one that would touch its neighbour is left out."""
    end = left_edge
    for value in axis.ticks:
        block = _tick(value)
        box = block.box(axis.pixel(value), inner.bottom + _BELOW_AXIS, "middle")
        if box.x > end + 10:
            sketch.text(block, axis.pixel(value), inner.bottom + _BELOW_AXIS, theme.MUTED, theme.CARD, align="middle")
            end = box.right


def _segments(xs: Values, ys: Values, x_axis: Axis, y_axis: Axis) -> list[list[Point]]:
    """The curve in pixels, cut where it is undefined, leaves the plot, or jumps from one side to the other."""
    segments: list[list[Point]] = [[]]
    span = y_axis.high - y_axis.low
    before: float | None = None
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        inside = isfinite(y) and y_axis.low <= y <= y_axis.high
        jumped = before is not None and abs(y - before) > 0.7 * span
        if (not inside or jumped) and segments[-1]:
            segments.append([])
        if inside:
            segments[-1].append((x_axis.pixel(x), y_axis.pixel(y)))
        before = y if inside else None
    return [segment for segment in segments if len(segment) > 1]


def _curve(page: Page, visual: PlotVisual, segments: list[list[Point]]) -> None:
    if not segments:
        raise InvalidStoryboard("no part of the curve lies in its range", code=INVALID_EXPRESSION)
    sketch = Sketch()
    for segment in segments:
        sketch.line(segment, page.palette.accent, _CURVE)
    points = [point for segment in segments for point in segment]
    box = Box.hull(points).inset(-_CURVE)
    trace = tuple(points[:: max(1, len(points) // 160)])
    page.add(ElementKind.CURVE, sketch, box, cue=visual.cue, motion=Motion.TRACE, trace=(*trace, points[-1]))


def _markers(page: Page, visual: PlotVisual, segments: list[list[Point]], x_axis: Axis, y_axis: Axis) -> None:
    points = [point for segment in segments for point in segment] + _axis_points(x_axis, y_axis)
    inner = Box(x_axis.start, y_axis.end, x_axis.end - x_axis.start, y_axis.start - y_axis.end)
    spots = [_spot(visual, marker, x_axis, y_axis) for marker in visual.markers]
    taken = [Box.around(spot, 2 * _DOT + 4, 2 * _DOT + 4) for spot in spots]
    for marker, spot in zip(visual.markers, spots, strict=True):
        block, box = _label(marker, spot, inner, taken, points)
        taken.append(box)
        ink = page.palette.spark
        line = leader(spot, box)
        points += line
        sketch = Sketch().line([line[0], line[-1]], ink, 2.5)
        sketch.rect(box, page.palette.spark_soft, radius=12)
        sketch.centred(block, box, ink, page.palette.spark_soft)
        sketch.circle(spot, _DOT, ink, stroke=theme.CARD, stroke_width=3.5)
        extent = box.union(Box.around(spot, 2 * _DOT + 4, 2 * _DOT + 4))
        page.add(ElementKind.LABEL, sketch, extent, cue=marker.cue)


def _axis_points(x_axis: Axis, y_axis: Axis) -> list[Point]:
    """Points along the axes, which labels keep clear of too."""
    x = x_axis.pixel(min(max(0.0, x_axis.low), x_axis.high))
    y = y_axis.pixel(min(max(0.0, y_axis.low), y_axis.high))
    across = np.linspace(x_axis.start, x_axis.end, 90).tolist()
    down = np.linspace(y_axis.start, y_axis.end, 60).tolist()
    return [(place_x, y) for place_x in across] + [(x, place_y) for place_y in down]


def _spot(visual: PlotVisual, marker: PlotMarker, x_axis: Axis, y_axis: Axis) -> Point:
    y = float(evaluate(visual.expression, np.asarray([marker.x]))[0])
    if not (x_axis.low <= marker.x <= x_axis.high and isfinite(y) and y_axis.low <= y <= y_axis.high):
        raise InvalidStoryboard(f"the marker at {marker.x:g} is not on the curve", code=INVALID_EXPRESSION)
    return x_axis.pixel(marker.x), y_axis.pixel(y)


def _label(marker: PlotMarker, spot: Point, inner: Box, taken: list[Box], points: list[Point]) -> tuple[Block, Box]:
    within = inner.inset(4)
    others = [box for box in taken if not box.holds(spot)]
    for size in _MARKER_SIZES:
        block = fit(marker.label, (min(inner.w * 0.5, 330.0), 120), theme.LABEL, largest=size, lines=3)
        w, h = block.width + 24, block.height + 12
        near = [
            middle
            for far in (False, True)
            for first in (45.0, 225.0)
            for middle in around(spot, w, h, _DOT + 6, first, far=far)
        ]
        far = _anywhere(spot, within) if size == _MARKER_SIZES[-1] else []
        box = place(w, h, near + far, within, others, points, anchor=spot)
        box = box or place(w, h, far, within, taken, points)
        if box is not None:
            return block, box
    raise does_not_fit(marker.label)


def _anywhere(spot: Point, within: Box) -> list[Point]:
    """Places all over the plot, the nearest first: for labels that find none near their point."""
    across = [within.x + within.w * share / 24 for share in range(1, 24)]
    down = [within.y + within.h * share / 16 for share in range(1, 16)]
    places = [(x, y) for x in across for y in down]
    return sorted(places, key=lambda place: (place[0] - spot[0]) ** 2 + (place[1] - spot[1]) ** 2)

"""Plots: round ticks, readable numbers, poles cut off, markers on the curve."""

import numpy as np
import pytest

from shared.enums import SceneKind
from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import PlotMarker, PlotVisual
from shared.media.draw import Layout, Shape, layout
from shared.media.draw.canvas import ElementKind
from shared.media.draw.visuals.plot import number, ticks, value_range
from tests.unit.draw_samples import one_scene


def _plot(expression: str, domain: tuple[float, float], *markers: PlotMarker) -> Layout:
    visual = PlotVisual(
        heading="h", expression=expression, domain=domain, x_label="x", y_label="y", markers=list(markers)
    )
    storyboard = one_scene(SceneKind.PROCESS, visual)
    return layout(storyboard.scenes[0], storyboard, Shape.WIDE)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 10, 10, tuple(range(11))),
        (-1, 7, 8, tuple(range(-1, 8))),
        (0, 1, 5, (0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (-5, 13, 4, (-5, 0, 5, 10)),
        (0, 90000, 4, (0, 25000, 50000, 75000)),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: tuple[float, ...]) -> None:
    assert ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-2.5, "−2.5"), (1000, "1,000"), (0.25, "0.25"), (2e6, "2×10⁶"), (-5e-5, "−5×10⁻⁵"), (3.0, "3")],
)
def test_numbers_are_written_for_readers(value: float, text: str) -> None:
    assert number(value) == text


def test_range_shows_the_curve_with_air_and_zero_when_near() -> None:
    low, high = value_range(np.linspace(1, 10, 480))
    assert low == 0
    assert high > 10
    low, high = value_range(np.linspace(100, 101, 480))
    assert 99 < low < 100


def test_constants_have_a_range() -> None:
    low, high = value_range(np.full(480, 5.0))
    assert low < 5 < high


def test_poles_are_cut_off() -> None:
    with np.errstate(all="ignore"):
        low, high = value_range(1 / np.linspace(-4, 4, 480))
    assert -30 < low < high < 30


def test_a_curve_is_cut_at_its_pole() -> None:
    curve = next(e for e in _plot("1/x", (-4, 4)).elements if e.kind is ElementKind.CURVE)
    assert curve.svg.count("<path") == 2


def test_a_marker_stands_on_the_curve() -> None:
    laid_out = _plot("x**2", (-2, 2), PlotMarker(x=1, label="here"))
    marker = next(e for e in laid_out.elements if any(t.text == "here" for t in e.texts))
    curve = next(e for e in laid_out.elements if e.kind is ElementKind.CURVE)

    nearest = min(
        min(abs(x - corner_x) + abs(y - corner_y) for x, y in curve.trace)
        for corner_x in (marker.box.x + 12, marker.box.right - 12)
        for corner_y in (marker.box.y + 12, marker.box.bottom - 12)
    )
    assert nearest < 12


@pytest.mark.parametrize(
    ("expression", "domain", "markers"),
    [
        ("x", (3, 3), []),
        ("x", (5, 1), []),
        ("x", (0, float("inf")), []),
        ("sqrt(-1 - x**2)", (0, 1), []),
        ("exp(exp(x))", (0, 9), []),
        ("x**2", (0, 1), [PlotMarker(x=3, label="outside")]),
        ("1/x", (-1, 1), [PlotMarker(x=0, label="pole")]),
    ],
)
def test_what_cannot_be_plotted_is_refused(
    expression: str, domain: tuple[float, float], markers: list[PlotMarker]
) -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        _plot(expression, domain, *markers)
    assert caught.value.code == "invalid_expression"

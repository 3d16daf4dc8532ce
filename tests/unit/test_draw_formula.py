"""Formulas become outlines; chemistry is written out; what is not understood is refused."""

import numpy as np
import pytest

from shared.errors import InvalidStoryboard
from shared.media.draw.canvas import Box
from shared.media.draw.chemistry import expand
from shared.media.draw.formula import broken, formula
from shared.media.draw.raster import render

DRAWABLE = [
    r"F = ma",
    r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}",
    r"\vec{F}_{AB} = -\vec{F}_{BA}",
    r"\begin{bmatrix}1&2\\3&4\end{bmatrix}",
    r"\sum_{i=1}^{n} x_i",
    r"3\times 10^{8}\ \text{m/s}",
    r"a < b",
    r"x > -5",
    r"\ce{2H2 + O2 -> 2H2O}",
    r"\ce{N2 + 3H2 <=> 2NH3}",
    r"6\,\text{CO}_2 \xrightarrow{\text{light}} x",
    r"\left|\frac{a}{b}\right|",
]


@pytest.mark.parametrize("latex", DRAWABLE)
def test_formulas_lie_in_their_box(latex: str) -> None:
    drawn = formula(latex).sized(60)
    box = Box(0, 0, drawn.width + 80, drawn.height + 80)

    alpha = np.asarray(render(box, drawn.svg(40, 40, "#123456")))[..., 3]
    rows, columns = np.nonzero(alpha.max(axis=1))[0], np.nonzero(alpha.max(axis=0))[0]

    assert rows[0] >= 39
    assert columns[0] >= 39
    assert rows[-1] <= 41 + drawn.height
    assert columns[-1] <= 41 + drawn.width


def test_formulas_take_the_colour_they_are_given() -> None:
    drawn = formula("x").sized(200)
    pixels = np.asarray(render(Box(0, 0, 200, 200), drawn.svg(10, 10, "#C80000")))

    solid = pixels[pixels[..., 3] == 255]
    assert solid.size
    assert (solid[:, :3] == (200, 0, 0)).all()


def test_a_minus_before_a_number_is_tight() -> None:
    assert formula("x=-5").width < formula("x=0-5").width - 40


@pytest.mark.parametrize(
    "latex",
    ["", " ", r"\frac{a}", r"\foo x", "a & b", r"x^2^3", "a^", r"\left( x", r"\ce{H2", r"\ce{hello}", "x" * 700],
)
def test_what_is_not_understood_is_refused(latex: str) -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        formula(latex)
    assert caught.value.code == "unsupported_formula"


@pytest.mark.parametrize(
    ("mhchem", "latex"),
    [
        (r"\ce{H2O}", r"\mathrm{H}_{2}\mathrm{O}"),
        (r"\ce{2H2}", r"2\,\mathrm{H}_{2}"),
        (r"\ce{SO4^2-}", r"\mathrm{S}\mathrm{O}_{4}^{2-}"),
        (r"\ce{Na+ + Cl-}", r"\mathrm{Na}^{+} + \mathrm{Cl}^{-}"),
        (r"\ce{Ca(OH)2(aq)}", r"\mathrm{Ca}(\mathrm{O}\mathrm{H})_{2}\,\mathrm{(aq)}"),
        (r"\ce{1/2O2}", r"\tfrac{1}{2}\,\mathrm{O}_{2}"),
        (r"\ce{A ->[heat] B}", r"\mathrm{A} \xrightarrow{\text{heat}} \mathrm{B}"),
        (r"\ce{Fe^{3+}}", r"\mathrm{Fe}^{3+}"),
        (r"x = 1", r"x = 1"),
    ],
)
def test_chemistry_is_written_out(mhchem: str, latex: str) -> None:
    assert expand(mhchem) == latex


def test_long_formulas_break_at_a_relation() -> None:
    halves = broken(r"\ce{6CO2 + 6H2O -> C6H12O6 + 6O2}")

    assert halves is not None
    assert halves[1].startswith(r"{}\longrightarrow")
    assert all(formula(half).width < formula(r"\ce{6CO2 + 6H2O -> C6H12O6 + 6O2}").width for half in halves)
    assert broken(r"\frac{a=b}{2}") is None
    assert broken(r"\left( a = b \right)") is None
    assert broken("x + 1") is None


def test_fitting_keeps_to_the_room_or_gives_up() -> None:
    drawn = formula(r"x = \frac{a}{b}")

    small = drawn.fitted(100, 400, 90, 10)
    assert small is not None
    assert small.width <= 100.01
    assert drawn.fitted(4000, 4000, 90, 10).size == 90  # type: ignore[union-attr]
    assert drawn.fitted(30, 30, 90, 40) is None

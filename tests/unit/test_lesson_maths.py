"""Mathematics in words for the voice, and in Unicode for the screen."""

import re

import pytest

from shared.books.passages import Passage
from shared.lesson import latex
from shared.lesson.chemistry import is_chemical
from shared.lesson.plain_math import plain
from shared.lesson.polynomials import polynomial
from shared.lesson.prose import RAW_SIGNS, narrated, on_screen
from shared.lesson.spoken_math import speak
from shared.lesson.units import expand_in_prose, speak_unit
from tests.unit.lesson_samples import sample_modules

FORCE = {"F": "force", "m": "mass", "a": "acceleration"}


@pytest.mark.parametrize(
    ("formula", "names", "spoken"),
    [
        ("F = ma", FORCE, "force equals mass times acceleration"),
        ("F = ma", {}, "F equals m a"),
        (
            r"a = \frac{F_{\text{net}}}{m}",
            {**FORCE, "F_net": "net force"},
            "acceleration equals net force divided by mass",
        ),
        (r"\frac{1}{2}", {}, "one half"),
        (r"\frac{3}{4}", {}, "three fourths"),
        (r"v^{2}", {}, "v squared"),
        (r"x^{3}", {}, "x cubed"),
        (r"10^{8}", {}, "10 to the power of 8"),
        (r"10^{-9}", {}, "10 to the power of negative 9"),
        (r"\sqrt{2}", {}, "the square root of 2"),
        (r"\sqrt[3]{8}", {}, "the cube root of 8"),
        (r"v = f\lambda", {}, "v equals f lambda"),
        (r"x_{v}", {}, "x sub v"),
        ("H_2O", {}, "H two O"),
        ("6CO_2", {}, "six C O two"),
        (r"6\ \text{CO}_{2}", {}, "six C O two"),
        (r"\text{NADP}^{+}", {}, "NADP plus"),
        (r"3.0\ \text{m}/\text{s}^{2}", {}, "3.0 meters per second squared"),
        (r"1\ \text{m}/\text{s}", {}, "1 meter per second"),
        (r"180\ \text{N}", {}, "180 newtons"),
        (r"x = -2 \pm 5", {}, "x equals negative 2 plus or minus 5"),
        (r"5t(4-t) = 0", {}, "5 t times the quantity 4 minus t equals 0"),
        (r"P(A|B)", {}, "P of A given B"),
        (r"f(x) = x^{2}", {}, "f of x equals x squared"),
        (r"F_{\text{A on B}} = -F_{\text{B on A}}", {}, "the force of A on B equals minus the force of B on A"),
        (r"\Delta p", {}, "the change in p"),
        (r"5{,}000{,}000", {}, "5,000,000"),
        (r"\bar{x}", {}, "x bar"),
        (r"30^{\circ}", {}, "30 degrees"),
    ],
)
def test_formulas_are_spoken_in_words(formula: str, names: dict[str, str], spoken: str) -> None:
    assert speak(formula, names) == spoken


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"10^{8}", "10⁸"),
        (r"\text{CO}_{2}", "CO₂"),
        (r"\frac{n+1}{2}", "(n + 1)/2"),
        (r"x^{2}-6x+5", "x² − 6x + 5"),
        (r"-2", "−2"),
        (r"3.0\ \text{m}/\text{s}^{2}", "3.0 m/s²"),
        (r"\sqrt{b^{2}-4ac}", "√(b² − 4ac)"),
        (r"\lambda", "λ"),
    ],
)
def test_formulas_are_written_in_one_line(formula: str, shown: str) -> None:
    assert plain(formula) == shown


@pytest.mark.parametrize("broken", [r"\frac{1}{", "x^", r"\unknown{y}", "{}}", r"\text{", "", "_2", r"\left( x"])
def test_a_slip_in_a_formula_stops_nothing(broken: str) -> None:
    assert not RAW_SIGNS.search(speak(broken))
    assert not re.search(r"[\\{}$]", plain(broken))


def _formulas(passage: Passage) -> list[str]:
    return re.findall(r"\$([^$]+)\$", passage.text)


def test_every_formula_of_the_sample_book_is_spoken_without_a_sign() -> None:
    formulas = [formula for passages in sample_modules().values() for one in passages for formula in _formulas(one)]

    assert len(formulas) > 200
    assert {formula: speak(formula) for formula in formulas if RAW_SIGNS.search(speak(formula))} == {}
    assert [formula for formula in formulas if re.search(r"[\\{}$]", plain(formula))] == []


@pytest.mark.parametrize(
    ("formula", "chemical"),
    [
        ("H_2O", True),
        (r"2\ \text{H}_{2} + \text{O}_{2} \rightarrow 2\ \text{H}_{2}\text{O}", True),
        ("F_2", False),
        ("p = mv", False),
    ],
)
def test_chemistry_is_told_from_algebra(formula: str, chemical: bool) -> None:
    assert is_chemical(latex.parse(formula)) is chemical


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It weighs 9.8 N on Earth.", "It weighs 9.8 newtons on Earth."),
        ("It speeds up at 2 m/s².", "It speeds up at 2 meters per second squared."),
        ("A 1-kg mass.", "A 1-kilogram mass."),
        ("Use H2O.", "Use H two O."),
        ("About 25% of it.", "About 25 percent of it."),
        ("From 5–10 days.", "From 5 to 10 days."),
        (
            "One earns $5,000,000 per year and 49 earn $30,000.",
            "One earns 5,000,000 dollars per year and 49 earn 30,000 dollars.",
        ),
        ("A $z$-score of $x^{2}$.", "A z-score of x squared."),
        ("Gases, e.g. oxygen, move.", "Gases, for example, oxygen, move."),
        ("The colour of 3 metres.", "The color of 3 meters."),
        ("in volts per ampere, or V/A", "in volts per ampere, or volts per ampere"),
        ("Newton’s law — a rule.", "Newton's law, a rule."),
    ],
)
def test_prose_is_made_fit_for_a_voice(text: str, spoken: str) -> None:
    assert narrated(text) == spoken
    assert not RAW_SIGNS.search(narrated(text))


def test_prose_on_the_screen_keeps_its_signs() -> None:
    assert on_screen("It's $10^{8}$ m/s.") == "It’s 10⁸ m/s."


def test_what_is_no_unit_stays() -> None:
    assert speak_unit("apples") == ""
    assert expand_in_prose("5 m of rope, 12 years") == "5 meters of rope, 12 years"


def test_a_quadratic_function_is_read_with_its_roots_and_vertex() -> None:
    function = polynomial(latex.parse("20t-5t^{2}"))

    assert function is not None
    assert (function.square, function.slope, function.constant, function.letter) == (-5, 20, 0, "t")
    assert function.roots() == [0, 4]
    assert function.vertex == 2
    assert function.expression() == "(-5)*x**2 + (20)*x"
    assert function.window() == (0, 4)


@pytest.mark.parametrize("other", [r"ax^{2}+bx+c", r"\frac{1}{x}", "x^{3}", "5", "x y"])
def test_what_is_no_polynomial_of_numbers_is_refused(other: str) -> None:
    assert polynomial(latex.parse(other)) is None


@pytest.mark.parametrize("text", ["² m", "$² m$", "$²$", "³/₂ kg", "$① s$", "x²y³"])
def test_a_sign_that_is_a_digit_and_no_number_stops_nothing(text: str) -> None:
    assert isinstance(narrated(text), str)
    assert isinstance(speak(text.strip("$")), str)

"""Expressions of a plot are arithmetic and nothing else."""

import numpy as np
import pytest

from shared.errors import InvalidStoryboard
from shared.media.draw.expression import evaluate

XS = np.array([-1.0, 0.0, 0.5, 4.0])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x**2 - 6*x + 5", XS**2 - 6 * XS + 5),
        ("-x", -XS),
        ("2*(x + 1)/4", (XS + 1) / 2),
        ("sin(pi*x)", np.sin(np.pi * XS)),
        ("cos(x)*exp(-x)", np.cos(XS) * np.exp(-XS)),
        ("sqrt(abs(x))", np.sqrt(np.abs(XS))),
        ("3", np.full(4, 3.0)),
        ("2**x", 2.0**XS),
        (" +x ", XS),
    ],
)
def test_values(expression: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(evaluate(expression, XS), expected)


def test_undefined_values_are_no_error() -> None:
    assert np.isnan(evaluate("sqrt(x)", XS)[0])
    assert np.isinf(evaluate("1/x", XS)[1])
    assert np.isinf(evaluate("9**9**9**9", XS)).all()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "x +",
        "y",
        "x.real",
        "x[0]",
        "__import__('os')",
        "open('f')",
        "lambda: 1",
        "sin",
        "sin + 1",
        "sin(x, x)",
        "sin(x=1)",
        "x if x else 1",
        "x > 1",
        "[x]",
        "'a'",
        "True",
        "1j",
        "x // 2",
        "x % 2",
        "x ^ 2",
        "x; x",
        "1e300",
        "x" * 300,
        "+".join("x" for _ in range(90)),
        "(" * 120 + "x" + ")" * 120,
    ],
)
def test_anything_else_is_refused(expression: str) -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        evaluate(expression, XS)
    assert caught.value.code == "invalid_expression"

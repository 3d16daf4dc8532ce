"""Functions of x as a storyboard writes them: parsed into Python's syntax tree, and computed by walking it.

Nothing is evaluated as code: only the kinds of node named below are accepted.
"""

import ast
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidStoryboard

INVALID_EXPRESSION: Final = "invalid_expression"

Values = NDArray[np.float64]

_LONGEST: Final = 200  # characters
_MOST_NODES: Final = 120
_LARGEST_CONSTANT: Final = 1e12

_BINARY: Final[dict[type[ast.operator], Callable[[Values, Values], Values]]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Values], Values]]] = {ast.USub: np.negative, ast.UAdd: np.positive}
_FUNCTIONS: Final[dict[str, Callable[[Values], Values]]] = {
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}


def _invalid(reason: str) -> InvalidStoryboard:
    return InvalidStoryboard(reason, code=INVALID_EXPRESSION)


def parse(expression: str) -> ast.expr:
    """The syntax tree; InvalidStoryboard where the expression holds anything but arithmetic in x."""
    if len(expression) > _LONGEST:
        raise _invalid(f"an expression of {len(expression)} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _invalid(f"not an expression: {expression!r}") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > _MOST_NODES:
        raise _invalid(f"an expression of {len(nodes)} parts")
    for node in nodes:
        _check(node)
    return tree


def _check(node: ast.AST) -> None:
    match node:
        case ast.BinOp(op=op) if type(op) in _BINARY:
            return
        case ast.UnaryOp(op=sign) if type(sign) in _UNARY:
            return
        case ast.Call(func=ast.Name(id=name), args=[_], keywords=[]) if name in _FUNCTIONS:
            return
        case ast.Name(id=name) if name in {"x", "pi", *_FUNCTIONS}:
            return
        case ast.Constant(value=float() | int() as value) if (
            type(value) is not bool and abs(value) <= _LARGEST_CONSTANT
        ):
            return
        case ast.operator() | ast.unaryop() | ast.Load():
            return
    raise _invalid(f"not allowed in an expression: {type(node).__name__}")


def evaluate(expression: str, x: Values) -> Values:
    """Values of the expression at each x; NaN or infinite where it is not defined."""
    tree = parse(expression)
    with np.errstate(all="ignore"):
        return np.asarray(_walk(tree, x), dtype=np.float64) + np.zeros_like(x)


def _walk(node: ast.expr, x: Values) -> Values:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_walk(left, x), _walk(right, x))
        case ast.UnaryOp(op=sign, operand=operand):
            return _UNARY[type(sign)](_walk(operand, x))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _FUNCTIONS[name](_walk(argument, x))
        case ast.Name(id="x"):
            return x
        case ast.Name(id="pi"):
            return np.asarray(np.pi)
        case ast.Constant(value=value) if isinstance(value, int | float):
            return np.asarray(float(value))
    raise _invalid(f"not a value: {type(node).__name__}")  # a bare function name, such as "sin + 1"

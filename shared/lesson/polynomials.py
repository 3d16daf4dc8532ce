"""Quadratic and linear functions read from a book's LaTeX, so that their graphs can be drawn."""

import math
from dataclasses import dataclass

from shared.lesson.latex import Number, Operator, Row, Scripts, Symbol, flat


@dataclass(frozen=True, slots=True)
class Polynomial:
    """square × x² + slope × x + constant, in the letter that the book uses."""

    square: float
    slope: float
    constant: float
    letter: str

    @property
    def vertex(self) -> float:
        """Input at the turning point; for quadratic functions only."""
        return -self.slope / (2 * self.square)

    def roots(self) -> list[float]:
        """Real inputs that make the output zero, ascending."""
        if not self.square:
            return [-self.constant / self.slope] if self.slope else []
        under = self.slope**2 - 4 * self.square * self.constant
        if under < 0:
            return []
        side = math.sqrt(under) / (2 * abs(self.square))
        return sorted({self.vertex - side, self.vertex + side})

    def window(self) -> tuple[float, float]:
        """A range of inputs that shows roots and vertex with room at the sides; times do not go below zero."""
        roots = self.roots() or [self.vertex - 2, self.vertex + 2]
        margin = max(0.2 * (roots[-1] - roots[0]), 0.5)
        low, high = roots[0] - margin, roots[-1] + margin
        if self.letter == "t":
            return max(0.0, round(low, 2)), round(min(high, roots[-1]), 2)
        return round(low, 2), round(high, 2)

    def expression(self) -> str:
        """The function in x, as `PlotVisual.expression` wants it."""
        terms = [(self.square, "*x**2"), (self.slope, "*x"), (self.constant, "")]
        text = " + ".join(f"({_number(factor)}){power}" for factor, power in terms if factor)
        return text or "0"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def polynomial(tree: Row) -> Polynomial | None:
    """Return the polynomial of degree two or less that a right-hand side is; None for anything else."""
    coefficients = [0.0, 0.0, 0.0]
    letter = ""
    sign, factor, degree, open_term = 1.0, 1.0, 0, False
    for item in (*tree.items, Operator("+")):
        if isinstance(item, Operator):
            if item.text not in "+−" or (not open_term and item.text == "+"):
                return None
            if open_term:
                coefficients[degree] += sign * factor
            sign, factor, degree, open_term = (-1.0 if item.text == "−" else 1.0), 1.0, 0, False
            continue
        open_term = True
        base = item.base if isinstance(item, Scripts) and item.sub is None else item
        if isinstance(item, Number):
            factor *= float(item.text.replace(",", ""))
        elif isinstance(base, Symbol) and (not letter or base.text == letter):
            letter = base.text
            power = flat(item.sup) if isinstance(item, Scripts) and item.sup else "1"
            if power not in {"1", "2"}:
                return None
            degree += int(power)
            if degree > 2:
                return None
        else:
            return None
    return Polynomial(coefficients[2], coefficients[1], coefficients[0], letter) if letter else None

"""Formulas: LaTeX drawn as plain outlines by ziamath, scaled to any size."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree

import latex2mathml.exceptions
from ziamath.config import config as ziamath_config
from ziamath.zmath import Latex

from shared.errors import InvalidStoryboard
from shared.media.draw.canvas import Box, TextBox
from shared.media.draw.chemistry import UNSUPPORTED_FORMULA, closing, expand

ziamath_config.svg2 = False  # outlines instead of references, which need no ids and draw everywhere

_UNIT: Final = 100.0  # size at which a formula is drawn once
_ROOM: Final = 5.0  # around a formula in that size: the outlines of some letters reach over their boxes
_LONGEST: Final = 600  # characters; a formula on a screen has a few dozen
# What latex2mathml and ziamath raise for input that they do not understand; they have no common base class.
_NOT_UNDERSTOOD: Final[tuple[type[Exception], ...]] = (
    *(
        value
        for value in vars(latex2mathml.exceptions).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ),
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    RecursionError,
    ElementTree.ParseError,
)
_UNKNOWN_COMMAND: Final = re.compile(r">[^<]*(\\[A-Za-z]+)[^<]*<")
_UNARY_MINUS: Final = re.compile(r"(?P<before>[=(\[,]|\\(?:leq?|geq?|lt|gt|approx|to|times|cdot)(?![A-Za-z]))\s*-")
_LONG_ARROW: Final = r"\xrightarrow{"
_OPENING_TAG: Final = re.compile(r"^<svg[^>]*>")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula in one size."""

    latex: str
    size: float  # of its letters, in pixels
    width: float
    height: float
    _left: float
    _top: float
    _outlines: str

    @property
    def ascent(self) -> float:
        """Pixels from its top to its baseline."""
        return -self._top * self.size / _UNIT

    def svg(self, x: float, y: float, ink: str) -> str:
        """The formula with its upper left corner there."""
        scale = self.size / _UNIT
        return (
            f'<g fill="{ink}" transform="translate({x - self._left * scale:.2f} {y - self._top * scale:.2f}) '
            f'scale({scale:.4f})">{self._outlines}</g>'
        )

    def text_box(self, x: float, y: float, ink: str, ground: str) -> TextBox:
        """Where `svg` with the same arguments puts it."""
        return TextBox(
            text=self.latex, box=Box(x, y, self.width, self.height), size=self.size, weight=400, ink=ink, ground=ground
        )

    def sized(self, size: float) -> "Formula":
        """The same formula in another size."""
        factor = size / self.size
        return Formula(
            self.latex, size, self.width * factor, self.height * factor, self._left, self._top, self._outlines
        )

    def fitted(self, wide: float, high: float, largest: float, smallest: float) -> "Formula | None":
        """The formula as large as fits, at most `largest`; None where it would be under `smallest`."""
        size = min(largest, self.size * wide / self.width, self.size * high / self.height)
        return self.sized(size) if size >= smallest else None


@lru_cache(maxsize=128)
def formula(latex: str) -> Formula:
    """The formula drawn at its unit size; InvalidStoryboard where it is not LaTeX that can be drawn."""
    if len(latex) > _LONGEST:
        raise InvalidStoryboard(f"a formula of {len(latex)} characters", code=UNSUPPORTED_FORMULA)
    source = _prepared(expand(latex))
    try:
        drawn = Latex(source, size=_UNIT, color="currentColor", margin=0.0)
        unknown = _UNKNOWN_COMMAND.search(drawn.mathmlstr())
        box = drawn.node.bbox
        left, top = box.xmin - _ROOM, -box.ymax - _ROOM
        width, height = box.xmax - box.xmin + 2 * _ROOM, box.ymax - box.ymin + 2 * _ROOM
        outlines = drawn.svg()
    except _NOT_UNDERSTOOD as error:
        raise InvalidStoryboard(f"not understood: {latex!r}", code=UNSUPPORTED_FORMULA) from error
    if unknown:
        raise InvalidStoryboard(f"unknown command {unknown[1]} in {latex!r}", code=UNSUPPORTED_FORMULA)
    if width <= 2 * _ROOM or height <= 2 * _ROOM:
        raise InvalidStoryboard(f"nothing to draw in {latex!r}", code=UNSUPPORTED_FORMULA)
    outlines = _OPENING_TAG.sub("", outlines).removesuffix("</svg>").replace('fill="currentColor"', "")
    return Formula(latex, _UNIT, width, height, left, top, outlines.replace("currentColor", "inherit"))


def _prepared(latex: str) -> str:
    """The formula as the renderer sets it best."""
    # latex2mathml passes these two through unescaped.
    latex = latex.replace("<", r"\lt ").replace(">", r"\gt ")
    # A sign in front of a number is set tight, which ziamath does at a formula's beginning only.
    latex = _UNARY_MINUS.sub(r"\g<before>{-}", latex)
    # ziamath draws the extensible arrow shorter than what stands on it.
    while (start := latex.find(_LONG_ARROW)) >= 0:
        end = closing(latex, start + len(_LONG_ARROW) - 1)
        above = latex[start + len(_LONG_ARROW) : end]
        latex = rf"{latex[:start]}\;\overset{{{above}}}{{\longrightarrow}}\;{latex[end + 1 :]}"
    return latex.strip()


_RELATION: Final = re.compile(
    r"=|\\(?:longrightarrow|rightarrow|xrightarrow|rightleftharpoons|to|approx|leq?|geq?|lt|gt|propto)(?![A-Za-z])"
)


def broken(latex: str) -> tuple[str, str] | None:
    """The formula cut into two lines at a relation, the second line beginning with it; None where there is none.

    Of several relations the one that makes the lines most alike in length is taken.
    """
    source = expand(latex)
    if r"\begin" in source or r"\left" in source:
        return None
    places = [m.start() for m in _RELATION.finditer(source) if _depth(source[: m.start()]) == 0 and m.start() > 0]
    if not places:
        return None
    at = min(places, key=lambda place: abs(2 * place - len(source)))
    return source[:at], rf"{{}}{source[at:]}"


def _depth(latex: str) -> int:
    return latex.count("{") - latex.count("}")

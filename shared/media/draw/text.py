"""Text on a page: blocks of lines, and the size in which text fits its box."""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from shared.errors import InvalidStoryboard
from shared.media.draw import fonts
from shared.media.draw.canvas import Box, TextBox
from shared.media.draw.lines import clean, hyphenated, wrap
from shared.media.draw.theme import Scale

SCENE_DOES_NOT_FIT: Final = "scene_does_not_fit"

_CAP_HEIGHT: Final = 0.727  # of Inter, in ems
_WORTH_A_LINE: Final = 0.86  # of the size that text gives up to take a line less


def does_not_fit(what: str) -> InvalidStoryboard:
    """The error for text that is too long even at the smallest size."""
    return InvalidStoryboard(f"does not fit: {what[:80]!r}", code=SCENE_DOES_NOT_FIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines of one size, ready to be placed."""

    lines: tuple[str, ...]
    size: float
    weight: int
    leading: float
    tracking: float = 0.0

    @property
    def line_height(self) -> float:
        """Pixels from one baseline to the next."""
        return self.size * self.leading

    @property
    def width(self) -> float:
        """Pixels of the longest line."""
        return max((fonts.width(line, self.size, self.weight, self.tracking) for line in self.lines), default=0.0)

    @property
    def height(self) -> float:
        """Pixels of all lines."""
        return self.line_height * len(self.lines)

    @property
    def ascent(self) -> float:
        """Pixels from its top to its first baseline."""
        return (self.line_height + _CAP_HEIGHT * self.size) / 2

    def svg(self, x: float, y: float, ink: str, *, align: str = "start") -> str:
        """The lines from the top y; x is their beginning, middle or end as `align` (start, middle, end) says."""
        lines = (
            self._line(line, x, y + self.ascent + index * self.line_height, ink, align)
            for index, line in enumerate(self.lines)
        )
        return "".join(lines)

    def _line(self, line: str, x: float, baseline: float, ink: str, align: str) -> str:
        """One line; pieces in different fonts are placed by themselves, for resvg would widen their spaces."""
        pieces = fonts.runs(line)
        anchor = align if len(pieces) == 1 else "start"
        spaced = f' letter-spacing="{self.tracking * self.size:.2f}"' if self.tracking else ""
        style = f'font-size="{self.size:g}" font-weight="{self.weight}" fill="{ink}" text-anchor="{anchor}"{spaced}'
        if len(pieces) > 1:
            x = self._beginning(line, x, align)
        svg = ""
        for family, piece in pieces:
            indent = len(piece) - len(piece.lstrip())
            start = x + fonts.width(piece[:indent], self.size, self.weight, self.tracking)
            if piece.strip():
                place = f'x="{start:.1f}" y="{baseline:.1f}" font-family="{family}"'
                svg += f"<text {place} {style}>{escape(piece.strip())}</text>"
            x += fonts.width(piece, self.size, self.weight, self.tracking)
        return svg

    def _beginning(self, line: str, x: float, align: str) -> float:
        wide = fonts.width(line, self.size, self.weight, self.tracking)
        return {"start": x, "middle": x - wide / 2, "end": x - wide}[align]

    def box(self, x: float, y: float, align: str = "start") -> Box:
        """Where `svg` with the same arguments puts the lines."""
        left = {"start": x, "middle": x - self.width / 2, "end": x - self.width}[align]
        return Box(left, y, self.width, self.height)

    def text_box(self, x: float, y: float, ink: str, ground: str, align: str = "start") -> TextBox:
        """The same, with what a check of the layout wants to know."""
        return TextBox(
            text=" ".join(self.lines),
            box=self.box(x, y, align),
            size=self.size,
            weight=self.weight,
            ink=ink,
            ground=ground,
        )


def fit(
    text: str,
    limit: Box | tuple[float, float],
    scale: Scale,
    *,
    lines: int = 99,
    largest: float | None = None,
    weight: int | None = None,
    saving: bool = True,
) -> Block:
    """The text in the largest size of the scale that fits the width and height; InvalidStoryboard where none does.

    A slightly smaller size is taken where it saves a line (unless `saving` is False). `largest` leaves out bigger
    sizes, so that neighbours can be set in one size.
    """
    within = (limit.w, limit.h) if isinstance(limit, Box) else limit
    return _fit_all([text], [within], scale, lines, largest, weight or scale.weight, saving=saving)[0]


def fit_together(
    texts: list[str],
    limits: list[tuple[float, float]],
    scale: Scale,
    *,
    lines: int = 99,
    largest: float | None = None,
    weight: int | None = None,
) -> list[Block]:
    """Each text in its own limit, all in one size, chosen as `fit` does."""
    return _fit_all(texts, limits, scale, lines, largest, weight or scale.weight, saving=True)


def _fit_all(
    texts: list[str],
    limits: list[tuple[float, float]],
    scale: Scale,
    lines: int,
    largest: float | None,
    weight: int,
    *,
    saving: bool,
) -> list[Block]:
    cleaned = [clean(text) for text in texts]
    sizes = [size for size in scale.sizes if largest is None or size <= largest] or [scale.sizes[-1]]
    best: list[Block] = []
    smallest = 0.0
    for size in sizes:
        if size < smallest:
            break
        blocks = [_set(text, limit, size, scale, lines, weight) for text, limit in zip(cleaned, limits, strict=True)]
        whole = [block for block in blocks if block is not None]
        if len(whole) < len(texts):
            continue
        if not best or _line_count(whole) < _line_count(best):
            best = whole
            smallest = smallest or (size * _WORTH_A_LINE if saving else size)
    if best or not texts:
        return best
    return [
        _cut_to_fit(text, limit, sizes[-1], scale, lines, weight) for text, limit in zip(cleaned, limits, strict=True)
    ]


def _line_count(blocks: list[Block]) -> int:
    return sum(len(block.lines) for block in blocks)


def _set(text: str, limit: tuple[float, float], size: float, scale: Scale, most: int, weight: int) -> Block | None:
    """The text in just this size, or None where it does not fit."""
    lines = wrap(text, limit[0], size, weight)
    if lines is None or len(lines) > most or len(lines) * size * scale.leading > limit[1] + 0.5:
        return None
    return Block(lines=lines, size=size, weight=weight, leading=scale.leading)


def _cut_to_fit(text: str, limit: tuple[float, float], size: float, scale: Scale, most: int, weight: int) -> Block:
    """The text in this size with its longest words cut; InvalidStoryboard where that does not do either."""
    block = _set(hyphenated(text, limit[0], size, weight), limit, size, scale, most, weight)
    if block is None:
        raise does_not_fit(text)
    return block

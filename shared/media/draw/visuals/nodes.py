"""The labelled boxes of diagrams."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.lesson.storyboard import DiagramNode
from shared.media.draw import theme
from shared.media.draw.canvas import Box, ElementKind
from shared.media.draw.lines import clean, hyphenated, wrap
from shared.media.draw.page import Page, card, card_extent
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, does_not_fit
from shared.media.draw.theme import Scale

_PADDING: Final = 16.0
_DETAIL_GAP: Final = 4.0
_WORTH_A_LINE: Final = 0.92  # of the size that labels give up to take a line less
_BREAKABLE: Final = 20  # sizes up to which long words are cut
_BADGE: Final = 17.0  # radius
_BADGE_REACH: Final = 12.0  # pixels of a box that are left to its number
# Sizes of labels and details, the most wanted first: details stay readable before labels stay large.
_SIZES: Final = (
    (36, 28),
    (34, 26),
    (34, 24),
    (32, 26),
    (32, 24),
    (30, 24),
    (28, 24),
    (28, 22),
    (26, 22),
    (24, 22),
    (26, 20),
    (24, 20),
    (22, 20),
    (22, 18),
    (20, 18),
)


class Badge(StrEnum):
    """Where a step's number sits."""

    TOP = "top"  # on the upper edge, near the left corner
    LEFT = "left"  # on the left edge, in its middle


@dataclass(frozen=True, slots=True)
class Content:
    """The text of one node."""

    label: Block
    detail: Block | None

    @property
    def height(self) -> float:
        """Pixels of both blocks."""
        return self.label.height + (self.detail.height + _DETAIL_GAP if self.detail else 0.0)


def contents(nodes: Sequence[DiagramNode], boxes: Sequence[Box], *, badge: Badge | None = None) -> list[Content]:
    """Labels and details, all nodes in one size: the largest in which each fits its box."""
    boxes = [_free(box, badge) for box in boxes]
    best: list[Content] = []
    smallest = 0.0
    for label_size, detail_size in _SIZES:
        if label_size < smallest:
            break
        found = [_content(node, box, label_size, detail_size) for node, box in zip(nodes, boxes, strict=True)]
        whole = [content for content in found if content is not None]
        if len(whole) == len(nodes) and (not best or _line_count(whole) < _line_count(best)):
            smallest = smallest or label_size * _WORTH_A_LINE
            best = whole
    if not best:
        raise does_not_fit(" / ".join(node.label for node in nodes))
    return best


def _line_count(found: list[Content]) -> int:
    return sum(len(content.label.lines) + (len(content.detail.lines) if content.detail else 0) for content in found)


def _content(node: DiagramNode, box: Box, label_size: int, detail_size: int) -> Content | None:
    """The node's text in just these sizes, or None where it does not fit; the last sizes may break words."""
    wide, high = box.w - 2 * _PADDING, box.h - 0.7 * _PADDING
    label = _exactly(node.label, wide, high, theme.LABEL, label_size)
    if label is None:
        return None
    if not clean(node.detail):
        return Content(label, None)
    detail = _exactly(node.detail, wide, high - label.height - _DETAIL_GAP, theme.DETAIL, detail_size)
    return None if detail is None else Content(label, detail)


def _exactly(text: str, wide: float, high: float, scale: Scale, size: int) -> Block | None:
    cleaned = clean(text)
    lines = wrap(cleaned, wide, size, scale.weight)
    if lines is None and size <= _BREAKABLE:
        lines = wrap(hyphenated(cleaned, wide, size, scale.weight), wide, size, scale.weight)
    if lines is None or len(lines) * size * scale.leading > high + 0.5:
        return None
    return Block(lines=lines, size=size, weight=scale.weight, leading=scale.leading)


def add_node(
    page: Page,
    node: DiagramNode,
    box: Box,
    content: Content,
    fill: str,
    border: str,
    *,
    badge: Badge | None = None,
    number: int = 0,
) -> None:
    """Draw one node; its text is white on a filled box, and ink on a white one. A step carries its number."""
    light = fill == theme.CARD
    ink, quiet = (theme.INK, theme.MUTED) if light else (theme.WHITE, theme.WHITE)
    sketch = card(Sketch(), box, fill, border=border, radius=18)
    x, middle = _free(box, badge).centre
    y = middle - content.height / 2
    sketch.text(content.label, x, y, ink, fill, align="middle")
    if content.detail:
        sketch.text(content.detail, x, y + content.label.height + _DETAIL_GAP, quiet, fill, align="middle")
    extent = card_extent(box)
    if badge is not None:
        extent = extent.union(_draw_badge(page, sketch, box, badge, number))
    page.add(ElementKind.CARD, sketch, extent, cue=node.cue)


def _free(box: Box, badge: Badge | None) -> Box:
    """The part of a step's box that its number leaves to its text."""
    if badge is Badge.TOP:
        return Box(box.x, box.y + _BADGE_REACH, box.w, box.h - _BADGE_REACH)
    return box.inset(_BADGE_REACH, 0) if badge is Badge.LEFT else box


def _draw_badge(page: Page, sketch: Sketch, box: Box, badge: Badge, number: int) -> Box:
    middle = (box.x + 30, box.y) if badge is Badge.TOP else (box.x, box.centre[1])
    sketch.circle(middle, _BADGE, page.palette.accent, stroke=theme.PAPER, stroke_width=3)
    block = Block(lines=(str(number),), size=20, weight=700, leading=1.2)
    sketch.text(block, middle[0], middle[1] - block.height / 2, theme.WHITE, page.palette.accent, align="middle")
    return Box.around(middle, 2 * _BADGE + 4, 2 * _BADGE + 4)

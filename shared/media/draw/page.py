"""A page: its zones, its background, its heading and footer, and the elements put on it."""

from contextlib import suppress
from typing import Final

from shared.errors import InvalidStoryboard
from shared.lesson.storyboard import Scene, Storyboard
from shared.media.draw import icons, theme
from shared.media.draw.canvas import Box, Element, ElementKind, Layout, Motion, Point, Shape, zones
from shared.media.draw.lines import clean
from shared.media.draw.motifs import motif
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import Block, fit
from shared.media.draw.theme import Palette

_EYEBROW_RADIUS: Final = 19.0
_EYEBROW_TRACKING: Final = 0.07  # ems
_HEADING_LINES: Final = 2
_HEADING_GAP: Final = 28.0  # between the heading and the content
_SHADOW: Final = 5.0  # pixels that a card's shadow reaches below it


class Page:
    """Collects the elements of one scene.

    `dark` pages have the palette's deep ground. `content` is what the heading leaves.
    """

    def __init__(
        self, scene: Scene, storyboard: Storyboard, shape: Shape, *, dark: bool = False, cover: bool = False
    ) -> None:
        self.scene = scene
        self.storyboard = storyboard
        self.shape = shape
        self.palette = theme.palette_for(storyboard)
        self.dark = dark
        self.cover = cover
        self.zones = zones(shape)
        self.content = Box(
            self.zones.margin,
            self.zones.top,
            shape.width - 2 * self.zones.margin,
            self.zones.bottom - self.zones.top,
        )
        self._elements: list[Element] = []

    @property
    def ground(self) -> str:
        """Colour of the page."""
        return self.palette.deep if self.dark else theme.PAPER

    @property
    def ink(self) -> str:
        """Colour of text on the page."""
        return theme.WHITE if self.dark else theme.INK

    @property
    def accent(self) -> str:
        """Colour that stands out on the page."""
        return self.palette.bright if self.dark else self.palette.accent

    def add(
        self,
        kind: ElementKind,
        sketch: Sketch,
        box: Box,
        *,
        cue: str = "",
        motion: Motion = Motion.RISE,
        trace: tuple[Point, ...] = (),
        replaces: str = "",
        steps_back: bool = False,
        picture: bytes = b"",
    ) -> str:
        """Put an element on top of the others; return its id."""
        name = f"{kind.value}-{len(self._elements)}"
        self._elements.append(
            Element(
                id=name,
                kind=kind,
                box=box,
                svg=sketch.svg,
                texts=sketch.texts,
                cue=cue,
                motion=motion,
                trace=trace,
                replaces=replaces,
                steps_back=steps_back,
                picture=picture,
            )
        )
        return name

    def eyebrow(self) -> None:
        """The icon and the name of the scene's kind."""
        label = icons.LABELS[self.scene.kind]
        r = _EYEBROW_RADIUS
        x, y = self.content.x, self.content.y
        scale = theme.EYEBROW
        block = Block(
            lines=(label.upper(),),
            size=scale.sizes[0],
            weight=scale.weight,
            leading=scale.leading,
            tracking=_EYEBROW_TRACKING,
        )
        sketch = Sketch().circle((x + r, y + r), r, self.accent)
        sketch.raw(icons.icon(icons.of_kind(self.scene.kind), x + r - 12, y + r - 12, 24, self.ground))
        sketch.text(block, x + 2 * r + 13, y + r - block.height / 2, self.accent, self.ground)
        self.add(
            ElementKind.LABEL,
            sketch,
            Box(x, y, 2 * r + 13 + block.width, 2 * r),
            motion=Motion.FADE,
        )
        self._take(2 * r + 14)

    def heading(self, text: str) -> None:
        """Eyebrow and heading; the content begins below. A wide page has one line for it, where that does."""
        self.eyebrow()
        if not clean(text):
            return
        most = _HEADING_LINES if self.shape.wide else _HEADING_LINES + 1
        room = (self.content.w, 200)
        block = fit(text, room, theme.HEADING, lines=most)
        if self.shape.wide and len(block.lines) > 1:
            with suppress(InvalidStoryboard):
                block = fit(text, room, theme.HEADING, lines=1)
        sketch = Sketch().text(block, self.content.x, self.content.y, self.ink, self.ground)
        self.add(ElementKind.HEADING, sketch, block.box(self.content.x, self.content.y).inset(-2, 0))
        self._take(block.height + _HEADING_GAP)

    def caption(self, text: str) -> None:
        """A quiet line at the content's lower edge."""
        if not clean(text):
            return
        block = fit(text, (self.content.w - 40, 90), theme.DETAIL, lines=2 if self.shape.wide else 3)
        x, y = self.content.centre[0], self.content.bottom - block.height
        ink = self.palette.bright if self.dark else theme.MUTED
        self.add(
            ElementKind.LABEL, Sketch().text(block, x, y, ink, self.ground, align="middle"), block.box(x, y, "middle")
        )
        self.content = Box(self.content.x, self.content.y, self.content.w, self.content.h - block.height - 18)

    def ornament(self, box: Box) -> None:
        """The motif of the student's interest, where a page would be empty."""
        ground = self.palette.panel if self.dark else self.palette.deep
        sketch = Sketch().raw(motif(self.storyboard.interest, self.palette, box, ground=ground))
        self.add(ElementKind.DECORATION, sketch, box, motion=Motion.FADE)

    def _take(self, height: float) -> None:
        c = self.content
        self.content = Box(c.x, c.y + height, c.w, c.h - height)

    def layout(self, *, footer: bool = True) -> Layout:
        """The finished page."""
        below = _footer(self.scene, self.storyboard, self.shape, self.palette, dark=self.dark) if footer else []
        kind = "cover" if self.cover else "deep" if self.dark else "paper"
        return Layout(
            shape=self.shape,
            ground=f"{kind}-{self.palette.name}",
            background=background(self.shape, self.palette, dark=self.dark, cover=self.cover),
            colour=self.ground,
            elements=(*self._elements, *below),
        )


def _footer(scene: Scene, storyboard: Storyboard, shape: Shape, palette: Palette, *, dark: bool) -> list[Element]:
    """The lesson's title, small, and how far it has come."""
    place = zones(shape)
    index = next((i for i, other in enumerate(storyboard.scenes) if other.id == scene.id), 0)
    step = place.bar.w / len(storyboard.scenes)
    ground = palette.deep if dark else theme.PAPER
    ink = palette.bright if dark else theme.MUTED
    title = _shortened(clean(storyboard.title), shape.width - 2 * place.margin)
    sketch = Sketch().text(title, place.margin, place.footer, ink, ground)
    fill = palette.bright if dark else palette.accent
    track = theme.mix(theme.WHITE, palette.deep, 0.14) if dark else theme.HAIRLINE
    bar = place.bar
    before, now = Box(0, bar.y, step * index, bar.h), Box(step * index, bar.y, step, bar.h)
    middle = bar.y + bar.h / 2
    return [
        Element(
            id="footer",
            kind=ElementKind.LABEL,
            box=title.box(place.margin, place.footer),
            svg=sketch.svg,
            texts=sketch.texts,
            motion=Motion.STILL,
        ),
        Element(
            id="progress",
            kind=ElementKind.DECORATION,
            box=bar,
            svg=Sketch().rect(bar, track).rect(before, fill).svg,
            motion=Motion.STILL,
        ),
        Element(
            id="progress-head",
            kind=ElementKind.DECORATION,
            box=now,
            svg=Sketch().rect(now, fill).svg,
            motion=Motion.TRACE,
            trace=((now.x, middle), (now.right, middle)),
        ),
    ]


def _shortened(title: str, limit: float) -> Block:
    """The title on one line, cut after a word where it is too long for it."""
    scale = theme.FOOTER
    words = title.split()
    for count in range(len(words), -1, -1):
        line = " ".join(words[:count]) + ("" if count == len(words) else "…")
        block = Block(lines=(line,), size=scale.sizes[0], weight=scale.weight, leading=scale.leading)
        if block.width <= limit:
            return block
    return Block(lines=("",), size=scale.sizes[0], weight=scale.weight, leading=scale.leading)


def card(
    sketch: Sketch, box: Box, fill: str = theme.CARD, *, border: str = theme.HAIRLINE, radius: float = 20
) -> Sketch:
    """A card with a soft edge below; see `card_extent` for all that it covers."""
    sketch.rect(box.moved(0, _SHADOW - 1), theme.INK, radius=radius, opacity=0.07)
    return sketch.rect(box, fill, radius=radius, stroke=border, stroke_width=2 if border else 0)


def card_extent(box: Box) -> Box:
    """The box of a card with its shadow."""
    return Box(box.x - 1, box.y - 1, box.w + 2, box.h + _SHADOW + 2)


def cover_art(shape: Shape) -> Box:
    """The square of a cover's motif."""
    if shape.wide:
        return Box(776, 108, 440, 440)
    return Box(120, 118, 480, 480)


def background(shape: Shape, palette: Palette, *, dark: bool, cover: bool = False) -> str:
    """The page's own picture: its ground, and ripples from the upper right corner, or around a cover's motif."""
    ground = palette.deep if dark else theme.PAPER
    tint = palette.panel if dark else palette.soft
    w, h = shape.width, shape.height
    centre = (w - 6, -56) if shape.wide else (w + 20, -20)
    radius = 226 if shape.wide else 230
    sketch = Sketch().rect(Box(0, 0, w, h), ground)
    if cover:
        art = cover_art(shape)
        for reach, width, share in ((30, 10, 0.8), (76, 7, 0.6), (132, 5, 0.42), (200, 3.5, 0.3), (282, 2.5, 0.22)):
            line = theme.mix(palette.panel, palette.deep, share)
            sketch.circle(art.centre, art.w / 2 + reach, "none", stroke=line, stroke_width=width)
    else:
        sketch.circle(centre, radius, tint)
        sketch.circle(centre, radius + 36, "none", stroke=tint, stroke_width=9)
        sketch.circle(centre, radius + 66, "none", stroke=tint, stroke_width=4)
    return sketch.svg

"""From SVG to pixels: each background once, each element once as a small layer of its own."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import ceil, floor
from typing import Final

import resvg_py
from PIL import Image, ImageDraw, ImageOps

from shared.media.draw import fonts
from shared.media.draw.canvas import Box, Element, Layout, Shape, document

_PICTURE_RADIUS: Final = 26  # of an illustration's corners


@dataclass(frozen=True, slots=True)
class Layer:
    """The pixels of one element and where they lie."""

    colour: Image.Image  # RGB
    alpha: Image.Image  # L
    x: int
    y: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.alpha.size


def render(box: Box, body: str) -> Image.Image:
    """The part of the page within the box (whole pixels), as RGBA."""
    png = resvg_py.svg_to_bytes(
        svg_string=document(box, body),
        skip_system_fonts=True,
        font_files=[str(path) for path in fonts.FILES.values()],
    )
    with Image.open(BytesIO(png)) as image:
        return image.convert("RGBA")


@lru_cache(maxsize=8)
def _background(shape: Shape, _name: str, svg: str) -> Image.Image:
    return render(Box(0, 0, shape.width, shape.height), svg).convert("RGB")


def background(layout: Layout) -> Image.Image:
    """The page without its elements; a copy, free to be painted on."""
    return _background(layout.shape, layout.ground, layout.background).copy()


def layer(element: Element, page: Box) -> Layer:
    """The element's pixels, cut to the page."""
    x, y = max(0, floor(element.box.x)), max(0, floor(element.box.y))
    right = min(int(page.w), ceil(element.box.right))
    bottom = min(int(page.h), ceil(element.box.bottom))
    box = Box(x, y, max(1, right - x), max(1, bottom - y))
    drawn = _picture(element.picture, box) if element.picture else render(box, element.svg)
    return Layer(drawn.convert("RGB"), drawn.getchannel("A"), x, y)


def _picture(data: bytes, box: Box) -> Image.Image:
    """An illustration cut to fill the box, with round corners."""
    size = (int(box.w), int(box.h))
    with Image.open(BytesIO(data)) as image:
        drawn = ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS).convert("RGBA")
    mask = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] * 2 - 1, size[1] * 2 - 1), _PICTURE_RADIUS * 2, fill=255)
    drawn.putalpha(mask.resize(size, Image.Resampling.LANCZOS))
    return drawn

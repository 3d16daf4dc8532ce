"""Captions drawn into a frame, for those who ask for them."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from shared.media.draw import raster, theme
from shared.media.draw.canvas import Box, Shape, zones
from shared.media.draw.motion import Pixels
from shared.media.draw.sketch import Sketch
from shared.media.draw.text import fit
from shared.media.draw.theme import Scale

_SCALE: Final = Scale((30, 28, 26, 24, 22, 20), 600, 1.22)
_GROUND: Final = "#10131F"
_OPACITY: Final = 0.88
_PADDING: Final = (22.0, 5.0)


@lru_cache(maxsize=4)
def _band(text: str, shape: Shape) -> Image.Image:
    place = zones(shape).captions
    block = fit(text, (place.w - 2 * _PADDING[0], place.h - 2 * _PADDING[1]), _SCALE)
    box = Box.around(place.centre, block.width + 2 * _PADDING[0], block.height + 2 * _PADDING[1])
    sketch = Sketch().rect(box, _GROUND, radius=14, opacity=_OPACITY).centred(block, box, theme.WHITE, _GROUND)
    return raster.render(place, sketch.svg)


def burn_captions(pixels: Pixels, text: str, shape: Shape) -> Pixels:
    """A copy of the frame with the text on a dark band in the place that layouts leave free for it.

    InvalidStoryboard where the text is too long for the band.
    """
    if not text.strip():
        return pixels.copy()
    image = Image.fromarray(pixels)
    band = _band(text, shape)
    place = zones(shape).captions
    image.paste(band.convert("RGB"), (int(place.x), int(place.y)), band.getchannel("A"))
    return np.array(image)

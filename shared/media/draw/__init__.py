"""Drawing a lesson: a scene becomes a layout of boxes, the layout becomes layers, the layers become frames."""

from shared.media.draw.canvas import Box, Element, Layout, Shape
from shared.media.draw.captions import burn_captions
from shared.media.draw.compose import layout
from shared.media.draw.motion import Frame, Pixels, frames
from shared.media.draw.scenes import draw_scene, poster, still, unfit

__all__ = [
    "Box",
    "Element",
    "Frame",
    "Layout",
    "Pixels",
    "Shape",
    "burn_captions",
    "draw_scene",
    "frames",
    "layout",
    "poster",
    "still",
    "unfit",
]

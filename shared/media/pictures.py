"""Pictures that come from elsewhere: opened with care, brought to a size, and written anew."""

from io import BytesIO
from typing import Final

from PIL import Image

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MOST_BYTES: Final = 24_000_000
_MOST_PIXELS: Final = 20_000_000  # 4K is 9 million; what unpacks to more fills an instance's memory
_LEAST_SIDE: Final = 256
_WIDEST: Final = 1600  # a frame is 1280 across
_QUALITY: Final = 90


def safe_picture(data: bytes) -> bytes | None:
    """The picture as a JPEG of its pixels alone, at most 1600 wide or high; None where it is none that can be shown."""
    if len(data) > _MOST_BYTES:
        return None
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            # Known from the file's header, before anything is unpacked.
            if image.width * image.height > _MOST_PIXELS or min(image.size) < _LEAST_SIDE:
                return None
            image.load()
            flat = _without_transparency(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return None
    flat.thumbnail((_WIDEST, _WIDEST), Image.Resampling.LANCZOS)
    written = BytesIO()
    flat.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _without_transparency(image: Image.Image) -> Image.Image:
    """The picture on white, without what a file can carry besides its pixels."""
    drawn = image.convert("RGBA")
    ground = Image.new("RGB", drawn.size, "white")
    ground.paste(drawn, mask=drawn.getchannel("A"))
    return ground

"""The fonts that lessons are set in, and what they know: which letters, and how wide.

Inter sets everything; DejaVu Sans (it comes with ziafont) lends the few mathematical signs that Inter lacks.
"""

import struct
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

import fontpkg_inter
from PIL import ImageFont

INTER: Final = "Inter"
FALLBACK: Final = "DejaVu Sans"
FILES: Final = {
    INTER: Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf",
    FALLBACK: Path(str(resources.files("ziafont.fonts") / "DejaVuSans.ttf")),
}
_OPTICAL_SIZES: Final = (14, 32)  # Inter's `opsz` axis; resvg follows the font size along it


@lru_cache(maxsize=2)
def characters(family: str) -> frozenset[int]:
    """Code points that a font has a glyph for, by its `cmap` table (OpenType 1.9, subtable format 12)."""
    data = FILES[family].read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    start = tables[b"cmap"]
    (subtables,) = struct.unpack_from(">H", data, start + 2)
    found: set[int] = set()
    for index in range(subtables):
        at = start + struct.unpack_from(">I", data, start + 4 + 8 * index + 4)[0]
        if struct.unpack_from(">H", data, at)[0] != 12:
            continue
        (groups,) = struct.unpack_from(">I", data, at + 12)
        for group in range(groups):
            first, last = struct.unpack_from(">II", data, at + 16 + 12 * group)
            found.update(range(first, last + 1))
    return frozenset(found)


@lru_cache(maxsize=256)
def _font(family: str, size: float, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(FILES[family]), size)
    if family == INTER:
        smallest, largest = _OPTICAL_SIZES
        font.set_variation_by_axes([min(max(size, smallest), largest), weight])
    return font


def runs(text: str) -> list[tuple[str, str]]:
    """The text cut into (family, piece), the fallback taking what Inter lacks."""
    pieces: list[tuple[str, str]] = []
    for character in text:
        family = INTER if ord(character) in characters(INTER) else FALLBACK
        if pieces and pieces[-1][0] == family:
            pieces[-1] = (family, pieces[-1][1] + character)
        else:
            pieces.append((family, character))
    return pieces


@lru_cache(maxsize=8192)
def width(text: str, size: float, weight: int, tracking: float = 0.0) -> float:
    """Pixels from the beginning of the text to its end; `tracking` is added after each letter, in ems."""
    plain = sum(_font(family, size, weight).getlength(piece) for family, piece in runs(text))
    return plain + tracking * size * len(text)

"""How lessons look: one paper, one ink, and one palette a lesson, chosen by its subject.

Content pages are paper with dark ink; the cover, the quiz and the credits are pages of the palette's deep colour.
Every pair of text and ground used anywhere has a contrast of at least `MINIMUM_CONTRAST`; a test computes it.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from shared.lesson.storyboard import Storyboard

MINIMUM_CONTRAST: Final = 4.5  # WCAG 2.1, success criterion 1.4.3, level AA

PAPER: Final = "#FBF7EF"
CARD: Final = "#FFFFFF"
INK: Final = "#1B2033"
MUTED: Final = "#565C72"
HAIRLINE: Final = "#E4DDCF"
WHITE: Final = "#FFFFFF"
CORRECT: Final = "#1C7A48"
CORRECT_SOFT: Final = "#E1F3E7"

DIMMED_SHARE: Final = 0.72  # of its colours that a dimmed element keeps: what was said, while something newer is


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one lesson, as #RRGGBB."""

    name: str
    deep: str  # ground of the dark pages
    panel: str  # cards on `deep`
    accent: str  # headlines' small print, arrows, curves, filled shapes
    soft: str  # tinted ground on paper
    bright: str  # accent on `deep`
    spark: str  # second colour, for what stands against the first
    spark_soft: str
    spark_bright: str  # second colour on `deep`


PALETTES: Final = {
    palette.name: palette
    for palette in (
        Palette(
            name="ocean",
            deep="#0C2A4D",
            panel="#153B66",
            accent="#175FB0",
            soft="#E1EDF9",
            bright="#92CAFF",
            spark="#AC430A",
            spark_soft="#FCE8DA",
            spark_bright="#FFB27A",
        ),
        Palette(
            name="indigo",
            deep="#1F2159",
            panel="#2D3075",
            accent="#4A48C8",
            soft="#E9E9FB",
            bright="#BDBEFF",
            spark="#B5431C",
            spark_soft="#FCE7DE",
            spark_bright="#FFB896",
        ),
        Palette(
            name="forest",
            deep="#12351F",
            panel="#1C4A2D",
            accent="#20713A",
            soft="#E1F1E2",
            bright="#9BE2A4",
            spark="#9A5400",
            spark_soft="#FBEBD2",
            spark_bright="#FFC671",
        ),
        Palette(
            name="teal",
            deep="#0A363B",
            panel="#124A50",
            accent="#0B716E",
            soft="#DCF0ED",
            bright="#7EDFD1",
            spark="#B0403F",
            spark_soft="#FBE6E3",
            spark_bright="#FFB3A9",
        ),
        Palette(
            name="violet",
            deep="#33174D",
            panel="#472367",
            accent="#7A37B2",
            soft="#F1E7FA",
            bright="#DCB8FF",
            spark="#8A5B00",
            spark_soft="#FAEDCB",
            spark_bright="#FFD071",
        ),
        Palette(
            name="coral",
            deep="#48151F",
            panel="#61202C",
            accent="#BF3043",
            soft="#FCE6E4",
            bright="#FFB4A9",
            spark="#1F6A8C",
            spark_soft="#E0F0F6",
            spark_bright="#93DAF7",
        ),
        Palette(
            name="berry",
            deep="#45113D",
            panel="#5E1C54",
            accent="#A82780",
            soft="#FAE5F3",
            bright="#FFB1E5",
            spark="#14716B",
            spark_soft="#DDF1EE",
            spark_bright="#85E2D5",
        ),
        Palette(
            name="amber",
            deep="#3B2507",
            panel="#533610",
            accent="#985300",
            soft="#FBECD3",
            bright="#FFC76B",
            spark="#2C5BB5",
            spark_soft="#E4ECFA",
            spark_bright="#A7C8FF",
        ),
    )
}

# Words of a book's or a lesson's title, and the palettes of that subject; the first match decides.
_SUBJECTS: Final = (
    (("biology", "anatomy", "physiology", "microbiology", "nutrition", "photosynthesis", "plant"), ("forest", "teal")),
    (("chemistry", "chemical", "pharmacology"), ("teal", "berry")),
    (("astronomy", "space"), ("indigo",)),
    (("physics", "force", "motion", "circuit", "energy"), ("ocean", "indigo")),
    (("statistics", "data", "probability"), ("berry", "violet")),
    (("algebra", "calculus", "mathematics", "precalculus", "geometry", "equation", "function"), ("violet", "indigo")),
    (("economics", "business", "accounting", "finance", "management", "marketing"), ("amber", "coral")),
    (("psychology", "sociology", "anthropology", "philosophy"), ("coral", "berry")),
    (("history", "government", "politics"), ("amber", "coral")),
)


def palette_for(storyboard: Storyboard) -> Palette:
    """The palette of a lesson: its subject's, or any; the same storyboard always gets the same."""
    names = tuple(PALETTES)
    books = " ".join(source.book for source in storyboard.sources)
    for text in (books, storyboard.title):
        words = {word.strip(".,:;!?()").removesuffix("s") for word in text.casefold().split()}
        found = next((choice for keys, choice in _SUBJECTS if words & {key.removesuffix("s") for key in keys}), None)
        if found:
            names = found
            break
    seed = hashlib.sha256(f"{storyboard.title}\n{storyboard.interest}".encode()).digest()
    return PALETTES[names[seed[0] % len(names)]]


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1 (WCAG 2.1, definition of relative luminance)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(first: str, second: str, share: float) -> str:
    """The colour that `share` (0 to 1) of `first` over `second` gives."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels that a kind of text may take, largest first; the last is the smallest ever drawn."""

    sizes: tuple[int, ...]
    weight: int  # a hundred's multiple: resvg knows no others
    leading: float = 1.28  # line height over size


DISPLAY: Final = Scale((84, 76, 68, 62, 56, 50, 46, 42), 800, 1.1)
HEADING: Final = Scale((54, 50, 46, 42, 38, 35, 32), 700, 1.14)
TERM: Final = Scale((84, 76, 68, 60, 54, 48, 42, 38), 800, 1.12)
STATEMENT: Final = Scale((56, 52, 48, 45, 42, 40, 38, 36, 34, 32, 30, 28, 26), 500, 1.26)
LEAD: Final = Scale((48, 45, 42, 40, 38, 36, 34, 32, 30, 28, 26), 500, 1.32)
BODY: Final = Scale((38, 36, 34, 32, 30, 28, 26, 24, 22), 500, 1.28)
CELL: Final = Scale((38, 36, 34, 32, 30, 28, 26, 24, 22, 20), 500, 1.26)
LABEL: Final = Scale((36, 34, 32, 30, 28, 26, 24, 22, 20, 18), 600, 1.2)
DETAIL: Final = Scale((28, 26, 24, 22, 20, 18), 400, 1.25)
EYEBROW: Final = Scale((20,), 700, 1.2)
FOOTER: Final = Scale((18, 16), 500, 1.2)

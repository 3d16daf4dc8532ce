"""Flat drawings of the students' interests, our own, in the lesson's colours."""

from types import MappingProxyType
from typing import Final

from shared.media.draw.canvas import Box
from shared.media.draw.motifs import arts, sports, worlds
from shared.media.draw.motifs.paint import FIELD, Motif, Paint, disc
from shared.media.draw.theme import Palette

MOTIFS: Final = MappingProxyType[str, Motif](
    {
        "animals": worlds.animals,
        "art": arts.art,
        "baseball": sports.baseball,
        "basketball": sports.basketball,
        "cars": worlds.cars,
        "coding": worlds.coding,
        "cooking": arts.cooking,
        "cycling": sports.cycling,
        "dance": arts.dance,
        "electronics": worlds.lightning,
        "fashion": arts.fashion,
        "football": sports.football,
        "gaming": worlds.gaming,
        "movies": arts.movies,
        "music": arts.music,
        "nature": worlds.nature,
        "photography": arts.photography,
        "reading": arts.reading,
        "robotics": worlds.robotics,
        "skateboarding": sports.skateboarding,
        "soccer": sports.soccer,
        "space": worlds.space,
        "swimming": sports.swimming,
        "tennis": sports.tennis,
    }
)
# Other words for the same; each is looked for among the words of an interest.
_ALIASES: Final = MappingProxyType(
    {
        "astronomy": "space",
        "baking": "cooking",
        "bicycle": "cycling",
        "biking": "cycling",
        "bikes": "cycling",
        "books": "reading",
        "camera": "photography",
        "cats": "animals",
        "computers": "coding",
        "dancing": "dance",
        "ballet": "dance",
        "dogs": "animals",
        "drawing": "art",
        "esports": "gaming",
        "film": "movies",
        "films": "movies",
        "food": "cooking",
        "games": "gaming",
        "gardening": "nature",
        "guitar": "music",
        "hiking": "nature",
        "horses": "animals",
        "minecraft": "gaming",
        "painting": "art",
        "pets": "animals",
        "piano": "music",
        "programming": "coding",
        "racing": "cars",
        "robots": "robotics",
        "rockets": "space",
        "singing": "music",
        "skating": "skateboarding",
        "skateboard": "skateboarding",
        "softball": "baseball",
        "swim": "swimming",
        "photos": "photography",
    }
)


def _known(name: str) -> str | None:
    for word in name.casefold().replace("_", " ").replace("-", " ").split():
        found = _ALIASES.get(word, word)
        if found in MOTIFS:
            return found
    return None


def has_motif(name: str) -> bool:
    """Whether the interest has a drawing of its own."""
    return _known(name) is not None


def motif(name: str, palette: Palette, box: Box, *, ground: str) -> str:
    """The drawing of an interest on a disc of the colour `ground`, filling the (square) box; the book and atom
    for an interest that is unknown.
    """
    known = _known(name)
    drawn = MOTIFS[known] if known else worlds.abstract
    paint = Paint.of(palette, ground)
    body = disc(FIELD / 2, FIELD / 2, 196, ground) + drawn(paint)
    scale = min(box.w, box.h) / FIELD
    return f'<g transform="translate({box.x:.1f} {box.y:.1f}) scale({scale:.4f})">{body}</g>'

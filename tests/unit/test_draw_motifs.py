"""Every interest has a drawing of its own that stays on its disc."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from shared.media.draw.canvas import Box
from shared.media.draw.motifs import MOTIFS, has_motif, motif
from shared.media.draw.raster import render
from shared.media.draw.theme import PALETTES

BOX = Box(0, 0, 200, 200)
OCEAN = PALETTES["ocean"]
INTERESTS = Path(__file__).resolve().parents[2] / "shared" / "lesson" / "interests"


def _pixels(name: str) -> np.ndarray:
    return np.asarray(render(BOX, motif(name, OCEAN, BOX, ground=OCEAN.panel)))


@pytest.mark.parametrize("name", [*MOTIFS, "something else"])
def test_motifs_draw_on_their_disc(name: str) -> None:
    pixels = _pixels(name)

    y, x = np.mgrid[0:200, 0:200]
    outside = np.hypot(x - 99.5, y - 99.5) > 100
    assert pixels[outside][:, 3].mean() < 0.04 * 255  # little reaches over the rim
    assert len({tuple(pixel) for pixel in pixels[::5, ::5].reshape(-1, 4).tolist()}) > 5


def test_motifs_differ() -> None:
    digests = {hashlib.sha256(_pixels(name).tobytes()).hexdigest() for name in [*MOTIFS, "something else"]}
    assert len(digests) == len(MOTIFS) + 1


def test_every_interest_of_the_lessons_has_a_motif() -> None:
    names = sorted(path.stem for path in INTERESTS.glob("*.toml"))
    assert names
    assert [name for name in names if not has_motif(name)] == []


@pytest.mark.parametrize(
    ("interest", "known"),
    [
        ("Basketball", True),
        ("video games", True),
        ("playing the piano", True),
        ("stamp collecting", False),
        ("", False),
    ],
)
def test_interests_are_recognised_by_their_words(interest: str, known: bool) -> None:
    assert has_motif(interest) is known

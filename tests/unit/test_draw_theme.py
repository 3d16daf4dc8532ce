"""Colours: enough contrast in every palette, and the same palette for the same lesson."""

import pytest

from shared.media.draw import theme
from shared.media.draw.theme import PALETTES, Palette, contrast, mix, palette_for
from tests.unit.draw_samples import newton, photosynthesis, quadratics


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_every_pair_in_use_has_aa_contrast(palette: Palette) -> None:
    pairs = [
        *((theme.INK, ground) for ground in (theme.PAPER, theme.CARD, palette.soft)),
        *((theme.MUTED, ground) for ground in (theme.PAPER, theme.CARD)),
        *((palette.accent, ground) for ground in (theme.PAPER, theme.CARD, palette.soft)),
        *((palette.spark, ground) for ground in (theme.PAPER, theme.CARD, palette.spark_soft)),
        *((theme.WHITE, ground) for ground in (palette.accent, palette.spark, palette.deep, palette.panel)),
        *((palette.bright, ground) for ground in (palette.deep, palette.panel)),
        (palette.spark_bright, palette.deep),
        (palette.deep, palette.bright),
        (theme.WHITE, theme.CORRECT),
        (theme.CORRECT, theme.CORRECT_SOFT),
    ]

    assert [pair for pair in pairs if contrast(*pair) < theme.MINIMUM_CONTRAST] == []


def test_contrast_follows_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#FFFFFF") == 1
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_mixing_is_linear() -> None:
    assert mix("#FF0000", "#0000FF", 1) == "#FF0000"
    assert mix("#FF0000", "#0000FF", 0.5) in {"#800080", "#7F007F"}


def test_palette_belongs_to_the_subject_and_stays() -> None:
    assert palette_for(photosynthesis()).name in {"forest", "teal"}
    assert palette_for(newton()).name in {"ocean", "indigo"}
    assert palette_for(quadratics()).name in {"violet", "indigo"}
    assert palette_for(newton()) is palette_for(newton())


def test_an_unknown_subject_still_has_a_palette() -> None:
    storyboard = photosynthesis()
    source = storyboard.sources[0].model_copy(update={"book": "Cooking at Home"})
    other = storyboard.model_copy(update={"title": "Bread", "sources": [source]})

    assert palette_for(other) in PALETTES.values()

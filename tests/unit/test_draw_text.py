"""Text is measured as it is drawn, broken evenly, and every letter has a glyph."""

import numpy as np
import pytest

from shared.errors import InvalidStoryboard
from shared.media.draw import fonts
from shared.media.draw.canvas import Box
from shared.media.draw.lines import clean, wrap
from shared.media.draw.raster import render
from shared.media.draw.text import Block, fit, fit_together
from shared.media.draw.theme import BODY, LABEL

SIGNS = "CO₂ 10⁸ αβγΔΩ → ← ⇌ ≡ ≤ ≥ ≠ ≈ ± × ÷ · ° √ ∑ ∫ ∞ ∂ ∇ ∝ ∈ ∠ ⊥ “quoted” ‘single’ – — … ½ é ñ ø µ ′ ✓"


def _ink(block: Block) -> tuple[int, int]:
    """The first and the last column with ink."""
    image = render(Box(0, 0, 1600, 120), block.svg(100, 20, "#000000"))
    columns = np.nonzero(np.asarray(image)[..., 3].max(axis=0))[0]
    return int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("size", [18, 30, 54])
@pytest.mark.parametrize("weight", [400, 500, 600, 700, 800])
def test_width_is_that_of_the_drawn_text(size: int, weight: int) -> None:
    text = "Waves carry energy, AV 10⁸ m/s → H₂O"
    block = Block(lines=(text,), size=size, weight=weight, leading=1.2)

    first, last = _ink(block)

    assert last - first == pytest.approx(block.width, rel=0.012, abs=3)


def test_fallback_letters_are_measured_too() -> None:
    block = Block(lines=("H₂O ⇌ ∇∝∈ end",), size=40, weight=500, leading=1.2)

    first, last = _ink(block)

    assert last - first == pytest.approx(block.width, abs=6)  # less the letters' own margins


def test_letter_spacing_is_measured() -> None:
    block = Block(lines=("KEY POINTS",), size=20, weight=700, leading=1.2, tracking=0.07)

    first, last = _ink(block)

    assert last - first == pytest.approx(block.width - 0.07 * 20, abs=3)


def test_every_sign_a_lesson_may_hold_is_kept() -> None:
    assert clean(SIGNS) == SIGNS


def test_clean_drops_what_cannot_be_drawn() -> None:
    assert clean("a\x00b\x1b\u200b\ufeffc") == "abc"
    assert clean("  two \n\t spaces ") == "two spaces"
    assert clean("great 😀 work 日") == "great work"
    assert clean("ﬁne ①") == "ﬁne ①"  # the font has these itself
    assert clean("𝑥 = 5") == "x = 5"  # mathematical italic by its compatibility form


def test_clean_refuses_a_script_it_cannot_draw() -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        clean("これは日本語です")
    assert caught.value.code == "text_cannot_be_drawn"


def test_lines_are_as_few_as_possible_and_even() -> None:
    text = "Photosynthesis turns light into chemical energy that the plant keeps as sugar"

    lines = wrap(text, 560, 34, 500)

    assert lines is not None
    assert " ".join(lines) == text
    assert len(lines) == 3
    widths = [fonts.width(line, 34, 500) for line in lines]
    assert max(widths) <= 560
    assert min(widths) > 0.6 * max(widths)  # no widow


def test_words_break_after_hyphens_without_a_space() -> None:
    lines = wrap("light-dependent reactions", 180, 30, 500)

    assert lines is not None
    assert lines[0] == "light-"


def test_a_word_wider_than_the_line_does_not_wrap() -> None:
    assert wrap("photophosphorylation", 100, 30, 500) is None


def test_fit_takes_the_largest_size_that_fits() -> None:
    assert fit("Short", (600, 100), BODY).size == BODY.sizes[0]
    small = fit("A much longer text that needs to be set smaller to stay in the box", (400, 110), BODY)
    assert small.size < BODY.sizes[0]
    assert small.height <= 110.5
    assert small.width <= 400


def test_fit_gives_up_a_little_size_for_a_line_less() -> None:
    text = "Light is captured in the thylakoids"
    room = fonts.width(text, 34, 500) + 1  # one line at 34, two at 38

    assert fit(text, (room, 200), BODY).lines == (text,)
    assert len(fit(text, (room, 200), BODY, saving=False).lines) == 2


def test_fit_cuts_long_words_at_the_smallest_size_only() -> None:
    block = fit("Photophosphorylation", (150, 100), LABEL)

    assert block.size == LABEL.sizes[-1]
    assert len(block.lines) == 2
    assert block.lines[0].endswith("-")
    assert "".join(block.lines).replace("-", "") == "Photophosphorylation"


def test_fit_refuses_what_does_not_fit() -> None:
    with pytest.raises(InvalidStoryboard) as caught:
        fit("far too many words for so small a box", (120, 40), BODY)
    assert caught.value.code == "scene_does_not_fit"


def test_neighbours_have_one_size() -> None:
    blocks = fit_together(["Short", "A text that is a good deal longer than that"], [(300, 90)] * 2, BODY)

    assert len({block.size for block in blocks}) == 1
    assert fit_together([], [], BODY) == []


def test_numbers_stay_with_their_units_and_short_equations_in_one_piece() -> None:
    for text, together in (
        ("a lamp with a resistance of 30 ohms", "30 ohms"),
        ("find the roots of the function f(x) = 2x²", "f(x) = 2x²"),
    ):
        for limit in range(260, 520, 20):
            lines = wrap(text, limit, 34, 500)
            assert lines is not None
            assert any(together in line for line in lines), (limit, lines)


def test_an_equation_wider_than_the_line_is_broken_all_the_same() -> None:
    lines = wrap("x = 12 + 34", 90, 34, 500)

    assert lines is not None
    assert len(lines) > 1

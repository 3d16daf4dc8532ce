"""Marked text becomes prose: scripts and variables are LaTeX, empty cross-references leave no gap."""

import pytest

from shared.books.references import reference, repair_references
from shared.books.scripts import mathematics, plain_title, resolve, variable
from shared.books.text import BREAK, SUBSCRIPT, SUPERSCRIPT

FIGURE = reference("the figure")


def sup(text: str) -> str:
    return f"{SUPERSCRIPT[0]}{text}{SUPERSCRIPT[1]}"


def sub(text: str) -> str:
    return f"{SUBSCRIPT[0]}{text}{SUBSCRIPT[1]}"


@pytest.mark.parametrize(
    ("marked", "prose"),
    [
        (f"10{sup('8')} years", "$10^{8}$ years"),
        (f"6.02 × 10{sup('23')}", r"$6.02 \times 10^{23}$"),
        (f"10{sup('−15')} m", "$10^{-15}$ m"),
        (f"9.8 m/s{sup('2')}", r"9.8 $\text{m}/\text{s}^{2}$"),
        (f"F{sub('net')} acts", r"$F_{\text{net}}$ acts"),
        (f"H{sub('2')}O", r"$\text{H}_{2}\text{O}$"),
        (f"C{sub('6')}H{sub('12')}O{sub('6')}", r"$\text{C}_{6}\text{H}_{12}\text{O}_{6}$"),
        (f"F{sub('2')} and O{sub('2')}", r"$F_{2}$ and $\text{O}_{2}$"),
        (f"the 1{sup('st')} and 4{sup('th')}", "the 1st and 4th"),
        (f"35{sup('o')}", "35°"),
        (f"{sup('14')}C", r"${}^{14}\text{C}$"),
        (f"χ{sup('2')}", r"$\chi^{2}$"),
        (f"SO{sub('4')}{sup('2−')} ions", r"$\text{S}\text{O}_{4}^{2-}$ ions"),
        (f"Na{sup('+')}", r"$\text{Na}^{+}$"),
        (f"(x + y){sup('2')}", "$(x+y)^{2}$"),
        ("m² and x₁", r"$m^{2}$ and $x_{1}$"),
        (f"{mathematics('v')}{sub('0')}", "$v_{0}$"),
    ],
)
def test_scripts_become_latex(marked: str, prose: str) -> None:
    assert resolve(marked) == prose


@pytest.mark.parametrize(
    ("marked", "prose"),
    [
        (f"{mathematics('P')}({mathematics('A')}) = 0.5", "$P(A) = 0.5$"),
        (f"{mathematics('P')}({mathematics('C')} AND {mathematics('D')}) = 0", r"$P(C\ \text{AND}\ D) = 0$"),
        (f"the {mathematics('p')}-value", "the $p$-value"),
        (f"{mathematics('x')}is small", "$x$ is small"),
        (f"({mathematics('x')}) alone", "($x$) alone"),
    ],
)
def test_formulas_typed_in_pieces_become_one(marked: str, prose: str) -> None:
    assert resolve(marked) == prose


def test_only_one_letter_is_a_variable() -> None:
    assert variable("F", bold=True) == mathematics(r"\mathbf{F}")
    assert variable("μ", bold=False) == mathematics(r"\mu")
    assert variable("df", bold=False) is None


def test_titles_have_plain_letters() -> None:
    assert plain_title(r"Using a $p$-value for $\alpha$ and $x^{2}$") == "Using a p-value for α and $x^{2}$"


@pytest.mark.parametrize(
    ("marked", "prose"),
    [
        (f"Drag opposes motion (see {FIGURE}). Next.", "Drag opposes motion. Next."),
        (f"Galileo ({FIGURE}) was first.", "Galileo was first."),
        (f"Its position is a curve, as shown in {FIGURE}.", "Its position is a curve."),
        (f"As shown in {FIGURE}, heat flows.", "Heat flows."),
        (f"It is easy. See {FIGURE}. Go on.", "It is easy. Go on."),
        (f"{FIGURE} shows a bat.", "The figure shows a bat."),
        (f"Consider the wave in {FIGURE}.", "Consider the wave in the figure."),
        (f"as shown in {FIGURE}, {FIGURE}, and {FIGURE} here", "as shown in the figures here"),
        (f"see {FIGURE} and {reference('the table')}", "see the figure and the table"),
        (f"{FIGURE}(b) shows two.", "The figure shows two."),
        (f"In Figure {FIGURE} it is.", "In Figure it is."),
    ],
)
def test_sentences_read_well_without_the_reference(marked: str, prose: str) -> None:
    assert repair_references(marked) == prose


def test_line_breaks_separate_statements_but_not_words() -> None:
    assert resolve(f"Force of{BREAK}+50 N") == "Force of +50 N"
    assert resolve(f"The same{BREAK}They differ") == "The same. They differ"

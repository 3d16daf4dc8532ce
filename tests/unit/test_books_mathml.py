"""MathML becomes LaTeX that keeps the structure and can be rendered."""

import pytest
from lxml import etree

from shared.books.mathml import to_latex

NAMESPACES = 'xmlns="http://www.w3.org/1998/Math/MathML"'


def latex(markup: str) -> str:
    return to_latex(etree.fromstring(f"<math {NAMESPACES}>{markup}</math>"))[0]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<mfrac><mn>1</mn><mn>3</mn></mfrac>", r"\frac{1}{3}"),
        ("<msup><mn>10</mn><mn>8</mn></msup>", "10^{8}"),
        ("<msub><mi>F</mi><mtext>net</mtext></msub><mo>=</mo><mi>m</mi><mi>a</mi>", r"F_{\text{net}} = ma"),
        ("<msubsup><mi>v</mi><mn>0</mn><mn>2</mn></msubsup>", "v_{0}^{2}"),
        ("<msup><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></msup>", "{x^{2}}^{3}"),
        ("<msup><mi>v</mi><mo>′</mo></msup>", "v'"),
        ("<mover accent='true'><mi>v</mi><mo>→</mo></mover>", r"\vec{v}"),
        ("<mover><mrow><mi>A</mi><mi>B</mi></mrow><mo>¯</mo></mover>", r"\overline{AB}"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>",
            r"\sum_{i = 1}^{n}",
        ),
        ("<msqrt><mi>x</mi></msqrt>", r"\sqrt{x}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<mstyle mathvariant='bold'><mi>F</mi></mstyle>", r"\mathbf{F}"),
        ("<mi>α</mi><mi>x</mi>", r"\alpha x"),
        ("<mi>sin</mi><mi>θ</mi>", r"\sin\theta"),
        ("<mn>6</mn><mtext>.80&#160;m/s</mtext>", r"6.80\ \text{m}/\text{s}"),
        ("<mn>30</mn><mtext>Ω</mtext>", r"30\ \Omega"),
        ("<mn>90</mn><mo>°</mo>", r"90^{\circ}"),
        ("<mn>251</mn><mo>,</mo><mn>854</mn>", "251{,}854"),
        ("<mi>$</mi><mn>5</mn>", r"\text{USD}\ 5"),
        ("<mtext>total&#160;number&#160;of</mtext>", r"\text{total number of}"),
        ("<mfrac linethickness='0'><mi>n</mi><mi>x</mi></mfrac>", r"\binom{n}{x}"),
        ("<mfenced open='[' close=')'><mi>a</mi><mi>b</mi></mfenced>", "[a, b)"),
        ("<menclose notation='updiagonalstrike'><mi>h</mi></menclose>", r"\cancel{h}"),
        (
            "<mmultiscripts><mtext>C</mtext><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>",
            r"{}_{6}^{14}\text{C}",
        ),
        ("<apply><eq/><ci>r</ci><apply><divide/><ci>x</ci><cn>2</cn></apply></apply>", r"r = \frac{x}{2}"),
        ("<apply><power/><ci>x</ci><cn>2</cn></apply>", "x^{2}"),
        ("<mphantom><mi>x</mi></mphantom>", ""),
        ("<mi>x</mi><mo>=</mo><mn>1</mn><mo>.</mo>", "x = 1"),
    ],
)
def test_structure_survives(markup: str, expected: str) -> None:
    assert latex(markup) == expected


def test_a_column_of_equations_is_aligned_at_its_relations() -> None:
    rows = "".join(
        f"<mtr><mtd><mi>a</mi></mtd><mtd><mo>=</mo></mtd><mtd><mn>{number}</mn></mtd></mtr>" for number in (1, 2)
    )
    assert latex(f"<mtable>{rows}</mtable>") == r"\begin{aligned}a &= 1 \\ a &= 2\end{aligned}"


def test_the_sentences_punctuation_is_handed_back() -> None:
    assert to_latex(etree.fromstring(f"<math {NAMESPACES}><mi>f</mi><mtext>,</mtext></math>")) == ("f", ",")


def test_a_dollar_sign_never_ends_the_mathematics() -> None:
    assert "$" not in latex("<mtext>$5 and $6</mtext><mo>$</mo>")


def test_what_comes_out_can_be_rendered() -> None:
    import ziamath

    for markup in (
        "<mtext>50% &amp; more_or {less} #1</mtext>",
        "<mfrac><mrow><msup><mrow><mo>(</mo><mi>O</mi><mo>−</mo><mi>E</mi><mo>)</mo></mrow><mn>2</mn></msup></mrow>"
        "<mi>E</mi></mfrac>",
        "<mtext>a&lt;b</mtext>",
    ):
        ziamath.Latex(latex(markup)).svg()

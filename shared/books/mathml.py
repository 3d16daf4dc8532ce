"""MathML to LaTeX: presentation markup, and the little content markup that textbooks hold.

Element names follow MathML 3 (https://www.w3.org/TR/MathML3/). The LaTeX keeps to what common renderers know:
\\frac, \\sqrt, scripts, accents, \\text, \\mathbf, aligned, matrix.
"""

import re
from collections.abc import Callable
from typing import Final

from lxml import etree

from shared.books.latex import SPACE, atom, join, letters, operator, scripted
from shared.books.text import clean
from shared.books.xmlfile import text_of

NAMESPACE: Final = "{http://www.w3.org/1998/Math/MathML}"

_ACCENTS: Final = {
    "¯": ("\\bar", "\\overline"),
    "‾": ("\\bar", "\\overline"),
    "−": ("\\bar", "\\overline"),
    "_": ("\\bar", "\\overline"),
    "^": ("\\hat", "\\widehat"),
    "ˆ": ("\\hat", "\\widehat"),
    "~": ("\\tilde", "\\widetilde"),
    "˜": ("\\tilde", "\\widetilde"),
    "→": ("\\vec", "\\overrightarrow"),
    "⃗": ("\\vec", "\\overrightarrow"),
    ".": ("\\dot", "\\dot"),
    "˙": ("\\dot", "\\dot"),
}
_UNDERLINES: Final = frozenset({"_", "̲", "¯", "‾"})
_STRIKES: Final = frozenset({"updiagonalstrike", "downdiagonalstrike"})
_BOLD: Final = frozenset({"bold", "bold-italic"})
_CONTENT_OPERATORS: Final = {
    "eq": "=",
    "lt": "<",
    "gt": ">",
    "leq": "\\le",
    "geq": "\\ge",
    "neq": "\\ne",
    "plus": "+",
    "times": "\\cdot",
}
_CONTENT_SIGNS: Final = {"infinity": "\\infty", "pi": "\\pi", "exponentiale": "e", "sum": "\\sum"}


def to_latex(element: etree._Element) -> tuple[str, str]:
    """Return the LaTeX of a MathML element without delimiters, and the punctuation that stood at its end.

    Punctuation there belongs to the sentence. The LaTeX is empty where the element shows nothing.
    """
    latex = join(_parts(element, bold=False)).strip()
    end = re.search(r"(?<!\\.)[,;.]\s*(\\end\{aligned\})?$", latex)
    if not end:
        return latex, ""
    return latex[: end.start()].rstrip() + (end[1] or ""), end[0][0]


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _elements(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str)]


def _parts(element: etree._Element, *, bold: bool) -> list[str]:
    """The LaTeX atoms of one element."""
    name = _name(element)
    bold = bold or element.get("mathvariant") in _BOLD
    text = clean(text_of(element)) if not len(element) else ""
    if name in ("mi", "ci"):
        italic = element.get("mathvariant") != "normal"
        return letters(text, italic=italic, bold=bold)
    if name in ("mn", "cn", "mtext", "ms"):
        return letters(text, italic=False, bold=bold)
    if name == "mo":
        return operator(text)
    if name == "mspace":
        return [SPACE]
    if name in ("mphantom", "annotation", "annotation-xml", "none", "mprescripts"):
        return []
    if name == "semantics":
        return _parts(element[0], bold=bold) if len(element) else []
    if handler := _HANDLERS.get(name):
        return handler(element, bold)
    return _row(element, bold)  # mrow, mstyle, mpadded, math and what is unknown: their content


def _row(element: etree._Element, bold: bool) -> list[str]:
    return [part for child in _elements(element) for part in _parts(child, bold=bold)]


def _argument(element: etree._Element | None, bold: bool) -> str:
    return "" if element is None else join(_parts(element, bold=bold)).strip()


def _arguments(element: etree._Element, count: int, bold: bool) -> list[str]:
    children = _elements(element)
    return [_argument(children[i] if i < len(children) else None, bold) for i in range(count)]


def _fraction(element: etree._Element, bold: bool) -> list[str]:
    above, below = _arguments(element, 2, bold)
    if element.get("linethickness") in ("0", "0pt", "0em"):
        return [f"\\binom{{{above}}}{{{below}}}"]
    return [f"\\frac{{{above}}}{{{below}}}"]


def _square_root(element: etree._Element, bold: bool) -> list[str]:
    return [f"\\sqrt{{{join(_row(element, bold)).strip()}}}"]


def _root(element: etree._Element, bold: bool) -> list[str]:
    radicand, degree = _arguments(element, 2, bold)
    return [f"\\sqrt[{degree}]{{{radicand}}}"]


def _scripts(element: etree._Element, bold: bool) -> list[str]:
    children = _elements(element)
    if not children:
        return []
    base, rest = _argument(children[0], bold), [_argument(child, bold) for child in children[1:]]
    name = _name(element)
    sub = rest[0] if name in ("msub", "msubsup") and rest else ""
    sup = rest[-1] if name in ("msup", "msubsup") and rest else ""
    return [scripted(base, sub=sub, sup=sup)]


def _limits(element: etree._Element, bold: bool) -> list[str]:
    base, below, above = _arguments(element, 3, bold)
    return [scripted(base, sub=below, sup=above)]


def _over(element: etree._Element, bold: bool) -> list[str]:
    children = _elements(element)
    base = _argument(children[0] if children else None, bold)
    sign = clean(text_of(children[1])).strip() if len(children) > 1 else ""
    if sign in _ACCENTS:
        short, long = _ACCENTS[sign]
        return [f"{short if atom(base) else long}{{{base}}}"]
    above = _argument(children[1], bold) if len(children) > 1 else ""
    return [scripted(base, sup=above) if base in ("\\sum", "\\prod") else f"\\overset{{{above}}}{{{base}}}"]


def _under(element: etree._Element, bold: bool) -> list[str]:
    children = _elements(element)
    base = _argument(children[0] if children else None, bold)
    sign = clean(text_of(children[1])).strip() if len(children) > 1 else ""
    if sign in _UNDERLINES:
        return [f"\\underline{{{base}}}"]
    return [scripted(base, sub=_argument(children[1] if len(children) > 1 else None, bold))]


def _multiscripts(element: etree._Element, bold: bool) -> list[str]:
    children = _elements(element)
    if not children:
        return []
    names = [_name(child) for child in children]
    border = names.index("mprescripts") if "mprescripts" in names else len(children)
    after, before = children[1:border], children[border + 1 :]

    def with_scripts(base: str, scripts: list[etree._Element]) -> str:
        lower = "".join(_argument(child, bold) for child in scripts[0::2])
        upper = "".join(_argument(child, bold) for child in scripts[1::2])
        return scripted(base, sub=lower, sup=upper)

    prefix = with_scripts("", before) if before else ""
    return [prefix + with_scripts(_argument(children[0], bold), after)]


def _fenced(element: etree._Element, bold: bool) -> list[str]:
    separator = (element.get("separators", ",").strip() or " ")[0]
    inner = f"{separator} ".join(_argument(child, bold) for child in _elements(element))
    return [*operator(element.get("open", "(")), inner, *operator(element.get("close", ")"))]


def _enclosed(element: etree._Element, bold: bool) -> list[str]:
    inner = join(_row(element, bold)).strip()
    if _STRIKES & set(element.get("notation", "").split()):
        return [f"\\cancel{{{inner}}}"]
    return [inner]


def _table(element: etree._Element, bold: bool) -> list[str]:
    rows = [
        [_argument(cell, bold) for cell in _elements(row) if _name(cell) in ("mtd", "mth")]
        for row in _elements(element)
        if _name(row) in ("mtr", "mlabeledtr")
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return []
    if len(rows) == 1:
        return [join(cell for cell in rows[0] if cell)]
    relation = all(any(re.match(r"[=≈<>]|\\(?:le|ge|approx)\b", cell) for cell in row[:3]) for row in rows[1:])
    name = "aligned" if relation or max(map(len, rows)) == 1 else "matrix"
    lines = [_aligned(row) if name == "aligned" else " & ".join(row) for row in rows]
    return [f"\\begin{{{name}}}" + " \\\\ ".join(lines) + f"\\end{{{name}}}"]


def _aligned(cells: list[str]) -> str:
    """One line of an aligned display; it is aligned at its first relation sign outside all braces."""
    line = join(cell for cell in cells if cell)
    for match in re.finditer(r"=|\\(?:approx|le|ge)\b", line):
        before = line[: match.start()]
        if before.count("{") == before.count("}"):
            return f"{before}&{line[match.start() :]}"
    return line


def _apply(element: etree._Element, bold: bool) -> list[str]:
    children = _elements(element)
    if not children:
        return []
    name, values = _name(children[0]), [_argument(child, bold) for child in children[1:]]
    if name == "divide" and len(values) == 2:
        return [f"\\frac{{{values[0]}}}{{{values[1]}}}"]
    if name == "power" and len(values) == 2:
        return [scripted(values[0], sup=values[1])]
    if name == "root" and values:
        return [f"\\sqrt{{{values[-1]}}}"]
    if name == "conjugate" and values:
        return [f"\\bar{{{values[0]}}}"]
    if name == "minus":
        return ["-", *values] if len(values) == 1 else [" - ".join(values)]
    if name in _CONTENT_OPERATORS:
        return [f" {_CONTENT_OPERATORS[name]} ".join(values)]
    return [_argument(children[0], bold) or _CONTENT_SIGNS.get(name, f"\\text{{{name}}}"), *values]


def _relation(element: etree._Element, bold: bool) -> list[str]:
    return _apply(element, bold)  # `reln` is the older name


def _sign(element: etree._Element, bold: bool) -> list[str]:
    return [_CONTENT_SIGNS[_name(element)]]


_HANDLERS: Final[dict[str, Callable[[etree._Element, bool], list[str]]]] = {
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _root,
    "msub": _scripts,
    "msup": _scripts,
    "msubsup": _scripts,
    "mover": _over,
    "munder": _under,
    "munderover": _limits,
    "mmultiscripts": _multiscripts,
    "mfenced": _fenced,
    "menclose": _enclosed,
    "mtable": _table,
    "apply": _apply,
    "reln": _relation,
    **dict.fromkeys(_CONTENT_SIGNS, _sign),
}

"""CNXML's inline markup and small blocks to prose."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from shared.books import mathml
from shared.books.references import reference
from shared.books.scripts import join_scripts, mathematics, plain_title, resolve, variable
from shared.books.text import BREAK, SUBSCRIPT, SUPERSCRIPT, clean, closed, squeeze
from shared.books.xmlfile import CNXML, child, children, classes, local_name, text_of

_INLINE: Final = frozenset(
    [
        "emphasis",
        "term",
        "span",
        "foreign",
        "cite",
        "cite-title",
        "code",
        "preformat",
        "sub",
        "sup",
        "newline",
        "space",
        "link",
        "footnote",
    ]
)
_SILENT: Final = frozenset(
    ["title", "label", "iframe", "image", "param", "metadata", "commentary"]
)  # shown by their parents, or not

_NOUNS: Final = {
    "figure": "the figure",
    "media": "the figure",
    "subfigure": "the figure",
    "table": "the table",
    "equation": "the equation",
    "example": "the example",
    "exercise": "the exercise",
    "problem": "the exercise",
    "solution": "the solution",
    "list": "the list",
}
_ELSEWHERE: Final = "the text"
_HELPERS: Final = re.compile(r"\s*\[(?:BL|OL|AL|EL)\]")  # levels of ability, for teachers


@dataclass(slots=True, kw_only=True)
class Index:
    """What empty links may point at, in the whole book."""

    titles: dict[str, str] = field(default_factory=dict)  # of modules
    nouns: dict[tuple[str, str], str] = field(default_factory=dict)  # of elements, by module and id

    def add(self, module_id: str, root: etree._Element, title: str) -> None:
        """Remember a module's title and the elements that a link could name."""
        self.titles[module_id] = title
        for element in root.iter(etree.Element):
            if identifier := element.get("id"):
                self.nouns[module_id, identifier] = _noun(element)


def _noun(element: etree._Element) -> str:
    name = local_name(element)
    if name == "note" and "worked-example" in classes(element):
        return "the example"
    if name in ("section", "note"):
        heading = child(element, "title")
        title = squeeze(clean(text_of(heading))) if heading is not None else ""
        return f"the section “{title}”" if title and name == "section" else _ELSEWHERE
    return _NOUNS.get(name, _ELSEWHERE)


class Prose:
    """Reads the text of one module's elements.

    With `describing`, a picture within the text is told in words, as a question may need it; without, it is put
    into `pictures` for the caller.
    """

    def __init__(self, module_id: str, index: Index, omitted: Counter[str], *, describing: bool = False) -> None:
        self._module_id = module_id
        self._index = index
        self._describing = describing
        self.omitted = omitted
        self.pictures: list[etree._Element] = []

    def inline(self, element: etree._Element | None) -> str:
        """Return all that an element says as one paragraph of prose."""
        return "" if element is None else " ".join(self.blocks(element))

    def title(self, element: etree._Element) -> str:
        """Return the element's title in plain letters, for headings."""
        return plain_title(self.inline(child(element, "title")))

    def segments(self, element: etree._Element) -> list[str | etree._Element]:
        """Return the element's prose, and between it the block elements that interrupt it, in order."""
        parts: list[str | etree._Element] = []
        marked = _text(element.text)
        for one in children(element):
            if local_name(one) == "media":  # a small picture does not end the sentence it stands in
                parts.append(one)
                marked += _text(one.tail)
            elif _is_block(one):
                parts += [self._finished(marked), one]
                marked = _text(one.tail)
            else:
                marked += self._marked_child(one) + _text(one.tail)
        parts.append(self._finished(marked))
        return [part for part in parts if not isinstance(part, str) or part]

    def blocks(self, element: etree._Element) -> list[str]:
        """Return the element's content as paragraphs; formulas stand within them, list items become sentences."""
        out: list[str] = []
        for part in self.segments(element):
            if isinstance(part, str):
                append(out, part)
            elif local_name(part) in ("equation", "list"):
                for text in self.block(part):
                    append(out, text, glue=True)
            else:
                out.extend(self.block(part))
        return [text for text in out if text]

    def block(self, element: etree._Element) -> list[str]:
        """Return one block as paragraphs, as it reads within a longer text."""
        name = local_name(element)
        if name == "equation":
            return [self.formula(element)]
        if name == "list":
            return [self.sentences_of_list(element)]
        if name == "table":
            return [" ".join(self.rows(element))]
        if name in ("figure", "media", "subfigure"):
            if not self._describing:
                self.pictures.append(element)
                return []
            caption = self.inline(child(element, "caption"))
            described = " ".join(part for part in (caption, self.description(element)) if part)
            return [f"(The figure shows: {described})"] if described else []
        if is_for_teachers(element):
            self.omitted["teacher note"] += 1
            return []
        if is_calculator(element):
            self.omitted["calculator note"] += 1
            return []
        heading = self.inline(child(element, "title"))
        return [*([closed(heading)] if heading else []), *self.blocks(element)]

    def formula(self, equation: etree._Element) -> str:
        """Return a displayed equation as `$LaTeX$`, with the punctuation that ends it."""
        return squeeze(resolve(self._marked(equation)))

    def items(self, element: etree._Element) -> list[str]:
        """Return the items of a list, those of nested lists within theirs."""
        return [text for item in children(element, "item") if (text := self.inline(item))]

    def sentences_of_list(self, element: etree._Element) -> str:
        """Return a list as running text: short items in a row, longer ones as sentences."""
        items = self.items(element)
        short = all(len(item.split()) <= 5 and item[-1] not in ".?!" for item in items)
        text = closed("; ".join(items)) if short else " ".join(closed(item.rstrip(",;")) for item in items)
        heading = self.inline(child(element, "title"))
        return f"{heading.rstrip(':.')}: {text}" if heading and text else text

    def rows(self, table: etree._Element) -> list[str]:
        """Return a table as one line of prose a row."""
        lines = [[self.inline(entry) for entry in children(row, "entry")] for row in table.iter(f"{CNXML}row")]
        return [closed("; ".join(cell for cell in cells if cell)) for cells in lines if any(cells)]

    def description(self, element: etree._Element) -> str:
        """Return the text descriptions of a figure or picture."""
        media = [element] if local_name(element) == "media" else list(element.iter(f"{CNXML}media"))
        texts = [squeeze(resolve(clean(one.get("alt", "")))) for one in media]
        return " ".join(closed(text) for text in texts if len(text) > 3)

    def _finished(self, marked: str) -> str:
        return _HELPERS.sub("", squeeze(resolve(marked)))

    def _marked(self, element: etree._Element) -> str:
        return _text(element.text) + "".join(
            self._marked_child(one) + _text(one.tail) for one in element if isinstance(one.tag, str)
        )

    def _marked_child(self, element: etree._Element) -> str:
        if element.tag == f"{mathml.NAMESPACE}math":
            latex, punctuation = mathml.to_latex(element)
            return mathematics(latex) + punctuation
        name = local_name(element)
        if name in _SILENT or name == "media":
            return ""
        if name in ("sup", "sub"):
            opening, closing = SUPERSCRIPT if name == "sup" else SUBSCRIPT
            return f"{opening}{join_scripts(self._marked(element))}{closing}"
        if name == "emphasis":
            marked = self._marked(element)
            bold = element.get("effect", "bold") == "bold"
            return variable(marked.strip(), bold=bold) or marked
        if name == "newline":
            return BREAK
        if name == "link":
            return self._link(element)
        if name == "footnote":
            return f" ({self._marked(element).strip().rstrip('.')})"
        return self._marked(element)

    def _link(self, element: etree._Element) -> str:
        if "os-embed" in classes(element):
            return ""
        marked = self._marked(element).strip()
        if marked or element.get("url"):
            return marked
        module_id = element.get("document") or self._module_id
        if target := element.get("target-id"):
            return reference(self._index.nouns.get((module_id, target), _ELSEWHERE))
        title = self._index.titles.get(module_id)
        return reference(f"the section “{title}”" if title else _ELSEWHERE)


def _is_block(element: etree._Element) -> bool:
    return element.tag.startswith(CNXML) and local_name(element) not in _INLINE | _SILENT


def _text(raw: str | None) -> str:
    """Cleaned character data; white space of the file is one space."""
    return re.sub(r"\s+", " ", clean(raw)) if raw else ""


def append(out: list[str], text: str, *, glue: bool = False) -> None:
    """Add a paragraph, or continue the last one where `glue`, a formula or a lower-case beginning says so."""
    if not text:
        return
    if out and (glue or text[0].islower() or text[0] in ",.;" or (text[0] == "$" and out[-1][-1] not in ".!?")):
        out[-1] = squeeze(f"{out[-1]} {text}")
    else:
        out.append(text)


def is_for_teachers(element: etree._Element) -> bool:
    """Tell teacher support, however its class is spelt."""
    return local_name(element) == "note" and any("teacher" in name for name in classes(element))


def is_calculator(element: etree._Element) -> bool:
    """Tell a note on the keys of a pocket calculator."""
    return local_name(element) == "note" and "calculator" in classes(element)

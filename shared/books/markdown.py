"""Markdown and plain text to books. Mathematics stands between `$` or `$$`, or `\\(` `\\)` and `\\[` `\\]`."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from shared.books import frontmatter, outline
from shared.books.blocks import Block, Displayed, Grid, Heading, Item, Listing, Paragraph, Picture, Quote
from shared.books.book import Book
from shared.books.scripts import mathematics, plain_title, resolve, variable
from shared.books.text import BREAK, MATHEMATICS, SUBSCRIPT, SUPERSCRIPT, clean, squeeze
from shared.errors import InvalidBook

MAXIMUM_BYTES: Final = 20_000_000

# Mathematics is taken out before the text is parsed, for `_` and `*` mean something else there. A `$` before a
# space or after one is money, as is one before a digit that closes.
_MATH: Final = re.compile(
    r"(?P<fence>^(?:```|~~~).*?^(?:```|~~~)[^\n]*$)|(?P<code>`[^`\n]+`)"
    r"|\$\$(?P<display>.+?)\$\$|\\\[(?P<bracket>.+?)\\\]|\\\((?P<paren>.+?)\\\)"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\d$])",
    re.DOTALL | re.MULTILINE,
)
_POWER: Final = re.compile(r"(?<=[\w)])\^(\{[^{}]*\}|\(-?\d+\)|[-−+]?\d+|[a-z]\b)")
_PLACE: Final = re.compile(rf"{MATHEMATICS[0]}(\d+){MATHEMATICS[1]}")
_DISPLAY: Final = "\ue009"  # on both sides of the place of a formula on a line of its own
_DISPLAYED: Final = re.compile(rf"{_DISPLAY}(\d+){_DISPLAY}")
_HTML: Final = re.compile(r"<(/?)(sub|sup|br)\s*/?>", re.IGNORECASE)
_HTML_MARKS: Final = {"sub": SUBSCRIPT, "sup": SUPERSCRIPT}
_TAG: Final = re.compile(r"<[^>]+>")


def read_markdown(data: bytes, *, name: str) -> Book:
    """Return the book in a Markdown file; raise InvalidBook where it is not UTF-8 or holds no text."""
    front, text = frontmatter.split(clean(frontmatter.decoded(data, name=name, maximum=MAXIMUM_BYTES)))
    reader = _Reader()
    return _book(front, list(reader.read(text)), name=name, omitted=reader.omitted)


def read_plain_text(data: bytes, *, name: str) -> Book:
    """Return the book in a plain text file: paragraphs between empty lines, headings underlined or in capitals."""
    front, text = frontmatter.split(clean(frontmatter.decoded(data, name=name, maximum=MAXIMUM_BYTES)))
    return _book(front, list(_plain_blocks(text)), name=name, omitted=Counter())


def _book(front: frontmatter.FrontMatter, blocks: list[Block], *, name: str, omitted: Counter[str]) -> Book:
    title = front.get("title") or outline.book_title(blocks) or PurePath(name).stem.replace("_", " ").strip()
    slug = front.slug(title)
    modules = outline.modules(blocks, slug=slug, title=title)
    if not any(module.drafts for module in modules):
        raise InvalidBook(f"{name} holds no text", code="book_empty", message="This file holds no text.", file=name)
    return front.book(modules, title=title, slug=slug, omitted=omitted)


class _Reader:
    """Reads Markdown into blocks."""

    def __init__(self) -> None:
        self._formulas: list[str] = []  # marked as mathematics, with the punctuation that ends them
        self.omitted: Counter[str] = Counter()

    def read(self, text: str) -> Iterator[Block]:
        parser = MarkdownIt("commonmark").enable("table")
        yield from self._blocks(SyntaxTreeNode(parser.parse(_MATH.sub(self._set_aside, text))))

    def _set_aside(self, match: re.Match[str]) -> str:
        """Put a formula's place into the text."""
        formula = _formula(match)
        if not formula:
            return match[0]
        self._formulas.append(formula)
        place = len(self._formulas) - 1
        displayed = match["display"] or match["bracket"]
        return f"{_DISPLAY}{place}{_DISPLAY}" if displayed else mathematics(str(place))

    def _blocks(self, parent: SyntaxTreeNode) -> Iterator[Block]:
        for node in parent.children:
            if node.type == "heading":
                yield Heading(int(node.tag[1]), plain_title(self._inline(node)))
            elif node.type == "paragraph":
                yield from self._paragraph(node)
            elif node.type in ("bullet_list", "ordered_list"):
                items = tuple(item for child in node.children if (item := self._item(child)).text)
                yield Listing(items, ordered=node.type == "ordered_list")
                yield from self._pictures(node)
            elif node.type == "table":
                yield self._table(node)
            elif node.type == "blockquote":
                yield Quote(" ".join(self._texts(node)))
            elif node.type == "html_block":
                if text := squeeze(_TAG.sub(" ", node.content)):
                    yield Paragraph(resolve(text))
            elif node.type in ("fence", "code_block"):
                self.omitted["code block"] += 1

    def _paragraph(self, node: SyntaxTreeNode) -> Iterator[Block]:
        for position, part in enumerate(_DISPLAYED.split(self._marked(node))):
            if position % 2:
                yield Displayed(resolve(self._formulas[int(part)]))
            elif text := squeeze(resolve(part)):
                yield Displayed(text) if re.fullmatch(r"\$[^$]+\$", text) else Paragraph(text)
        yield from self._pictures(node)

    def _texts(self, node: SyntaxTreeNode) -> Iterator[str]:
        """The text of a container, block by block."""
        for child in node.children:
            if child.type in ("paragraph", "heading"):
                yield self._inline(child)
            elif child.type in ("bullet_list", "ordered_list", "list_item", "blockquote"):
                yield from self._texts(child)

    def _item(self, node: SyntaxTreeNode) -> Item:
        text = " ".join(one for one in self._texts(node) if one)
        strong = self._leading_strong(node)
        rest = text.removeprefix(strong).lstrip() if strong and text.startswith(strong) else ""
        if rest and (rest[0] in ":.–—" or strong[-1] in ":."):
            return Item(text=rest.lstrip(":.–— "), label=strong.rstrip(":. "))
        return Item(text=text)

    def _leading_strong(self, node: SyntaxTreeNode) -> str:
        inline = next((one for one in node.walk() if one.type == "inline"), None)
        first = next((one for one in inline.children if one.type != "text" or one.content), None) if inline else None
        return squeeze(resolve(self._marked(first))) if first is not None and first.type == "strong" else ""

    def _table(self, node: SyntaxTreeNode) -> Grid:
        rows = [one for one in node.walk() if one.type == "tr"]
        cells = [[self._inline(cell) for cell in row.children] for row in rows]
        return Grid(header=cells[0] if cells else [], rows=[row for row in cells[1:] if any(row)])

    def _pictures(self, node: SyntaxTreeNode) -> Iterator[Block]:
        for image in (one for one in node.walk() if one.type == "image"):
            yield Picture(alt=squeeze(image.content), caption=squeeze(str(image.attrs.get("title", ""))))

    def _inline(self, node: SyntaxTreeNode) -> str:
        marked = _DISPLAYED.sub(lambda match: self._formulas[int(match[1])], self._marked(node))
        return squeeze(resolve(marked))

    def _marked(self, node: SyntaxTreeNode) -> str:
        if node.type in ("text", "code_inline"):
            return _PLACE.sub(lambda match: self._formulas[int(match[1])], mark_powers(node.content))
        if node.type == "softbreak":
            return " "
        if node.type == "hardbreak":
            return BREAK
        if node.type == "image":
            return ""
        if node.type == "html_inline":
            return _html_mark(node.content)
        marked = "".join(self._marked(child) for child in node.children)
        if node.type in ("em", "strong"):
            return variable(marked.strip(), bold=node.type == "strong") or marked
        return marked


def _html_mark(tag: str) -> str:
    match = _HTML.fullmatch(tag)
    if not match:
        return ""
    if match[2].lower() == "br":
        return BREAK
    return _HTML_MARKS[match[2].lower()][1 if match[1] else 0]


_UNDERLINE: Final = re.compile(r"^(=+|-+)\s*$")
_NUMBERED_TITLE: Final = re.compile(r"^(?:(?:chapter|section|part)\s+\d+|\d+(?:\.\d+)+)\b.{0,80}$", re.IGNORECASE)
_MARKED_ITEM: Final = re.compile(r"^\s*(?:(?P<number>\d{1,2})[.)]|[-*•])\s+")
_LONGEST_TITLE: Final = 80


def _plain_blocks(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text):
        lines = [line.rstrip() for line in part.strip("\n").splitlines() if line.strip()]
        if not lines:
            continue
        if len(lines) > 1 and _UNDERLINE.match(lines[1]):
            yield Heading(1 if lines[1].startswith("=") else 2, _plain(lines[0]))
            lines = lines[2:]
        elif _is_title(lines[0]):
            yield Heading(2, _plain(lines[0].title() if lines[0].isupper() else lines[0]))
            lines = lines[1:]
        if lines and all(_MARKED_ITEM.match(line) for line in lines):
            items = tuple(Item(_plain(_MARKED_ITEM.sub("", line))) for line in lines)
            first = _MARKED_ITEM.match(lines[0])
            yield Listing(items, ordered=bool(first and first["number"]))
        elif lines:
            yield Paragraph(_plain(" ".join(lines)))


def _is_title(line: str) -> bool:
    """Tell a heading: in capitals, or numbered and without the end of a sentence."""
    short = len(line) <= _LONGEST_TITLE and line[-1] not in ".!?;,"
    return short and ((line.isupper() and len(line) > 3) or bool(_NUMBERED_TITLE.match(line)))


def _plain(text: str) -> str:
    marked = _MATH.sub(lambda match: _formula(match) or match[0], mark_powers(text))
    return squeeze(resolve(marked))


def mark_powers(text: str) -> str:
    """Mark exponents that are typed with a caret outside of formulas: "10^8"."""
    return _POWER.sub(lambda match: f"{SUPERSCRIPT[0]}{match[1].strip('{}()')}{SUPERSCRIPT[1]}", text)


def _formula(match: re.Match[str]) -> str:
    """The formula, marked, and after it the punctuation that stood inside its delimiters; empty for code."""
    latex = " ".join((match["display"] or match["bracket"] or match["paren"] or match["inline"] or "").split())
    bare = latex.rstrip(".,; ")
    return mathematics(bare) + latex[len(bare) :].strip() if bare else ""

"""OpenStax CNXML: a folder with `collections/*.collection.xml` and `modules/<id>/index.cnxml` to a book."""

import re
from collections import Counter
from typing import Final

from lxml import etree

from shared.books.book import Book, Draft, Module, attribution_line, licence_name
from shared.books.cnxml_module import ModuleReader
from shared.books.cnxml_prose import Index, Prose
from shared.books.collection import Collection, Entry, read_collection
from shared.books.files import Files
from shared.books.text import slugify
from shared.books.xmlfile import classes, parse
from shared.errors import InvalidBook

_COLLECTION_NAME: Final = re.compile(r"collections/[^/]+\.collection\.xml")
_INTRODUCTIONS: Final = frozenset({"introduction", "intro"})
_FRONT_MATTER: Final = frozenset({"preface"})
# Appendices that teach nothing by themselves.
_NOT_FOR_LESSONS: Final = re.compile(
    r"\b(?:exercise|test|exam|project|solution|calculator|data set)s?\b", re.IGNORECASE
)
_OPENSTAX_MODULE: Final = re.compile(r"m\d{4,6}")  # names that the publisher's repository gave
_OPENSTAX: Final = "OpenStax"
_OPENSTAX_URL: Final = "https://openstax.org"


def read_cnxml(files: Files, *, collection: str = "") -> Book:
    """Return the book of these files; raise InvalidBook where they are none.

    `collection` names the collection file where a folder holds several books.
    """
    name = _collection_name(files, collection)
    contents = read_collection(files.read(name), name=name)
    missing = [e.module_id for e in contents.entries if _module_name(e.module_id) not in files.names]
    if missing:
        raise InvalidBook(
            f"{name} names modules that are not there: {', '.join(missing[:5])}",
            code="book_module_missing",
            message="The book is incomplete: sections named in its table of contents are missing.",
            modules=missing,
        )
    index, roots = _load(files, contents)
    book = _assemble(contents, index, roots)
    if not any(module.drafts for module in book.modules):
        raise InvalidBook(f"{name}: no module holds any text", code="book_empty", file=name)
    return book


def _module_name(module_id: str) -> str:
    return f"modules/{module_id}/index.cnxml"


def _collection_name(files: Files, wanted: str) -> str:
    names = sorted(name for name in files.names if _COLLECTION_NAME.fullmatch(name))
    if wanted:
        names = [name for name in names if name.endswith(f"/{wanted}")]
    if not names:
        raise InvalidBook(
            "no collections/*.collection.xml",
            code="book_without_collection",
            message="This folder holds no book: its table of contents (collections/*.collection.xml) is missing.",
        )
    if len(names) > 1:
        raise InvalidBook(
            f"several books in one folder: {', '.join(names)}",
            code="book_ambiguous",
            message="This folder holds several books. Name the collection file of one of them.",
            collections=names,
        )
    return names[0]


def _load(files: Files, contents: Collection) -> tuple[Index, dict[str, etree._Element]]:
    index, roots = Index(), {}
    for entry in contents.entries:
        name = _module_name(entry.module_id)
        root = roots[entry.module_id] = parse(files.read(name), name=name)
        title = Prose(entry.module_id, index, Counter()).title(root)
        index.add(entry.module_id, root, title or entry.module_id)
    return index, roots


def _assemble(contents: Collection, index: Index, roots: dict[str, etree._Element]) -> Book:
    omitted: Counter[str] = Counter()
    licence = licence_name(contents.licence_url, contents.licence_text)
    openstax = all(_OPENSTAX_MODULE.fullmatch(entry.module_id) for entry in contents.entries)
    url = f"{_OPENSTAX_URL}/details/books/{contents.slug}" if openstax else ""
    modules: list[Module] = []
    numbers: Counter[int] = Counter()
    for entry in _once(contents.entries):
        root, title = roots[entry.module_id], index.titles[entry.module_id]
        introduction = bool(classes(root) & _INTRODUCTIONS) or title.lower() == "introduction"
        number = "" if introduction else _number(entry, numbers)
        modules.append(
            Module(
                module_id=entry.module_id,
                title=title,
                chapter=entry.chapter,
                number=number,
                url=_page_url(contents.slug, entry, title, number, introduction=introduction) if openstax else "",
                drafts=_drafts(entry, root, index, omitted),
            )
        )
    return Book(
        slug=contents.slug,
        title=contents.title,
        language=contents.language,
        licence=licence,
        licence_url=contents.licence_url,
        attribution=attribution_line(
            title=contents.title,
            authors=contents.authors,
            publisher=_OPENSTAX if openstax else "",
            licence=licence,
            url=url,
        ),
        url=url,
        modules=tuple(modules),
        omitted=omitted,
    )


def _once(entries: tuple[Entry, ...]) -> list[Entry]:
    """A module that the table of contents names twice is read where it comes first."""
    return list({entry.module_id: entry for entry in reversed(entries)}.values())[::-1]


def _number(entry: Entry, numbers: Counter[int]) -> str:
    if entry.chapter_number is None:
        return ""
    numbers[entry.chapter_number] += 1
    return f"{entry.chapter_number}.{numbers[entry.chapter_number]}"


def _drafts(entry: Entry, root: etree._Element, index: Index, omitted: Counter[str]) -> tuple[Draft, ...]:
    if classes(root) & _FRONT_MATTER:
        omitted["preface"] += 1
        return ()
    if "appendix" in classes(root) and _NOT_FOR_LESSONS.search(index.titles[entry.module_id]):
        omitted["appendix of exercises, data or calculator notes"] += 1
        return ()
    return ModuleReader(entry.module_id, index, omitted).read(root)


def _page_url(slug: str, entry: Entry, title: str, number: str, *, introduction: bool) -> str:
    """Where the publisher shows a section; empty for back matter, whose addresses do not follow from the files."""
    pages = f"{_OPENSTAX_URL}/books/{slug}/pages"
    if number:
        return f"{pages}/{number.replace('.', '-')}-{slugify(title)}"
    if introduction and entry.chapter_number is not None:
        return f"{pages}/{entry.chapter_number}-introduction"
    return ""

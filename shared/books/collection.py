"""The table of contents of a CNXML book: which modules, in which order, under which chapter and number."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from shared.books.text import clean, slugify, squeeze
from shared.books.xmlfile import COLLECTION, METADATA, children, local_name, parse, text_of
from shared.errors import InvalidBook

_MODULE_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One module in the table of contents."""

    module_id: str
    chapter: str  # title of the innermost part that holds it; empty for front and back matter
    chapter_number: int | None  # None where nothing is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What the collection file says of the book."""

    title: str
    slug: str
    language: str
    licence_url: str
    licence_text: str
    authors: list[str]
    uuid: str
    entries: tuple[Entry, ...]


def read_collection(data: bytes, *, name: str) -> Collection:
    """Return the table of contents; raise InvalidBook where it is none or names no module."""
    root = parse(data, name=name)
    if root.tag != f"{COLLECTION}collection":
        raise InvalidBook(f"{name} is not a collection", code="book_without_collection", file=name)
    title = _metadata(root, "title") or name
    licence = root.find(f".//{METADATA}license")
    content = next((one for one in children(root) if local_name(one) == "content"), None)
    collection = Collection(
        title=title,
        slug=slugify(_metadata(root, "slug") or title) or "book",
        language=_metadata(root, "language") or "en",
        licence_url="" if licence is None else licence.get("url", "").strip(),
        licence_text="" if licence is None else squeeze(clean(text_of(licence))),
        authors=_authors(root),
        uuid=_metadata(root, "uuid"),
        entries=() if content is None else tuple(_Reader(name).read(content)),
    )
    if not collection.entries:
        raise InvalidBook(f"{name} names no module", code="book_empty", file=name)
    return collection


def _metadata(root: etree._Element, field: str) -> str:
    """A field of the collection's own metadata, not that of one of its parts."""
    for metadata in children(root, "metadata"):
        found = metadata.find(f"{METADATA}{field}")
        if found is not None:
            return squeeze(clean(text_of(found)))
    return ""


def _authors(root: etree._Element) -> list[str]:
    """The names in the `authors` attribute; older files have `md:author` elements instead."""
    names = [squeeze(clean(part)) for part in root.get("authors", "").split(",")]
    if not any(names):
        names = [squeeze(clean(text_of(one))) for one in root.iterfind(f".//{METADATA}author")]
    return [name for name in names if name]


class _Reader:
    """Walks the contents. A part without further parts is a chapter; chapters are counted through the whole book."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._chapters = 0

    def read(self, content: etree._Element) -> list[Entry]:
        return self._walk(content, title="", number=None)

    def _walk(self, content: etree._Element, *, title: str, number: int | None) -> list[Entry]:
        entries: list[Entry] = []
        for element in children(content):
            if local_name(element) == "module":
                entries.append(Entry(module_id=self._module_id(element), chapter=title, chapter_number=number))
            elif local_name(element) == "subcollection":
                entries.extend(self._part(element))
        return entries

    def _part(self, element: etree._Element) -> list[Entry]:
        heading = element.find(f"{METADATA}title")
        if heading is None:
            heading = element.find(f".//{METADATA}title")
        title = "" if heading is None else squeeze(clean(text_of(heading)))
        contents = children(element, "content")
        is_chapter = not any(children(content, "subcollection") for content in contents)
        if is_chapter:
            self._chapters += 1
        number = self._chapters if is_chapter else None
        return [entry for content in contents for entry in self._walk(content, title=title, number=number)]

    def _module_id(self, element: etree._Element) -> str:
        module_id = element.get("document", "").strip()
        if not _MODULE_ID.fullmatch(module_id):
            raise InvalidBook(
                f"{self._name}, line {element.sourceline}: a module without a usable name",
                code="book_module_missing",
                file=self._name,
                line=element.sourceline,
            )
        return module_id

"""Telling what sort of book a path holds, and reading it."""

import zipfile
from pathlib import Path
from typing import Final

from shared.books.book import Book
from shared.errors import InvalidBook

MARKDOWN: Final = frozenset({".md", ".markdown"})
PLAIN_TEXT: Final = frozenset({".txt", ".text"})
_COLLECTION: Final = ".collection.xml"


def open_book(path: str | Path) -> Book:
    """Return the book at a path; raise InvalidBook where there is none that can be read.

    A folder or ZIP archive with `collections/` and `modules/` (OpenStax CNXML), one collection file of such a folder,
    a Markdown file (.md) or a plain text file (.txt).
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _open_folder(path)
        if path.is_file():
            return _open_file(path)
    except OSError as error:
        raise InvalidBook(f"{path.name}: {error.strerror}", code="book_unreadable", file=path.name) from error
    raise InvalidBook(
        f"{path.name}: no such file or folder",
        code="book_unreadable",
        message="There is no such file or folder.",
        file=path.name,
    )


def _open_folder(path: Path) -> Book:
    from shared.books.cnxml import read_cnxml
    from shared.books.files import FolderFiles

    if not (path / "collections").is_dir():
        inner = [one for one in path.iterdir() if (one / "collections").is_dir()]
        path = inner[0] if len(inner) == 1 else path
    return read_cnxml(FolderFiles(path))


def _open_file(path: Path) -> Book:
    suffix = path.suffix.lower()
    if suffix in MARKDOWN | PLAIN_TEXT:
        from shared.books.markdown import read_markdown, read_plain_text

        read = read_markdown if suffix in MARKDOWN else read_plain_text
        return read(path.read_bytes(), name=path.name)
    from shared.books.cnxml import read_cnxml
    from shared.books.files import FolderFiles, ZipFiles

    if path.name.endswith(_COLLECTION) and path.parent.name == "collections":
        return read_cnxml(FolderFiles(path.parent.parent), collection=path.name)
    if suffix == ".zip" or zipfile.is_zipfile(path):
        return read_cnxml(ZipFiles(path))
    raise InvalidBook(
        f"{path.name}: neither a folder, a ZIP archive, Markdown nor plain text",
        code="book_unreadable",
        message="This is no book: give a folder or ZIP archive of CNXML, a Markdown file or a plain text file.",
        file=path.name,
    )

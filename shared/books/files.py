"""The files of a book, in a folder or in a ZIP archive; nothing is unpacked to disk."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, Protocol

from shared.books.xmlfile import MAXIMUM_BYTES
from shared.errors import InvalidBook

MAXIMUM_MEMBERS: Final = 50_000  # of an archive; a publisher's repository with all its pictures has some thousand
MAXIMUM_TOTAL_BYTES: Final = 300_000_000  # read from one archive

_WANTED: Final = (".collection.xml", "/index.cnxml")


class Files(Protocol):
    """The files that make up a book, by names relative to its root, with forward slashes."""

    @property
    def names(self) -> frozenset[str]:
        """All files that a book may be made of."""

    def read(self, name: str) -> bytes:
        """Return one of them; raise InvalidBook where it cannot be read."""


class FolderFiles:
    """A book in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        found = [*root.glob("collections/*.collection.xml"), *root.glob("modules/*/index.cnxml")]
        self._names = frozenset(path.relative_to(root).as_posix() for path in found)

    @property
    def names(self) -> frozenset[str]:
        """All files that a book may be made of."""
        return self._names

    def read(self, name: str) -> bytes:
        """Return one of them; raise InvalidBook where it cannot be read."""
        try:
            with (self._root / name).open("rb") as file:
                return _bounded(file.read(MAXIMUM_BYTES + 1), name)
        except OSError as error:
            raise InvalidBook(f"{name}: {error.strerror}", code="book_unreadable", file=name) from error


class ZipFiles:
    """A book in a ZIP archive, at its root or in its only folder. Members are read into memory, each bounded."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            members = self._archive.infolist()
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            raise InvalidBook(f"{path.name}: {error}", code="book_unreadable", file=path.name) from error
        if len(members) > MAXIMUM_MEMBERS:
            raise InvalidBook(f"{path.name}: more than {MAXIMUM_MEMBERS} members", code="book_unreadable")
        self._members = _members(members)
        self._left = MAXIMUM_TOTAL_BYTES

    @property
    def names(self) -> frozenset[str]:
        """All files that a book may be made of."""
        return frozenset(self._members)

    def read(self, name: str) -> bytes:
        """Return one of them; raise InvalidBook where it cannot be read, or the archive turns out too large."""
        try:
            # The size that the archive declares may lie: no more than the limit is ever unpacked.
            with self._archive.open(self._members[name]) as file:
                data = _bounded(file.read(MAXIMUM_BYTES + 1), name)
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError) as error:
            raise InvalidBook(f"{name}: {error}", code="book_unreadable", file=name) from error
        self._left -= len(data)
        if self._left < 0:
            raise InvalidBook(f"the archive holds more than {MAXIMUM_TOTAL_BYTES} bytes", code="book_unreadable")
        return data


def _members(members: list[zipfile.ZipInfo]) -> Mapping[str, zipfile.ZipInfo]:
    """The members a book may be made of, by their names below the folder that holds `collections/`."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise InvalidBook(
                f"the archive names a file outside itself: {member.filename!r}",
                code="book_unreadable",
                message="This archive is not safe to open.",
            )
        if not member.is_dir() and member.filename.endswith(_WANTED):
            wanted[path.as_posix()] = member
    roots = {name.rpartition("collections/")[0] for name in wanted if name.endswith(".collection.xml")}
    root = min(roots, key=len, default="")
    return MappingProxyType({name.removeprefix(root): one for name, one in wanted.items() if name.startswith(root)})


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > MAXIMUM_BYTES:
        raise InvalidBook(f"{name} is larger than {MAXIMUM_BYTES} bytes", code="book_unreadable", file=name)
    return data

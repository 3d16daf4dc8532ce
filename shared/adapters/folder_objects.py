"""Objects in a folder; links are signed by us and answered by the api function."""

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from shared.errors import ObjectMissing, TransientError
from shared.security.links import asset_url, is_object_name
from shared.services import StoredObject

WRITE_TRIES: Final = 3  # a folder may vanish between its making and the write, when its last object is deleted


class FolderObjects:
    """An ObjectStore of files below `folder`."""

    def __init__(
        self, folder: Path, *, public_url: str, secret_key: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._public_url = public_url
        self._secret_key = secret_key
        self._clock = clock

    def path(self, name: str) -> Path:
        """Return the file of an object that is stored, for serving parts of it; raise ObjectMissing."""
        path = self._folder / name
        if not is_object_name(name) or not path.is_file():
            raise ObjectMissing(name)
        return path

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        """Store `data`, whole or not at all. The media type is told by the name's ending, and not kept."""
        if not is_object_name(name):
            raise ValueError("not the name of an object")
        path = self._folder / name
        try:
            for _ in range(WRITE_TRIES):
                with contextlib.suppress(FileNotFoundError):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _replace(path, data)
                    return
        except OSError as error:
            raise TransientError(f"object not written: {errno.errorcode.get(error.errno or 0, 'unknown')}") from error
        raise TransientError("object not written: its folder keeps vanishing")

    def read(self, name: str) -> bytes:
        """Return the bytes; raise ObjectMissing where there are none."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(name) from None
        except OSError as error:
            raise TransientError(f"object not read: {errno.errorcode.get(error.errno or 0, 'unknown')}") from error

    def exists(self, name: str) -> bool:
        """Tell whether the name is taken."""
        return is_object_name(name) and (self._folder / name).is_file()

    def stat(self, name: str) -> StoredObject:
        """Tell an object's size and version; raise ObjectMissing where there is none."""
        try:
            found = self.path(name).stat()
        except FileNotFoundError:
            raise ObjectMissing(name) from None
        # A write makes another file: where one has the number of an earlier one, it has a time of its own.
        return StoredObject(size=found.st_size, version=f"{found.st_ino}-{found.st_mtime_ns}")

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with `prefix`, sorted."""
        yield from sorted(self._names(prefix))

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object whose name begins with `prefix`; return how many there were."""
        names = list(self.list(prefix))
        deleted = 0
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self._folder / name).unlink()
                deleted += 1
        if prefix.endswith("/"):  # a whole folder: what a process left that died while it wrote goes too
            for path in self._files(prefix):
                path.unlink(missing_ok=True)
        for name in reversed(names):
            _remove_empty(self._folder, (self._folder / name).parent)
        return deleted

    def forget(self, prefix: str, *, older_than: timedelta, at_most: int) -> int:
        """Delete objects below `prefix` that were written longer ago than that, `at_most` so many; return how many."""
        latest = self._clock() - older_than.total_seconds()
        deleted = 0
        for path in self._files(prefix):
            if deleted == at_most:
                break
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                if path.stat().st_mtime <= latest:
                    path.unlink()
                    deleted += 1
                    _remove_empty(self._folder, path.parent)
        return deleted

    def signed_url(self, name: str, *, expires_in: timedelta) -> str:
        """Return a URL that reads this one object until it expires."""
        expires = int(self._clock() + expires_in.total_seconds())
        return asset_url(self._public_url, self._secret_key, name, expires)

    def _names(self, prefix: str) -> Iterator[str]:
        """Every object whose name begins with `prefix`."""
        for path in self._files(prefix):
            if not path.name.startswith("."):
                yield path.relative_to(self._folder).as_posix()

    def _files(self, prefix: str) -> Iterator[Path]:
        """Every file whose name in the folder begins with `prefix`, drafts of objects among them."""
        parent = prefix.rpartition("/")[0]
        if parent and not is_object_name(parent):
            return
        for place, folders, files in os.walk(self._folder / parent):
            folders[:] = [name for name in folders if not name.startswith(".")]
            here = Path(place)
            relative = here.relative_to(self._folder)
            yield from (here / name for name in files if (relative / name).as_posix().startswith(prefix))


def _replace(path: Path, data: bytes) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a rename may reach the disk before the bytes do
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
        raise


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:  # not empty, or already gone
            return
        folder = folder.parent

"""Objects in plain files: each written whole by a rename, and not forced to the disk, which no run takes away."""

import os
import threading
from pathlib import Path

from shared.errors import ObjectMissing


class PlainObjects:
    """As much of an ObjectStore as the stand-ins use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        """Store `data`; what had the name is replaced."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_bytes(data)
        draft.replace(path)

    def delete_prefix(self, prefix: str) -> int:
        """Delete a lesson's objects; return how many there were."""
        found = [path for path in (self._folder / prefix).glob("*") if path.is_file()]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def read(self, name: str) -> bytes:
        """Return the bytes; raise ObjectMissing where there are none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(name) from None

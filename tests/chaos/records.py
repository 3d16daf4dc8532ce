"""What processes note as it happens, for the checker: lines of JSON, each whole whatever becomes of the writer."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

NOTES: Final = "notes.jsonl"  # in a run's folder


class Notes:
    """A file that many processes add to; each line is one write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._process = 0
        self._seen = 0  # bytes that `further` has read

    def add(self, kind: str, **fields: Any) -> None:
        """Add a line, with the moment and the process."""
        if self._descriptor is None or self._process != os.getpid():
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._process = os.getpid()
        line = json.dumps({"kind": kind, "at": time.time(), "process": self._process, **fields})
        os.write(self._descriptor, line.encode() + b"\n")

    def further(self) -> list[dict[str, Any]]:
        """The lines that have come since the last time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._seen)
            whole = file.read().rpartition(b"\n")[0]
        self._seen += len(whole) + bool(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def read(self) -> Iterator[dict[str, Any]]:
        """Every line, in the order of writing."""
        if self._path.exists():
            with self._path.open() as lines:
                yield from map(json.loads, lines)

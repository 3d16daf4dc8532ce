"""Where an emulated system keeps its files, and how other commands find the one that answers at a URL."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.state import write_private

NAME: Final = "emulated"  # below the state folder: the embedded system's record and accounts are other ones
SERVING: Final = "serving.json"


@contextmanager
def serving(folder: Path, url: str) -> Iterator[None]:
    """Note that the system of this folder answers at `url`, for as long as this process serves it."""
    path = folder / SERVING
    write_private(path, json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def folder_of(state: Path, url: str) -> Path:
    """The folder with the accounts of the system at `url`: the emulated one's where that is it, else `state`."""
    try:
        noted = json.loads((state / NAME / SERVING).read_text(encoding="utf-8"))
        os.kill(noted["pid"], 0)  # one that was killed left its note behind
    except (OSError, ValueError, KeyError, TypeError):
        return state
    return state / NAME if noted["url"] == url.rstrip("/") else state

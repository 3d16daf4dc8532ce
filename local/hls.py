"""An HLS stream fetched into a folder, its signed links replaced by the files' names, so that it plays from there."""

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from local.client import Refused, fetch

PLAYLIST: Final = ".m3u8"
MARK: Final = "#EXTM3U"
FILES: Final = 2000  # more than any lesson has; a playlist that names itself ends here
_ATTRIBUTE: Final = re.compile(r'URI="([^"]*)"')


def references(text: str) -> list[str]:
    """The references of a playlist, in order: those on lines of their own and those in tags."""
    found: list[str] = []

    def note(reference: str) -> str:
        found.append(reference)
        return reference

    rewrite(text, note)
    return found


def rewrite(text: str, change: Callable[[str], str]) -> str:
    """Return the playlist with every reference changed."""
    lines = []
    for line in text.splitlines():
        if line.startswith("#"):
            lines.append(_ATTRIBUTE.sub(lambda match: f'URI="{change(match[1])}"', line))
        else:
            lines.append(change(line) if line.strip() else line)
    return "\n".join(lines) + "\n"


def download(url: str, folder: Path) -> Path:
    """Fetch the master playlist at `url` and all that it leads to; return the master's file."""
    base = _path(url).parent
    master = folder / _path(url).name
    waiting, known = [(url, master)], {url: master}
    while waiting:
        place, path = waiting.pop()
        answer = fetch(place)
        if answer.status != 200:
            raise Refused(answer.status, {"detail": f"{path.name} could not be fetched: HTTP status {answer.status}"})
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != PLAYLIST:
            path.write_bytes(answer.data)
            continue
        text = answer.data.decode("utf-8", "replace")
        if not text.startswith(MARK) or len(known) > FILES:
            raise Refused(answer.status, {"detail": f"{path.name} is no HLS playlist"})

        def local_name(reference: str, place: str = place, path: Path = path) -> str:
            whole = urljoin(place, reference)
            if whole not in known:
                known[whole] = folder / _inside(_path(whole), base)
                waiting.append((whole, known[whole]))
            return os.path.relpath(known[whole], path.parent)

        path.write_text(rewrite(text, local_name))
    return master


def _path(url: str) -> PurePosixPath:
    return PurePosixPath(unquote(urlsplit(url).path))


def _inside(path: PurePosixPath, base: PurePosixPath) -> PurePosixPath:
    """The place of a file below the master's folder; what lies elsewhere, or leads out, keeps its last name alone."""
    if path.is_relative_to(base) and ".." not in path.parts:
        return path.relative_to(base)
    return PurePosixPath(path.name)

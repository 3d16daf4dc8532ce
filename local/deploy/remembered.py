"""What this machine remembers of an environment's releases, for the run after one that was cut short."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local.deploy.terraform import Release


@dataclass(frozen=True, slots=True)
class Remembered:
    """Two files in the environment's folder."""

    folder: Path

    @property
    def accepted(self) -> Release:
        """The release that passed the check last, as far as this machine knows."""
        return self._read("accepted").get("release", Release())

    def accept(self, release: Release) -> None:
        """Put down that it passed the check."""
        self._write("accepted", release=release)

    def begin(self, before: Release, after: Release) -> None:
        """Put down what serves as another release is about to."""
        if before != after:
            self._write("begun", before=before, after=after)

    def served_before(self, release: Release) -> Release:
        """What served before this one was let serve from here; nothing where that is not known."""
        begun = self._read("begun")
        return begun["before"] if begun.get("after") == release else Release()

    def _read(self, name: str) -> dict[str, Release]:
        path = self.folder / f"{name}.json"
        if not path.exists():
            return {}
        return {key: Release(**value) for key, value in json.loads(path.read_text(encoding="utf-8")).items()}

    def _write(self, name: str, **releases: Release) -> None:
        text = json.dumps({key: asdict(release) for key, release in releases.items()})
        (self.folder / f"{name}.json").write_text(text, encoding="utf-8")

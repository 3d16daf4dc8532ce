"""The archive of the code: of what is committed, the same bytes for the same content, named by their hash."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.deploy.commands import Commands
from local.deploy.target import NotDeployed
from local.environment import ROOT

# What a function needs to run; tests, tools and Terraform stay behind.
CONTENT: Final = ("functions", "shared", "migrations", "requirements.txt")
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # the time of every file: zip knows none before it


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive on this machine."""

    path: Path
    name: str
    commit: str


def pack(commands: Commands, folder: Path) -> Archive:
    """Write the archive of the present commit into `folder`."""
    commit = commands.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"])
    if commit.code != 0:
        raise NotDeployed(f"git cannot tell the commit: {commit.reason}", code="no_commit")
    tar = folder / "code.tar"
    made = commands.run(["git", "-C", str(ROOT), "archive", "--format=tar", f"--output={tar}", "HEAD", *CONTENT])
    if made.code != 0:
        raise NotDeployed(f"git cannot pack the code: {made.reason}", code="no_archive")
    with tarfile.open(tar) as files:
        data = _zipped((member.name, files.extractfile(member).read()) for member in files if member.isfile())  # type: ignore[union-attr]  # a file has content
    tar.unlink()
    name = f"functions-{hashlib.sha256(data).hexdigest()}.zip"
    path = folder / name
    path.write_bytes(data)
    return Archive(path, name, commit.out.strip())


def zip_folder(source: Path, path: Path) -> None:
    """Write a folder as a zip, the same bytes for the same content."""
    files = sorted(file for file in source.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    path.write_bytes(_zipped((str(file.relative_to(source)), file.read_bytes()) for file in files))


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    # Stored, not compressed: zlib is not the same on every machine, nor are the bytes that it makes.
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        for name, data in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data)
    return made.getvalue()

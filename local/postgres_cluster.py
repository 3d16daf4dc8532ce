"""The data of an embedded PostgreSQL: made once, by its own `initdb`, and checked before each start."""

import errno
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from local.errors import DatabaseProblem, NoDiskSpace
from local.postgres_binaries import RunAs
from local.state import write_private

USER: Final = "vividly"
MINIMUM_BYTES: Final = 200 * 2**20  # an empty cluster is 40 MB, its log of changes as much again

# The builtin locale is the same on every system, and knows all of Unicode.
OPTIONS: Final = (
    f"--username={USER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


def password(home: Path) -> str:
    """The server's password, made on first use."""
    path = home / "password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()


def initialise(home: Path, programs: Path, user: RunAs, secret: str, *, durable: bool) -> None:
    """Make the cluster, in a draft that becomes the data by one rename, so that an interruption leaves none."""
    data = home / "data"
    if (data / "PG_VERSION").exists():
        check_version(data, programs, user)
        return
    if shutil.disk_usage(home).free < MINIMUM_BYTES:
        raise NoDiskSpace(f"The disk of {home} has less than {MINIMUM_BYTES // 2**20} MB free.")
    for left in home.glob("draft-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=home))
    secret_file = draft / "password"
    write_private(secret_file, secret)
    cluster = draft / "data"
    if user.uid is not None:
        for path in (draft, secret_file):
            os.chown(path, user.uid, user.gid or 0)
    command = [str(programs / "initdb"), "-D", str(cluster), f"--pwfile={secret_file}", *OPTIONS]
    if not durable:
        command.append("--no-sync")
    elif sys.platform == "linux":
        command.append("--sync-method=syncfs")  # one call instead of one for each of a thousand files
    done = subprocess.run(command, cwd="/", capture_output=True, check=False, **user.options())
    if done.returncode != 0:
        output = (done.stderr + done.stdout).decode(errors="replace")
        shutil.rmtree(draft, ignore_errors=True)
        raise problem(output, home, "could not make its data")
    cluster.rename(data)
    shutil.rmtree(draft)


def check_version(data: Path, programs: Path, user: RunAs) -> None:
    """Raise DatabaseProblem where the data are another user's, or of another release."""
    owner = data.stat().st_uid
    expected = os.geteuid() if user.uid is None else user.uid
    if owner != expected:
        raise DatabaseProblem(
            f"{data} belongs to user {owner} and the database would run as user {expected}: "
            "run the command as the user who made it, or delete the folder."
        )
    version = (data / "PG_VERSION").read_text().strip()
    shown = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    if shown.split()[-1].split(".")[0] != version:
        raise DatabaseProblem(
            f"{data} was made by PostgreSQL {version}, and this is {shown.strip()}: `./run.sh reset` begins anew."
        )


def problem(output: str, home: Path, what: str) -> DatabaseProblem | NoDiskSpace:
    """Say in one line what PostgreSQL's own output says in many."""
    if os.strerror(errno.ENOSPC) in output:
        return NoDiskSpace(f"The disk of {home} is full: PostgreSQL {what}.")
    lines = [line for line in output.splitlines() if any(mark in line for mark in ("FATAL", "PANIC", "error:"))]
    reason = (lines or output.strip().splitlines() or ["it said nothing"])[-1].strip()
    log = home / "postgres.log"
    return DatabaseProblem(f"PostgreSQL {what}: {reason}{f' (see {log})' if log.exists() else ''}")

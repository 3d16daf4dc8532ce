"""What the user's environment says to the local commands, and what they say to the functions by it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.errors import LocalProblem

ROOT: Final = Path(__file__).resolve().parents[1]


def state_folder() -> Path:
    """VIVIDLY_STATE, else `.local` in the checkout."""
    named = os.environ.get("VIVIDLY_STATE", "").strip()
    return Path(named).expanduser().resolve() if named else ROOT / ".local"


def own_database_url() -> str | None:
    """DATABASE_URL in SQLAlchemy's spelling for our driver; None where it is not set."""
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+pg8000"):
        raise LocalProblem(
            "DATABASE_URL is not the URL of a PostgreSQL database: postgresql://user:password@host:5432/name",
            code="database_problem",
        )
    return f"postgresql+pg8000://{rest}"


@contextmanager
def settings_set(settings: dict[str, str], *, defaults: dict[str, str]) -> Iterator[None]:
    """Say to `shared.settings` what this system is; `defaults` give way to what the user set.

    The environment is put back at the end: the next system of this process must not take this one's database for
    the user's own.
    """
    before = dict(os.environ)
    os.environ.update(settings)
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name in (*settings, *defaults):
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


def commit() -> str:
    """The checkout's commit, or `unknown` where there is no git."""
    try:
        shown = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return shown.stdout.strip()

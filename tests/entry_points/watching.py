"""Notes each use of a database connection in the file that WATCHED_NOTES names: one line of JSON when it ends."""

import json
import os
import threading
import time
from typing import Any

import sqlalchemy as sa


def note(**fields: Any) -> None:
    """Add a line; lines of several processes do not mix."""
    descriptor = os.open(os.environ["WATCHED_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(fields | {"process": os.getpid()}) + "\n").encode())
    finally:
        os.close(descriptor)


def connections() -> None:
    """Watch every pool of this process and of those forked from it."""
    sa.event.listen(sa.pool.Pool, "connect", _connected)
    sa.event.listen(sa.pool.Pool, "checkout", _taken)
    sa.event.listen(sa.pool.Pool, "checkin", _given_back)


def _connected(connection: Any, record: Any) -> None:
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT pg_backend_pid()")
    record.info["backend"] = cursor.fetchone()[0]
    connection.autocommit = False


def _taken(connection: Any, record: Any, proxy: Any) -> None:
    uses = record.info.setdefault("uses", {})
    uses[threading.get_ident()] = time.monotonic_ns()


def _given_back(connection: Any, record: Any) -> None:
    began = record.info.get("uses", {}).pop(threading.get_ident(), None)
    if began is not None:
        note(use=record.info["backend"], thread=threading.get_ident(), began=began, ended=time.monotonic_ns())

"""The PostgreSQL of a chaos run: durable, so that what was committed survives, and brought down again and again."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from local import postgres
from local.errors import AlreadyRunning, DatabaseProblem
from shared.db import migrate
from shared.db.engine import APPLICATION, engine_for, single_statement
from shared.errors import TransientError

TEMPLATE: Final = "chaos_template"
PORT_TRIES: Final = 20
BACKEND_TRIES: Final = 5
PATIENCE: Final = 60.0  # seconds for the server to come back
# How it is brought down: an immediate shutdown, a kill of the server, a kill of one backend; the last two happen to
# servers whose machine runs out of memory. All three end in crash recovery.
WAYS: Final = ("immediate", "immediate", "killed", "backend")


class Cluster:
    """A server in a folder, with a migrated database to copy from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = postgres.start(folder, durable=True)
        self.port = self._server.port
        self.restarts = 0
        try:
            postgres.execute(self._server.url, f'CREATE DATABASE "{TEMPLATE}"')
            engine = engine_for(self.url(TEMPLATE), pool_size=1)
            migrate.upgrade(engine)
            engine.dispose()
        except BaseException:
            self._server.stop()
            raise

    @property
    def process(self) -> int:
        """The server's number."""
        return self._server.pid

    def url(self, name: str) -> str:
        """The URL of a database of this server."""
        return urlunsplit(urlsplit(self._server.url)._replace(path=f"/{name}"))

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A migrated, empty database."""
        with postgres.database(self._server.url, name, template=TEMPLATE) as url:
            yield url

    def restart(self, chance: random.Random) -> float:
        """Bring the server down without a word and start it again; return the seconds that it was away."""
        began = time.monotonic()
        way = chance.choice(WAYS)
        if way != "backend" or not self._kill_a_backend(chance):
            os.kill(self._server.pid, signal.SIGKILL if way == "killed" else signal.SIGQUIT)
            self._start_again()
        self.restarts += 1
        return time.monotonic() - began

    def stop(self) -> None:
        """End the server; what it holds is thrown away."""
        with suppress(ProcessLookupError):
            os.kill(self._server.pid, signal.SIGQUIT)
        self._server.stop()

    def _start_again(self) -> None:
        self._server.stop()
        for _ in range(PORT_TRIES):
            self._server = self._started()
            if self._server.port == self.port:
                return
            # Somebody has the port for a moment: the workers know no other.
            self._server.stop()
            (self._folder / "port").write_text(f"{self.port}\n")
            time.sleep(0.5)
        raise DatabaseProblem(f"PostgreSQL did not get its port {self.port} again.")

    def _started(self) -> postgres.Postgres:
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                return postgres.start(self._folder, durable=True)
            except AlreadyRunning:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)  # the sessions of a server that was killed end a moment after it

    def _kill_a_backend(self, chance: random.Random) -> bool:
        """Kill one of ours: the server ends all sessions and recovers by itself. False where there was none."""
        ours = "SELECT pid FROM pg_stat_activity WHERE application_name = :ours AND pid <> pg_backend_pid()"
        for _ in range(BACKEND_TRIES):
            backends = self._ask(ours, ours=APPLICATION)
            if not backends:
                return False
            with suppress(ProcessLookupError):  # it ended by itself in the meantime
                os.kill(chance.choice(backends)["pid"], signal.SIGKILL)
                self._ask("SELECT 1")
                return True
        return False

    def _ask(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        reader = Reader(self._server.url)
        try:
            return reader.certainly(statement, **values)
        finally:
            reader.close()


class Reader:
    """Asks a database through all that happens to its server. For several threads, one after another."""

    def __init__(self, url: str) -> None:
        self._engine = engine_for(url, pool_size=1)

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a statement; none while the server is away."""
        try:
            with single_statement(self._engine) as connection:
                return [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]
        except TransientError:
            return []

    def certainly(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a statement, as soon as the server can be asked; TransientError if that takes too long."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                with single_statement(self._engine) as connection:
                    return [dict(row) for row in connection.execute(sa.text(statement), values).mappings()]
            except TransientError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """Let the connection go."""
        self._engine.dispose()

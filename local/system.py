"""One whole system on this machine: database, books, accounts, bus, functions, api, scheduler."""

import logging
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from local import accounts, environment, sample, server
from local.accounts import SignIn
from local.bus import Deliver, LocalBus
from local.console import Console
from local.database import database
from local.functions import FunctionHost, Scheduler
from local.state import State
from shared import bootstrap, log
from shared.bootstrap import FunctionServices, Parts
from shared.enums import Role
from shared.pipeline import API
from shared.settings import Settings

POOL_SIZE: Final = 24  # every function shares this process's connections
REQUESTS: Final = 1000  # a day, and a minute: one machine, one user; the limits are for classes
LOG_BYTES: Final = 5 * 2**20  # a longer log is begun anew
CLOSING_SECONDS: Final = 1.0  # patience with work under way; the next start takes up what it leaves


class Record:
    """The database of a state folder, migrated, and the ports on it; nothing is served."""

    def __init__(
        self,
        state: State,
        console: Console,
        *,
        host: FunctionHost | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        self._state = state
        self._console = console
        self._stack = ExitStack()
        self.services: FunctionServices
        self.bus: LocalBus
        self.host = host or FunctionHost()
        self._deliver = deliver or self.host.push

    def __enter__(self) -> Self:
        try:
            self._start("http://127.0.0.1:8080")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, public_url: str) -> None:
        self._log_to_file()
        url = self._stack.enter_context(database(self._state.folder, self._console))
        said = environment.settings_set(
            {
                "DATABASE_URL": url,
                "DATABASE_OWNER_URL": url,
                "SECRET_KEY": self._state.secret("secret_key"),
                "WEBHOOK_SECRET": self._state.secret("webhook_secret"),
                "STATE_FOLDER": str(self._state.folder),
                "PUBLIC_URL": public_url,
                "ENVIRONMENT": "local",
            },
            defaults={
                "COMMIT": environment.commit(),
                "DATABASE_POOL_SIZE": str(POOL_SIZE),
                "DAILY_REQUEST_QUOTA": str(REQUESTS),
                "REQUESTS_PER_MINUTE": str(REQUESTS),
            },
        )
        self._stack.enter_context(said)
        self.bus = LocalBus(self._deliver)
        parts = Parts(Settings.from_env(), bus=self.bus)
        self.services = FunctionServices(parts)
        bootstrap.build_with(lambda function: FunctionServices(parts, function.uses))
        self._stack.callback(bootstrap.build_with, None)
        self._stack.callback(self.services.engine.dispose)
        self._stack.callback(self.bus.close, CLOSING_SECONDS)

    def _log_to_file(self) -> None:
        """Send every log line to a file: the terminal is for progress."""
        path = self._state.folder / "vividly.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.unlink()
        file = self._stack.enter_context(path.open("a", encoding="utf-8", errors="backslashreplace"))
        handler = logging.StreamHandler(file)
        root = logging.getLogger()
        root.addHandler(handler)
        self._stack.callback(root.removeHandler, handler)
        log.configure("INFO")
        self._stack.enter_context(log.written_to(file))


class LocalSystem(Record):
    """All of it, answering at `url`. `student` and `admin` are its accounts."""

    def __init__(
        self,
        state: State,
        console: Console,
        *,
        port: int = 0,
        host: FunctionHost | None = None,
        with_sample_book: bool = True,
    ) -> None:
        super().__init__(state, console, host=host)
        self._port = port
        self._with_sample_book = with_sample_book
        self.url: str
        self.student: SignIn
        self.admin: SignIn

    def _start(self, public_url: str) -> None:
        listener = server.bind(self._port)
        self._stack.callback(listener.close)
        url = f"http://{server.HOST}:{listener.getsockname()[1]}"
        super()._start(url)
        if self._with_sample_book:
            sample.ingest(self.services, self._console)
        with self._console.step("accounts", "making") as step:
            self.student = accounts.ensure(self.services.engine, self._state.folder, "student", Role.STUDENT)
            self.admin = accounts.ensure(self.services.engine, self._state.folder, "admin", Role.ADMIN)
            step.detail = f"{self.student.email}, {self.admin.email}"
        self._show_new_passwords()
        with self._console.step("api", "loading") as step:
            self.host.app(API)
            web = server.Server(self.host, listener)
            self._stack.callback(web.close)
            web.start()
            self.url = web.url
            scheduler = Scheduler(self.bus)
            self._stack.callback(scheduler.close)
            scheduler.start()
            step.detail = self.url

    def _show_new_passwords(self) -> None:
        for account in (self.student, self.admin):
            if account.created:
                place = self._state.folder / accounts.FILE
                text = f"{account.email}  password [bold]{account.password}[/bold]"
                self._console.say(f"    {text}  [dim]shown once; kept in {place}[/dim]")

"""Every function of the pipeline in this process, behind its own entry point, as functions-framework serves it."""

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterable
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.errors import TransientError
from shared.pipeline import API, LEASE_SECONDS, Function, Topic
from shared.services import MessageBus

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOT: Final = Path(__file__).resolve().parents[1]
SWEEP_SECONDS: Final = 60.0  # Cloud Scheduler's period


class FunctionHost:
    """Loads each function on first use and hands it requests through its WSGI interface."""

    def __init__(self, folder: Path = ROOT / "functions") -> None:
        self._folder = folder
        self._apps: dict[str, WSGIApplication] = {}
        self._lock = threading.Lock()

    def app(self, function: Function) -> "WSGIApplication":
        """Return the function's WSGI application, loaded once."""
        found = self._apps.get(function.name)
        if found is not None:
            return found
        # One at a time: the framework keeps what it loads in globals (`sys.modules["main"]`, its registry).
        with self._lock:
            if function.name not in self._apps:
                self._apps[function.name] = self._load(function)
            return self._apps[function.name]

    def push(self, function: Function, path: str, body: bytes) -> int:
        """Post a Pub/Sub push to the function; return the HTTP status of its answer."""
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        environ = EnvironBuilder(method="POST", path=path, data=body, content_type="application/json").get_environ()
        _, status, _ = run_wsgi_app(self.app(function), environ, buffered=True)
        return int(status.split(" ", 1)[0])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve `api`: the one function that HTTP wakes."""
        return self.app(API)(environ, start_response)

    def _load(self, function: Function) -> "WSGIApplication":
        framework = importlib.import_module("functions_framework")
        before = list(sys.path)
        try:
            made: WSGIApplication = framework.create_app(
                target=function.name,
                source=str(self._folder / function.name / "main.py"),
                signature_type="http" if function.listens is None else "cloudevent",
            )
        finally:
            # The framework adds the function's folder for good: another's module of the same name would be found.
            sys.path[:] = before
        return made


class Scheduler:
    """Publishes the sweeper's tick every minute, as Cloud Scheduler does.

    Before that, at the start, and once the leases of a process that was killed must have run out.
    """

    def __init__(self, bus: MessageBus, *, period: float = SWEEP_SECONDS) -> None:
        self._bus = bus
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def close(self) -> None:
        """Stop ticking."""
        self._stop.set()
        self._thread.join()

    def _tick(self) -> None:
        # Closing the bus ends the ticking too.
        with contextlib.suppress(TransientError):
            for wait in chain((0.0, min(self._period, LEASE_SECONDS + 1.0)), repeat(self._period)):
                if self._stop.wait(wait):
                    return
                self._bus.publish(Topic.SWEEP_DUE, b'{"schema": 1}', {})

"""The one place that builds the adapters: each on first use, once per process.

Nothing is built at import: the server imports a function in its parent and serves it in a forked child, where
threads and connections of the parent are dead.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared import log, prices, pushes
from shared.builders import BUILDERS
from shared.enums import Port
from shared.pipeline import Function
from shared.services import (
    Embeddings,
    Illustrator,
    Mailer,
    MessageBus,
    ObjectStore,
    Services,
    Speech,
    StatusMirror,
    Webhook,
    Writer,
)
from shared.settings import Settings, is_deployed

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Parts:
    """The adapters of one process, each built when it is first asked for. `bus` replaces the one of the settings."""

    def __init__(self, settings: Settings, *, bus: MessageBus | None = None) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._made: dict[Port, Any] = {} if bus is None else {Port.BUS: bus}

    def get(self, port: Port) -> Any:
        """The adapter that fills a port."""
        # Under the lock: `functools.cached_property` could load a model twice in two threads.
        with self._lock:
            if port not in self._made:
                self._made[port] = BUILDERS[port, self.settings.part(port)](self.settings)
            return self._made[port]


class FunctionServices:
    """The ports as one function sees them: it reaches those alone that it declares, as in the cloud."""

    def __init__(self, parts: Parts, uses: frozenset[Port] = frozenset(Port)) -> None:
        self._parts = parts
        self._uses = uses

    def _get(self, port: Port) -> Any:
        if port not in self._uses:
            raise RuntimeError(f"the port {port} is not declared in `uses` of this function (shared/pipeline.py)")
        return self._parts.get(port)

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return self._parts.settings

    @property
    def engine(self) -> "Engine":
        """Connections to the record."""
        made: Engine = self._get(Port.RECORD)
        return made

    @property
    def schema(self) -> "Engine":
        """Connections to the record as the owner of its tables."""
        made: Engine = self._get(Port.SCHEMA)
        return made

    @property
    def bus(self) -> MessageBus:
        """Where messages are published."""
        made: MessageBus = self._get(Port.BUS)
        return made

    @property
    def objects(self) -> ObjectStore:
        """The lessons' artefacts."""
        made: ObjectStore = self._get(Port.OBJECTS)
        return made

    @property
    def sources(self) -> ObjectStore:
        """The textbook archives that were uploaded."""
        made: ObjectStore = self._get(Port.SOURCES)
        return made

    @property
    def writer(self) -> Writer:
        """Who writes the lessons."""
        made: Writer = self._get(Port.WRITER)
        return made

    @property
    def speech(self) -> Speech:
        """Who speaks them."""
        made: Speech = self._get(Port.SPEECH)
        return made

    @property
    def embeddings(self) -> Embeddings:
        """Who turns text into vectors."""
        made: Embeddings = self._get(Port.EMBEDDINGS)
        return made

    @property
    def illustrator(self) -> Illustrator:
        """Who draws what a scene only describes."""
        made: Illustrator = self._get(Port.ILLUSTRATOR)
        return made

    @property
    def mirror(self) -> StatusMirror:
        """Where clients watch."""
        made: StatusMirror = self._get(Port.MIRROR)
        return made

    @property
    def mailer(self) -> Mailer:
        """How e-mail is sent."""
        made: Mailer = self._get(Port.MAILER)
        return made

    @property
    def webhook(self) -> Webhook:
        """How another system is told."""
        made: Webhook = self._get(Port.WEBHOOK)
        return made


_lock = threading.Lock()
_parts: tuple[int, Parts] | None = None
_given: Callable[[Function], Services] | None = None


def build_with(given: Callable[[Function], Services] | None) -> None:
    """Have `services` answer with what `given` returns from now on; the local system and tests bring theirs so."""
    global _given
    with _lock:
        _given = given


def check(function: Function) -> None:
    """Stop the start of a deployed function whose settings cannot be used; SettingsError names all at fault.

    What a topic wakes reads no pushes beyond a limit from then on.

    Called as the function's module is loaded, which is before its server listens: a revision with wrong settings
    never becomes ready, and the one before it goes on serving. Elsewhere modules are loaded without any settings.
    """
    if function.listens is not None:
        pushes.limit()
    if not is_deployed():
        return
    settings = Settings.from_env(uses=function.uses)
    log.configure(settings.log_level)
    for name in prices.unpriced(settings, function.uses):
        # Lessons are made all the same; what they cost is not known.
        message = "no price is known for the model or voice of a setting"
        log.event(message, level=logging.WARNING, function=function.name, setting=name)


def services(function: Function) -> Services:
    """The ports of a function in this process, made on first use and again after a fork."""
    if _given is not None:
        return _given(function)
    return FunctionServices(_of_this_process(function), function.uses)


def _of_this_process(function: Function) -> Parts:
    global _parts
    known = _parts
    if known is not None and known[0] == os.getpid():
        return known[1]
    with _lock:
        if _parts is None or _parts[0] != os.getpid():
            settings = Settings.from_env(uses=function.uses)
            log.configure(settings.log_level)
            _parts = (os.getpid(), Parts(settings))
        return _parts[1]

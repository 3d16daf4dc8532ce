"""The one place that builds the adapters: each on first use, once per process.

Nothing is built at import: the server imports a function in its parent and serves it in a forked child, where
threads and connections of the parent are dead.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared import log
from shared.services import (
    Embeddings,
    Mailer,
    MessageBus,
    ObjectStore,
    Services,
    Speech,
    StatusMirror,
    Webhook,
    Writer,
)
from shared.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


class EmbeddedServices:
    """The ports on one machine. Adapters are imported where they are built, so that light functions stay light."""

    def __init__(self, settings: Settings, bus: MessageBus) -> None:
        self._settings = settings
        self._bus = bus
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}

    def _once(self, name: str, build: "Callable[[], Any]") -> Any:
        # Under the lock: `functools.cached_property` could load a model twice in two threads.
        with self._lock:
            if name not in self._made:
                self._made[name] = build()
            return self._made[name]

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return self._settings

    @property
    def bus(self) -> MessageBus:
        """The bus of this process."""
        return self._bus

    @property
    def engine(self) -> "Engine":
        """Connections to the record."""
        from shared.db.engine import engine

        made: Engine = self._once("engine", lambda: engine(self._settings))
        return made

    @property
    def objects(self) -> ObjectStore:
        """A folder, with links signed by the api."""
        from shared.adapters.folder_objects import FolderObjects

        folder = Path(self._settings.state_folder) / "objects"
        made: ObjectStore = self._once(
            "objects",
            lambda: FolderObjects(folder, public_url=self._settings.public_url, secret_key=self._settings.secret_key),
        )
        return made

    @property
    def writer(self) -> Writer:
        """The composer that extracts lessons from the books."""
        from shared.adapters.extractive import ExtractiveWriter

        made: Writer = self._once("writer", ExtractiveWriter)
        return made

    @property
    def speech(self) -> Speech:
        """Piper."""
        from shared.adapters.piper import PiperSpeech

        made: Speech = self._once("speech", PiperSpeech)
        return made

    @property
    def embeddings(self) -> Embeddings:
        """MiniLM."""
        from shared.adapters.minilm import MiniLmEmbeddings

        made: Embeddings = self._once("embeddings", MiniLmEmbeddings)
        return made

    @property
    def mirror(self) -> StatusMirror:
        """None: the page long-polls the api."""
        from shared.adapters.no_mirror import NoMirror

        made: StatusMirror = self._once("mirror", NoMirror)
        return made

    @property
    def mailer(self) -> Mailer:
        """Files in the outbox."""
        from shared.adapters.outbox import OutboxMailer

        made: Mailer = self._once("mailer", lambda: OutboxMailer(Path(self._settings.state_folder) / "outbox"))
        return made

    @property
    def webhook(self) -> Webhook:
        """Files in the outbox, signed."""
        from shared.adapters.outbox import OutboxWebhook

        folder = Path(self._settings.state_folder) / "outbox"
        made: Webhook = self._once("webhook", lambda: OutboxWebhook(folder, secret=self._settings.webhook_secret))
        return made


_lock = threading.Lock()
_built: tuple[int, Services] | None = None
_builder: Callable[[Settings], Services] | None = None


def build_with(builder: Callable[[Settings], Services] | None) -> None:
    """Have `services` built by `builder` from now on; the local system and tests bring their own bus this way."""
    global _built, _builder
    with _lock:
        _built, _builder = None, builder


def services() -> Services:
    """The ports of this process, made on first use and again after a fork."""
    global _built
    built = _built
    if built is not None and built[0] == os.getpid():
        return built[1]
    with _lock:
        if _built is None or _built[0] != os.getpid():
            settings = Settings.from_env()
            log.configure(settings.log_level)
            _built = (os.getpid(), _build(settings))
        return _built[1]


def _build(settings: Settings) -> Services:
    if _builder is None:
        raise RuntimeError("no message bus: start the functions through ./run.sh")
    return _builder(settings)

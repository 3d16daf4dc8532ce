"""One process that serves one function of the system: the real entry point, between ports of the harness's own."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from shared import bootstrap, log
from shared.bootstrap import FunctionServices, Parts
from shared.db.engine import engine
from shared.enums import Port
from shared.pipeline import API, HANDLE_DEAD_LETTER, MIRROR_STATUS, STAGES, SWEEP, Function, Stage
from shared.settings import Settings
from tests.chaos import mutations, serving
from tests.chaos.dooms import Doom, Fate
from tests.chaos.objects import PlainObjects
from tests.chaos.publishing import BrokerBus
from tests.chaos.records import NOTES, Notes
from tests.chaos.stand_ins import FileMirror, NotedMessenger, NotedWork, handle_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SERVED: Final = (*STAGES, API, SWEEP, HANDLE_DEAD_LETTER, MIRROR_STATUS)
BY_NAME: Final[Mapping[str, Function]] = {function.name: function for function in SERVED}
SECRET: Final = "the chaos harness signs its own tokens with this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker is told as it is made."""

    name: str  # of the worker: its function and its number
    function: str
    threads: int
    database_url: str
    broker: int  # port
    folder: str
    seed: str
    work_seconds: float
    refused: float  # share of mails and webhooks
    mutation: str
    doom: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A function as the launcher has loaded it."""

    module: ModuleType
    application: "WSGIApplication"


@dataclass
class ChaosParts:
    """The ports of a worker, each made at once: they are cheap."""

    settings: Settings
    made: dict[Port, Any] = field(default_factory=dict)

    def get(self, port: Port) -> Any:
        """What fills the port."""
        return self.made[port]


def run(job: Job, loaded: Loaded, listener: socket.socket) -> None:
    """Serve until killed."""
    function = BY_NAME[job.function]
    folder = Path(job.folder)
    notes = Notes(folder / NOTES)
    log.configure("ERROR")
    bootstrap.build_with(_services(job, function, notes))
    mutations.apply(job.mutation, function, loaded.module)
    doom = Doom.read(job.doom) if job.doom else None
    fate = Fate(doom, seed=job.seed, note=lambda place: notes.add("doom", worker=job.name, place=place))
    if isinstance(function, Stage):
        handle = handle_of(function, loaded.module.handle, notes, seconds=job.work_seconds, seed=job.seed)
        setattr(loaded.module, "handle", NotedWork(function, handle, notes, fate.working))  # noqa: B010
    fate.watch()
    serving.serve(listener, _announcing(loaded.application, fate.delivered), threads=job.threads)


def _services(job: Job, function: Function, notes: Notes) -> Callable[[Function], FunctionServices]:
    settings = Settings(
        database_url=job.database_url,
        # One for each thread, and one for their heartbeats.
        database_pool_size=job.threads + 1,
        secret_key=SECRET,
        webhook_secret=SECRET,
        daily_request_quota=10**6,
        requests_per_minute=10**6,
    )
    parts = ChaosParts(settings)
    folder = Path(job.folder)
    messenger = NotedMessenger(notes, failing=job.refused, seed=job.seed)
    parts.made |= {
        Port.RECORD: engine(settings),
        Port.BUS: BrokerBus(job.broker, function),
        Port.OBJECTS: PlainObjects(folder / "objects"),
        Port.MIRROR: FileMirror(folder / "mirror"),
        Port.MAILER: messenger,
        Port.WEBHOOK: messenger,
    }
    return lambda asked: FunctionServices(cast(Parts, parts), asked.uses)


def _announcing(application: "WSGIApplication", delivered: Callable[[], None]) -> "WSGIApplication":
    def answer(environ: Any, start_response: Any) -> Any:
        delivered()
        return application(environ, start_response)

    return answer

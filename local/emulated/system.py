"""The whole system as it runs in the cloud, on this machine: a process a function, on Google's emulators.

    with EmulatedSystem(state, console, port=8080) as system:
        system.wait()

What it holds ends with it: record, messages, objects and mirror begin empty at each start, and so fit each other. The
order of the start is that of a deployment: accounts and topics, the functions, `maintain`, and then the first book.
The api alone comes last: whoever finds it answering finds the whole system.
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

import sqlalchemy as sa

from local import accounts, emulators, environment, postgres, sample, server
from local.accounts import SignIn
from local.console import Console
from local.emulated import buckets, identity, place, rest
from local.emulated.gate import Gate
from local.emulated.identity import Identity
from local.emulated.instances import Instances
from local.emulated.messaging import Messaging, declaration
from local.emulated.processes import Process, Processes
from local.emulated.record import Record, record
from local.emulated.told import Told, framework
from local.emulators import Emulator, Notices
from local.errors import LocalProblem
from local.functions import Scheduler
from local.state import State, write_private
from shared import objects
from shared.db.engine import engine_for, single_statement
from shared.enums import Port, Role
from shared.pipeline import API, FUNCTIONS, INGEST_SOURCE, MAINTAIN, Function, Topic, resource_name

PROJECT: Final = "vividly-emulated"
ENVIRONMENT: Final = "local"
PREFIX: Final = f"vividly-{ENVIRONMENT}"
MEDIA: Final = f"{PROJECT}-{PREFIX}-media"
SOURCES: Final = f"{PROJECT}-{PREFIX}-sources"
RULES: Final = environment.ROOT / "terraform" / "firestore.rules"
REQUESTS: Final = 1000  # a day, and a minute: one machine, one user; the limits are for classes
ACCOUNTS: Final = {"student": Role.STUDENT, "admin": Role.ADMIN, accounts.SECOND: Role.STUDENT}
BOOK_SECONDS: Final = 180.0
BOOK_POLL_SECONDS: Final = 0.2
WATCH_SECONDS: Final = 0.5


class EmulatedSystem:
    """All of it, answering at `url`. `student`, `other` and `admin` are its accounts."""

    def __init__(self, state: State, console: Console, *, port: int = 0) -> None:
        self._console = console
        self._port = port
        self._stack = ExitStack()
        self._broken: Process | None = None
        self._stopped = threading.Event()
        self.folder = state.folder / place.NAME
        self.declared: Mapping[str, Any] = declaration()
        self.url: str
        self.record: Record
        self.pubsub: Emulator
        self.firestore: Emulator
        self.gate: Gate
        self.messaging: Messaging
        self._identity: Identity
        self._storage: Emulator
        self.instances: Instances
        self.student: SignIn
        self.other: SignIn
        self.admin: SignIn

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def wait(self) -> None:
        """Return never: raise LocalProblem when an emulator ended, or a function that was started again and again."""
        while not self._stopped.wait(WATCH_SECONDS):
            for emulator in (self.pubsub, self.firestore, self._storage):
                if emulator.process.ended:
                    raise emulator.process.problem("ended")
        assert self._broken is not None  # noqa: S101 - for the type: who sets one sets the other
        raise self._broken.problem("ended each time that it was started")

    def _start(self) -> None:
        lacking = emulators.lacking()
        if lacking is not None:
            raise LocalProblem(f"Google's emulators cannot be started: {lacking}.", code="no_emulators")
        taken = server.bind(self._port)
        self._stack.callback(taken.close)
        port = taken.getsockname()[1]
        self.url = f"http://{server.HOST}:{port}"
        self._begin_anew()
        if environment.own_database_url() is not None:
            self._console.say("  DATABASE_URL is left alone: this system has a database of its own.")
        with self._console.step("database", "starting PostgreSQL") as step:
            folder = self.folder / "postgres"
            self.record = self._stack.enter_context(record(folder, ENVIRONMENT, PROJECT))
            step.detail = f"PostgreSQL, a user for each of {len(self.record.users)} functions"
        self._start_emulators()
        self._make_topics()
        self._start_functions()
        self._maintain()
        self._subscribe()
        self._ingest()
        self._stack.enter_context(place.serving(self.folder, self.url))
        taken.close()
        self._start_api(port)
        scheduler = Scheduler(self.messaging)
        self._stack.callback(scheduler.close)
        scheduler.start()

    def _begin_anew(self) -> None:
        """Empty the folder: a record that outlived the objects and messages it speaks of would only mislead."""
        if (self.folder / "postgres").exists():
            postgres.remove(self.folder / "postgres")
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        (self.folder / "logs").mkdir()

    def _start_emulators(self) -> None:
        logs = self.folder / "logs"
        with self._console.step("emulators", "starting Pub/Sub") as step:
            self.pubsub = self._stack.enter_context(emulators.pubsub(logs))
            step.update("starting Firestore")
            self.firestore = self._stack.enter_context(emulators.firestore(logs, RULES))
            step.update("starting Cloud Storage")
            self._identity = identity.make(self.folder, PROJECT)
            self.gate = self._stack.enter_context(Gate(self._identity))
            uploaded = resource_name(PREFIX, Topic.SOURCE_UPLOADED)
            notices = Notices(bucket=SOURCES, pubsub=self.pubsub, project_id=PROJECT, topic=uploaded)
            started = emulators.storage(logs, notices=notices, known_as=self.gate.host)
            self._storage = self._stack.enter_context(started)
            self.gate.open(self._storage.host)
            for bucket in (MEDIA, SOURCES):
                buckets.make(self.gate.host, bucket, PROJECT)
            step.detail = f"Pub/Sub {self.pubsub.host}, Firestore {self.firestore.host}, Storage {self.gate.host}"

    def _make_topics(self) -> None:
        with self._console.step("topics", "making") as step:
            self.messaging = Messaging(host=self.pubsub.host, project_id=PROJECT, prefix=PREFIX)
            step.detail = f"{self.messaging.make_topics(self.declared)} of terraform/pipeline.json"

    def _start_functions(self) -> None:
        told = self._told()
        processes = self._stack.enter_context(Processes())
        self.instances = Instances(
            processes,
            self.folder / "logs",
            lambda function, port: self._surroundings(function, port, told),
            self._ended,
        )
        self._stack.callback(self.instances.close)
        with self._console.step("functions", "loading") as step:
            behind = [function for function in FUNCTIONS if function is not API]
            count = len(behind)
            self.instances.start(behind, {})
            self.instances.await_ready(behind, lambda done: step.update(f"loading, {done} of {count} answer"))
            step.detail = f"{count} processes"

    def _start_api(self, port: int) -> None:
        with self._console.step("api", "loading"):
            self.instances.start([API], {API.name: port})
            self.instances.await_ready([API], lambda done: None)

    def _told(self) -> Callable[[Function], Mapping[str, str]]:
        common = {
            "environment": ENVIRONMENT,
            "commit": environment.commit(),
            "public_url": self.url,
            "state_folder": str(self.folder),
            "daily_request_quota": str(REQUESTS),
            "requests_per_minute": str(REQUESTS),
            "database_owner_url": self.record.owner_url,
            "secret_key": secrets.token_urlsafe(36),
            "webhook_secret": secrets.token_urlsafe(36),
            "message_bus": "pubsub",
            "object_store": "gcs",
            "status_mirror": "firestore",
            "writer": "extractive",
            "speech": "piper",
            "embeddings": "minilm",
            "illustrator": "none",
            "mailer": "outbox",
            "webhook": "outbox",
            "project_id": PROJECT,
            "resource_prefix": PREFIX,
            "media_bucket": MEDIA,
            "sources_bucket": SOURCES,
        }

        def told(function: Function) -> Mapping[str, str]:
            own = {"database_url": self.record.urls.get(function.name, "")}
            return Told(common | own).settings(function)

        return told

    def _surroundings(
        self, function: Function, port: int, told: Callable[[Function], Mapping[str, str]]
    ) -> dict[str, str]:
        """The whole environment of a function's process: what it is told, and the way to the emulators that it uses."""
        ways: dict[str, str] = {}
        if Port.BUS in function.uses:
            ways |= self.pubsub.environment
        if Port.MIRROR in function.uses:
            ways |= self.firestore.environment
        if function.uses & {Port.OBJECTS, Port.SOURCES}:
            ways |= self._storage.environment
        if function is API:  # which alone signs links
            ways["GOOGLE_APPLICATION_CREDENTIALS"] = str(self._identity.key_file)
        # A home of its own, as each instance has: without a gcloud configuration, by which Google's SDKs would go.
        home = self.folder / "homes" / function.name
        home.mkdir(parents=True, exist_ok=True)
        machine = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8"}
        return {**machine, **framework(function, port), **ways, **told(function)}

    def _maintain(self) -> None:
        """Do what a deployment does before its code serves: migrations, grants, the enum gate, accounts."""
        wanted = {name: f"{name}@{accounts.DOMAIN}" for name in ACCOUNTS}
        with self._console.step("record", "migrating") as step:
            order = {
                "users": sorted(self.record.users.values()),
                "accounts": [{"email": wanted[name], "role": role.value} for name, role in ACCOUNTS.items()],
            }
            answer = rest.call("POST", self.instances.url(MAINTAIN), order, seconds=MAINTAIN.timeout)
            if answer["differences"]:
                raise LocalProblem(f"The database does not fit the code: {answer['differences']}", code="enum_gate")
            self.instances.finish(MAINTAIN)  # it gives out passwords, and here nobody guards who calls it
            step.detail = f"schema {answer['schema']}, {', '.join(wanted.values())}"
        made = {name: answer["passwords"][email] for name, email in wanted.items()}
        known = {name: {"email": wanted[name], "password": made[name], "role": ACCOUNTS[name].value} for name in made}
        write_private(self.folder / accounts.FILE, json.dumps(known, indent=2) + "\n")
        self.student, self.admin, self.other = (SignIn(wanted[name], made[name], created=True) for name in ACCOUNTS)

    def _subscribe(self) -> None:
        with self._console.step("subscriptions", "making") as step:
            listening = [function for function in FUNCTIONS if function.listens is not None]
            endpoints = {function.name: f"{self.instances.url(function)}/" for function in listening}
            made = self.messaging.make_subscriptions(self.declared, endpoints)
            dead = self.declared["dead_letter_topic"]
            self.messaging.listen(dead, f"{dead}-archive")  # where each also waits for a person
            step.detail = f"{made} push, with the deadlines, back-off and dead letters of terraform/pipeline.json"

    def _ingest(self) -> None:
        """Upload the sample book, and wait until the function that hears of it has taken it in."""
        with self._console.step("sample book", "uploading") as step:
            name = f"{objects.SOURCES}{sample.BOOK.name}.zip"
            buckets.upload(self.gate.host, SOURCES, name, buckets.archive(sample.BOOK), "application/zip")
            step.update("learning")
            engine = engine_for(self.record.owner_url, pool_size=1)
            deadline = time.monotonic() + BOOK_SECONDS
            try:
                while (passages := _passages(engine)) == 0:
                    if time.monotonic() > deadline:
                        process = self.instances.process(INGEST_SOURCE)
                        raise process.problem(f"did not take in the sample book within {BOOK_SECONDS:g} s")
                    time.sleep(BOOK_POLL_SECONDS)
            finally:
                engine.dispose()
            step.detail = f"{passages} passages"

    def _ended(self, process: Process, again: bool) -> None:
        if again:
            self._console.problem(str(process.problem("ended, and is started again")))
        else:
            self._broken = process
            self._stopped.set()


def _passages(engine: sa.Engine) -> int:
    with single_statement(engine) as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM passages")) or 0)

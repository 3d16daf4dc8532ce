"""A whole system that is watched: every word that leaves it beside the rows and the artefacts' content is kept.

The functions are the real ones, served by functions-framework; messages are pushed to them one by one, again where they
are not acknowledged, and in the end to the dead letters.
"""

import base64
import io
import json
import logging
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import requests
import sqlalchemy as sa
from werkzeug.serving import make_server
from werkzeug.test import Client

from local.functions import ROOT, FunctionHost
from shared import bootstrap, log
from shared.adapters.extractive import ExtractiveWriter
from shared.adapters.minilm import MiniLmEmbeddings
from shared.pipeline import API, Function, Topic, listener
from shared.services import Clip, Services
from tests.fakes import SETTINGS, FakeServices, MemoryMirror, MemoryObjects, Outbox, ToneSpeech

SAMPLE_BOOK = ROOT / "local" / "sample_book"
DELIVERIES = 8  # more than a stage has attempts
SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"


@dataclass
class Watch:
    """Keeps what left the system, and where to."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)  # where anything was seen at all

    def note(self, where: str, *texts: object) -> None:
        """Keep these; bytes as text."""
        self.places.add(where)
        for text in texts:
            self.seen.append((where, text.decode(errors="replace") if isinstance(text, bytes) else str(text)))

    def found(self, words: Iterable[str]) -> list[tuple[str, str]]:
        """Where one of the words was seen, with what stood around it."""
        leaks = []
        for where, text in self.seen:
            for word in words:
                place = text.casefold().find(word)
                if place >= 0:
                    leaks.append((where, text[max(0, place - 80) : place + 80]))
        return leaks

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what any logger says meanwhile."""
        listener = _Listener(self)
        # The second propagates nothing to the first, the third nothing below its own level.
        loggers = [logging.getLogger(name) for name in ("", "vividly", "werkzeug")]
        log.configure("DEBUG")
        for logger in loggers:
            logger.addHandler(listener)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(listener)


class _Listener(logging.Handler):
    """Keeps every log record with all that belongs to it, tracebacks of what it arose from among it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.NOTSET)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.note(f"log {record.name}", self.format(record), record.__dict__)


class WatchedObjects(MemoryObjects):
    """Keeps every name that it is asked for."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        self._watch.note("object name", name, content_type)
        super().write(name, data, content_type=content_type)

    def read(self, name: str) -> bytes:
        self._watch.note("object name", name)
        return super().read(name)

    def exists(self, name: str) -> bool:
        self._watch.note("object name", name)
        return super().exists(name)

    def list(self, prefix: str) -> Iterable[str]:
        self._watch.note("object name", prefix)
        return super().list(prefix)

    def delete_prefix(self, prefix: str) -> int:
        self._watch.note("object name", prefix)
        return super().delete_prefix(prefix)

    def signed_url(self, name: str, *, expires_in: timedelta) -> str:
        self._watch.note("object name", name)
        return super().signed_url(name, expires_in=expires_in)


class WatchedMirror(MemoryMirror):
    """Keeps every document that was written."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        self._watch.note("mirror", request_id, dict(snapshot))
        return super().write(request_id, snapshot, version)

    def delete(self, request_ids: Sequence[str]) -> None:
        self._watch.note("mirror", *request_ids)
        super().delete(request_ids)


class HummingSpeech(ToneSpeech):
    """Hums each word: a video without sound does not pass its checks."""

    def speak(self, text: str) -> Clip:
        silent = super().speak(text)
        moments = np.arange(len(silent.pcm) // 2)
        word = silent.sample_rate * 0.3
        hum = np.sin(2 * np.pi * 200 / silent.sample_rate * moments) * 9000 * (moments % word < word * 0.7)
        return replace(silent, pcm=hum.astype("<i2").tobytes())


@dataclass
class HandBus:
    """Keeps messages until they are delivered by hand."""

    watch: Watch
    waiting: deque[tuple[Topic, bytes, Mapping[str, str]]] = field(default_factory=deque)

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        self.watch.note("message", data, attributes)
        self.waiting.append((topic, data, dict(attributes)))


class System:
    """All functions on one database, watched. `served` are the names of the functions that were called."""

    def __init__(self, engine: sa.Engine, watch: Watch) -> None:
        self.watch = watch
        self.bus = HandBus(watch)
        self.outbox = Outbox()
        self.services = FakeServices(
            engine=engine,
            settings=SETTINGS,
            bus=self.bus,
            objects=WatchedObjects(watch),
            speech=HummingSpeech(),
            writer=ExtractiveWriter(),
            embeddings=MiniLmEmbeddings(),
            mirror=WatchedMirror(watch),
            outbox=self.outbox,
        )
        self.host = FunctionHost()
        self.served: set[str] = set()
        self.url = ""

    def push(self, function: Function, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> int:
        """Deliver one message as Pub/Sub would; the status of the answer."""
        message = {"data": base64.b64encode(data).decode(), "attributes": dict(attributes), "messageId": "1"}
        body = json.dumps({"message": message, "subscription": f"projects/p/subscriptions/{function.name}"}).encode()
        self.served.add(function.name)
        return self.host.push(function, f"/projects/p/topics/{topic}", body)

    def deliver(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Deliver a message until it is acknowledged; after some tries it goes to the dead letters."""
        function = listener(topic)
        for _ in range(DELIVERIES):
            if 200 <= self.push(function, topic, data, attributes) < 300:
                return
        assert topic is not Topic.DEAD_LETTER, "a dead letter was not acknowledged"
        self.deliver(Topic.DEAD_LETTER, data, {**attributes, SOURCE_SUBSCRIPTION: f"vividly-{function.name}"})

    def settle(self) -> None:
        """Deliver what was published, and what follows from it, until nothing waits."""
        for _ in range(1000):
            if not self.bus.waiting:
                return
            self.deliver(*self.bus.waiting.popleft())
        raise AssertionError("messages without end")

    def call(self, method: str, path: str, body: object = None, **options: Any) -> requests.Response:
        """Call the api over HTTP; what is no answer to the owner's own call is watched."""
        self.served.add(API.name)
        answer = requests.request(method, self.url + path, json=body, timeout=30, **options)
        if answer.status_code >= 400 or path.startswith("/v1/ops/"):
            self.watch.note(f"answer {answer.status_code} {path}", answer.content, answer.headers)
        return answer

    def post(self, function: Function, body: bytes) -> int:
        """Call another function that HTTP wakes; the status of its answer, which is watched."""
        self.served.add(function.name)
        answer = Client(self.host.app(function)).post("/", data=body, content_type="application/json")
        self.watch.note(f"answer of {function.name}", answer.data, answer.headers)
        return answer.status_code

    @contextmanager
    def sabotaged(self, function: Function, ports: Iterable[str], error: Callable[[], Exception]) -> Iterator[None]:
        """For a while, let a function fail with this error wherever it uses one of these ports."""

        class Sabotaged:
            def __getattr__(_, name: str) -> Any:
                if name in ports:
                    raise error()
                return getattr(self.services, name)

        spoilt: Any = Sabotaged()
        bootstrap.build_with(lambda asked: spoilt if asked.name == function.name else self.services)
        try:
            yield
        finally:
            bootstrap.build_with(self._given)

    def _given(self, function: Function) -> Services:
        return self.services

    def note_what_was_sent(self) -> None:
        """Keep what was mailed and posted so far; a mail may hold its recipient's address, as such alone."""
        for mail in self.outbox.mails:
            self.watch.note("mail", mail.subject, mail.text, mail.message_id)
        for event_id, body in self.outbox.events:
            self.watch.note("webhook", event_id, body)

    @contextmanager
    def running(self) -> Iterator["System"]:
        """Serve the api over HTTP, have the books ingested, and listen to every logger."""
        bootstrap.build_with(self._given)
        server = make_server("127.0.0.1", 0, self.host.app(API), threaded=True)
        thread = threading.Thread(target=server.serve_forever, name="watched-api", kwargs={"poll_interval": 0.05})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            with self.watch.listening():
                self._ingest()
                yield self
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()
            bootstrap.build_with(None)

    def _ingest(self) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as book:
            for path in sorted(SAMPLE_BOOK.rglob("*ml")):
                book.write(path, path.relative_to(SAMPLE_BOOK.parent))
        self.services.sources.write("sources/foundations.zip", archive.getvalue(), content_type="application/zip")
        uploaded = {"eventType": "OBJECT_FINALIZE", "objectId": "sources/foundations.zip"}
        self.deliver(Topic.SOURCE_UPLOADED, b"{}", uploaded)


def rows_with(engine: sa.Engine, words: Iterable[str]) -> set[str]:
    """The tables in which a row holds one of the words."""
    with engine.connect() as connection:
        tables = connection.execute(
            sa.text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalars()
        return {
            table
            for table in tables
            for word in words
            if connection.execute(
                sa.text(f'SELECT count(*) FROM "{table}" AS t WHERE CAST(t AS text) ILIKE :word'),
                {"word": f"%{word}%"},
            ).scalar_one()
        }


def status(system: System, request_id: UUID | str) -> tuple[str, str | None]:
    """How a request stands, and its error's code."""
    with system.services.engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT status, error_code FROM content_requests WHERE id = :id"), {"id": str(request_id)}
        ).one()
    return row.status, row.error_code

"""Ingest a textbook archive that was put where books are uploaded."""

import logging
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, objects
from shared.books.ingest import ingest
from shared.containment import contained
from shared.enums import Port
from shared.errors import InvalidBook, MalformedMessage, ObjectMissing, TransientError
from shared.messages import Event, message_attributes
from shared.parts import needs
from shared.pipeline import INGEST_SOURCE
from shared.services import Services
from shared.settings import Settings

bootstrap.check(INGEST_SOURCE)

# Twice that is in memory at once: the bytes, and their file in /tmp. Ten times the text of a long book.
MAXIMUM_BYTES: Final = 100_000_000
_NAME_CHARACTERS: Final = 40  # before the ending, of four bytes at most: file systems take 255 bytes


def handle(event: Event, services: Services) -> None:
    """Read the uploaded object and ingest it; a file that is no book is noted, never tried again."""
    attributes = message_attributes(event)
    if attributes.get("eventType") != "OBJECT_FINALIZE":
        return
    name = _uploaded(attributes, services.settings)
    if name.endswith("/"):  # what the console calls a folder
        return
    try:
        _ingest(name, services)
    except ObjectMissing:
        log.event("source is gone", level=logging.WARNING, source=name)
    except InvalidBook as error:
        log.event("source is no book", level=logging.ERROR, source=name, code=error.code)


def _uploaded(attributes: Mapping[str, str], settings: Settings) -> str:
    """The name of the object that the notification is about, as `sources` knows it."""
    name = attributes.get("objectId", "")
    if "sources_bucket" in needs(Port.SOURCES, settings.part(Port.SOURCES)):
        # Books have a bucket of their own, in which every name is a book's.
        if not name or attributes.get("bucketId") != settings.sources_bucket:
            raise MalformedMessage("notification of another bucket, or of no object")
    elif not name.startswith(objects.SOURCES):
        raise MalformedMessage("notification without the name of a source")
    return name


def _ingest(name: str, services: Services) -> None:
    """Ingest what the object holds now, which is not always what the notification was about: it may come late."""
    found = services.sources.stat(name)
    if found.size > MAXIMUM_BYTES:
        raise InvalidBook(f"a source of more than {MAXIMUM_BYTES} bytes", code="source_too_large")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _file_name(name)
        path.write_bytes(services.sources.read(name))
        report = ingest(path, services.engine, services.embeddings)
    log.event("source ingested", source=report.source, count=report.passages, seconds=report.seconds)
    if services.sources.stat(name).version != found.version:
        # Should the newer one have been ingested before this one, nobody would put that right.
        raise TransientError("the source was replaced while it was read")


def _file_name(name: str) -> str:
    """A name within a folder for an object of any name; plain texts are called after it."""
    path = PurePosixPath(name)
    stem = re.sub(r"[^\w. -]", "-", path.stem).strip(". ") or "source"
    ending = re.sub(r"[^\w.]", "", path.suffix)
    return stem[:_NAME_CHARACTERS] + ending[: _NAME_CHARACTERS // 4]


@functions_framework.cloud_event
def ingest_source(event: CloudEvent) -> None:
    """Entry point: a notification of the bucket that books are uploaded to."""
    services = bootstrap.services(INGEST_SOURCE)
    with contained(INGEST_SOURCE):
        handle(event, services)

"""Ingest a textbook archive that was put into the sources bucket."""

import logging
import tempfile
from pathlib import Path, PurePosixPath

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, objects, runtime
from shared.books.ingest import ingest
from shared.errors import InvalidBook, MalformedMessage, ObjectMissing
from shared.runtime import Event
from shared.services import Services


def handle(event: Event, services: Services) -> None:
    """Read the finalised object and ingest it; a file that is no book is noted, never tried again."""
    attributes = runtime.message_attributes(event)
    if attributes.get("eventType") != "OBJECT_FINALIZE":
        return
    name = attributes.get("objectId", "")
    if not name.startswith(objects.SOURCES):
        raise MalformedMessage("upload event without the name of a source")
    try:
        data = services.objects.read(name)
    except ObjectMissing:
        log.event("source is gone", level=logging.WARNING)
        return
    with tempfile.TemporaryDirectory() as folder:
        # The name comes from outside: only its last part, and only within the folder.
        path = Path(folder) / PurePosixPath(name).name
        path.write_bytes(data)
        try:
            report = ingest(path, services.engine, services.embeddings)
        except InvalidBook as error:
            log.event("source is no book", level=logging.ERROR, code=error.code)
            return
    log.event("source ingested", source=report.source, count=report.passages, seconds=report.seconds)


@functions_framework.cloud_event
def ingest_source(event: CloudEvent) -> None:
    """Entry point: a notification of the sources bucket."""
    handle(event, bootstrap.services())

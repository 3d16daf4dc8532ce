"""An archive that was put into the sources bucket is ingested once; what is no book is noted and left."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from functions.ingest_source.main import handle
from local.functions import ROOT
from shared.errors import MalformedMessage
from tests import factories
from tests.fakes import FakeServices

SAMPLE = ROOT / "local" / "sample_book"
NAME = "sources/foundations.zip"


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as book:
        for path in sorted(SAMPLE.rglob("*.xml")) + sorted(SAMPLE.rglob("*.cnxml")):
            book.write(path, path.relative_to(SAMPLE.parent))
    return data.getvalue()


def upload(name: str, kind: str = "OBJECT_FINALIZE") -> factories.Event:
    return factories.raw_event(b"{}", {"eventType": kind, "bucketId": "sources", "objectId": name})


def modules(services: FakeServices) -> int:
    with services.engine.begin() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM modules")) or 0)


def test_an_archive_is_ingested_and_a_second_notice_changes_nothing(services: FakeServices) -> None:
    services.objects.write(NAME, archive(), content_type="application/zip")
    for _ in range(2):
        handle(upload(NAME), services)
        assert modules(services) == 17


def test_a_file_that_is_no_book_is_acknowledged(services: FakeServices) -> None:
    services.objects.write("sources/holiday.zip", b"not an archive", content_type="application/zip")
    handle(upload("sources/holiday.zip"), services)
    assert modules(services) == 0


@pytest.mark.parametrize("event", [upload(NAME), upload(NAME, "OBJECT_DELETE")], ids=["gone", "deleted"])
def test_nothing_to_read_is_acknowledged(event: factories.Event, services: FakeServices) -> None:
    handle(event, services)
    assert modules(services) == 0


@pytest.mark.parametrize("name", ["", "lessons/ab/video.mp4", "../sources/x.zip"])
def test_an_upload_elsewhere_is_none_of_ours(name: str, services: FakeServices) -> None:
    with pytest.raises(MalformedMessage):
        handle(upload(name), services)

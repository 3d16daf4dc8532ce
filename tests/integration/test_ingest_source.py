"""An archive that was put into the sources bucket is ingested once; what is no book is noted and left."""

import base64
import io
import logging
import zipfile
from dataclasses import dataclass, field, replace

import functions_framework
import pytest
import sqlalchemy as sa

from functions.ingest_source.main import MAXIMUM_BYTES, handle
from local.functions import ROOT
from shared import bootstrap
from shared.errors import MalformedMessage, TransientError
from shared.pipeline import INGEST_SOURCE
from shared.services import StoredObject
from tests import factories
from tests.fakes import FakeServices, MemoryObjects

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


def pushed(name: str, data: str | None) -> dict[str, object]:
    """The body of a push of the notification, as Pub/Sub sends it: no `data` at all where there is none."""
    attributes = {
        "bucketId": "sources",
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "eventType": "OBJECT_FINALIZE",
        "notificationConfig": "projects/_/buckets/sources/notificationConfigs/1",
        "objectGeneration": "1767225600000000",
        "objectId": name,
        "payloadFormat": "JSON_API_V1" if data else "NONE",
    }
    message = {"attributes": attributes, "messageId": "1", "publishTime": "2026-01-01T00:00:00Z"}
    return {
        "message": message | ({"data": data} if data else {}),
        "subscription": "projects/testing/subscriptions/vividly-ingest-source",
    }


def test_a_notification_as_cloud_storage_sends_it_is_ingested(bucket: FakeServices) -> None:
    """Through the function's real entry point; without a payload the framework would not even call it."""
    app = functions_framework.create_app(
        target=INGEST_SOURCE.name, source=str(ROOT / "functions/ingest_source/main.py")
    )
    bucket.objects.write("foundations.zip", archive(), content_type="application/zip")
    bootstrap.build_with(lambda function: bucket)
    try:
        payload = base64.b64encode(b'{"kind": "storage#object", "name": "foundations.zip"}').decode()
        assert app.test_client().post("/", json=pushed("foundations.zip", None)).status_code == 400
        assert app.test_client().post("/", json=pushed("foundations.zip", payload)).status_code == 200
    finally:
        bootstrap.build_with(None)
    assert modules(bucket) == 17
    assert 'payload_format = "JSON_API_V1"' in (ROOT / "terraform" / "storage.tf").read_text()


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


@pytest.fixture
def bucket(services: FakeServices) -> FakeServices:
    """Services whose books have a bucket of their own."""
    services.settings = replace(services.settings, object_store="gcs", sources_bucket="sources")
    return services


@pytest.mark.parametrize(
    "name", ["foundations.zip", "2026/Foundations (2e) ü+%.zip", "sources/foundations.zip", "..", "x" * 1000 + ".zip"]
)
def test_in_a_bucket_of_its_own_a_book_may_have_any_name(name: str, bucket: FakeServices) -> None:
    bucket.objects.write(name, archive(), content_type="application/zip")
    handle(upload(name), bucket)
    assert modules(bucket) == 17


@pytest.mark.parametrize("attributes", [{"bucketId": "media"}, {"bucketId": ""}, {"objectId": ""}])
def test_a_notification_of_another_bucket_is_none_of_ours(attributes: dict[str, str], bucket: FakeServices) -> None:
    bucket.objects.write("foundations.zip", archive(), content_type="application/zip")
    event = factories.raw_event(
        b"{}", {"eventType": "OBJECT_FINALIZE", "bucketId": "sources", "objectId": "foundations.zip"} | attributes
    )
    with pytest.raises(MalformedMessage):
        handle(event, bucket)
    assert modules(bucket) == 0


def test_a_folder_of_the_console_is_acknowledged(bucket: FakeServices) -> None:
    bucket.objects.write("2026/", b"", content_type="text/plain")
    handle(upload("2026/"), bucket)
    assert modules(bucket) == 0


def test_a_text_is_called_after_its_object(bucket: FakeServices) -> None:
    text = b"Plants make sugar from light.\n\nThey need water and air for it.\n"
    bucket.objects.write("2026/My Notes.txt", text, content_type="text/plain")
    handle(upload("2026/My Notes.txt"), bucket)
    with bucket.engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT slug FROM sources")) == "my-notes"


@dataclass
class Watched(MemoryObjects):
    """Objects that are replaced when they were read; keeps which were read."""

    reads: list[str] = field(default_factory=list)
    replacement: bytes | None = None
    sizes: dict[str, int] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        self.reads.append(name)
        data = super().read(name)
        if self.replacement is not None:
            self.write(name, self.replacement, content_type="application/zip")
            self.replacement = None
        return data

    def stat(self, name: str) -> StoredObject:
        size = self.sizes.get(name, len(self.data.get(name, b"")))
        return StoredObject(size=size, version=str(self.writes[name]))


def test_an_archive_that_is_too_large_is_not_even_read(
    bucket: FakeServices, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("vividly"), "propagate", True)
    bucket.objects = Watched(sizes={"huge.zip": MAXIMUM_BYTES + 1})
    handle(upload("huge.zip"), bucket)
    assert bucket.objects.reads == []
    # A record is kept once for each handler of pytest's that it reaches.
    lines = [vars(record)["fields"] for record in set(caplog.records) if "fields" in vars(record)]
    assert lines == [{"source": "huge.zip", "code": "source_too_large"}]


def test_an_archive_that_is_replaced_while_it_is_read_is_read_again(bucket: FakeServices) -> None:
    """Two notices may be worked on in any order: in the end the newer archive is what was ingested."""
    bucket.objects = Watched(replacement=archive())
    bucket.objects.write("book.md", b"# Light\n\nPlants make sugar from light.\n", content_type="text/markdown")
    with pytest.raises(TransientError):
        handle(upload("book.md"), bucket)

    bucket.objects.write("book.md", b"# Light\n\nPlants make sugar from light and air.\n", content_type="")
    handle(upload("book.md"), bucket)
    with bucket.engine.begin() as connection:
        texts = connection.scalars(sa.text("SELECT text FROM passages")).all()
    assert any("and air" in text for text in texts)

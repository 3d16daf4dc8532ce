"""Cloud Storage at its worst: each answer and silence of the service becomes the error it should be."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.auth.credentials import Credentials, Signing
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from local.emulators import Emulator
from shared.adapters import gcs_signing
from shared.adapters.gcs import STORAGE_ERRORS, CloudStorageObjects, Patience
from shared.adapters.gcs_signing import UrlSigner
from shared.adapters.translate import translated
from shared.errors import ObjectMissing, PermanentError, PipelineError, TransientError
from shared.usage import metered
from tests.conftest import ROOT
from tests.contract.test_objects import NAME, put
from tests.counterparts import signblob
from tests.counterparts.http_fake import Answer, Asked, HttpFake
from tests.counterparts.service_account import ServiceAccount, account, new_bucket

pytestmark = pytest.mark.port("objects")

DATA = b"frames" * 1000
ONE_TRY = Patience(connect=10, read=10, stored=10, tries=0.1)
PATIENT = Patience(connect=10, read=10, stored=10, tries=10)
IMPATIENT = Patience(connect=0.2, read=0.2, stored=0.2, tries=0.1)
LACKING = "the deployment lacks a resource, a grant or credentials"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpFake]:
    """Cloud Storage, as it is told."""
    with HttpFake(lambda asked: Answer(status=500)).serving() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        yield fake


@pytest.fixture
def store(service: HttpFake) -> CloudStorageObjects:
    return CloudStorageObjects("media", patience=ONE_TRY)


def error(status: int) -> Answer:
    return Answer.of({"error": {"code": status, "message": "canary of the service's own text"}}, status=status)


CALLS: dict[str, Callable[[CloudStorageObjects], object]] = {
    "read": lambda store: store.read(NAME),
    "write": lambda store: put(store, NAME, DATA),
    "write of much": lambda store: put(store, NAME, bytes(9_000_000)),
    "exists": lambda store: store.exists(NAME),
    "stat": lambda store: store.stat(NAME),
    "list": lambda store: list(store.list("lessons/")),
    "delete": lambda store: store.delete_prefix("lessons/"),
}


REFUSALS = [(name, status) for name in ("read", "write") for status in (400, 401, 403, 408, 429, 500, 502, 503, 504)]
REFUSALS += [(name, status) for name in CALLS if name not in ("read", "write") for status in (403, 503)]


@pytest.mark.parametrize(("call", "status"), REFUSALS)
def test_a_refusal_becomes_the_error_of_the_table(
    service: HttpFake, store: CloudStorageObjects, call: str, status: int
) -> None:
    service.otherwise = lambda asked: error(status)
    with pytest.raises(TransientError) as caught:
        CALLS[call](store)
    text = str(caught.value)
    assert (LACKING in text) is (status in (401, 403))
    assert "canary" not in text
    assert NAME not in text


@pytest.mark.parametrize("call", [call for name, call in CALLS.items() if name != "exists"])
def test_a_missing_bucket_is_a_fault_of_the_deployment(
    service: HttpFake, store: CloudStorageObjects, call: Callable[[CloudStorageObjects], object]
) -> None:
    service.otherwise = lambda asked: error(404)
    with pytest.raises(TransientError, match=LACKING):
        call(store)


@pytest.mark.parametrize("call", [CALLS["read"], CALLS["stat"]], ids=["read", "stat"])
def test_a_missing_object_in_a_bucket_that_stands_is_missing(
    service: HttpFake, store: CloudStorageObjects, call: Callable[[CloudStorageObjects], object]
) -> None:
    service.otherwise = lambda asked: Answer.of({"items": []}) if "maxResults" in asked.path else error(404)
    with pytest.raises(ObjectMissing):
        call(store)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_silence_is_transient_and_does_not_last(
    service: HttpFake, call: Callable[[CloudStorageObjects], object]
) -> None:
    service.otherwise = lambda asked: Answer(hang=True)
    with pytest.raises(TransientError):
        call(CloudStorageObjects("media", patience=IMPATIENT))
    assert len(service.asked) <= 3
    assert service.was_left(len(service.asked))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_service_that_is_away_is_transient(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[CloudStorageObjects], object]
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    with pytest.raises(TransientError):
        call(CloudStorageObjects("media", patience=IMPATIENT))


def media(data: bytes, *, said_of: bytes | None = None, cut: int | None = None) -> Callable[[Asked], Answer]:
    """The answer to a download, with the checksum of `said_of`; a part of it where a part is asked for."""
    digest = base64.b64encode(google_crc32c.value(data if said_of is None else said_of).to_bytes(4, "big")).decode()
    headers = {"x-goog-hash": f"crc32c={digest}", "x-goog-generation": "7", "content-type": "video/mp4"}

    def answer(asked: Asked) -> Answer:
        start = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        status = 206 if start else 200
        more = {"content-range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        return Answer(status=status, body=data[start:], headers=headers | more, cut=cut)

    return answer


def test_a_download_that_was_cut_is_taken_up_again(service: HttpFake) -> None:
    store, data = CloudStorageObjects("media", patience=PATIENT), DATA * 10
    service.script = [media(data, cut=20_000)]
    service.otherwise = media(data)
    assert store.read(NAME) == data
    assert service.asked[1].headers["range"] == "bytes=16384-"  # what the SDK has read in full pieces
    assert "generation=7" in service.asked[1].path, "the rest could be another object's"


def test_a_download_that_is_cut_every_time_is_transient(service: HttpFake, store: CloudStorageObjects) -> None:
    service.otherwise = media(DATA, cut=0)
    with pytest.raises(TransientError):
        store.read(NAME)


@pytest.mark.parametrize("cut", [None, 20_000], ids=["in one piece", "taken up again"])
def test_bytes_that_are_not_those_of_the_checksum_are_not_taken(service: HttpFake, cut: int | None) -> None:
    store = CloudStorageObjects("media", patience=PATIENT)
    service.script = [media(DATA * 10, said_of=b"other", cut=cut)]
    service.otherwise = media(DATA * 10, said_of=b"other")
    with pytest.raises(TransientError, match="checksum"):
        store.read(NAME)


def uploads(service: HttpFake) -> list[Asked]:
    return [asked for asked in service.asked if asked.path.startswith("/upload/")]


@pytest.mark.parametrize("size", [1000, 9_000_000], ids=["in one piece", "resumable"])
def test_an_upload_tells_its_checksum_and_the_generation_it_replaces(
    service: HttpFake, store: CloudStorageObjects, size: int
) -> None:
    data = bytes(size)
    service.otherwise = lambda asked: Answer(
        body=b'{"name": "x"}', headers={"location": f"{service.url}/upload/session", "content-type": "application/json"}
    )
    put(store, NAME, data)
    first = uploads(service)[0]
    digest = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
    assert parse_qs(urlsplit(first.path).query)["ifGenerationMatch"] == ["0"]
    assert f'"crc32c": "{digest}"'.encode() in first.body


def test_an_upload_whose_answer_was_lost_is_not_made_twice(storage_emulator: Emulator, service: HttpFake) -> None:
    """The service stores the object and its answer is cut; the try that follows finds its own work."""
    host = storage_emulator.environment["STORAGE_EMULATOR_HOST"]

    def through(asked: Asked) -> Answer:
        headers = {name: value for name, value in asked.headers.items() if name not in ("host", "accept-encoding")}
        answer = requests.request(asked.method, host + asked.path, data=asked.body, headers=headers, timeout=10)
        return Answer(
            status=answer.status_code,
            body=answer.content,
            headers={"content-type": answer.headers.get("content-type", "application/json")},
        )

    def lost(asked: Asked) -> Answer:
        through(asked)
        return Answer(body=b"lost", cut=0)

    service.script = [lost]
    service.otherwise = through
    store = CloudStorageObjects(new_bucket(host), patience=PATIENT)
    put(store, NAME, DATA)
    assert store.read(NAME) == DATA
    assert len(uploads(service)) == 2


def test_a_call_is_all_that_is_sent(service: HttpFake, store: CloudStorageObjects) -> None:
    """The SDK would also look the bucket up, in the background."""
    service.otherwise = media(DATA)
    threads = threading.active_count()
    store.read(NAME)
    assert threading.active_count() - threads <= 1  # the fake's own, for the connection that stays open
    assert [urlsplit(asked.path).path for asked in service.asked] == [
        f"/download/storage/v1/b/media/o/{NAME.replace('/', '%2F')}"
    ]


def test_a_writer_that_was_overtaken_leaves_what_came_after_it(service: HttpFake, store: CloudStorageObjects) -> None:
    standing = {"name": NAME, "generation": "5", "crc32c": "AAAAAA==", "contentType": "video/mp4", "size": "3"}
    service.otherwise = lambda asked: error(412) if asked.method == "POST" else Answer.of(standing)
    with metered() as meter:
        put(store, NAME, DATA)
    asked = [parse_qs(urlsplit(one.path).query)["ifGenerationMatch"] for one in uploads(service)]
    assert asked == [["0"], ["5"]]
    assert meter.quantities == {}, "what was not stored is not paid for"


def test_a_deletion_goes_on_past_what_is_gone(service: HttpFake, store: CloudStorageObjects) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.method == "GET":
            return Answer.of({"items": [{"name": "lessons/1"}, {"name": "lessons/2"}, {"name": "lessons/3"}]})
        return error(404) if asked.path.endswith("2") or "2?" in asked.path else Answer(status=204)

    service.otherwise = answer
    assert store.delete_prefix("lessons/") == 2


ROWS: list[tuple[Exception, type[PipelineError], bool]] = [
    (api.NotFound("canary"), TransientError, True),
    (api.Forbidden("canary"), TransientError, True),
    (api.Unauthorized("canary"), TransientError, True),
    (api.BadRequest("canary"), TransientError, False),
    (api.PreconditionFailed("canary"), TransientError, False),
    (api.TooManyRequests("canary"), TransientError, False),
    (api.ServiceUnavailable("canary"), TransientError, False),
    (api.RetryError("canary", None), TransientError, False),
    (api.LengthRequired("canary"), PermanentError, False),
    (DataCorruption(None, "canary"), TransientError, False),
    (InvalidResponse(None, "canary"), TransientError, False),
    (requests.exceptions.ConnectionError("canary"), TransientError, False),
    (requests.exceptions.ReadTimeout("canary"), TransientError, False),
    (requests.exceptions.ChunkedEncodingError("canary"), TransientError, False),
    (requests.exceptions.SSLError("canary"), TransientError, False),
    (ConnectionResetError("canary"), TransientError, False),
    (TimeoutError("canary"), TransientError, False),
    (auth.TransportError("canary"), TransientError, False),
    (auth.RefreshError("canary"), TransientError, True),
    (auth.DefaultCredentialsError("canary"), TransientError, True),
]


@pytest.mark.parametrize(("raised", "kind", "deployment"), ROWS, ids=[type(row[0]).__name__ for row in ROWS])
def test_each_error_of_the_libraries_has_its_row(
    raised: Exception, kind: type[PipelineError], deployment: bool
) -> None:
    with pytest.raises(kind) as caught, translated(STORAGE_ERRORS, "object not read"):
        raise raised
    assert (LACKING in str(caught.value)) is deployment
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is raised


def signing_store(iam: HttpFake, credentials: Credentials, tries: float = 5.0) -> CloudStorageObjects:
    signer = UrlSigner(credentials=lambda: credentials, session=signblob.session_to(iam.url), tries=tries)
    return CloudStorageObjects("media", signer=signer)


@pytest.mark.usefixtures("service")
def test_without_a_key_iam_signs_as_the_account_itself() -> None:
    with signblob.iam(account()).serving() as iam:
        credentials = signblob.Keyless(account())
        link = signing_store(iam, credentials).signed_url(NAME, expires_in=timedelta(minutes=15))
    assert account().accepts(link)
    assert not ServiceAccount().accepts(link)
    assert [asked.headers["authorization"] for asked in iam.asked] == [f"Bearer {signblob.TOKEN}"]
    assert credentials.refreshed == 1


@pytest.mark.usefixtures("service")
def test_a_link_that_is_asked_for_again_is_signed_once() -> None:
    now = 1_767_225_600.0
    with signblob.iam(account()).serving() as iam:
        signer = UrlSigner(
            credentials=lambda: signblob.Keyless(account()), session=signblob.session_to(iam.url), clock=lambda: now
        )
        store = CloudStorageObjects("media", signer=signer)
        links = {store.signed_url(NAME, expires_in=timedelta(seconds=left)) for left in (600, 599.8, 600.2)}
        assert len(links) == 1
        store.signed_url(NAME, expires_in=timedelta(seconds=700))
        store.signed_url("lessons/ab12/poster.jpg", expires_in=timedelta(seconds=600))
        now += 60
        assert store.signed_url(NAME, expires_in=timedelta(seconds=540)) in links
    assert len(iam.asked) == 3


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("answer", "deployment"),
    [
        (error(403), True),
        (error(404), True),
        (error(429), False),
        (error(500), False),
        (error(503), False),
        (Answer(body=b"<html>"), False),
        (Answer.of({"keyId": "1"}), False),
        (Answer.of({"signedBlob": "not base64!"}), False),
        (Answer(body=b"cut off", cut=2), False),
    ],
    ids=["403", "404", "429", "500", "503", "no JSON", "no signature", "no base64", "cut"],
)
def test_a_signature_that_iam_does_not_give_is_transient(answer: Answer, deployment: bool) -> None:
    with HttpFake(lambda asked: answer).serving() as iam, pytest.raises(TransientError) as caught:
        signing_store(iam, signblob.Keyless(account()), tries=0.1).signed_url(NAME, expires_in=timedelta(minutes=15))
    assert (LACKING in str(caught.value)) is deployment
    assert "canary" not in str(caught.value)


@pytest.mark.usefixtures("service")
def test_a_silence_of_iam_is_transient_and_does_not_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcs_signing, "_TIMEOUT", (0.3, 0.3))
    with HttpFake(lambda asked: Answer(hang=True)).serving() as iam, pytest.raises(TransientError):
        signing_store(iam, signblob.Keyless(account()), tries=0.1).signed_url(NAME, expires_in=timedelta(minutes=15))
    assert iam.was_left(len(iam.asked))


class Counting(Signing):  # type: ignore[misc]
    """A key that counts what it signs."""

    signer = None
    signer_email = "signer@some-project.test"

    def __init__(self) -> None:
        self.signed = 0

    def sign_bytes(self, message: bytes) -> bytes:
        self.signed += 1
        return b"signature"


@pytest.mark.usefixtures("service")
def test_only_so_many_links_are_remembered() -> None:
    key = Counting()
    signer = UrlSigner(credentials=lambda: key, clock=lambda: 1_767_225_600.0)
    store = CloudStorageObjects("media", signer=signer)
    names = [f"lessons/{number}" for number in range(gcs_signing.REMEMBERED + 1)]
    for name in (*names, names[-1], names[0]):
        store.signed_url(name, expires_in=timedelta(minutes=15))
    assert key.signed == len(names) + 1, "the last is known, the first is forgotten"


@pytest.mark.usefixtures("service")
def test_one_hiccup_of_iam_is_not_noticed() -> None:
    iam = signblob.iam(account())
    iam.script = [error(503)]
    with iam.serving():
        link = signing_store(iam, signblob.Keyless(account())).signed_url(NAME, expires_in=timedelta(minutes=15))
    assert account().accepts(link)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("email", [None, "", "somebody"])
def test_credentials_of_no_account_cannot_sign(email: str | None) -> None:
    with signblob.iam(account()).serving() as iam, pytest.raises(TransientError, match=LACKING):
        signing_store(iam, signblob.Keyless(account(), email)).signed_url(NAME, expires_in=timedelta(minutes=15))
    assert iam.asked == []


IN_THE_CLOUD = """
import sys
from datetime import timedelta
from shared.adapters.gcs import CloudStorageObjects
from shared.adapters.gcs_signing import UrlSigner
from tests.counterparts import signblob

store = CloudStorageObjects("media", signer=UrlSigner(session=signblob.session_to(sys.argv[1])))
print(store.signed_url("lessons/ab12/video.mp4", expires_in=timedelta(minutes=15)))
"""


def test_on_google_cloud_links_are_signed_without_any_key_file(tmp_path: Path) -> None:
    """A process that has nothing but a metadata server, as on Cloud Run."""
    metadata, iam = signblob.metadata_server(account()), signblob.iam(account())
    with metadata.serving(), iam.serving():
        environment = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "GCE_METADATA_HOST": metadata.url.removeprefix("http://"),
            "GCE_METADATA_IP": metadata.url.removeprefix("http://"),
        }
        done = subprocess.run(
            [sys.executable, "-c", IN_THE_CLOUD, iam.url],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip()
    assert account().accepts(link)
    assert urlsplit(link).netloc == "storage.googleapis.com"
    assert urlsplit(link).path == f"/media/{NAME}"
    assert json.loads(iam.asked[0].body).keys() == {"payload"}
    assert any(asked.path.startswith("/computeMetadata/v1/instance/service-accounts/") for asked in metadata.asked)
    assert list(tmp_path.iterdir()) == []

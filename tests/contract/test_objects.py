"""What every ObjectStore owes, on each store there is."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from shared.adapters.folder_objects import FolderObjects
from shared.adapters.gcs import CloudStorageObjects
from shared.errors import ObjectMissing
from shared.services import ObjectStore
from shared.usage import metered
from tests.counterparts.service_account import account, new_bucket
from tests.fakes import MemoryObjects

pytestmark = pytest.mark.port("objects")

NAME = "lessons/ab12/video.mp4"


@pytest.fixture
def cloud(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloudStorageObjects:
    """A bucket of the Cloud Storage emulator, with links signed by a key file."""
    environment = request.getfixturevalue("storage_emulator").environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account().write_key(tmp_path / "key.json")))
    return CloudStorageObjects(new_bucket(environment["STORAGE_EMULATOR_HOST"]))


@pytest.fixture(params=["folder", "memory", "gcs"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    if request.param == "gcs":
        found: ObjectStore = request.getfixturevalue("cloud")
        return found
    return FolderObjects(tmp_path / "objects", public_url="http://api.test", secret_key="k" * 32)


def put(store: ObjectStore, name: str, data: bytes = b"data", content_type: str = "application/octet-stream") -> None:
    store.write(name, data, content_type=content_type)


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 1000, os.urandom(1000) * 30_000], ids=["empty", "binary", "large: 30 MB"]
)
def test_what_was_written_is_read(store: ObjectStore, data: bytes) -> None:
    put(store, NAME, data)

    assert store.read(NAME) == data
    assert store.exists(NAME)
    assert store.stat(NAME).size == len(data)


def test_writing_again_replaces(store: ObjectStore) -> None:
    put(store, "a/b.json", b"a longer first")
    put(store, "a/b.json", b"second")
    put(store, "a/b.json", b"a longer first")

    assert store.read("a/b.json") == b"a longer first"
    assert list(store.list("a/")) == ["a/b.json"]


def test_a_write_makes_another_version_and_reading_does_not(store: ObjectStore) -> None:
    put(store, "a/b.json", b"first")
    first = store.stat("a/b.json")
    store.read("a/b.json")
    assert store.stat("a/b.json") == first

    put(store, "a/b.json", b"other")
    assert store.stat("a/b.json").version != first.version


def test_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    put(store, "a/b.json")

    for name in ("a/c.json", "a", "a/b.json/c", "b"):
        assert not store.exists(name)
        with pytest.raises(ObjectMissing):
            store.read(name)
        with pytest.raises(ObjectMissing):
            store.stat(name)


def test_list_yields_names_with_the_prefix_in_order(store: ObjectStore) -> None:
    for name in ("a/2.txt", "a/10.txt", "a/b/c.txt", "a-b/1.txt", "b/1.txt", "ab.txt"):
        put(store, name)

    assert list(store.list("a/")) == ["a/10.txt", "a/2.txt", "a/b/c.txt"]
    assert list(store.list("a")) == ["a-b/1.txt", "a/10.txt", "a/2.txt", "a/b/c.txt", "ab.txt"]
    assert list(store.list("a/b")) == ["a/b/c.txt"]
    assert list(store.list("c")) == []
    assert len(list(store.list(""))) == 6


def test_delete_prefix_deletes_these_and_counts_them(store: ObjectStore) -> None:
    for name in ("lessons/ab/video.mp4", "lessons/ab/hls/0.m4s", "lessons/abc/video.mp4"):
        put(store, name)

    assert store.delete_prefix("lessons/ab/") == 2
    assert list(store.list("")) == ["lessons/abc/video.mp4"]
    assert store.delete_prefix("lessons/ab/") == 0


def test_objects_that_vanish_while_they_are_deleted_are_counted_once(store: ObjectStore) -> None:
    for number in range(40):
        put(store, f"lessons/ab/{number}.m4s")

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(store.delete_prefix, ["lessons/ab/"] * 4))
    assert list(store.list("")) == []
    # The dictionary of the fake is nobody's model of concurrency.
    assert sum(counts) == 40 or isinstance(store, MemoryObjects)


def test_a_name_can_be_written_after_its_prefix_was_deleted(store: ObjectStore) -> None:
    put(store, NAME)
    store.delete_prefix("lessons/")
    put(store, NAME, b"new")

    assert store.read(NAME) == b"new"


@pytest.mark.parametrize("size", [1000, 9_000_000], ids=["in one piece", "large enough for a resumable upload"])
def test_twenty_writers_of_one_name_leave_one_whole_object(store: ObjectStore, size: int) -> None:
    writers = 20 if size < 1_000_000 else 4
    contents = [bytes([number]) * size for number in range(writers)]
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda data: put(store, NAME, data), contents))

    assert store.read(NAME) in contents
    assert list(store.list("")) == [NAME]


def test_reader_never_sees_half_of_a_write(store: ObjectStore) -> None:
    """Two writers and a reader: what is read is one of the two, whole."""
    first, second = b"1" * 400_000, b"2" * 300_000
    put(store, "a/video.mp4", first)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            put(store, "a/video.mp4", second)
            put(store, "a/video.mp4", first)

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write) for _ in range(2)]
        try:
            seen = {store.read("a/video.mp4") for _ in range(50)}
        finally:
            stop.set()
        for one in writing:
            one.result()
    assert seen <= {first, second}
    assert list(store.list("")) == ["a/video.mp4"], "an unfinished write was left behind"


def test_signed_url_names_the_object(store: ObjectStore) -> None:
    put(store, NAME)

    url = urlsplit(store.signed_url(NAME, expires_in=timedelta(minutes=15)))

    assert url.scheme.startswith("http")
    assert url.path.endswith(NAME)


# What a bucket takes and a folder does not: uploads are named by people.
ODD_NAMES = ["Physics 2e (1).zip", "café/日本語.zip", "50%+more?#&=.zip", "a%20b.zip", "a//b", "/x", "x/"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_bucket_takes_any_name_as_it_is(cloud: CloudStorageObjects, name: str) -> None:
    put(cloud, name, name.encode())
    put(cloud, "another.zip")

    assert cloud.exists(name)
    assert cloud.read(name) == name.encode()
    assert list(cloud.list(name)) == [name]
    link = cloud.signed_url(name, expires_in=timedelta(minutes=1))
    assert account().accepts(link)
    assert requests.get(link, timeout=10).content == name.encode()
    assert cloud.delete_prefix(name) == 1
    assert list(cloud.list("")) == ["another.zip"]


def test_a_listing_of_many_pages_is_whole(cloud: CloudStorageObjects) -> None:
    names = [f"scenes/{number:04}.pcm" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: put(cloud, name, b"1"), names))

    assert list(cloud.list("scenes/")) == names
    assert cloud.delete_prefix("scenes/") == len(names)


def test_the_same_written_again_stores_nothing_anew(cloud: CloudStorageObjects) -> None:
    with metered() as meter:
        put(cloud, NAME, b"frames", "video/mp4")
        version = cloud.stat(NAME).version
        put(cloud, NAME, b"frames", "video/mp4")
    assert cloud.stat(NAME).version == version
    assert meter.quantities == {"gcs/bytes_stored": 6}


def test_another_type_of_the_same_bytes_is_stored(cloud: CloudStorageObjects) -> None:
    put(cloud, NAME, b"frames", "video/mp4")
    put(cloud, NAME, b"frames", "audio/mp4")
    link = cloud.signed_url(NAME, expires_in=timedelta(minutes=1))
    assert requests.get(link, timeout=10).headers["Content-Type"] == "audio/mp4"


def test_a_link_opens_this_object_alone_and_for_reading_alone(cloud: CloudStorageObjects) -> None:
    put(cloud, NAME, b"frames", "video/mp4")
    put(cloud, "lessons/ab12/captions.vtt", b"WEBVTT", "text/vtt")
    link = cloud.signed_url(NAME, expires_in=timedelta(minutes=5))

    # The emulator verifies no signature: what Cloud Storage would check is checked here.
    assert account().accepts(link)
    assert requests.get(link, timeout=10).content == b"frames"
    for forged in (
        link.replace("video.mp4", "captions.vtt"),
        link.replace("ab12", "ab13"),
        link.replace("X-Goog-Expires=300", "X-Goog-Expires=900"),
        link + "&generation=1",
        link[:-2] + ("00" if link[-2:] != "00" else "11"),
    ):
        assert not account().accepts(forged), forged
    assert not account().accepts(link, method="PUT")
    assert not account().accepts(link, method="DELETE")


@pytest.mark.parametrize("minutes", [1, 7.5, 15])
def test_a_link_ends_when_it_has_to(cloud: CloudStorageObjects, minutes: float) -> None:
    put(cloud, NAME)
    before = datetime.now(UTC)
    link = cloud.signed_url(NAME, expires_in=timedelta(minutes=minutes))

    query = parse_qs(urlsplit(link).query)
    assert query["X-Goog-Expires"] == [str(int(minutes * 60))]
    assert account().accepts(link, at=before + timedelta(minutes=minutes, seconds=-2))
    assert not account().accepts(link, at=datetime.now(UTC) + timedelta(minutes=minutes, seconds=1))


@pytest.mark.parametrize("seconds", [0, -5, 8 * 24 * 3600])
def test_a_link_that_lasts_for_no_time_or_for_too_long_is_not_made(cloud: CloudStorageObjects, seconds: int) -> None:
    with pytest.raises(ValueError, match="lasts from one second"):
        cloud.signed_url(NAME, expires_in=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("asked", "part", "span"),
    [
        ("bytes=0-99", slice(0, 100), "bytes 0-99/10240"),
        ("bytes=10000-", slice(10000, None), "bytes 10000-10239/10240"),
        ("bytes=-10", slice(-10, None), "bytes 10230-10239/10240"),
    ],
)
def test_a_player_that_seeks_gets_the_part_it_asks_for(
    cloud: CloudStorageObjects, asked: str, part: slice, span: str
) -> None:
    data = bytes(range(256)) * 40
    put(cloud, NAME, data, "video/mp4")
    link = cloud.signed_url(NAME, expires_in=timedelta(minutes=5))

    answer = requests.get(link, headers={"Range": asked}, timeout=10)
    assert (answer.status_code, answer.content, answer.headers["Content-Range"]) == (206, data[part], span)
    head = requests.head(link, timeout=10)
    assert (head.headers["Content-Length"], head.headers["Content-Type"]) == ("10240", "video/mp4")


@pytest.fixture
def client_in_child(cloud: CloudStorageObjects) -> Callable[[], int]:
    """Reads through the store in a forked process, and tells how that ended."""

    def run() -> int:
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if cloud.read(NAME) == b"frames" else 1)
            finally:
                os._exit(2)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(child, 9)
        os.waitpid(child, 0)
        return -1

    return run


def test_a_forked_process_makes_connections_of_its_own(
    cloud: CloudStorageObjects, client_in_child: Callable[[], int]
) -> None:
    put(cloud, NAME, b"frames")  # the parent's connections are open by now
    assert [client_in_child(), client_in_child()] == [0, 0]
    assert cloud.read(NAME) == b"frames"

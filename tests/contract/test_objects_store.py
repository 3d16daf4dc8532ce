"""What every ObjectStore owes, on each store there is."""

import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from shared.adapters.folder_objects import FolderObjects
from shared.errors import ObjectMissing
from shared.services import ObjectStore
from tests.fakes import MemoryObjects


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    return FolderObjects(tmp_path / "objects", public_url="http://api.test", secret_key="k" * 32)


def put(store: ObjectStore, name: str, data: bytes = b"data") -> None:
    store.write(name, data, content_type="application/octet-stream")


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 1000, b"x" * 3_000_000], ids=["empty", "binary", "large"])
def test_what_was_written_is_read(store, data):
    put(store, "lessons/ab12/video.mp4", data)

    assert store.read("lessons/ab12/video.mp4") == data
    assert store.exists("lessons/ab12/video.mp4")


def test_writing_again_replaces(store):
    put(store, "a/b.json", b"a longer first")
    put(store, "a/b.json", b"second")

    assert store.read("a/b.json") == b"second"
    assert list(store.list("a/")) == ["a/b.json"]


def test_missing_object_is_said_to_be_missing(store):
    put(store, "a/b.json")

    for name in ("a/c.json", "a", "a/b.json/c", "b"):
        assert not store.exists(name)
        with pytest.raises(ObjectMissing):
            store.read(name)


def test_list_yields_names_with_the_prefix_in_order(store):
    for name in ("a/2.txt", "a/10.txt", "a/b/c.txt", "a-b/1.txt", "b/1.txt", "ab.txt"):
        put(store, name)

    assert list(store.list("a/")) == ["a/10.txt", "a/2.txt", "a/b/c.txt"]
    assert list(store.list("a")) == ["a-b/1.txt", "a/10.txt", "a/2.txt", "a/b/c.txt", "ab.txt"]
    assert list(store.list("a/b")) == ["a/b/c.txt"]
    assert list(store.list("c")) == []
    assert len(list(store.list(""))) == 6


def test_delete_prefix_deletes_these_and_counts_them(store):
    for name in ("lessons/ab/video.mp4", "lessons/ab/hls/0.m4s", "lessons/abc/video.mp4"):
        put(store, name)

    assert store.delete_prefix("lessons/ab/") == 2
    assert list(store.list("")) == ["lessons/abc/video.mp4"]
    assert store.delete_prefix("lessons/ab/") == 0


def test_a_name_can_be_written_after_its_prefix_was_deleted(store):
    put(store, "lessons/ab/video.mp4")
    store.delete_prefix("lessons/")
    put(store, "lessons/ab/video.mp4", b"new")

    assert store.read("lessons/ab/video.mp4") == b"new"


def test_signed_url_names_the_object(store):
    put(store, "lessons/ab/video.mp4")

    url = urlsplit(store.signed_url("lessons/ab/video.mp4", expires_in=timedelta(minutes=15)))

    assert url.scheme.startswith("http")
    assert url.path.endswith("lessons/ab/video.mp4")


def test_reader_never_sees_half_of_a_write(store):
    """Two writers and a reader: what is read is one of the two, whole."""
    first, second = b"1" * 400_000, b"2" * 300_000
    put(store, "a/video.mp4", first)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            put(store, "a/video.mp4", second)
            put(store, "a/video.mp4", first)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        seen = {store.read("a/video.mp4") for _ in range(100)}
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert seen <= {first, second}
    assert list(store.list("")) == ["a/video.mp4"], "an unfinished write was left behind"

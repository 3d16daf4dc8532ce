"""The folder of objects: its links, and its border."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.folder_objects import LINK_PATH, FolderObjects
from shared.errors import ObjectMissing, TransientError

NAME = "lessons/ab12/video.mp4"
BAD_NAMES = [
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/",
    ".hidden",
    "a/.b",
    "a\\b",
    "a\x00b",
    "a b",
    "é",
    "a" * 1001,
]


class Clock:
    seconds = 1_767_225_600.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path, clock) -> FolderObjects:
    return FolderObjects(tmp_path / "objects", public_url="http://127.0.0.1:8080/", secret_key="k" * 32, clock=clock)


def link(store: FolderObjects, name: str = NAME) -> tuple[str, dict[str, str]]:
    parts = urlsplit(store.signed_url(name, expires_in=timedelta(minutes=15)))
    return parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}


def test_link_is_good_until_it_expires_and_not_after(store, clock):
    path, query = link(store)

    assert path == LINK_PATH + NAME
    assert store.verify(NAME, **query)
    clock.seconds += 15 * 60
    assert store.verify(NAME, **query)
    clock.seconds += 1
    assert not store.verify(NAME, **query)


def test_link_reads_no_other_object_and_cannot_be_prolonged(store):
    _, query = link(store)

    assert not store.verify("lessons/ab12/storyboard.json", **query)
    assert not store.verify(NAME, expires=str(int(query["expires"]) + 60), signature=query["signature"])
    assert not store.verify(NAME, expires=query["expires"], signature=query["signature"][:-1] + "0x")


@pytest.mark.parametrize("expires", ["", "soon", "-1", "1e12", "9" * 13, "١٢", "nan"])
def test_link_with_a_strange_time_is_refused(store, expires):
    assert not store.verify(NAME, expires=expires, signature=link(store)[1]["signature"])


@pytest.mark.parametrize("signature", ["", "é", "0" * 64])
def test_link_with_a_strange_signature_is_refused(store, signature):
    assert not store.verify(NAME, expires=link(store)[1]["expires"], signature=signature)


def test_link_of_another_key_is_refused(store, tmp_path, clock):
    other = FolderObjects(tmp_path, public_url="http://127.0.0.1:8080", secret_key="j" * 32, clock=clock)

    assert not store.verify(NAME, **link(other)[1])


@pytest.mark.parametrize("name", BAD_NAMES)
def test_name_that_leads_elsewhere_is_no_name(store, tmp_path, name):
    (tmp_path / "x").write_text("secret")
    with pytest.raises(ValueError, match="not a name"):
        store.write(name, b"data", content_type="text/plain")
    with pytest.raises(ValueError, match="not a name"):
        store.signed_url(name, expires_in=timedelta(minutes=1))
    with pytest.raises(ObjectMissing):
        store.read(name)
    with pytest.raises(ObjectMissing):
        store.path(name)
    assert not store.exists(name)


@pytest.mark.parametrize("prefix", ["../", "..", "/", "/etc/", "a/../"])
def test_prefix_that_leads_elsewhere_finds_and_deletes_nothing(store, tmp_path, prefix):
    (tmp_path / "x").write_text("kept")
    store.write("a/b.txt", b"kept", content_type="text/plain")

    assert list(store.list(prefix)) == []
    assert store.delete_prefix(prefix) == 0
    assert (tmp_path / "x").read_text() == "kept"


def test_path_serves_a_stored_object(store):
    store.write(NAME, b"data", content_type="video/mp4")

    assert store.path(NAME).read_bytes() == b"data"
    with pytest.raises(ObjectMissing):
        store.path("lessons/ab12")


def test_write_that_fails_is_transient_and_leaves_nothing(store, tmp_path):
    (tmp_path / "objects").write_text("a file where the folder should be")

    with pytest.raises(TransientError):
        store.write(NAME, b"data", content_type="video/mp4")


def test_deleting_leaves_no_empty_folders(store, tmp_path):
    store.write("lessons/ab/hls/a/0.m4s", b"data", content_type="video/mp4")
    store.delete_prefix("lessons/")

    assert list((tmp_path / "objects").iterdir()) == []

"""The folder of objects: its links, and its border."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.folder_objects import FolderObjects
from shared.errors import ObjectMissing, TransientError
from shared.security.links import ASSET_PATH, LinkState, verify_link

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


def test_link_is_one_that_the_api_answers_until_it_expires(store, clock):
    parts = urlsplit(store.signed_url(NAME, expires_in=timedelta(minutes=15)))
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}

    assert parts.netloc == "127.0.0.1:8080"
    assert parts.path == ASSET_PATH + NAME
    assert verify_link("k" * 32, NAME, **query, now=clock.seconds + 15 * 60) is LinkState.GOOD
    assert verify_link("k" * 32, NAME, **query, now=clock.seconds + 15 * 60 + 1) is LinkState.EXPIRED


@pytest.mark.parametrize("name", BAD_NAMES)
def test_name_that_leads_elsewhere_is_no_name(store, tmp_path, name):
    (tmp_path / "x").write_text("secret")
    with pytest.raises(ValueError, match="not the name"):
        store.write(name, b"data", content_type="text/plain")
    with pytest.raises(ValueError, match="not the name"):
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

"""Objects behind signed links: whole, in parts, for nobody without the link, and for nothing but the one object."""

import re
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared import objects
from shared.adapters.folder_objects import FolderObjects
from shared.enums import ContentRequestStatus as Status
from shared.security.links import ASSET_PATH, LONGEST_SECONDS, asset_url
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import Caller, problem

DATA = bytes(range(256)) * 40
NAME = "lessons/ab12/video.mp4"
MASTER = (
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/playlist.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n360p/playlist.m3u8\n'
)
MEDIA = '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:4.0,\nsegment_001.m4s\n#EXT-X-ENDLIST\n'


@pytest.fixture(params=["memory", "folder"])
def visitor(request: pytest.FixtureRequest, system: FakeServices, tmp_path: Path) -> Caller:
    """Somebody who has a link and is not signed in, with a store of either kind."""
    if request.param == "folder":
        system.objects = FolderObjects(tmp_path, public_url=SETTINGS.public_url, secret_key=SETTINGS.secret_key)
    for name, data in {
        NAME: DATA,
        "lessons/ab12/captions.vtt": "WEBVTT\n\ncafé\n".encode(),
        "lessons/ab12/hls/master.m3u8": MASTER.encode(),
        "lessons/ab12/hls/360p/playlist.m3u8": MEDIA.encode(),
        "lessons/ab12/hls/360p/init.mp4": b"init",
        "lessons/ab12/hls/360p/segment_001.m4s": b"segment",
    }.items():
        system.objects.write(name, data, content_type=objects.content_type(name))
    return Caller(system)


def _link(name: str = NAME, *, seconds: int = 60, secret: str = SETTINGS.secret_key) -> str:
    return asset_url("", secret, name, int(time.time()) + seconds)


def test_a_link_reads_its_object(visitor: Caller) -> None:
    answer = visitor.get(_link())
    assert (answer.status_code, answer.data) == (200, DATA)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_text_is_served_with_its_charset_once(visitor: Caller) -> None:
    answer = visitor.get(_link("lessons/ab12/captions.vtt"))
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.text.endswith("café\n")


@pytest.mark.parametrize(
    ("asked", "part", "span"),
    [
        ("bytes=0-99", DATA[:100], "bytes 0-99/10240"),
        ("bytes=100-100", DATA[100:101], "bytes 100-100/10240"),
        ("bytes=10000-", DATA[10000:], "bytes 10000-10239/10240"),
        ("bytes=-10", DATA[-10:], "bytes 10230-10239/10240"),
        ("bytes=10000-999999", DATA[10000:], "bytes 10000-10239/10240"),
    ],
)
def test_a_player_that_seeks_gets_the_part_it_asks_for(visitor: Caller, asked: str, part: bytes, span: str) -> None:
    answer = visitor.get(_link(), Range=asked)
    assert (answer.status_code, answer.data, answer.headers["Content-Range"]) == (206, part, span)
    assert int(answer.headers["Content-Length"]) == len(part)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000"])
def test_a_part_that_is_not_there_cannot_be_had(visitor: Caller, asked: str) -> None:
    answer = visitor.get(_link(), Range=asked)
    assert problem(answer) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */10240"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=abc", "nonsense"])
def test_a_range_that_makes_no_sense_breaks_nothing(visitor: Caller, asked: str) -> None:
    assert visitor.get(_link(), Range=asked).status_code in (200, 416)


def test_head_tells_size_and_type(visitor: Caller) -> None:
    answer = visitor.call("HEAD", _link())
    assert (answer.status_code, answer.data) == (200, b"")
    assert (answer.headers["Content-Length"], answer.headers["Content-Type"]) == (str(len(DATA)), "video/mp4")


def test_an_expired_link_says_so(visitor: Caller) -> None:
    assert problem(visitor.get(_link(seconds=-1))) == (403, "link_expired")


def test_a_link_of_another_making_is_refused(visitor: Caller) -> None:
    good = _link()
    signature = good.rpartition("=")[2]
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    expires = int(time.time()) + 60
    for link in (
        _link(secret="x" * 32),
        good.replace(signature, flipped),
        good.replace(signature, signature[:-1]),
        good.replace("video.mp4", "captions.vtt"),
        good.replace("ab12", "ab13"),
        re.sub(r"expires=(\d+)", lambda m: f"expires={int(m[1]) + 1}", good),
        _link(seconds=LONGEST_SECONDS + 120),
        f"{ASSET_PATH}{NAME}?expires={expires}&signature={'0' * 64}",
    ):
        assert problem(visitor.get(link)) == (403, "link_invalid"), link


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "missing_field"),
        ("expires=1", "missing_field"),
        ("signature=ab", "missing_field"),
        ("expires=1&signature=ab&more=1", "unknown_field"),
        ("expires=1&expires=2&signature=ab", "invalid_field"),
        ("expires=" + "1" * 13 + "&signature=ab", "invalid_field"),
    ],
)
def test_a_link_has_its_two_parts(visitor: Caller, query: str, code: str) -> None:
    status, found = problem(visitor.get(f"{ASSET_PATH}{NAME}?{query}"))
    assert status == 422
    assert found in (code, "invalid_field")


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "lessons/../../secret.txt",
        "lessons/ab12/..%5c..%5csecret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "lessons/ab12/video.mp4%00.jpg",
        "lessons/ab12/.hidden",
        ".local/accounts.json",
    ],
)
def test_no_name_leads_out_of_the_store(visitor: Caller, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "secret.txt").write_text("what nobody may read")
    expires = int(time.time()) + 60
    answer = visitor.get(f"{ASSET_PATH}{name}?expires={expires}&signature={'0' * 64}")
    assert problem(answer) in {(403, "link_invalid"), (404, "not_found")}
    assert b"nobody may read" not in answer.data


def test_a_good_link_to_what_is_gone_finds_nothing(visitor: Caller) -> None:
    assert problem(visitor.get(_link("lessons/ab12/poster.jpg"))) == (404, "not_found")
    assert problem(visitor.get(_link("lessons/ab12/playlist.m3u8"))) == (404, "not_found")


def test_an_unknown_kind_of_object_is_not_served(visitor: Caller) -> None:
    visitor.services.objects.write("lessons/ab12/page.html", b"<script>", content_type="text/html")
    assert problem(visitor.get(_link("lessons/ab12/page.html"))) == (404, "not_found")


def test_a_player_follows_a_playlist_to_its_segments(visitor: Caller) -> None:
    student = Caller(visitor.services)
    master = visitor.get(_link("lessons/ab12/hls/master.m3u8"))
    assert master.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    lines = master.text.splitlines()
    assert lines[0] == "#EXTM3U"
    audio = re.search(r'URI="([^"]+)"', lines[1])
    assert audio
    assert urlsplit(audio[1]).path == f"{ASSET_PATH}lessons/ab12/hls/audio/playlist.m3u8"
    url = urlsplit(lines[-1])
    media = student.get(f"{url.path}?{url.query}")
    assert media.status_code == 200
    segment = media.text.splitlines()[3]
    assert urlsplit(segment).path.endswith("lessons/ab12/hls/360p/segment_001.m4s")
    if isinstance(visitor.services.objects, FolderObjects):
        url = urlsplit(segment)
        assert student.get(f"{url.path}?{url.query}").data == b"segment"


@pytest.mark.parametrize("visitor", ["folder"], indirect=True)
def test_the_links_of_an_answer_can_be_followed(visitor: Caller, student: Caller) -> None:
    digest = uuid.uuid4().hex
    for name in (objects.STORYBOARD, objects.VIDEO, objects.CAPTIONS):
        visitor.services.objects.write(objects.lesson(digest, name), b'{"scenes": []}', content_type="")
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest)
    assets = student.get(f"/v1/requests/{request_id}").get_json()["assets"]
    assert assets.keys() == {"storyboard", "video", "captions"}
    for url in assets.values():
        parts = urlsplit(url)
        assert visitor.get(f"{parts.path}?{parts.query}").data == b'{"scenes": []}'


def test_links_of_an_answer_last_no_longer_than_they_may(visitor: Caller, student: Caller) -> None:
    digest = uuid.uuid4().hex
    visitor.services.objects.write(objects.lesson(digest, objects.HLS_PLAYLIST), b"#EXTM3U\n", content_type="")
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest)
    url = student.get(f"/v1/requests/{request_id}").get_json()["assets"]["hls"]
    match = re.search(r"expires=(\d+)", url)
    assert match
    left = int(match[1]) - time.time()
    longest = visitor.services.settings.asset_link_minutes * 60
    assert longest / 2 - 5 <= left <= longest

"""A lesson whose artefacts lie in a bucket: a player gets from the answer to every byte by links alone."""

import itertools
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from functions.api import lesson_assets
from local.emulators import Emulator
from shared import objects
from shared.adapters.gcs import CloudStorageObjects
from shared.adapters.gcs_signing import UrlSigner
from shared.enums import ContentRequestStatus as Status
from shared.media.playlists import Variant, master_playlist, media_playlist
from shared.security.links import ASSET_PATH
from tests.counterparts import signblob
from tests.counterparts.http_fake import Answer, HttpFake
from tests.counterparts.service_account import account, new_bucket
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, problem

HEADER, SEGMENTS, SECONDS = 800, [5000, 7000, 6000], [4.0, 4.0, 2.5]
SIZES = ("360p", "540p", "720p")


@dataclass
class Lesson:
    """A stored lesson, and the film of each size."""

    digest: str = field(default_factory=lambda: uuid.uuid4().hex)
    films: dict[str, bytes] = field(
        default_factory=lambda: {
            size: bytes(itertools.islice(itertools.cycle(size.encode()), HEADER + sum(SEGMENTS))) for size in SIZES
        }
    )

    def store(self, store: CloudStorageObjects) -> None:
        variants = [
            Variant(uri=f"{size}.m3u8", peak_rate=2, average_rate=1, width=1, height=1, codecs="avc1", frame_rate=30)
            for size in SIZES
        ]
        artefacts = {objects.HLS_PLAYLIST: master_playlist(variants).encode(), objects.VIDEO: b"video"}
        for size, film in self.films.items():
            playlist = media_playlist(f"{size}.mp4", header=HEADER, segments=SEGMENTS, seconds=SECONDS)
            artefacts |= {f"hls/{size}.m3u8": playlist.encode(), f"hls/{size}.mp4": film}
        artefacts |= dict.fromkeys((objects.STORYBOARD, objects.TRANSCRIPT, objects.NARRATION), b'{"scenes": []}')
        artefacts |= dict.fromkeys((objects.CAPTIONS, objects.POSTER), b"WEBVTT")
        for name, data in artefacts.items():
            store.write(objects.lesson(self.digest, name), data, content_type=objects.content_type(name))


@pytest.fixture
def iam() -> Iterator[HttpFake]:
    with signblob.iam(account()).serving() as fake:
        yield fake


@pytest.fixture
def lesson(
    system: FakeServices, storage_emulator: Emulator, iam: HttpFake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Lesson:
    """A lesson in the bucket that the api reads, with links signed as on Google Cloud."""
    for name, value in storage_emulator.environment.items():
        monkeypatch.setenv(name, value)
    signer = UrlSigner(credentials=lambda: signblob.Keyless(account()), session=signblob.session_to(iam.url))
    system.objects = CloudStorageObjects(
        new_bucket(storage_emulator.environment["STORAGE_EMULATOR_HOST"]), signer=signer
    )
    made = Lesson()
    made.store(system.objects)
    return made


def assets(student: Caller, lesson: Lesson) -> dict[str, str]:
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=lesson.digest)
    found: dict[str, str] = student.get(f"/v1/requests/{request_id}").get_json()["assets"]
    return found


def followed(caller: Caller, link: str) -> str:
    """The text behind a link of the api's own."""
    parts = urlsplit(link)
    assert parts.path.startswith(ASSET_PATH)
    answer = caller.get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 200
    return answer.text


def test_a_player_gets_every_byte_of_every_size(system: FakeServices, student: Caller, lesson: Lesson) -> None:
    player = Caller(system)  # not signed in
    variants = [
        line for line in followed(player, assets(student, lesson)["hls"]).splitlines() if not line.startswith("#")
    ]
    assert len(variants) == len(SIZES)
    for size, variant in zip(SIZES, variants, strict=True):
        playlist = followed(player, variant)
        links = {line for line in playlist.splitlines() if not line.startswith("#")}
        links |= set(re.findall(r'URI="([^"]+)"', playlist))
        assert len(links) == 1, "to a player the parts of one file are those of one URL"
        (link,) = links
        assert account().accepts(link)
        film = b""
        for length, start in re.findall(r"BYTERANGE\D+(\d+)@(\d+)", playlist):
            span = f"bytes={start}-{int(start) + int(length) - 1}"
            part = requests.get(link, headers={"Range": span}, timeout=10)
            assert part.status_code == 206
            film += part.content
        assert film == lesson.films[size]


def test_every_link_of_an_answer_is_of_its_one_object_and_ends_in_time(
    system: FakeServices, student: Caller, lesson: Lesson
) -> None:
    longest = timedelta(minutes=system.settings.asset_link_minutes)
    links = assets(student, lesson)
    hls = links.pop("hls")
    assert links.keys() == {"video", "audio", "captions", "thumbnail", "storyboard", "transcript"}
    players = [line for line in followed(Caller(system), hls).splitlines() if not line.startswith("#")]
    media = [line for line in followed(Caller(system), players[0]).splitlines() if not line.startswith("#")]
    for link in [*links.values(), *media]:
        assert account().accepts(link)
        assert not account().accepts(link, at=datetime.now(UTC) + longest)
        assert timedelta(seconds=int(parse_qs(urlsplit(link).query)["X-Goog-Expires"][0])) <= longest
        assert f"/lessons/{lesson.digest}/" in urlsplit(link).path


def test_asking_again_signs_nothing_anew(
    system: FakeServices, student: Caller, lesson: Lesson, iam: HttpFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that polls must not use up IAM's quota: links that end in the same moment are the same."""
    present, exists = lesson_assets.window(system), system.objects.exists

    def exists_slowly(name: str) -> bool:
        time.sleep(0.1)
        return exists(name)

    monkeypatch.setattr(lesson_assets, "window", lambda services: present)  # no other stretch of time begins in between
    monkeypatch.setattr(system.objects, "exists", exists_slowly)  # asked once for each: the second answer comes sooner
    first = assets(student, lesson)
    assert len(iam.asked) == len(first) - 1  # all but the playlist, which the api signs itself
    assert assets(student, lesson) == first
    assert len(iam.asked) == len(first) - 1


def test_where_iam_refuses_the_answer_says_to_come_back(student: Caller, lesson: Lesson, iam: HttpFake) -> None:
    iam.otherwise = lambda asked: Answer(status=403)
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=lesson.digest)
    answer = student.get(f"/v1/requests/{request_id}")
    assert problem(answer) == (503, "service_unavailable")

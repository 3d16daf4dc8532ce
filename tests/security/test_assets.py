"""Links to objects under attack: names that lead elsewhere, links that were changed, ranges that make no sense."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from shared.adapters.folder_objects import FolderObjects
from shared.adapters.signing import link_signature
from shared.errors import ObjectMissing
from shared.security.links import (
    ASSET_PATH,
    CLOCK_SECONDS,
    LONGEST_SECONDS,
    LinkState,
    asset_url,
    is_object_name,
    verify_link,
)
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import Caller, problem

KEY: Final = SETTINGS.secret_key
DATA: Final = bytes(range(256)) * 40
NAME: Final = "lessons/ab12/video.mp4"
SECRET: Final = b"what nobody may read"


@pytest.fixture
def visitor(system: FakeServices, tmp_path: Path) -> Caller:
    """Somebody in front of a store in a folder, around and in which lies what is no object."""
    store = tmp_path / "state" / "objects"
    system.objects = FolderObjects(store, public_url=SETTINGS.public_url, secret_key=KEY)
    for name in (NAME, "lessons/ab12/captions.vtt", "lessons/cd34/video.mp4"):
        system.objects.write(name, DATA, content_type="")
    for place in (
        tmp_path / "secret.json",
        tmp_path / "state" / "accounts.json",
        tmp_path / "state" / "objects-2" / "secret.json",
        store / ".hidden.json",
        store / "lessons" / ".hidden" / "secret.json",
        store / "lessons" / "ab12" / "has space.json",
        store / "lessons" / "ab12" / "..json",
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(SECRET)
    return Caller(system)


# Each form of a name as it stands in a URL.
UPWARDS: Final = (
    "../secret.json",
    "../../secret.json",
    "../../../secret.json",
    "lessons/../../accounts.json",
    "lessons/../../../secret.json",
    "lessons/ab12/../../../accounts.json",
    "lessons/ab12/./../../../accounts.json",
    "./../accounts.json",
    "..//accounts.json",
    "lessons/ab12/..",
    "lessons/..",
    "..",
    ".",
    "./",
    "../objects-2/secret.json",
    "lessons/..;/../../accounts.json",
    "lessons/...//...//accounts.json",
    "....//accounts.json",
    "lessons/ab12/video.mp4/../../../../accounts.json",
)
ENCODED: Final = (
    "%2e%2e/accounts.json",
    "%2e%2e%2faccounts.json",
    "..%2faccounts.json",
    "..%2f..%2fsecret.json",
    "%2E%2E%2Faccounts.json",
    "lessons%2f..%2f..%2faccounts.json",
    "lessons/%2e%2e/%2e%2e/accounts.json",
    "%252e%252e%252faccounts.json",
    "%252e%252e/accounts.json",
    "%25252e%25252e%25252faccounts.json",
    "..%252faccounts.json",
    "%c0%ae%c0%ae/accounts.json",
    "%c0%ae%c0%ae%c0%afaccounts.json",
    "%e0%80%ae%e0%80%ae/accounts.json",
    "%uff0e%uff0e/accounts.json",
    "%ef%bc%8e%ef%bc%8e/accounts.json",
    "..%ef%bc%8faccounts.json",
    "..%e2%88%95accounts.json",
    "..%e2%81%84accounts.json",
    "%E2%80%A5/accounts.json",
    "lessons/ab12/%2e",
    "lessons/ab12/has%20space.json",
    "lessons/ab12/has+space.json",
)
BACKWARDS: Final = (
    "..\\accounts.json",
    "..%5caccounts.json",
    "..%5c..%5csecret.json",
    "lessons\\..\\..\\accounts.json",
    "lessons%5c..%5c..%5caccounts.json",
    "%255c..%255caccounts.json",
    "..%5c/accounts.json",
    "..%c1%9caccounts.json",
)
ELSEWHERE: Final = (
    "/etc/passwd",
    "//etc/passwd",
    "///etc/passwd",
    "%2fetc%2fpasswd",
    "%2f%2fetc/passwd",
    "/proc/self/environ",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "http://elsewhere.test/x.json",
    "gs://bucket/x.json",
    "C:/Windows/win.ini",
    "C:%5cWindows%5cwin.ini",
    "c:accounts.json",
    "%5c%5cserver%5cshare%5cx.json",
    "~/x.json",
    "$HOME/x.json",
    "CON",
    "aux.json",
    "nul",
)
STRANGE: Final = (
    "",
    "lessons",
    "lessons/",
    "lessons/ab12",
    "lessons/ab12/",
    ".hidden.json",
    "lessons/.hidden/secret.json",
    "lessons/ab12/..json",
    "lessons//ab12/video.mp4",
    "lessons/ab12//video.mp4",
    "lessons/ab12/video.mp4/",
    "lessons/ab12/video.mp4%00",
    "lessons/ab12/video.mp4%00.json",
    "..%00/accounts.json",
    "lessons/ab12/video.mp4%0a",
    "lessons/ab12/video.mp4%0d%0aX-Injected:%20y",
    "lessons/ab12/video.mp4%20",
    "lessons/ab12/video.mp4.",
    "lessons/ab12/video.mp4::$DATA",
    "lessons/ab12/video.mp4%23",
    "lessons/ab12/v%69deo.mp4%3fx=1",
    "lessons/ab12/vide%6F.mp4%E2%80%AE",
    "lessons/*/video.mp4",
    "lessons/{ab12,cd34}/video.mp4",
    "lessons/ab12/video.mp4;a=b",
    "lessons/ab12/|id",
    "lessons/ab12/$(id).json",
    "lessons/ab12/%F0%9F%98%80.json",
    "a/" * 2000 + "x.json",
    "a" * 10_000 + ".json",
    "../" * 3000 + "etc/passwd",
)
FORMS: Final = (*UPWARDS, *ENCODED, *BACKWARDS, *ELSEWHERE, *STRANGE)


def signed(name: str, *, seconds: int = 60) -> str:
    """The query of a link to any name at all, signed with our own key: as if an attacker had it signed somehow."""
    expires = int(time.time()) + seconds
    return f"expires={expires}&signature={link_signature(KEY, unquote(name, errors='replace'), expires)}"


def test_there_are_more_than_sixty_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) > 60


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[:40] or "empty")
def test_no_form_of_a_name_leads_out_of_the_store(visitor: Caller, form: str) -> None:
    """Not even with a signature of ours: the name itself is refused."""
    for query in (signed(form), f"expires=9999999999&signature={'0' * 64}"):
        answer = visitor.get(f"{ASSET_PATH}{form}?{query}")
        assert problem(answer) in {(403, "link_invalid"), (404, "not_found"), (422, "invalid_field")}, form
        assert SECRET not in answer.data
        assert "X-Injected" not in answer.headers


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[:40] or "empty")
def test_the_store_itself_reads_and_writes_no_such_name(visitor: Caller, form: str, tmp_path: Path) -> None:
    """Below the links: should any code ever pass such a name on."""
    store = visitor.services.objects
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in {form, unquote(form, errors="replace")}:
        with pytest.raises(ObjectMissing):
            store.read(name)
        assert not store.exists(name)
        if is_object_name(name):
            continue  # a good name, of nothing that is there
        with pytest.raises(ValueError, match="not the name"):
            store.write(name, b"overwritten", content_type="")
        store.delete_prefix(f"{name}/")
        store.forget(f"{name}/", older_than=timedelta(0), at_most=100)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


# A good link, changed


def link(name: str = NAME, *, seconds: int = 60) -> str:
    return asset_url("", KEY, name, int(time.time()) + seconds)


def test_a_link_is_for_its_object_alone(visitor: Caller) -> None:
    good = link()
    assert visitor.get(good).data == DATA
    for other in ("lessons/cd34/video.mp4", "lessons/ab12/captions.vtt", "lessons/ab12/Video.mp4", "lessons/ab12"):
        assert problem(visitor.get(good.replace(NAME, other))) == (403, "link_invalid")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_link_is_for_reading_alone(visitor: Caller, method: str) -> None:
    answer = visitor.call(method, link(), data=b"{}")
    assert problem(answer) == (405, "method_not_allowed")
    assert visitor.services.objects.read(NAME) == DATA


def test_a_link_cannot_be_made_to_last(visitor: Caller) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(link(seconds=-5)).query).items()}
    expires, signature = query["expires"], query["signature"]
    assert problem(visitor.get(f"{ASSET_PATH}{NAME}?expires={expires}&signature={signature}")) == (403, "link_expired")
    later = str(int(expires) + 600)
    for changed in (
        f"expires={later}&signature={signature}",
        f"expires=0{later}&signature={signature}",
        f"expires={expires}&expires={later}&signature={signature}",
        f"expires={later}&expires={expires}&signature={signature}",
        f"expires[]={later}&signature={signature}",
        f"expires={expires}.9&signature={signature}",
        f"expires={expires}e3&signature={signature}",
        f"expires=%2B{expires}&signature={signature}",
        f"expires={expires}%00{later}&signature={signature}",
        f"expires=&signature={signature}",
        f"expires=-1&signature={signature}",
        f"expires={quote('٩' * 10)}&signature={signature}",
        f"Expires={later}&expires={expires}&signature={signature}",
        f"expires={later}&signature=",
        f"expires={later}&signature={signature}&signature={signature}",
        f"expires={later}",
        f"signature={signature}",
        "",
    ):
        status, _ = problem(visitor.get(f"{ASSET_PATH}{NAME}?{changed}"))
        assert status in (403, 422), changed


def test_a_leading_zero_is_another_text_and_the_same_moment(visitor: Caller) -> None:
    """What is signed is the moment: writing it otherwise gives nothing that the link did not give."""
    expires = int(time.time()) + 60
    signature = link_signature(KEY, NAME, expires)
    assert verify_link(KEY, NAME, f"0{expires}", signature) in (LinkState.GOOD, LinkState.FORGED)
    assert verify_link(KEY, NAME, f"0{expires}", signature, now=expires + 1) is not LinkState.GOOD


def test_no_part_of_a_signature_is_enough(visitor: Caller) -> None:
    good = link()
    path, _, signature = good.rpartition("signature=")
    for changed in (signature[:-1], signature[:32], signature + "0", signature.upper(), signature[::-1], "", "0" * 64):
        status, _ = problem(visitor.get(f"{path}signature={changed}"))
        assert status == 403, changed


def test_no_link_lasts_longer_than_a_quarter_of_an_hour() -> None:
    assert LONGEST_SECONDS == 15 * 60
    assert 0 < CLOCK_SECONDS <= 60


def test_the_key_itself_signs_nothing_for_longer_than_links_last(visitor: Caller) -> None:
    assert problem(visitor.get(link(seconds=LONGEST_SECONDS + 60))) == (403, "link_invalid")


def test_a_link_of_another_installation_is_none_here(visitor: Caller) -> None:
    assert problem(visitor.get(asset_url("", "another key" * 4, NAME, int(time.time()) + 60))) == (403, "link_invalid")


def test_a_token_is_no_link_and_a_link_no_token(visitor: Caller, student: Caller) -> None:
    signature = link().rpartition("=")[2]
    assert problem(Caller(visitor.services, token=signature).get("/v1/requests")) == (401, "token_invalid")
    assert student.token
    expires = int(time.time()) + 60
    forged = f"{ASSET_PATH}{NAME}?expires={expires}&signature={student.token.rpartition('.')[2][:64]}"
    assert problem(student.get(forged)) == (403, "link_invalid")


# Ranges


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-0," * 2000 + "0-0",
        ",".join(["bytes=0-"] * 500),
        "bytes=" + "0-," * 1300,
        "bytes=0-1,5-6",
        "bytes=5-1",
        "bytes=--1",
        "bytes=-0",
        "bytes=-" + "9" * 100,
        "bytes=" + "9" * 100 + "-",
        "bytes=0-" + "9" * 5000,
        "bytes=0x10-0x20",
        "bytes=+1-2",
        "bytes=1.5-2",
        "bytes=٠-٩".encode().decode("latin-1"),
        "bytes =0-1",
        "BYTES=0-1",
        "bytes=",
        "=0-1",
        "bytes=0-1;q=1",
        "items=0-1",
        "\t",
    ],
    ids=lambda asked: asked[:24],
)
def test_a_range_gives_no_more_than_the_object_whatever_it_asks(visitor: Caller, asked: str) -> None:
    answer = visitor.get(link(), Range=asked)
    assert answer.status_code in (200, 206, 416)
    if answer.status_code != 416:
        assert len(answer.data) <= len(DATA)
        assert answer.data in DATA
        assert answer.headers["Content-Type"] == "video/mp4"  # never a document of many parts


def test_a_condition_on_a_range_changes_what_is_sent_and_not_what_may_be_read(visitor: Caller) -> None:
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    for headers in (
        {"Range": "bytes=0-9", "If-Range": past},
        {"Range": "bytes=0-9", "If-Range": '"x"'},
        {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"If-Modified-Since": "never", "If-None-Match": '"' + "x" * 8000},
        {"If-None-Match": "*"},
    ):
        answer = visitor.call("GET", link(), headers=headers)
        assert answer.status_code in (200, 206, 304), headers
        stale = visitor.call("GET", link(seconds=-1), headers=headers)
        assert problem(stale) == (403, "link_expired")

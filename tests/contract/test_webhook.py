"""What every Webhook owes, on each there is; and what the internet can do to one."""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import urllib3

from shared.adapters.http_webhook import BODY_BYTES, WEBHOOK_ERRORS, HttpWebhook, addresses_of
from shared.adapters.outbox import OutboxWebhook
from shared.adapters.public_addresses import is_public
from shared.adapters.translate import translated
from shared.errors import PermanentError, PipelineError, TransientError
from shared.services import Webhook
from shared.settings import SettingsError
from tests.counterparts.bare_server import sending
from tests.counterparts.certificates import Authority, authority
from tests.counterparts.http_fake import Answer, HttpFake
from tests.fakes import Outbox

pytestmark = pytest.mark.port("webhook")

SECRET = "s3cret-of-sixteen"
NOW = 1_767_225_600.9
PUBLIC = "93.184.216.34"
BODY = {"event": "lesson.ready", "request_id": "8e1f"}


@pytest.fixture
def receiver() -> Iterator[HttpFake]:
    with HttpFake(lambda asked: Answer(status=204)).serving() as fake:
        yield fake


def local(receiver: HttpFake, path: str = "/hooks", **more: Any) -> HttpWebhook:
    """A webhook to the receiver, on this machine as it is."""
    return HttpWebhook(receiver.url + path, secret=SECRET, private_addresses=True, clock=lambda: NOW, **more)


class Box:
    """A webhook, and what came out of it: identifier, headers (None where they are not kept) and body."""

    def __init__(
        self, webhook: Webhook, received: Callable[[], Sequence[tuple[str, Mapping[str, str] | None, str]]]
    ) -> None:
        self.webhook = webhook
        self.received = received


@pytest.fixture(params=["outbox", "fake", "http"])
def box(request: pytest.FixtureRequest, tmp_path: Path, receiver: HttpFake) -> Box:
    if request.param == "outbox":

        def files() -> list[tuple[str, Mapping[str, str] | None, str]]:
            calls = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
            return [(call["headers"]["webhook-id"], call["headers"], call["body"]) for call in calls]

        return Box(OutboxWebhook(tmp_path, secret=SECRET, clock=lambda: NOW), files)
    if request.param == "fake":
        fake = Outbox()
        return Box(fake, lambda: [(event_id, None, json.dumps(body)) for event_id, body in fake.events])
    return Box(
        local(receiver),
        lambda: [(one.headers["webhook-id"], one.headers, one.body.decode()) for one in receiver.asked],
    )


def test_an_event_arrives_with_its_identifier(box: Box) -> None:
    box.webhook.post("8e1f.webhook", BODY)
    ((identifier, _, body),) = box.received()
    assert identifier == "8e1f.webhook"
    assert json.loads(body) == BODY


def test_a_repeat_can_be_seen_to_be_one(box: Box) -> None:
    for _ in range(2):
        box.webhook.post("8e1f.webhook", BODY)
    assert {(identifier, body) for identifier, _, body in box.received()} == {("8e1f.webhook", box.received()[0][2])}


@pytest.mark.parametrize("box", ["outbox", "http"], indirect=True)
def test_the_signature_is_over_identifier_time_and_the_very_body(box: Box) -> None:
    box.webhook.post("8e1f.webhook", {"text": "naïve café"})
    ((identifier, headers, body),) = box.received()
    assert headers is not None
    assert headers["webhook-timestamp"] == "1767225600"
    assert headers["content-type"] == "application/json"
    signed = f"{identifier}.1767225600.{body}".encode()
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_secret_of_the_convention_is_the_key_that_it_holds(receiver: HttpFake) -> None:
    """The example of the specification's own libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    HttpWebhook(receiver.url, secret=secret, private_addresses=True, clock=lambda: 1614265330).post(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", {"test": 2432232314}
    )
    (asked,) = receiver.asked
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + asked.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert asked.headers["webhook-signature"] == f"v1,{expected}"
    assert asked.body == b'{"test":2432232314}'


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_ü"])
def test_a_secret_that_holds_no_key_is_named(secret: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET") as caught:
        HttpWebhook("https://hooks.test", secret=secret, private_addresses=False)
    assert secret not in str(caught.value)


def test_the_request_is_what_the_receiver_was_told_to_expect(receiver: HttpFake) -> None:
    local(receiver, "/hooks/vividly?school=1%2F2&x").post("8e1f.webhook", BODY)
    (asked,) = receiver.asked
    assert (asked.method, asked.path) == ("POST", "/hooks/vividly?school=1%2F2&x")
    assert asked.headers["host"] == receiver.url.removeprefix("http://")
    assert asked.headers["content-length"] == str(len(asked.body))


def refused(webhook: Webhook, body: Mapping[str, Any] = BODY) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        webhook.post("8e1f.webhook", body)
    assert "canary" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_receiver_that_says_yes_has_accepted(receiver: HttpFake, status: int) -> None:
    receiver.otherwise = lambda asked: Answer(status=status)
    local(receiver).post("8e1f.webhook", BODY)
    assert len(receiver.asked) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_receiver_that_cannot_now_is_asked_again_later(receiver: HttpFake, status: int) -> None:
    receiver.otherwise = lambda asked: Answer(status=status, body=b"canary", headers={"retry-after": "1"})
    assert isinstance(refused(local(receiver)), TransientError)
    assert len(receiver.asked) == 1, "the queue tries again, not the call"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (300, "webhook_redirected"),
        (301, "webhook_redirected"),
        (304, "webhook_redirected"),
        (400, "webhook_refused"),
        (401, "webhook_refused"),
        (404, "webhook_refused"),
        (410, "webhook_gone"),
        (413, "webhook_refused"),
        (422, "webhook_refused"),
    ],
)
def test_a_receiver_that_says_no_is_not_asked_again(receiver: HttpFake, status: int, code: str) -> None:
    receiver.otherwise = lambda asked: Answer(status=status, body=b"canary")
    error = refused(local(receiver))
    assert isinstance(error, PermanentError)
    assert error.code == code


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: HttpFake, status: int) -> None:
    with HttpFake(lambda asked: Answer()).serving() as inside:
        receiver.otherwise = lambda asked: Answer(status=status, headers={"location": f"{inside.url}/secret"})
        assert getattr(refused(local(receiver)), "code", "") == "webhook_redirected"
        assert inside.asked == []
    assert len(receiver.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(hang=True), Answer(delay=1.0), Answer(status=500, body=b"x" * 10, cut=3)],
    ids=["hangs", "slow", "cut"],
)
def test_a_receiver_that_does_not_answer_is_transient(receiver: HttpFake, answer: Answer) -> None:
    receiver.otherwise = lambda asked: answer
    assert isinstance(refused(local(receiver, answer_seconds=0.2)), TransientError)
    assert not answer.hang or receiver.was_left()


@pytest.mark.parametrize(
    ("first", "again", "hang_up"),
    [
        (b"", b"", True),
        (b"HTTP/1.1 200 OK\r\nx-so-far", b"", True),
        (b"220 mail.test ESMTP\r\n", b"", True),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200, b"", True),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n", b"", True),
    ],
    ids=["hangs up", "cut", "no HTTP", "a header byte by byte", "continue for ever", "many headers", "a huge header"],
)
def test_an_answer_that_is_none_is_transient(first: bytes, again: bytes, hang_up: bool) -> None:
    with sending(first, again=again, every=0.02, hang_up=hang_up) as (host, port):
        webhook = HttpWebhook(
            f"http://{host}:{port}/", secret=SECRET, private_addresses=True, answer_seconds=0.5, total_seconds=0.4
        )
        assert isinstance(refused(webhook), TransientError)


def test_an_answer_of_any_length_is_left_unread(receiver: HttpFake) -> None:
    receiver.otherwise = lambda asked: Answer(body=bytes(200_000_000))
    local(receiver, total_seconds=5.0).post("8e1f.webhook", BODY)


def test_a_body_that_is_too_large_is_not_sent(receiver: HttpFake) -> None:
    assert getattr(refused(local(receiver), {"text": "x" * BODY_BYTES}), "code", "") == "webhook_too_large"
    assert receiver.asked == []


def test_a_receiver_that_is_away_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    webhook = HttpWebhook(f"http://127.0.0.1:{port}", secret=SECRET, private_addresses=True)
    assert isinstance(refused(webhook), TransientError)


def test_no_proxy_of_the_environment_is_asked(receiver: HttpFake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    local(receiver).post("8e1f.webhook", BODY)
    assert len(receiver.asked) == 1


class Internet:
    """A name service, and a way that leads every connection to one port of loopback; both keep what was asked."""

    def __init__(self, port: int, *answers: Sequence[str], away: Sequence[str] = ()) -> None:
        self.resolved: list[tuple[str, int]] = []
        self.connected: list[tuple[str, int]] = []
        self._port = port
        self._answers = list(answers)
        self._away = away

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def connect(self, where: tuple[str, int], seconds: float) -> socket.socket:
        self.connected.append(where)
        if where[0] in self._away:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self._port), seconds)


def outside(url: str, internet: Internet, *, trusts: Authority | None = None) -> HttpWebhook:
    """A webhook as in production."""
    return HttpWebhook(
        url,
        secret=SECRET,
        private_addresses=False,
        resolve=internet.resolve,
        connect=internet.connect,
        tls=(trusts or authority()).trusted,
        answer_seconds=2.0,
    )


@pytest.fixture
def hooks() -> Iterator[tuple[int, list[str | None], HttpFake]]:
    """A receiver that is `hooks.test` to its clients: its port, the names that they asked for, and the receiver."""
    names: list[str | None] = []
    fake = HttpFake(lambda asked: Answer(status=204))
    with fake.serving(authority().server("hooks.test", asked=names.append)):
        yield int(fake.url.rpartition(":")[2]), names, fake


def test_the_connection_goes_to_the_address_that_was_checked(
    hooks: tuple[int, list[str | None], HttpFake],
) -> None:
    """Whoever answers differently the second time ("DNS rebinding") is not asked a second time."""
    port, names, receiver = hooks
    internet = Internet(port, [PUBLIC], ["127.0.0.1"])
    outside("https://hooks.test/in", internet).post("8e1f.webhook", BODY)

    assert internet.resolved == [("hooks.test", 443)]
    assert internet.connected == [(PUBLIC, 443)]
    assert names == ["hooks.test"], "the certificate is asked for by name"
    assert receiver.asked[0].headers["host"] == "hooks.test"


def test_the_second_call_looks_the_host_up_and_checks_it_again(
    hooks: tuple[int, list[str | None], HttpFake],
) -> None:
    internet = Internet(hooks[0], [PUBLIC], ["127.0.0.1"])
    webhook = outside("https://hooks.test/in", internet)
    webhook.post("8e1f.webhook", BODY)
    assert getattr(refused(webhook), "code", "") == "webhook_address_refused"
    assert len(internet.connected) == 1


def test_another_address_is_tried_where_one_does_not_answer(
    hooks: tuple[int, list[str | None], HttpFake],
) -> None:
    internet = Internet(hooks[0], ["2606:2800:220:1::1", PUBLIC], away=["2606:2800:220:1::1"])
    outside("https://hooks.test/in", internet).post("8e1f.webhook", BODY)
    assert [address for address, _ in internet.connected] == ["2606:2800:220:1::1", PUBLIC]
    assert len(hooks[2].asked) == 1


def test_of_many_addresses_that_do_not_answer_a_few_are_tried(hooks: tuple[int, list[str | None], HttpFake]) -> None:
    """Each takes its time, and the whole has little."""
    silent = [f"93.184.216.{number}" for number in range(20)]
    internet = Internet(hooks[0], silent, away=silent)
    assert isinstance(refused(outside("https://hooks.test/in", internet)), TransientError)
    assert [address for address, _ in internet.connected] == silent[:3]


@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_receiver_that_cannot_prove_who_it_is_is_told_nothing(
    hooks: tuple[int, list[str | None], HttpFake], fault: str
) -> None:
    url = "https://hooks.test/in" if fault == "unknown authority" else "https://else.test/in"
    trusts = Authority() if fault == "unknown authority" else None
    error = refused(outside(url, Internet(hooks[0], [PUBLIC]), trusts=trusts))
    assert getattr(error, "code", "") == "webhook_untrusted"
    assert hooks[2].asked == []


PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",  # the metadata server
    "100.64.0.1",
    "100.127.255.255",
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd20:ce::254",  # the metadata server, by IPv6
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not is_public(address)
    internet = Internet(1, [PUBLIC, address])
    error = refused(outside("https://hooks.test/in", internet))
    assert getattr(error, "code", "") == "webhook_address_refused"
    assert internet.connected == [], "one bad address among good ones is enough"


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_an_address_of_the_open_internet_is_not(address: str) -> None:
    assert is_public(address)
    assert is_public(f"::ffff:{address}") or ":" in address


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "１２７.0.0.1",
        "0",
    ],
)
def test_a_host_that_means_this_machine_in_other_words_is_refused(host: str) -> None:
    """The machine's own resolver says what such a name means; what it says is checked."""
    connected: list[object] = []

    def connect(where: tuple[str, int], seconds: float) -> socket.socket:
        connected.append(where)
        raise ConnectionRefusedError

    webhook = HttpWebhook(
        f"https://{host}/in", secret=SECRET, private_addresses=False, resolve=addresses_of, connect=connect
    )
    error = refused(webhook)
    # A resolver that takes it for a name, and knows none, is as good.
    assert getattr(error, "code", "") == "webhook_address_refused" or isinstance(error.__cause__, socket.gaierror)
    assert connected == []


def test_a_host_that_nobody_knows_is_transient() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "canary")

    webhook = HttpWebhook("https://hooks.invalid", secret=SECRET, private_addresses=False, resolve=unknown)
    assert isinstance(refused(webhook), TransientError)


CANARY = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.test/{CANARY}",
        f"ftp://hooks.test/{CANARY}",
        f"https://user:{CANARY}@hooks.test/",
        f"https://{CANARY}@hooks.test/",
        "https://good.test@127.0.0.1/",
        f"https:///{CANARY}",
        f"https://hooks.test:99999/{CANARY}",
        f"https://hooks.test:0/{CANARY}",
        f"https://hooks.test/{CANARY}#fragment",
        f"https://hooks.test/a b{CANARY}",
        f"https://hooks.test/\r\nHost: {CANARY}",
        f"https://hooks.test\\@127.0.0.1/{CANARY}",
        f"https://hooks.test/é{CANARY}",
        f"https://[fe80::1%25eth0]/{CANARY}",
        f"https://127%2e0.0.1/{CANARY}",
        f"https://{'x' * 70}.test/{CANARY}",
        f"https://[{CANARY}",
        CANARY,
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_URL") as caught:
        HttpWebhook(url, secret=SECRET, private_addresses=False)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


ROWS: list[tuple[Exception, type[PipelineError], str | None]] = [
    (ssl.SSLCertVerificationError("canary"), PermanentError, "webhook_untrusted"),
    (ssl.SSLError("canary"), TransientError, None),
    (socket.gaierror("canary"), TransientError, None),
    (ConnectionResetError("canary"), TransientError, None),
    (TimeoutError("canary"), TransientError, None),
    (http.client.BadStatusLine("canary"), TransientError, None),
    (http.client.RemoteDisconnected("canary"), TransientError, None),
    (urllib3.exceptions.ProtocolError("canary"), TransientError, None),
]


@pytest.mark.parametrize(("raised", "kind", "code"), ROWS, ids=[type(row[0]).__name__ for row in ROWS])
def test_each_error_of_the_library_has_its_row(raised: Exception, kind: type[PipelineError], code: str | None) -> None:
    with pytest.raises(kind) as caught, translated(WEBHOOK_ERRORS, "webhook not posted"):
        raise raised
    assert "canary" not in str(caught.value)
    assert code is None or getattr(caught.value, "code", "") == code

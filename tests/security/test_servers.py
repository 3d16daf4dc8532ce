"""The servers as they are started, and callers who send too much, too slowly, or what is no HTTP.

gunicorn is the cloud's, started by functions-framework; waitress is the local system's.
"""

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest
import sqlalchemy as sa

from functions.api.reading import BODY_BYTES
from local import server as local_server
from shared import bootstrap
from shared.db.engine import engine_for
from tests.fakes import FakeServices
from tests.integration.api_client import application
from tests.integration.gunicorn_server import serving
from tests.security.raw_http import Reply, connected, request, talk

THREADS: Final = 4  # of gunicorn: few, so that all can be held
QUICK: Final = 8.0  # seconds, far more than any answer takes, far less than a server's patience
LOGIN: Final = "/v1/auth/login"
JSON: Final = "Content-Type: application/json"
CHUNKED: Final = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def database_here(postgres_url: str, template: str) -> Iterator[str]:
    """A database of this module's."""
    from local import postgres

    with postgres.database(postgres_url, "servers", template=template) as url:
        yield url


@pytest.fixture(scope="module")
def gunicorn(database_here: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The api under gunicorn; its port."""
    folder = tmp_path_factory.mktemp("gunicorn")
    environment = {
        "DATABASE_URL": database_here,
        "SECRET_KEY": "k" * 32,
        "MESSAGE_BUS": "pubsub",
        "OBJECT_STORE": "gcs",
        "PROJECT_ID": "some-project",
        "MEDIA_BUCKET": "some-bucket",
        "LOG_LEVEL": "ERROR",
        "CLOUD_RUN_TIMEOUT_SECONDS": "60",
        "THREADED_TIMEOUT_ENABLED": "true",
    }
    with serving(folder, "impatient.py", "api", environment, threads=THREADS) as server:
        yield server.port
    # Whatever was sent: nothing that an operator would be woken for.
    assert (folder / "stderr.txt").read_text() == ""


@contextmanager
def waitress(url: str, *, idle_seconds: int = local_server.IDLE_SECONDS) -> Iterator[int]:
    """The api as the local system serves it; its port."""
    services = FakeServices(engine=engine_for(url, pool_size=4))
    bootstrap.build_with(lambda function: services)
    listener = local_server.bind(0)
    server = local_server.Server(application(), listener, idle_seconds=idle_seconds)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        listener.close()
        bootstrap.build_with(None)
        services.engine.dispose()


@pytest.fixture(params=["gunicorn", "waitress"])
def port(request: pytest.FixtureRequest, database_here: str) -> Iterator[int]:
    """Either server's port."""
    with ExitStack() as stack:
        if request.param == "gunicorn":
            yield request.getfixturevalue("gunicorn")
        else:
            yield stack.enter_context(waitress(database_here))


def healthy(port: int) -> Reply:
    """Somebody else's call."""
    return talk(port, request("GET", "/healthz"))


def test_both_servers_answer(port: int) -> None:
    reply = healthy(port)
    assert reply.status == 200
    head = reply.data.partition(b"\r\n\r\n")[0].lower()
    assert b"gunicorn/" not in head
    assert b"waitress" not in head
    assert b"python" not in head
    assert b"werkzeug" not in head


# Too much

TOO_MUCH: Final = {
    "declared": (request("POST", LOGIN, JSON, "Content-Length: 5000000", body=b"x" * BODY_BYTES * 3), {413}),
    "declared beyond numbers": (request("POST", LOGIN, JSON, f"Content-Length: {'9' * 30}", body=b"{}"), {413}),
    "in chunks": (
        request("POST", LOGIN, JSON, CHUNKED, body=(b"1000\r\n" + b"x" * 4096 + b"\r\n") * 12 + b"0\r\n\r\n"),
        {413},
    ),
    "one byte": (
        request("POST", LOGIN, JSON, f"Content-Length: {BODY_BYTES + 1}", body=b" " * (BODY_BYTES + 1)),
        {413},
    ),
    "a header": (request("GET", "/healthz", "X-Long: " + "a" * 300_000), {431}),
    "headers": (request("GET", "/healthz", *(f"X-{n}: {'a' * 300}" for n in range(500))), {431}),
    "a token": (request("GET", "/v1/requests", "Authorization: Bearer " + "a" * 300_000), {431}),
    "a cookie": (request("GET", "/v1/requests", "Cookie: " + "a=b; " * 60_000), {431}),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_is_too_much_is_refused_and_not_waited_for(port: int, what: str) -> None:
    data, statuses = TOO_MUCH[what]
    reply = talk(port, data)
    assert reply.status in statuses, reply.data[:200]
    assert reply.seconds < QUICK
    assert healthy(port).status == 200


def test_a_long_url_is_answered_like_any_other(port: int) -> None:
    """gunicorn bounds no request line where the framework starts it; the front end of the cloud does."""
    for path in ("/v1/requests/" + "a" * 20_000, "/healthz?" + "a=b&" * 5000, "/" + "%F0%9F%98%80" * 2000):
        reply = talk(port, request("GET", path))
        assert reply.status in (200, 401, 404, 422), reply.data[:200]
        assert reply.seconds < QUICK


# What is no HTTP, or nearly

NO_HTTP: Final = {
    "NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\nConnection: close\r\n\r\n",
    "NUL in the path": b"GET /health\0z HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a path that is no UTF-8": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an escaped path that is no UTF-8": request("GET", "/v1/requests/%ff%fe"),
    "an escaped NUL in the query": request("GET", "/v1/requests?cursor=%00"),
    "an escaped line break in the path": request("GET", "/%0d%0aX-Injected:%20y"),
    "another host in the line": request("GET", "http://elsewhere.test/healthz"),
    "a header without a name": request("GET", "/healthz", ": value"),
    "a space before the colon": request("POST", LOGIN, "Content-Length : 2", body=b"{}"),
    "a folded header": request("GET", "/healthz", "X-A: a\r\n  b"),
    "two lengths": request("POST", LOGIN, JSON, "Content-Length: 2", "Content-Length: 3", body=b"{}x"),
    "a length and chunks": request("POST", LOGIN, JSON, "Content-Length: 2", CHUNKED, body=b"0\r\n\r\n"),
    "a negative length": request("POST", LOGIN, JSON, "Content-Length: -1"),
    "a length with a sign": request("POST", LOGIN, JSON, "Content-Length: +2", body=b"{}"),
    "a length in words": request("POST", LOGIN, JSON, "Content-Length: two", body=b"{}"),
    "chunks of another kind": request("POST", LOGIN, JSON, "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "a chunk without a size": request("POST", LOGIN, JSON, CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of a negative size": request("POST", LOGIN, JSON, CHUNKED, body=b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk without its end": request("POST", LOGIN, JSON, CHUNKED, body=b"2\r\n{}XX0\r\n\r\n"),
    "another protocol": b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": b"GET /healthz HTTP/3.7\r\nHost: x\r\nConnection: close\r\n\r\n",
    "noise": bytes(range(256)) * 8 + b"\r\n\r\n",
    "a method of its own": request("BREW", "/v1/requests"),
    "a method without end": b"A" * 30_000 + b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("what", NO_HTTP)
def test_what_is_no_http_breaks_nothing(port: int, what: str) -> None:
    reply = talk(port, NO_HTTP[what])
    assert reply.seconds < QUICK
    # 501 is what both say of a transfer coding that they do not know.
    assert reply.status == 0 or 200 <= reply.status < 500 or reply.status == 501, reply.data[:300]
    assert b"Traceback" not in reply.data
    assert b"X-Injected" not in reply.data.partition(b"\r\n\r\n")[0]
    assert healthy(port).status == 200


@pytest.mark.parametrize("target", ["http://elsewhere.test", "http://elsewhere.test?next=x", "?next=x", "#x"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nobody_is_redirected_to_a_name_that_the_caller_made_up(port: int, method: str, target: str) -> None:
    reply = talk(port, request(method, target).replace(b"api.test", b"elsewhere.test"))
    assert reply.status in (400, 404)
    assert b"location:" not in reply.data.lower()
    assert b"elsewhere" not in reply.data


SCRIPT: Final = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "data",
    [
        request("GET", "/healthz", f"X{SCRIPT}: y"),
        request("GET", "/healthz", f"X {SCRIPT}: y"),
        request("GET", "/healthz", SCRIPT),
        request("GET", f"/{SCRIPT}"),
        request(SCRIPT, "/healthz"),
        f"{SCRIPT}\r\n\r\n".encode(),
        f"GET / HTTP/{SCRIPT}\r\n\r\n".encode(),
        request("POST", LOGIN, JSON, f"Content-Length: {SCRIPT}"),
        request("POST", LOGIN, JSON, f"Transfer-Encoding: {SCRIPT}"),
        request("POST", LOGIN, JSON, f"Expect: {SCRIPT}", "Content-Length: 2", body=b"{}"),
    ],
)
def test_what_a_server_refuses_by_itself_holds_no_markup_of_the_callers(port: int, data: bytes) -> None:
    """Such answers are the servers' own: without our headers, and gunicorn's repeats what it could not read."""
    reply = talk(port, data)
    assert 400 <= reply.status < 500 or reply.status == 501
    assert b"<script" not in reply.data.lower()


BODIES: Final = {
    "no UTF-8": (b'{"email": "\xff\xfe"}', 400),
    "UTF-16": ('{"email": "a@b.test", "password": "x"}'.encode("utf-16"), 400),
    "half a character": (b'{"email": "\\ud800"}', 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", 400),
    "NUL alone": (b"\0", 400),
    "a name twice": (b'{"email": "a@b.test", "email": "c@d.test", "password": "x"}', 400),
    "NaN": (b'{"email": NaN, "password": "x"}', 400),
    "Infinity": (b'{"email": -Infinity, "password": "x"}', 400),
    "a number of 16,000 digits": (b'{"email": ' + b"9" * 16_000 + b"}", 400),
    "a number beyond floats": (b'{"email": 1e999999, "password": "x"}', 422),
    "depth in lists": (b'{"email": ' + b"[" * 8000 + b"]" * 8000 + b"}", 400),
    "depth in objects": (b'{"a":' * 2700 + b"1" + b"}" * 2700, 400),
    "a depth that is read": (b'{"email": ' + b"[" * 400 + b"]" * 400 + b', "password": "x"}', 422),
    "many fields": (json.dumps({f"f{n}": n for n in range(1200)}).encode(), 422),
    "a list": (b"[]", 400),
    "nothing": (b"", 400),
    "a comment": (b'{"email": "a@b.test" /* c */}', 400),
    "two objects": (b"{}{}", 400),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_json_of_ours_is_refused(port: int, what: str) -> None:
    body, status = BODIES[what]
    reply = talk(port, request("POST", LOGIN, JSON, f"Content-Length: {len(body)}", body=body))
    assert reply.status == status, reply.data[-400:]
    assert reply.seconds < QUICK
    assert len(reply.data) < 300_000


# Too slowly


def test_a_body_that_drips_is_not_waited_for(gunicorn: int) -> None:
    """One byte now and then: the call is ended as a whole, not its silences."""
    head = request("POST", LOGIN, JSON, "Content-Length: 1000", body=b"{")
    reply = talk(gunicorn, head, slowly=itertools.repeat(b" "))
    assert (reply.status, b"body_incomplete" in reply.data) == (408, True), reply.data
    assert reply.seconds < QUICK


def test_a_body_in_chunks_that_drips_is_not_waited_for(gunicorn: int) -> None:
    head = request("POST", LOGIN, JSON, CHUNKED, body=b"1\r\n{\r\n")
    reply = talk(gunicorn, head, slowly=itertools.repeat(b"1\r\n \r\n"))
    assert (reply.status, b"body_incomplete" in reply.data) == (408, True), reply.data
    assert reply.seconds < QUICK


@pytest.mark.parametrize("framing", ["Content-Length: 1000", CHUNKED])
def test_a_body_that_stops_coming_is_not_waited_for(gunicorn: int, framing: str) -> None:
    reply = talk(gunicorn, request("POST", LOGIN, JSON, framing))
    assert reply.status == 408, reply.data
    assert reply.seconds < QUICK


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/requests", 401), ("POST", "/nothing", 404), ("PUT", LOGIN, 405), ("GET", "/healthz", 200)],
)
def test_no_answer_waits_for_a_body_that_nobody_reads(gunicorn: int, method: str, path: str, status: int) -> None:
    """The framework would read what is left of a body first, from whoever sends it as slowly as they like."""
    reply = talk(gunicorn, request(method, path, JSON, "Content-Length: 1000", body=b"{"))
    assert reply.status == status
    assert reply.seconds < QUICK


def test_slow_bodies_hold_the_threads_for_a_while_and_no_longer(gunicorn: int) -> None:
    """As many as there are threads, again and again: others wait for their turn, and get it."""
    stop = threading.Event()

    def drip() -> None:
        while not stop.is_set():
            talk(gunicorn, request("POST", LOGIN, JSON, "Content-Length: 1000"), slowly=itertools.repeat(b" ", 20))

    attackers = [threading.Thread(target=drip) for _ in range(THREADS)]
    for attacker in attackers:
        attacker.start()
    try:
        time.sleep(0.5)
        assert [healthy(gunicorn).status for _ in range(3)] == [200] * 3
    finally:
        stop.set()
        for attacker in attackers:
            attacker.join(QUICK * 2)


def test_headers_that_drip_hold_no_thread_of_the_local_server(database_here: str) -> None:
    with waitress(database_here) as port, ExitStack() as stack:
        for _ in range(local_server.THREADS + 10):
            connection = stack.enter_context(connected(port))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        began = time.monotonic()
        assert healthy(port).status == 200
        assert time.monotonic() - began < QUICK


def test_headers_that_drip_hold_one_thread_each_of_gunicorn(gunicorn: int) -> None:
    """gunicorn waits for headers without end, and nothing of ours runs by then: the front end has to bound it."""
    with ExitStack() as stack:
        for _ in range(THREADS - 1):
            connection = stack.enter_context(connected(gunicorn))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert healthy(gunicorn).status == 200
    assert healthy(gunicorn).status == 200


def unread(stack: ExitStack, port: int, data: bytes) -> None:
    """Send this, and neither read what comes back nor hang up, until the block ends."""
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.connect(("127.0.0.1", port))
    connection.sendall(data)


# More than the connection's buffers hold of either.
DOCUMENTS: Final = request("GET", "/openapi.json", close=False) * 100


def test_answers_that_nobody_reads_hold_no_thread_of_the_local_server(database_here: str) -> None:
    with waitress(database_here) as port, ExitStack() as stack:
        for _ in range(local_server.THREADS + 10):
            unread(stack, port, DOCUMENTS)
        reply = healthy(port)
        assert reply.status == 200
        assert reply.seconds < QUICK


def test_callers_who_do_not_read_or_hang_up_delay_gunicorn_and_no_more(gunicorn: int) -> None:
    """It lingers for two seconds with each of them, one after the other, and answers nobody: the front end hangs up."""
    with ExitStack() as stack:
        for number in range(THREADS):
            unread(stack, gunicorn, DOCUMENTS if number % 2 else request("GET", "/nothing"))
        assert healthy(gunicorn).status == 200
        assert healthy(gunicorn).status == 200
    assert healthy(gunicorn).seconds < QUICK


def test_the_local_server_closes_connections_that_say_nothing(database_here: str) -> None:
    with waitress(database_here, idle_seconds=1) as port, connected(port) as silent, connected(port) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        for connection in (silent, slow):
            connection.settimeout(QUICK)
            assert connection.recv(1000) == b""


def test_what_follows_a_body_is_no_part_of_it(port: int) -> None:
    """It is the next call, or, to a server that takes one at a time, nothing at all."""
    body = b"{}"
    first = request("POST", LOGIN, JSON, f"Content-Length: {len(body)}", body=body, close=False)
    reply = talk(port, first + request("GET", "/v1/requests"))
    assert reply.status == 422
    assert reply.answers == 1 or reply.data.index(b" 422 ") < reply.data.index(b" 401 ")


def test_nothing_is_left_of_all_that(database_here: str, gunicorn: int) -> None:
    """Runs last: no row was written, and no try to sign in was counted that was none."""
    engine = engine_for(database_here, pool_size=1)
    with engine.connect() as connection:
        for table in ("users", "content_requests"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    engine.dispose()

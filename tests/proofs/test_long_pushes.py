"""Pushes as long as Pub/Sub makes them, to servers as they are in the cloud: answered, and not kept in memory."""

import base64
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shared import pushes
from shared.pipeline import HANDLE_DEAD_LETTER, VALIDATE_REQUEST, Function
from tests.conftest import ROOT, missing
from tests.integration.gunicorn_server import Server, serving
from tests.proofs.poison_kinds import CANARY, PUBSUB_LIMIT

PATIENCE: Final = 60.0  # seconds
LONG: Final = 20  # pushes of Pub/Sub's longest
READ: Final = 90  # pushes of the longest that is read: all the tries of one message
KEPT: Final = PUBSUB_LIMIT // 2  # bytes that pushes may take of which nothing is kept
MEMORY: Final = 150_000_000  # bytes that those that are read may take in all; the smallest function has 512 MiB
PIECE: Final = 65_536

# The record is not there: nothing here gets so far as to ask for it.
ENVIRONMENT: Final = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "SECRET_KEY": "k" * 32,
    "MESSAGE_BUS": "pubsub",
    "PROJECT_ID": "some-project",
}


@pytest.fixture(scope="module", params=[VALIDATE_REQUEST, HANDLE_DEAD_LETTER], ids=lambda function: function.name)
def function(request: pytest.FixtureRequest) -> Function:
    """A stage, and the function that has nobody to leave a message to."""
    taken: Function = request.param
    return taken


@pytest.fixture(scope="module")
def folder(function: Function, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server writes."""
    return tmp_path_factory.mktemp(function.name)


@pytest.fixture(scope="module")
def server(function: Function, folder: Path) -> Iterator[Server]:
    """The function under gunicorn, one push at a time."""
    source = str(ROOT / "functions" / function.name / "main.py")
    with serving(folder, source, function.name, ENVIRONMENT, threads=1) as server:
        yield server


def push(length: int) -> bytes:
    """A push with so much data, before they are encoded."""
    text = (CANARY * (length // len(CANARY) + 1))[:length]
    message = {"data": base64.b64encode(text.encode()).decode(), "attributes": {}, "messageId": "1"}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def sent(server: Server, body: bytes, *, in_chunks: bool = False) -> int:
    """Send all of a push and only then listen, as a plain client does; the status of the answer."""
    data = (body[at : at + PIECE] for at in range(0, len(body), PIECE)) if in_chunks else body
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.request("POST", "/projects/p/topics/t", data, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def most_memory(server: Server) -> int:
    """The most bytes that the serving process ever held; asked of the system, which nothing else in here disturbs."""
    if not Path("/proc/self/status").exists():
        missing("no /proc that tells what a process held")
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue  # ended meanwhile
        if int(fields["PPid"]) == server.pid:
            return int(fields["VmHWM"].split()[0]) * 1024
    raise AssertionError("nobody serves")


def told(function: Function, count: int, body: bytes, grown: int, *, in_chunks: bool = False) -> None:
    """Print a figure."""
    how = " in chunks" if in_chunks else ""
    print(f"{function.name}: {count} pushes of {len(body):,} bytes{how} took {grown:,} bytes of memory")


@pytest.mark.parametrize("in_chunks", [False, True], ids=["with its length", "in chunks"])
def test_who_sends_ten_megabytes_hears_an_answer(function: Function, server: Server, in_chunks: bool) -> None:
    """An answer that breaks the connection would be none, and a dead letter would come again for ever."""
    refused = 400 if in_chunks else 413
    answer = sent(server, push(PUBSUB_LIMIT), in_chunks=in_chunks)
    assert answer == (204 if function is HANDLE_DEAD_LETTER else refused)


def test_the_next_push_on_the_same_connection_is_answered_too(function: Function, server: Server) -> None:
    taken = function is HANDLE_DEAD_LETTER
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    answers = []
    try:
        for length in (PUBSUB_LIMIT, 100, PUBSUB_LIMIT, 100):
            connection.request("POST", "/projects/p/topics/t", push(length), {"Content-Type": "application/json"})
            with connection.getresponse() as answer:
                answer.read()
                answers.append(answer.status)
    finally:
        connection.close()
    assert answers == ([204, 200, 204, 200] if taken else [413, 500, 413, 500])


@pytest.mark.parametrize(("in_chunks", "most"), [(False, KEPT), (True, MEMORY)], ids=["with its length", "in chunks"])
def test_of_ten_megabytes_no_more_is_kept_than_is_read(
    function: Function, server: Server, in_chunks: bool, most: int
) -> None:
    """Nothing of a push that says how long it is; of one in chunks, what the longest that is read would take too."""
    body = push(PUBSUB_LIMIT)
    before = most_memory(server)
    for _ in range(LONG):
        sent(server, body, in_chunks=in_chunks)
    told(function, LONG, body, most_memory(server) - before, in_chunks=in_chunks)
    assert most_memory(server) - before < most


def test_the_longest_that_are_read_take_a_bounded_part_of_memory(function: Function, server: Server) -> None:
    body = push(pushes.LONGEST * 7 // 10)
    before = most_memory(server)
    answers = {sent(server, body) for _ in range(READ)}
    grown = most_memory(server) - before
    told(function, READ, body, grown)
    assert answers == {200 if function is HANDLE_DEAD_LETTER else 500}
    assert grown < MEMORY


def test_a_refusal_repeats_nothing_of_what_it_refuses(function: Function, server: Server) -> None:
    message = {"attributes": {"note": CANARY}, "messageId": "1"}
    answer = server.call("POST", "/projects/p/topics/t", body={"message": message, "subscription": CANARY})
    assert (answer.status, answer.body) == (204 if function is HANDLE_DEAD_LETTER else 400, b"")


def test_the_server_logs_nothing_of_what_they_said(server: Server, folder: Path) -> None:
    sent(server, push(PUBSUB_LIMIT))
    sent(server, push(100))
    log = (folder / "stderr.txt").read_text()
    assert "malformed" in log.lower() or "dead letter" in log
    assert CANARY not in log
    assert base64.b64encode(CANARY.encode() * 3).decode()[:40] not in log

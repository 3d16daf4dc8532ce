"""The system as it runs in the cloud: a process a function under gunicorn, on Google's emulators, watched from outside.

One start serves all tests. They are ordered so that what takes long by waiting does so while others work.
"""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from functions.handle_dead_letter.main import SOURCE_ATTRIBUTE
from local import accounts, emulators
from local.acceptance.run import accept
from local.client import Client
from local.console import Console
from local.emulated import buckets, place, rest
from local.emulated.messaging import Pulled
from local.emulated.processes import free_port
from local.emulated.system import PREFIX, PROJECT, SOURCES, EmulatedSystem
from local.state import State, read_json
from shared import objects
from shared.db.engine import engine_for, single_statement
from shared.enums import ContentRequestStatus as Status
from shared.enums import StageRunState
from shared.errors import AttemptsExhausted
from shared.messages import RequestMessage
from shared.pipeline import (
    API,
    GENERATE_VIDEO,
    INGEST_SOURCE,
    MIRROR_STATUS,
    PROCESS_VIDEO,
    TERMINAL,
    Function,
    Topic,
    resource_name,
)
from tests.conftest import missing

PATIENCE = 90.0  # seconds; reached only where something does not happen at all
FEWEST_DELIVERIES = 5  # that Pub/Sub allows before a message is a dead letter
QUESTION, INTEREST = "mivalkzorp", "quendlebrast"  # words that stand nowhere else
MIRRORED = {
    "version", "student_id", "status", "progress_percentage", "current_stage", "eta_seconds", "updated_at",
    "awaiting_clarification", "error_code",
}  # fmt: skip


@pytest.fixture(scope="module")
def place_and_port(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of the system, and where it will answer."""
    why = emulators.lacking()
    if why is not None:
        missing(why)
    return tmp_path_factory.mktemp("system"), free_port()


@pytest.fixture(scope="module")
def earliest(place_and_port: tuple[Path, int]) -> Iterator[Future[str]]:
    """The id of a request that was submitted as soon as anything answered."""
    folder, port = place_and_port
    url = f"http://127.0.0.1:{port}"
    over = threading.Event()

    def visit() -> str:
        while not rest.answers(f"{url}/v1/health"):
            assert not over.wait(0.02)
        student = read_json(place.folder_of(folder, url) / accounts.FILE)["student"]
        visitor = Client(url)
        visitor.login(student["email"], student["password"])
        return ask(visitor, "Explain Newton's third law")

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(visit)
        over.set()


@pytest.fixture(scope="module")
def system(place_and_port: tuple[Path, int], earliest: Future[str]) -> Iterator[EmulatedSystem]:
    """The system in a folder of its own, each of its topics watched."""
    folder, port = place_and_port
    state = State.hold(folder, purpose="tests")
    try:
        with EmulatedSystem(state, Console(), port=port) as running:
            for topic in Topic:
                running.messaging.listen(topic, f"watch-{topic}")
            yield running
    finally:
        state.close()


@pytest.fixture(scope="module")
def record(system: EmulatedSystem) -> Iterator[sa.Engine]:
    """The system's record, as the owner of its tables."""
    engine = engine_for(system.record.owner_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def client(system: EmulatedSystem) -> Client:
    signed_in = Client(system.url)
    signed_in.login(system.student.email, system.student.password)
    return signed_in


@pytest.fixture(scope="module")
def undeliverable(system: EmulatedSystem, client: Client) -> str:
    """The id of a request that comes to a stage which cannot be reached any more; no other test needs that stage."""
    system.instances.finish(PROCESS_VIDEO)
    system.messaging.limit_attempts(system.declared, PROCESS_VIDEO.name, FEWEST_DELIVERIES)
    return ask(client, f"Explain natural selection, {QUESTION}", modality="video")


def ask(client: Client, query: str, **fields: Any) -> str:
    body = {"query": query, "grade_level": 10, "duration_seconds": 30, "modality": "text"} | fields
    return str(client.submit(body)["id"])


def until(client: Client, request_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first state of the request that was looked for."""
    deadline = time.monotonic() + PATIENCE
    while not reached(state := client.ask("GET", f"/v1/requests/{request_id}")):
        assert time.monotonic() < deadline, f"still {state['status']} after {PATIENCE:g} s"
        time.sleep(0.1)
    return state


def ended(state: dict[str, Any]) -> bool:
    return Status(state["status"]) in TERMINAL


def eventually(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def documents(system: EmulatedSystem) -> dict[str, dict[str, Any]]:
    """What the mirror shows, by request."""
    path = f"projects/{PROJECT}/databases/(default)/documents/requests?pageSize=300"
    owner = {"Authorization": "Bearer owner"}  # whom rules do not concern
    found = rest.call("GET", f"http://{system.firestore.host}/v1/{path}", headers=owner)
    return {
        document["name"].rpartition("/")[2]: {name: value(typed) for name, typed in document["fields"].items()}
        for document in found.get("documents", [])
    }


def value(typed: dict[str, Any]) -> Any:
    """A Firestore value without its type; integers are written as text."""
    kind, content = next(iter(typed.items()))
    return int(content) if kind == "integerValue" else content


def mirrored(system: EmulatedSystem, request_id: str, status: Status) -> bool:
    """Whether the mirror comes to show that the request has this status."""
    return eventually(lambda: documents(system).get(request_id, {}).get("status") == status)


def replaced(system: EmulatedSystem, function: Function) -> int:
    """Kill the function's process with all that it started; return its number once another one answers."""
    old = system.instances.process(function)
    old.kill()
    assert eventually(lambda: system.instances.process(function) is not old)
    system.instances.await_answer(function)
    return old.pid


def test_whoever_finds_it_answering_finds_all_of_it(earliest: Future[str], client: Client) -> None:
    done = until(client, earliest.result(), ended)
    assert done["status"] == Status.COMPLETED


def test_the_acceptance_check_passes(system: EmulatedSystem) -> None:
    checklist = accept(system.url, system.student, system.other, lambda result: None)
    assert [f"{result}" for result in checklist.results if not result.ok] == []
    assert len(checklist.results) >= 25


@pytest.mark.usefixtures("undeliverable")  # its half minute of deliveries passes meanwhile
def test_the_mirror_shows_how_each_request_ended_and_nothing_else(system: EmulatedSystem, client: Client) -> None:
    request_id = ask(client, "Explain Ohm's law")
    done = until(client, request_id, ended)

    assert done["status"] == Status.COMPLETED
    assert mirrored(system, request_id, Status.COMPLETED)
    shown = documents(system)[request_id]
    assert shown.keys() == MIRRORED
    assert shown["progress_percentage"] == 100
    assert shown["student_id"] != ""
    assert {frozenset(fields) for fields in documents(system).values()} == {frozenset(MIRRORED)}


def test_a_stage_that_is_killed_at_work_is_taken_over(
    system: EmulatedSystem, client: Client, record: sa.Engine
) -> None:
    request_id = ask(client, "Explain Newton's third law of motion", modality="audio", duration_seconds=60)
    until(client, request_id, lambda state: state["status"] == GENERATE_VIDEO.during)
    old = replaced(system, GENERATE_VIDEO)
    done = until(client, request_id, ended)

    assert done["status"] == Status.COMPLETED
    assert "audio" in done["assets"]
    assert system.instances.process(GENERATE_VIDEO).pid != old
    with single_statement(record) as connection:
        runs = connection.scalars(
            sa.text("SELECT state FROM request_stages WHERE request_id = :id AND stage = :stage ORDER BY attempt"),
            {"id": request_id, "stage": GENERATE_VIDEO.name},
        ).all()
    assert len(runs) >= 2
    assert (runs[0], runs[-1]) == (StageRunState.RUNNING, StageRunState.FINISHED)  # the first ended without a word


def test_the_first_calls_after_a_start_come_all_at_once_and_are_answered_rightly(
    system: EmulatedSystem, client: Client, record: sa.Engine
) -> None:
    with single_statement(record) as connection:
        rows = connection.execute(sa.text("SELECT passage_id::text, text FROM passages ORDER BY 1 LIMIT 64")).all()
    texts = {str(row[0]): str(row[1]) for row in rows}
    replaced(system, API)
    with ThreadPoolExecutor(64) as callers:
        answers = list(callers.map(lambda name: client.ask("GET", f"/v1/passages/{name}"), texts))

    assert len(texts) == 64
    assert {answer["passage_id"]: answer["text"] for answer in answers} == texts


@pytest.mark.parametrize(("function", "status"), [(API, 200), (MIRROR_STATUS, 405)], ids=["api", "event"])
def test_a_connection_that_is_kept_serves_the_next_call_too(
    function: Function, status: int, system: EmulatedSystem
) -> None:
    """One that is closed instead holds up all others: gunicorn waits for its end in the thread that takes them."""
    connection = http.client.HTTPConnection(system.instances.url(function).removeprefix("http://"), timeout=PATIENCE)
    connection.connect()
    connection.auto_open = 0
    statuses = []
    for _ in range(3):
        connection.request("GET", "/")
        with connection.getresponse() as answer:
            answer.read()
            statuses.append(answer.status)
    connection.close()
    assert statuses == [status] * 3


def test_a_message_that_cannot_be_delivered_fails_its_request(
    system: EmulatedSystem, client: Client, undeliverable: str
) -> None:
    failed = until(client, undeliverable, ended)

    assert failed["status"] == Status.FAILED
    assert (failed["error"]["code"], failed["error"]["stage"]) == (AttemptsExhausted.code, PROCESS_VIDEO.name)
    assert failed["error"]["message"]
    letter = system.messaging.pull(f"{Topic.DEAD_LETTER}-archive")[0]
    assert str(RequestMessage.decode(letter.data).request_id) == undeliverable
    assert letter.attributes[SOURCE_ATTRIBUTE] == resource_name(PREFIX, PROCESS_VIDEO.name)


@pytest.mark.usefixtures("undeliverable")
def test_no_word_of_a_student_leaves_the_record_and_the_artefacts(system: EmulatedSystem, client: Client) -> None:
    """Last, for it also searches what the tests before it left."""
    query = f"Explain how photosynthesis works in plants, {QUESTION}"
    vague = ask(client, f"Tell me about science {QUESTION}")
    until(client, vague, lambda state: "clarification" in state)
    lesson = until(client, ask(client, query, interest=INTEREST), ended)
    cached = until(client, ask(client, query, interest=INTEREST), ended)
    refused = until(client, ask(client, f"{QUESTION}: my number is 555-867-5309, call me and explain waves"), ended)
    assert [lesson["status"], cached["status"], refused["status"]] == [
        Status.COMPLETED,
        Status.COMPLETED,
        Status.FAILED,
    ]
    assert mirrored(system, refused["id"], Status.FAILED)
    buckets.upload(system.gate.host, SOURCES, f"{objects.SOURCES}notes.zip", QUESTION.encode(), "application/zip")
    ingested = system.instances.log(INGEST_SOURCE)
    assert eventually(lambda: "source is no book" in ingested.read_text())

    messages = {topic: pulled(system, topic) for topic in Topic}
    places = {f"message on {topic}": text(message) for topic, found in messages.items() for message in found}
    places |= {f"document {name}": json.dumps(fields) for name, fields in documents(system).items()}
    places |= {f"log {path.name}": path.read_text(errors="replace") for path in (system.folder / "logs").iterdir()}

    assert {topic for topic, found in messages.items() if found} == set(Topic)  # what is searched is there
    assert sum(name.startswith("document") for name in places) >= 6
    assert lesson["id"] in places["log generate_script.log"]
    words = (QUESTION, INTEREST, system.student.email, system.student.password, "867-5309")
    assert [(name, word) for name, said in places.items() for word in words if word in said.lower()] == []


def pulled(system: EmulatedSystem, topic: Topic) -> list[Pulled]:
    """All that was published on a topic since the start."""
    batches = itertools.takewhile(bool, iter(lambda: system.messaging.pull(f"watch-{topic}"), None))
    return list(itertools.chain.from_iterable(batches))


def text(message: Pulled) -> str:
    return message.data.decode() + json.dumps(dict(message.attributes))

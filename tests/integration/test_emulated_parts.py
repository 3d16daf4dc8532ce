"""The parts of an emulated system, each by itself: processes, the storage emulator and its gate, subscriptions."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from local import emulators
from local.client import fetch
from local.emulated import buckets, identity, rest
from local.emulated.gate import Gate
from local.emulated.instances import MOST_ENDS, Instances
from local.emulated.messaging import Messaging, declaration
from local.emulated.processes import Process, Processes, free_port
from local.emulated.told import framework
from local.emulators import Emulator, Notices
from local.errors import LocalProblem
from shared.adapters.gcs import CloudStorageObjects
from shared.pipeline import (
    API,
    FUNCTIONS,
    HANDLE_DEAD_LETTER,
    RETRY_MAXIMUM_SECONDS,
    RETRY_MINIMUM_SECONDS,
    SWEEP,
    Function,
    Topic,
)
from tests.conftest import ROOT, missing

PROJECT, PREFIX = "emulated-parts", "vividly-test"
PATIENCE = 60.0
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
# Leaves a child of its own behind when it is ended politely, and says its number.
PARENT = "sleep 600 & echo $!; trap '' TERM; wait; wait"


def eventually(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_nothing_of_a_program_is_left_when_the_context_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Processes() as processes:
        process = processes.start("stubborn", ["sh", "-c", PARENT], environment=ENVIRONMENT, log=log)
        assert eventually(lambda: log.read_text().strip().isdecimal())
        child = int(log.read_text())
        assert lives(process.pid)
        assert lives(child)
    assert not lives(process.pid)
    assert eventually(lambda: not lives(child))


def test_nothing_is_left_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f"""
import time
from pathlib import Path
from local.emulated.processes import Processes
with Processes() as processes:
    log = Path({str(log)!r})
    print(processes.start("program", ["sh", "-c", {PARENT!r}], environment={ENVIRONMENT!r}, log=log).pid, flush=True)
    time.sleep(600)
"""
    starter = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        program = int(starter.stdout.readline())
        assert eventually(lambda: log.exists() and log.read_text().strip().isdecimal())
        child = int(log.read_text())
        assert lives(program)
        assert lives(child)
    finally:
        starter.send_signal(signal.SIGKILL)
        starter.communicate()
    assert eventually(lambda: not lives(program) and not lives(child))


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The storage emulator behind its gate, with a bucket."""
    folder = tmp_path_factory.mktemp("gate")
    with Gate(identity.make(folder, PROJECT)) as opened:
        try:
            started = emulators.storage(folder, known_as=opened.host)
            with started as emulator:
                opened.open(emulator.host)
                buckets.make(opened.host, "media", PROJECT)
                yield opened
        except LocalProblem as problem:
            missing(str(problem))


@pytest.fixture
def objects(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> CloudStorageObjects:
    """The bucket as the functions see it."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{gate.host}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gate.identity.key_file))
    return CloudStorageObjects("media")


def test_an_object_is_read_through_its_own_link_and_in_no_other_way(gate: Gate, objects: CloudStorageObjects) -> None:
    data = os.urandom(200_000)
    for name in ("lessons/ab/video.mp4", "lessons/cd/video.mp4"):
        objects.write(name, data, content_type="video/mp4")
    link = objects.signed_url("lessons/ab/video.mp4", expires_in=timedelta(minutes=5))

    assert objects.read("lessons/ab/video.mp4") == data
    assert link.startswith(f"http://{gate.host}/media/lessons/ab/video.mp4?")
    answer = fetch(link)
    assert (answer.status, answer.data, answer.headers["content-type"]) == (200, data, "video/mp4")
    part = fetch(link, headers={"Range": "bytes=10-19", "Origin": "http://127.0.0.1:8080"})
    assert (part.status, part.data) == (206, data[10:20])
    assert part.headers["access-control-allow-origin"] in ("*", "http://127.0.0.1:8080")
    for other in (link.partition("?")[0], link.replace("/ab/", "/cd/"), link[:-1]):
        refused = fetch(other)
        assert refused.status == 403
        assert b"<Error><Code>" in refused.data
    assert fetch(link, method="DELETE").status == 403
    assert objects.exists("lessons/ab/video.mp4")


def test_a_link_that_has_run_out_is_refused(objects: CloudStorageObjects) -> None:
    objects.write("lessons/ab/short.mp4", b"x", content_type="video/mp4")
    link = objects.signed_url("lessons/ab/short.mp4", expires_in=timedelta(seconds=1))
    assert eventually(lambda: fetch(link).status == 400)
    assert b"ExpiredToken" in fetch(link).data


def test_an_emulator_that_is_gone_is_an_outage_and_no_refusal(tmp_path: Path) -> None:
    with Gate(identity.make(tmp_path, PROJECT)) as opened:
        opened.open(f"127.0.0.1:{free_port()}")
        assert fetch(f"http://{opened.host}/storage/v1/b?project=x").status == 503


@pytest.fixture
def messaging(pubsub_emulator: Emulator) -> Messaging:
    """A project of the test's own."""
    made = Messaging(host=pubsub_emulator.host, project_id=f"parts-{uuid.uuid4().hex[:12]}", prefix=PREFIX)
    assert made.make_topics(declaration()) == len(Topic)
    return made


def test_subscriptions_are_those_of_the_committed_declaration(messaging: Messaging) -> None:
    declared = declaration()
    listening = [function for function in FUNCTIONS if function.listens is not None]
    # Nobody listens there, and nothing is published.
    endpoints = {function.name: f"http://127.0.0.1:9/{function.name}" for function in listening}

    assert messaging.make_subscriptions(declared, endpoints) == len(listening)
    for function in listening:
        made = messaging.look(function.name)
        assert made["topic"] == messaging.topic_path(str(function.listens))
        assert made["pushConfig"]["pushEndpoint"] == endpoints[function.name]
        assert made["ackDeadlineSeconds"] == function.ack_deadline
        assert made["retryPolicy"] == {
            "minimumBackoff": f"{RETRY_MINIMUM_SECONDS}s",
            "maximumBackoff": f"{RETRY_MAXIMUM_SECONDS}s",
        }
        if function is HANDLE_DEAD_LETTER:
            assert "deadLetterPolicy" not in made
        else:
            assert made["deadLetterPolicy"] == {
                "deadLetterTopic": messaging.topic_path(Topic.DEAD_LETTER),
                "maxDeliveryAttempts": declared["delivery"]["max_delivery_attempts"],
            }
    messaging.limit_attempts(declared, SWEEP.name, 5)
    assert messaging.look(SWEEP.name)["deadLetterPolicy"]["maxDeliveryAttempts"] == 5


def test_what_is_put_into_one_bucket_is_told_to_a_topic(
    pubsub_emulator: Emulator, messaging: Messaging, tmp_path: Path
) -> None:
    topic = messaging.topic_path(Topic.SOURCE_UPLOADED).rpartition("/")[2]
    notices = Notices(bucket="sources", pubsub=pubsub_emulator, project_id=messaging.project_id, topic=topic)
    messaging.listen(Topic.SOURCE_UPLOADED, "watch")
    with emulators.storage(tmp_path, notices=notices) as emulator:
        for bucket in ("media", "sources"):
            buckets.make(emulator.host, bucket, PROJECT)
            buckets.upload(emulator.host, bucket, f"{bucket}/a book.zip", b"PK", "application/zip")
        said: list[tuple[str, str]] = []

        def heard() -> bool:
            attributes = [message.attributes for message in messaging.pull("watch")]
            said.extend((each["eventType"], each["objectId"]) for each in attributes)
            return bool(said)

        assert eventually(heard)
    assert said == [("OBJECT_FINALIZE", "sources/a book.zip")]


Start = Callable[[str], Instances]


@pytest.fixture
def start(tmp_path: Path, ended: list[tuple[str, bool]]) -> Iterator[Start]:
    """Starts `api` with this source in place of its own."""
    with Processes() as processes:
        started: list[Instances] = []

        def with_source(source: str) -> Instances:
            path = tmp_path / "main.py"
            path.write_text(source)

            def environment(function: Function, port: int) -> dict[str, str]:
                return ENVIRONMENT | framework(function, port) | {"FUNCTION_SOURCE": str(path), "HOME": str(tmp_path)}

            def report(process: Process, again: bool) -> None:
                ended.append((process.name, again))

            instances = Instances(processes, tmp_path, environment, report)
            started.append(instances)
            instances.start([API], {})
            return instances

        yield with_source
        for instances in started:
            instances.close()


@pytest.fixture
def ended() -> list[tuple[str, bool]]:
    """Ends that were reported."""
    return []


ANSWERS = "import os\ndef api(request):\n    return {'pid': os.getpid()}\n"
BREAKS = "print('no such setting', flush=True)\nraise SystemExit(7)\n"


def test_a_function_that_is_killed_is_served_again_at_the_same_address(
    start: Start, ended: list[tuple[str, bool]]
) -> None:
    instances = start(ANSWERS)
    instances.await_ready([API], lambda done: None)
    first, process = rest.call("GET", instances.url(API))["pid"], instances.process(API)
    process.kill()
    assert eventually(lambda: instances.process(API) is not process)
    instances.await_answer(API)

    assert rest.call("GET", instances.url(API))["pid"] != first
    assert not lives(first)  # the worker did not outlive the process that it belongs to
    assert ended == [(API.name, True)]


def test_a_function_that_does_not_start_shows_the_end_of_its_log(start: Start) -> None:
    instances = start(BREAKS)
    with pytest.raises(LocalProblem, match=r"(?s)api ended with exit code 7.*no such setting"):
        instances.await_ready([API], lambda done: None)


def test_a_function_that_ends_again_and_again_is_given_up(start: Start, ended: list[tuple[str, bool]]) -> None:
    instances = start(ANSWERS)
    instances.await_ready([API], lambda done: None)
    (instances.log(API).parent / "main.py").write_text(BREAKS)
    instances.process(API).kill()
    assert eventually(lambda: len(ended) == MOST_ENDS)
    assert ended == [(API.name, True)] * (MOST_ENDS - 1) + [(API.name, False)]


def test_a_function_that_is_finished_while_it_is_looked_at_is_not_started_again(
    start: Start, ended: list[tuple[str, bool]]
) -> None:
    instances = start(ANSWERS)
    instances.await_answer(API)
    looked_at = instances._instances[API.name]
    instances.finish(API)
    instances._replace(looked_at)

    assert looked_at.process.ended
    assert ended == []

"""What Pub/Sub's bus owes beside the contract: each refusal in our words, bounded waits, life after a fork."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest

from local.emulators import Emulator
from shared.adapters.pubsub import MAXIMUM_BYTES, PUBLISH_SECONDS, PubSubBus
from shared.enums import Port
from shared.errors import PermanentError, TransientError
from shared.pipeline import API, Topic
from tests.conftest import ROOT
from tests.counterparts.grpc_fake import DETAILS, answering
from tests.counterparts.pubsub import PREFIX, Project, free_address, use

pytestmark = pytest.mark.port(Port.BUS)

PATIENCE = 20.0  # seconds; reached only by a bus that hangs


@pytest.fixture
def project(pubsub_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One topic, pulled."""
    use(monkeypatch, pubsub_emulator.host)
    made = Project()
    made.topics([Topic.REQUEST_CREATED])
    made.pulled([Topic.REQUEST_CREATED])
    return made


ANSWERS: dict[grpc.StatusCode, type[Exception]] = {
    grpc.StatusCode.ABORTED: TransientError,
    grpc.StatusCode.CANCELLED: TransientError,
    grpc.StatusCode.DATA_LOSS: TransientError,
    grpc.StatusCode.DEADLINE_EXCEEDED: TransientError,
    grpc.StatusCode.FAILED_PRECONDITION: TransientError,
    grpc.StatusCode.INTERNAL: TransientError,
    grpc.StatusCode.INVALID_ARGUMENT: PermanentError,
    grpc.StatusCode.NOT_FOUND: TransientError,
    grpc.StatusCode.OUT_OF_RANGE: PermanentError,
    grpc.StatusCode.PERMISSION_DENIED: TransientError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TransientError,
    grpc.StatusCode.UNAUTHENTICATED: TransientError,
    grpc.StatusCode.UNAVAILABLE: TransientError,
    grpc.StatusCode.UNIMPLEMENTED: PermanentError,
    grpc.StatusCode.UNKNOWN: TransientError,
}
OF_THE_DEPLOYMENT = {
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
}


@pytest.mark.parametrize(("status", "kind"), ANSWERS.items(), ids=lambda value: getattr(value, "name", None))
def test_each_answer_of_the_server_is_told_in_our_words(
    status: grpc.StatusCode, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda method: status) as host:
        use(monkeypatch, host)
        with pytest.raises(kind) as raised:
            PubSubBus("test-project", prefix=PREFIX, seconds=0.4).publish(Topic.REQUEST_CREATED, b"x", {})

    assert type(raised.value) is kind
    assert DETAILS not in str(raised.value)
    assert Topic.REQUEST_CREATED in str(raised.value)
    assert ("deployment" in str(raised.value)) == (status in OF_THE_DEPLOYMENT)


def test_a_fault_that_passes_at_once_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.PERMISSION_DENIED])
    with answering(lambda method: next(answers)) as host:
        use(monkeypatch, host)
        with pytest.raises(TransientError, match="PermissionDenied"):
            PubSubBus("test-project", prefix=PREFIX).publish(Topic.REQUEST_CREATED, b"x", {})


def test_a_missing_topic_keeps_the_message_with_its_sender(project: Project) -> None:
    bus = PubSubBus(project.name, prefix=PREFIX)

    with pytest.raises(TransientError, match=r"publish to lesson-ready: NotFound.*deployment"):
        bus.publish(Topic.LESSON_READY, b"x", {})

    project.topics([Topic.LESSON_READY])
    bus.publish(Topic.LESSON_READY, b"x", {})


def test_a_message_too_large_is_refused_before_it_is_sent(project: Project) -> None:
    bus = PubSubBus(project.name, prefix=PREFIX)

    with pytest.raises(PermanentError) as raised:
        bus.publish(Topic.REQUEST_CREATED, b"x" * MAXIMUM_BYTES, {})
    assert raised.value.code == "message_too_large"
    bus.publish(Topic.REQUEST_CREATED, b"x" * (MAXIMUM_BYTES - 1000), {})


def test_a_message_of_nothing_is_none(project: Project) -> None:
    with pytest.raises(PermanentError):
        PubSubBus(project.name, prefix=PREFIX).publish(Topic.REQUEST_CREATED, b"", {})


def test_a_server_that_takes_the_call_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(monkeypatch, f"127.0.0.1:{silent.getsockname()[1]}")
        bus = PubSubBus("test-project", prefix=PREFIX, seconds=1.0)
        began = time.monotonic()
        with pytest.raises(TransientError):
            bus.publish(Topic.REQUEST_CREATED, b"x", {})
        waited = time.monotonic() - began

    assert waited < PATIENCE, "longer than one call and its tries may take"


def test_two_publishes_fit_the_shortest_budget() -> None:
    assert API.budget > 2 * PUBLISH_SECONDS


@pytest.mark.parametrize("content", [None, "{}", "not json"], ids=["no file", "no credentials", "no JSON"])
def test_without_credentials_it_is_the_deployment_that_is_at_fault(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    file = tmp_path / "credentials.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    with pytest.raises(TransientError, match="deployment"):
        PubSubBus("test-project", prefix=PREFIX).publish(Topic.REQUEST_CREATED, b"x", {})


def test_nothing_is_built_before_the_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server imports in its parent: a client there would be dead in the child that serves."""
    use(monkeypatch, free_address())
    threads = threading.active_count()
    bus = PubSubBus("test-project", prefix=PREFIX, seconds=0.2)
    assert threading.active_count() == threads
    with pytest.raises(TransientError):
        bus.publish(Topic.REQUEST_CREATED, b"x", {})


FORKING = """
import os, sys
from shared.adapters.pubsub import PubSubBus
from shared.pipeline import Topic

bus = PubSubBus(sys.argv[1], prefix=sys.argv[2])
bus.publish(Topic.REQUEST_CREATED, b"parent, before", {})
child = os.fork()
if child == 0:
    bus.publish(Topic.REQUEST_CREATED, b"child", {})
    os._exit(0)  # at once, as a machine that fails: what was published is safe
_, status = os.waitpid(child, 0)
bus.publish(Topic.REQUEST_CREATED, b"parent, after", {})
os._exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_bus_that_was_used_is_used_in_a_forked_child_too(project: Project) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING, project.name, PREFIX], cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE
    )
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("the bus hangs after a fork")
    assert process.returncode == 0, said.decode()

    # Each was safe before its process went on: there is nothing to wait for.
    assert sorted(data for _, data, _ in project.arrived()) == [b"child", b"parent, after", b"parent, before"]

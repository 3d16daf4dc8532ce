"""What every StatusMirror owes, on each there is: the newest version stays, what is forgotten is gone."""

import random
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from google.cloud import firestore
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, Document, Value

from functions.mirror_status import main as mirror_status
from local.emulators import Emulator
from shared.adapters.firestore import BATCH, CALL_SECONDS, COLLECTION, FirestoreMirror
from shared.adapters.no_mirror import NoMirror
from shared.enums import ContentRequestStatus as Status
from shared.enums import Port
from shared.errors import PermanentError, TransientError
from shared.messages import RequestMessage
from shared.pipeline import MIRROR_STATUS
from shared.services import StatusMirror
from tests import factories
from tests.counterparts.grpc_fake import DETAILS, answering
from tests.counterparts.pubsub import free_address
from tests.fakes import FakeServices, MemoryMirror

pytestmark = pytest.mark.port(Port.MIRROR)

DATABASE = "vividly-test"
PATIENCE = 20.0  # seconds; reached only by a mirror that hangs


@dataclass
class Glass:
    """A mirror and what can be seen in it."""

    mirror: StatusMirror
    shown: Callable[[str], Mapping[str, Any] | None]  # with the version


def use(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Have the clients that are made from now on speak with this server."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)


@pytest.fixture
def project(firestore_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project of the test's own in the emulator."""
    use(monkeypatch, firestore_emulator.host)
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def documents(project: str) -> firestore.CollectionReference:
    """What the mirror writes, seen by an administrator."""
    return firestore.Client(project=project, database=DATABASE).collection(COLLECTION)


@pytest.fixture(params=["memory", "firestore"])
def glass(request: pytest.FixtureRequest) -> Iterator[Glass]:
    if request.param == "memory":
        memory = MemoryMirror()

        def kept(request_id: str) -> Mapping[str, Any] | None:
            found = memory.documents.get(request_id)
            return None if found is None else {**found[1], "version": found[0]}

        yield Glass(memory, kept)
        return
    documents: firestore.CollectionReference = request.getfixturevalue("documents")
    project: str = request.getfixturevalue("project")
    yield Glass(
        FirestoreMirror(project, database=DATABASE), lambda request_id: documents.document(request_id).get().to_dict()
    )


def snapshot(**fields: Any) -> dict[str, Any]:
    """Fields as the mirror is given them."""
    return {
        "student_id": str(uuid.UUID(int=7)),
        "status": Status.RETRIEVING,
        "progress_percentage": 15,
        "current_stage": "Reading the textbooks",
        "eta_seconds": None,
        "updated_at": "2026-01-02T03:04:05.678901+00:00",
        "awaiting_clarification": False,
        "error_code": None,
    } | fields


def test_a_snapshot_is_shown_with_its_version(glass: Glass) -> None:
    assert glass.mirror.write("a", snapshot(), 3) is True

    assert glass.shown("a") == snapshot() | {"version": 3}
    assert glass.shown("b") is None


def test_a_higher_version_replaces_all_of_a_lower_one(glass: Glass) -> None:
    glass.mirror.write("a", snapshot(note="gone"), 3)

    assert glass.mirror.write("a", snapshot(progress_percentage=20), 4) is True

    assert glass.shown("a") == snapshot(progress_percentage=20) | {"version": 4}


def test_a_lower_version_is_refused(glass: Glass) -> None:
    glass.mirror.write("a", snapshot(progress_percentage=20), 4)

    assert glass.mirror.write("a", snapshot(), 3) is False

    assert glass.shown("a") == snapshot(progress_percentage=20) | {"version": 4}


def test_the_same_version_is_shown_as_it_was_told_last(glass: Glass) -> None:
    """A later release may show more of the same request."""
    glass.mirror.write("a", snapshot(), 3)

    assert glass.mirror.write("a", snapshot(), 3) is True
    assert glass.mirror.write("a", snapshot(more="told"), 3) is True

    assert glass.shown("a") == snapshot(more="told") | {"version": 3}


def test_of_versions_that_race_the_highest_wins(glass: Glass) -> None:
    versions = list(range(1, 21))
    for request_id in ("a", "b", "c"):
        random.shuffle(versions)
        together = threading.Barrier(len(versions), timeout=PATIENCE)

        def write(version: int, name: str = request_id, start: threading.Barrier = together) -> bool:
            start.wait()
            return glass.mirror.write(name, snapshot(progress_percentage=version), version)

        with ThreadPoolExecutor(max_workers=len(versions)) as pool:
            stored = dict(zip(versions, pool.map(write, versions), strict=True))

        assert stored[20]
        assert glass.shown(request_id) == snapshot(progress_percentage=20) | {"version": 20}


def test_what_is_forgotten_is_gone_and_the_rest_stays(glass: Glass) -> None:
    for name in "abc":
        glass.mirror.write(name, snapshot(), 9)

    glass.mirror.delete(["a", "never there", "c", "a"])
    glass.mirror.delete([])

    assert [glass.shown(name) is None for name in "abc"] == [True, False, True]


def test_what_was_forgotten_can_be_shown_anew(glass: Glass) -> None:
    glass.mirror.write("a", snapshot(), 9)
    glass.mirror.delete(["a"])

    assert glass.mirror.write("a", snapshot(), 1) is True

    assert glass.shown("a") == snapshot() | {"version": 1}


def test_no_mirror_says_that_it_shows_nothing() -> None:
    mirror = NoMirror()
    assert mirror.write("a", snapshot(), 1) is False
    mirror.delete(["a"])


# What is Firestore's own.


@pytest.fixture
def mirror(project: str) -> FirestoreMirror:
    return FirestoreMirror(project, database=DATABASE)


def test_the_same_again_costs_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announcements come in bursts, and a document takes about one write a second."""
    name = f"projects/test-project/databases/{DATABASE}/documents/{COLLECTION}/a"
    fields = {"status": Value(string_value="pending"), "version": Value(integer_value=3)}
    held = BatchGetDocumentsResponse(found=Document(name=name, fields=fields, update_time=datetime.now(UTC)))
    calls: list[str] = []

    def answer(method: str) -> grpc.StatusCode | bytes:
        calls.append(method)
        return grpc.StatusCode.PERMISSION_DENIED if method == "Commit" else BatchGetDocumentsResponse.serialize(held)

    with answering(answer) as host:
        use(monkeypatch, host)
        mirror = FirestoreMirror("test-project", database=DATABASE)
        assert mirror.write("a", {"status": "pending"}, 3) is True
        assert mirror.write("a", {"status": "pending"}, 2) is False
        assert calls == ["BatchGetDocuments"] * 2
        with pytest.raises(TransientError, match="PermissionDenied"):
            mirror.write("a", {"status": "pending"}, 4)


def test_more_are_forgotten_than_one_commit_takes(
    mirror: FirestoreMirror, documents: firestore.CollectionReference
) -> None:
    names = [f"{number:04d}" for number in range(2 * BATCH + 7)]
    for name in (names[0], names[BATCH], names[-1]):
        mirror.write(name, snapshot(), 1)

    mirror.delete(names)

    assert list(documents.stream()) == []


def test_a_document_holds_nothing_of_the_question(
    mirror: FirestoreMirror, documents: firestore.CollectionReference, shared_database: sa.Engine
) -> None:
    services = FakeServices(engine=shared_database, mirror=mirror)
    student = factories.add_user(services.engine, email="canary@school.test")
    request_id = factories.add_request(
        services.engine, student_id=student, status=Status.RETRIEVING, query="my canary question", interest="canary"
    )

    mirror_status.handle(RequestMessage(request_id=request_id, correlation_id=request_id), services)

    found = [document.to_dict() for document in documents.stream()]
    assert [document["student_id"] for document in found] == [str(student)]
    assert "canary" not in repr(found)


def test_deliveries_that_overtake_each_other_leave_the_newest(
    mirror: FirestoreMirror, documents: firestore.CollectionReference, shared_database: sa.Engine
) -> None:
    services = FakeServices(engine=shared_database, mirror=mirror)
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING)
    message = RequestMessage(request_id=request_id, correlation_id=request_id)

    def change(percentage: int) -> None:
        factories.update(services.engine, request_id, progress_percentage=percentage)
        mirror_status.handle(message, services)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(change, range(16, 28)))

    row = factories.row(services.engine, request_id)
    shown = documents.document(str(request_id)).get().to_dict()
    assert (shown["version"], shown["progress_percentage"]) == (row["version"], row["progress_percentage"])


ANSWERS: dict[grpc.StatusCode, type[Exception]] = {
    grpc.StatusCode.ABORTED: TransientError,
    grpc.StatusCode.ALREADY_EXISTS: TransientError,
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


@pytest.mark.parametrize(("status", "kind"), ANSWERS.items(), ids=lambda value: getattr(value, "name", None))
def test_each_answer_of_the_server_is_told_in_our_words(
    status: grpc.StatusCode, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda method: status) as host:
        use(monkeypatch, host)
        mirror = FirestoreMirror("test-project", seconds=0.3)
        for call in (lambda: mirror.write("a", snapshot(), 1), lambda: mirror.delete(["a"])):
            with pytest.raises(kind) as raised:
                call()
            assert type(raised.value) is kind
            assert DETAILS not in str(raised.value)


def test_a_fault_that_passes_at_once_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.PERMISSION_DENIED])
    with answering(lambda method: next(answers)) as host:
        use(monkeypatch, host)
        with pytest.raises(TransientError, match=r"PermissionDenied.*deployment"):
            FirestoreMirror("test-project").write("a", snapshot(), 1)


def test_a_server_that_is_away_or_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for host in (free_address(), f"127.0.0.1:{silent.getsockname()[1]}"):
            use(monkeypatch, host)
            mirror = FirestoreMirror("test-project", seconds=0.3)
            with pytest.raises(TransientError):
                mirror.write("a", snapshot(), 1)
            with pytest.raises(TransientError):
                mirror.delete(["a"])


def test_one_write_fits_the_budget_of_the_function_that_makes_it() -> None:
    assert MIRROR_STATUS.budget > 2 * CALL_SECONDS


def test_without_credentials_it_is_the_deployment_that_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    with pytest.raises(TransientError, match="deployment"):
        FirestoreMirror("test-project").write("a", snapshot(), 1)

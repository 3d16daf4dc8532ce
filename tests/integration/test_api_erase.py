"""A student is forgotten: rows, files and account; what others still use stays."""

import uuid
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from shared import objects
from shared.db.models import idempotency_keys, notifications, request_events, request_feedback, request_stages
from shared.enums import ContentRequestStatus as Status
from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import IN_PROGRESS, TERMINAL, Topic
from tests import factories
from tests.fakes import FakeServices, MemoryMirror
from tests.integration.api_client import GOOD, Caller, problem


def _erase(caller: Caller, student: Caller) -> dict[str, object]:
    answer = caller.call("DELETE", f"/v1/students/{student.id}/data")
    assert answer.status_code == 202, answer.text
    body: dict[str, object] = answer.get_json()
    return body


def _lesson(system: FakeServices, student: Caller, digest: str, *, cached: bool = True) -> uuid.UUID:
    """A finished lesson of the student's, with two objects, in the cache."""
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest, content_key=f"key-{digest}")
    for name in (objects.STORYBOARD, objects.VIDEO):
        system.objects.write(objects.lesson(digest, name), b'{"scenes": []}', content_type="")
    if cached:
        factories.keep_lesson(system.engine, digest, content_key=f"key-{digest}", made_by=request_id)
    return request_id


def _cached(system: FakeServices, digest: str) -> bool:
    with system.engine.begin() as connection:
        statement = sa.text("SELECT count(*) FROM lessons WHERE storyboard_digest = :digest")
        return bool(connection.execute(statement, {"digest": digest}).scalar_one())


def test_a_student_may_be_forgotten_by_the_student(system: FakeServices, student: Caller) -> None:
    student.post("/v1/requests", GOOD, Idempotency_Key="k")
    lesson = _lesson(system, student, uuid.uuid4().hex)
    student.post(f"/v1/requests/{lesson}/feedback", {"kind": "helpful"})
    system.mirror.write(str(lesson), {}, 1)
    assert _erase(student, student) == {"student_id": str(student.id), "requests": 2, "lessons": 1, "objects": 2}
    assert problem(student.get("/v1/requests")) == (401, "token_invalid")
    assert system.objects.data == {}
    assert system.mirror.documents == {}
    with system.engine.begin() as connection:
        for table in (request_events, request_stages, notifications, request_feedback):
            statement = sa.select(sa.func.count()).select_from(table).where(table.c.request_id == lesson)
            assert connection.execute(statement).scalar_one() == 0
        keys = (
            sa.select(sa.func.count()).select_from(idempotency_keys).where(idempotency_keys.c.student_id == student.id)
        )
        assert connection.execute(keys).scalar_one() == 0


def test_an_admin_may_forget_a_student_once(system: FakeServices, student: Caller, admin: Caller) -> None:
    student.ask()
    assert _erase(admin, student)["requests"] == 1
    assert problem(admin.call("DELETE", f"/v1/students/{student.id}/data")) == (404, "not_found")
    assert admin.get("/v1/requests").status_code == 200


def test_nobody_else_may(system: FakeServices, student: Caller, stranger: Callable[[], Caller]) -> None:
    student.ask()
    for name in (student.id, uuid.uuid4(), "no-uuid"):
        assert problem(stranger().call("DELETE", f"/v1/students/{name}/data")) == (404, "not_found")
    assert len(student.get("/v1/requests").get_json()["items"]) == 1


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "no-uuid"])
def test_who_is_not_there_cannot_be_forgotten(admin: Caller, name: str) -> None:
    assert problem(admin.call("DELETE", f"/v1/students/{name}/data")) == (404, "not_found")


def test_a_lesson_that_others_use_stays(system: FakeServices, student: Caller, stranger: Callable[[], Caller]) -> None:
    mine, shared, other = uuid.uuid4().hex, uuid.uuid4().hex, stranger()
    _lesson(system, student, mine)
    _lesson(system, student, shared)
    theirs = _lesson(system, other, shared, cached=False)
    body = _erase(student, student)
    assert (body["lessons"], body["objects"]) == (1, 2)
    assert {name.split("/")[1] for name in system.objects.data} == {shared}
    assert (_cached(system, mine), _cached(system, shared)) == (False, True)
    assert other.get(f"/v1/requests/{theirs}").get_json()["assets"].keys() == {"storyboard", "video"}


def test_what_is_being_made_is_cancelled_and_its_followers_are_made_instead(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    leader = student.request(status=Status.RETRIEVING, content_key="erase-1")
    parked = student.parked()
    other = stranger()
    follower = other.request(status=Status.VALIDATING, content_key="erase-1", follows=leader)
    assert _erase(student, student)["requests"] == 2
    row = factories.row(system.engine, follower)
    assert (row["status"], row["follows"]) == (Status.VALIDATING, None)
    told = [(topic, RequestMessage.decode(data).request_id) for topic, data, _ in system.bus.messages]
    assert (Topic.REQUEST_VALIDATED, follower) in told
    assert {(Topic.STATUS_CHANGED, leader), (Topic.STATUS_CHANGED, parked)} <= set(told)


@pytest.mark.parametrize("status", sorted({Status.PENDING, *IN_PROGRESS, *TERMINAL}))
def test_a_student_can_be_forgotten_in_every_status(system: FakeServices, student: Caller, status: Status) -> None:
    student.request(status=status)
    assert _erase(student, student)["requests"] == 1


def test_a_retelling_outlives_nothing_but_its_own_student(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    request_id = student.request(status=Status.COMPLETED)
    derived = stranger().request(derived_from=request_id)
    _erase(student, student)
    assert factories.row(system.engine, derived)["derived_from"] is None


def test_what_could_not_be_removed_is_found_again_by_the_same_call(
    system: FakeServices, student: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = uuid.uuid4().hex
    _lesson(system, student, digest)

    def broken(prefix: str) -> int:
        raise TransientError("the store is away")

    with monkeypatch.context() as broken_store:
        broken_store.setattr(system.objects, "delete_prefix", broken)
        answer = student.call("DELETE", f"/v1/students/{student.id}/data")
    assert problem(answer) == (503, "service_unavailable")
    assert len(system.objects.data) == 2
    assert _erase(student, student)["objects"] == 2
    assert system.objects.data == {}


def test_what_a_late_message_mirrors_meanwhile_is_forgotten_too(system: FakeServices, student: Caller) -> None:
    """The mirror's function can be at work on a request's last change while the student is removed."""
    request_id = str(student.request(status=Status.COMPLETED))

    class Mirror(MemoryMirror):
        def delete(self, request_ids: Sequence[str]) -> None:
            super().delete(request_ids)
            with system.engine.begin() as connection:
                there = sa.text("SELECT count(*) FROM content_requests WHERE id = :id")
                if connection.execute(there, {"id": request_id}).scalar_one():
                    self.write(request_id, {}, 1)

    system.mirror = Mirror()
    _erase(student, student)

    assert system.mirror.documents == {}

"""Forgetting a student: proven over every row of every table, the objects and the mirror, wherever it is cut off."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import pytest
import sqlalchemy as sa

from functions.api import erase
from functions.mirror_status import main as mirror_status
from functions.sweep import main as sweep
from shared import log, objects
from shared.db import erasure, lesson_objects
from shared.db.engine import single_statement, transaction
from shared.db.models import metadata
from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.messages import RequestMessage
from shared.security import tokens
from tests import factories
from tests.fakes import FakeServices, MemoryMirror
from tests.integration.api_client import GOOD, Caller, caller
from tests.security.test_retention import SlowStore, run_of, writing

QUESTION, INTEREST, ANSWER, ADDRESS, KEY = "zyxqoblorp", "vrimblequat", "plimfrozzle", "quibblezonk", "gnorbelflitz"


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@dataclass
class World:
    """A student with all that a student can have, and another one whose lessons are partly the same."""

    services: FakeServices
    student: Caller = field(init=False)
    other: Caller = field(init=False)
    private: str = field(default_factory=lambda: uuid.uuid4().hex)
    shared: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        engine = self.services.engine
        account = factories.add_user(engine, email=f"{ADDRESS}-{uuid.uuid4().hex[:8]}@school.test")
        bearer = tokens.Bearer(account_id=account, role=Role.STUDENT)
        token = tokens.issue(self.services.settings.secret_key, bearer, minutes=60)
        self.student = Caller(self.services, account, token)
        self.other = caller(self.services)
        words = {"query": f"Explain {QUESTION}", "interest": INTEREST}
        answered = {"clarification": {"answers": [{"question_id": "q1", "text": ANSWER}], "round": 1}}
        for digest in (self.private, self.shared):
            self.lesson(self.student, digest, request_metadata=answered, **words)
        self.kept = self.lesson(self.other, self.shared)
        self.student.request(status=Status.FAILED, storyboard_digest=self.private, **words)
        leader = self.student.request(status=Status.RETRIEVING, content_key="flight", **words)
        self.follower = self.other.request(status=Status.VALIDATING, content_key="flight", follows=leader, query="mine")
        self.student.parked()
        self.student.post("/v1/requests", GOOD | words, Idempotency_Key=KEY)
        self.requests = [item["id"] for item in self.student.get("/v1/requests").get_json()["items"]]
        with engine.begin() as connection:
            for statement in (
                "INSERT INTO request_stages (request_id, stage, attempt, state) SELECT id, 's', 1, 'running' {of}",
                "INSERT INTO notifications (request_id, channel, student_id, message_id) "
                "SELECT id, 'email', student_id, CAST(id AS text) {of}",
                "INSERT INTO request_feedback (request_id, kind) SELECT id, 'helpful' {of}",
            ):
                of = "FROM content_requests WHERE student_id = :id"
                connection.execute(sa.text(statement.format(of=of)), {"id": account})
        for request_id in (*self.requests, str(self.kept)):
            self.services.mirror.write(request_id, {"student_id": "s"}, 1)

    def lesson(self, who: Caller, digest: str, **columns: Any) -> uuid.UUID:
        """A finished lesson, in the store and in the cache."""
        request_id = who.request(
            status=Status.COMPLETED, storyboard_digest=digest, content_key=f"key-{digest}", **columns
        )
        for name in (objects.STORYBOARD, objects.VIDEO):
            self.services.objects.write(objects.lesson(digest, name), b"{}", content_type="")
        factories.keep_lesson(self.services.engine, digest, content_key=f"key-{digest}", made_by=request_id)
        return request_id

    def erase(self, who: Caller | None = None) -> Any:
        """Make the call."""
        return (who or self.student).call("DELETE", f"/v1/students/{self.student.id}/data")

    def traces(self) -> list[tuple[str, str]]:
        """Every table and column in which something of the student stands."""
        account = self.student.id
        assert account
        words = [QUESTION, INTEREST, ANSWER, ADDRESS, KEY, str(account), account.hex, *self.requests]
        found = []
        with self.services.engine.connect() as connection:
            for table in metadata.sorted_tables:
                for column in table.columns:
                    statement = sa.text(
                        f'SELECT count(*) FROM "{table.name}" WHERE CAST("{column.name}" AS text) ILIKE ANY (:words)'
                    )
                    if connection.execute(statement, {"words": [f"%{word}%" for word in words]}).scalar_one():
                        found.append((table.name, column.name))
        return found

    def assert_forgotten(self) -> None:
        """Nothing of the student is left anywhere; what is the other's is."""
        assert self.traces() == []
        assert list(self.services.mirror.documents) == [str(self.kept)]
        kept = {objects.lesson(self.shared, name) for name in (objects.STORYBOARD, objects.VIDEO)}
        assert set(self.services.objects.data) == kept
        with self.services.engine.connect() as connection:
            assert connection.scalars(sa.text("SELECT storyboard_digest FROM lessons")).all() == [self.shared]
        row = factories.row(self.services.engine, self.follower)
        assert (row["status"], row["follows"]) == (Status.VALIDATING, None)
        assert factories.row(self.services.engine, self.kept)["storyboard_digest"] == self.shared


@pytest.fixture
def world(system: FakeServices) -> World:
    with system.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE users, lessons, abandoned_lessons CASCADE"))
    return World(system)


# Columns in which a student's own things stand; the data map says of each what it is for.
EVERYWHERE: Final = {
    ("users", "id"),
    ("users", "email"),
    ("content_requests", "id"),
    ("content_requests", "student_id"),
    ("content_requests", "query"),
    ("content_requests", "interest"),
    ("content_requests", "request_metadata"),
    ("content_requests", "follows"),
    ("request_stages", "request_id"),
    ("request_events", "request_id"),
    ("lessons", "made_by"),
    ("notifications", "request_id"),
    ("notifications", "student_id"),
    ("notifications", "message_id"),
    ("idempotency_keys", "student_id"),
    ("idempotency_keys", "key"),
    ("idempotency_keys", "request_id"),
    ("request_feedback", "request_id"),
}


def test_the_walk_finds_what_is_there(world: World) -> None:
    """A walk that finds nothing proves nothing, unless it would have found something."""
    assert set(world.traces()) == EVERYWHERE


@pytest.mark.parametrize("by", ["student", "admin"])
def test_nothing_is_left_of_a_student(world: World, by: str) -> None:
    answer = world.erase(caller(world.services, role=Role.ADMIN) if by == "admin" else None)
    assert answer.status_code == 202, answer.text
    assert (answer.get_json()["requests"], answer.get_json()["lessons"], answer.get_json()["objects"]) == (6, 1, 2)
    world.assert_forgotten()


# Cut off at every step


@dataclass
class Steps:
    """Counts what is done outside of this process: each statement, and each call of a port."""

    die_at: int | None = None
    taken: int = 0

    def take(self) -> None:
        """Another step; the last of all where the process is to end."""
        self.taken += 1
        if self.taken == self.die_at:
            raise Killed


@contextmanager
def counted(services: FakeServices, die_at: int | None = None) -> Iterator[Steps]:
    """Count the steps, or end the process at one of them, before it is taken."""
    steps = Steps(die_at)

    def statement(*arguments: Any) -> None:
        steps.take()

    def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **more: Any) -> Any:
            steps.take()
            return call(*arguments, **more)

        return stepped

    calls = [(services.objects, "delete_prefix"), (services.mirror, "delete"), (services.bus, "publish")]
    for port, name in calls:
        setattr(port, name, stepping(getattr(port, name)))
    sa.event.listen(services.engine, "before_cursor_execute", statement)
    try:
        yield steps
    finally:
        sa.event.remove(services.engine, "before_cursor_execute", statement)
        for port, name in calls:
            delattr(port, name)


def test_an_erasure_that_is_cut_off_anywhere_is_finished_by_the_same_call(world: World) -> None:
    with counted(world.services) as whole:
        assert world.erase().status_code == 202
    assert 20 < whole.taken < 80
    for step in range(1, whole.taken + 1):
        with world.services.engine.begin() as connection:
            connection.execute(sa.text("TRUNCATE users, lessons, abandoned_lessons CASCADE"))
        world.services.mirror.documents.clear()
        world.services.objects.data.clear()
        again = World(world.services)
        with counted(again.services, die_at=step) as steps, pytest.raises(Killed):
            again.erase()
        assert steps.taken == step
        answer = again.erase()
        # Unless it was cut off after the rows had gone, when there is nobody left to call.
        assert answer.status_code in (202, 401), step
        if answer.status_code == 401:
            assert step >= whole.taken - 1
        again.assert_forgotten()
        assert again.erase(caller(again.services, role=Role.ADMIN)).status_code == 404


def test_an_erasure_in_parallel_with_itself_leaves_nothing(world: World) -> None:
    admin = caller(world.services, role=Role.ADMIN)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: world.erase(who).status_code, [world.student, admin, admin, world.student]))
    assert set(answers) <= {202, 401, 404, 503}
    assert 202 in answers
    world.erase(admin)
    world.assert_forgotten()


def test_what_the_call_has_no_time_for_is_left_to_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "OBJECTS_SECONDS", -1.0)
    body = world.erase().get_json()
    assert (body["requests"], body["lessons"], body["objects"]) == (6, 0, 0)
    assert {name.split("/")[1] for name in world.services.objects.data} == {world.shared, world.private}
    with world.services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE abandoned_lessons SET since = since - interval '1 hour'"))
    sweep._clear(world.services)
    world.assert_forgotten()


def test_what_a_run_still_writes_of_a_forgotten_students_lesson_is_cleared_away(world: World) -> None:
    """It notices at its next step that the request has gone; until then it writes what it was writing."""
    world.erase()
    late = objects.lesson(world.private, objects.NARRATION)
    world.services.objects.write(late, b"sound", content_type="")
    with world.services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE abandoned_lessons SET since = since - interval '1 hour'"))
    sweep._clear(world.services)
    assert not world.services.objects.exists(late)


def test_whoever_begins_the_same_lesson_meanwhile_keeps_it(world: World) -> None:
    """The one who followed makes it now, and may be quick: what it writes is not taken for the student's."""
    data, world.services.objects = world.services.objects.data, SlowStore()
    world.services.objects.data = data
    request_id, request = writing(world.services)
    name = objects.lesson(world.private, objects.STORYBOARD)

    def write() -> None:
        run_of(request, world.services).begin_lesson(world.private)
        world.services.objects.write(name, b"new", content_type="")

    with ThreadPoolExecutor(2) as pool:
        erasing = pool.submit(world.erase)
        assert world.services.objects.begun.wait(20)
        written = pool.submit(write)
        world.services.objects.go_on.set()
        assert erasing.result(20).status_code == 202
        written.result(20)
    assert world.services.objects.data[name] == b"new"
    with single_statement(world.services.engine) as connection:
        connection.execute(sa.text("UPDATE abandoned_lessons SET since = since - interval '1 hour'"))
        assert world.private in lesson_objects.abandoned(connection, quiet_seconds=0, limit=10)
    sweep._clear(world.services)
    assert world.services.objects.data[name] == b"new"
    assert factories.row(world.services.engine, request_id)["storyboard_digest"] == world.private


def test_what_the_student_asks_for_meanwhile_goes_too(world: World) -> None:
    class Meanwhile(MemoryMirror):
        """Between the removal of objects and of rows, the student asks once more, and that is mirrored."""

        asked: ClassVar[list[str]] = []

        def delete(self, request_ids: Any) -> None:
            super().delete(request_ids)
            if not self.asked:
                self.asked.append(str(world.student.ask(query=f"And {QUESTION}?")))
                self.write(self.asked[0], {}, 1)

    world.services.mirror = Meanwhile({str(world.kept): (1, {})})
    assert world.erase().get_json()["requests"] == 7
    world.assert_forgotten()


def test_what_was_just_about_to_be_mirrored_is_forgotten_too(world: World) -> None:
    """The status is read, the student is removed, and only then is it written: nothing would ever take it back."""

    class Late(MemoryMirror):
        def write(self, request_id: str, fields: Any, version: int) -> bool:
            assert world.erase().status_code == 202
            return super().write(request_id, fields, version)

    request_id = uuid.UUID(world.requests[0])
    world.services.mirror = Late({str(world.kept): (1, {})})
    mirror_status.handle(RequestMessage(request_id=request_id, correlation_id=request_id), world.services)
    world.assert_forgotten()


def test_nobody_asks_between_the_last_look_and_the_removal(system: FakeServices) -> None:
    """What came between would vanish uncancelled, from under whoever follows it, and unknown to the mirror."""
    student = caller(system)
    assert student.id
    blocked: list[bool] = []

    with ThreadPoolExecutor(1) as pool, transaction(system.engine) as connection:

        def ask(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
            if statement.startswith("DELETE FROM users"):
                asked = pool.submit(student.post, "/v1/requests", GOOD)
                blocked.append(not wait([asked], timeout=0.5).done)

        sa.event.listen(connection, "before_cursor_execute", ask)
        assert erasure.remove_account(connection, student.id) == []
        assert blocked == [True]


# What is told of it


@pytest.mark.parametrize(("by", "code"), [("student", "by_the_student"), ("admin", "by_an_admin")])
def test_the_log_says_that_it_was_done_and_not_to_whom(world: World, by: str, code: str) -> None:
    lines: list[dict[str, Any]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append({"message": record.getMessage()} | record.__dict__["fields"])

    log.configure("INFO")
    keeper = Keeper()
    logging.getLogger("vividly").addHandler(keeper)
    try:
        world.erase(caller(world.services, role=Role.ADMIN) if by == "admin" else None)
    finally:
        logging.getLogger("vividly").removeHandler(keeper)
    entries = [line for line in lines if line["message"] == "student's data removed"]
    assert entries == [{"message": "student's data removed", "code": code, "count": 6}]
    told = json.dumps(lines, default=str)
    assert str(world.student.id) not in told
    assert all(word not in told for word in (QUESTION, INTEREST, ANSWER, ADDRESS, KEY))

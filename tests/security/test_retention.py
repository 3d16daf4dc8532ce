"""What is kept, and for how long: the sweep with a clock that is moved to both sides of every limit."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import sqlalchemy as sa

from functions.sweep import main as sweep
from shared import objects, runs
from shared.adapters.folder_objects import FolderObjects
from shared.db import actions, claims, outcomes, submissions
from shared.db.engine import single_statement, transaction
from shared.db.models import metadata
from shared.db.submissions import IdempotencyKey
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, LessonStyle, Modality, SceneKind
from shared.errors import TransientError, WorkSuperseded
from shared.lesson import feasible
from shared.lesson.storyboard import TitleVisual
from shared.pipeline import (
    CLARIFICATION_DAYS,
    GENERATE_SCRIPT,
    IDEMPOTENCY_DAYS,
    LESSON_QUIET_SECONDS,
    SCENE_DAYS,
    STAGES,
    VALIDATE_REQUEST,
)
from shared.work import Request, Settle
from tests import factories
from tests.conftest import ROOT
from tests.fakes import SETTINGS, FakeServices, GivenLesson, MemoryMirror, MemoryObjects
from tests.security.moved_clock import MovedClock, moved_clock
from tests.unit import draw_samples

A_MOMENT: Final = timedelta(minutes=1)  # more than a test takes, less than any limit
DAYS: Final = SETTINGS.retention_days
QUIET: Final = timedelta(seconds=LESSON_QUIET_SECONDS)
STORYBOARD: Final = draw_samples.storyboard(
    "How leaves work",
    "Biology",
    "chess",
    [(SceneKind.HOOK, "Every meal began as light.", TitleVisual(heading="How leaves work"))],
)


@pytest.fixture
def clock(database_url: str) -> Iterator[MovedClock]:
    with moved_clock(database_url) as moved:
        yield moved


@pytest.fixture
def services(clock: MovedClock, database_url: str) -> FakeServices:
    """All ports as fakes, on a database with that clock."""
    return FakeServices(engine=clock.engine, settings=replace(SETTINGS, database_url=database_url))


def submission(student_id: uuid.UUID, **changes: Any) -> submissions.Submission:
    """Somebody asks."""
    sound: dict[str, Any] = {
        "id": uuid.uuid4(),
        "correlation_id": uuid.uuid4(),
        "student_id": student_id,
        "query": "Why is the sky blue?",
        "grade_level": 6,
        "interest": "chess",
        "style": LessonStyle.SIMPLE,
        "language": "en",
        "modality": Modality.VIDEO,
        "duration_seconds": 60,
    }
    return submissions.Submission(**sound | changes)


def rows_of(services: FakeServices, request_id: uuid.UUID) -> dict[str, int]:
    """How many rows of each table are about a request."""
    with services.engine.connect() as connection:
        counts = {
            table.name: connection.execute(
                sa.text(f'SELECT count(*) FROM "{table.name}" AS t WHERE CAST(t AS text) LIKE :id'),
                {"id": f"%{request_id}%"},
            ).scalar_one()
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def lesson(services: FakeServices, digest: str, *, student_id: uuid.UUID | None = None) -> uuid.UUID:
    """A finished request with its lesson, in the store and in the cache."""
    request_id = factories.add_request(
        services.engine,
        student_id=student_id,
        status=Status.COMPLETED,
        storyboard_digest=digest,
        content_key=f"key-{digest}",
    )
    for name in (objects.STORYBOARD, objects.VIDEO):
        services.objects.write(objects.lesson(digest, name), b"{}", content_type="")
    factories.keep_lesson(services.engine, digest, content_key=f"key-{digest}", made_by=request_id)
    return request_id


def cached(services: FakeServices) -> set[str]:
    with services.engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT storyboard_digest FROM lessons")))


def stored(services: FakeServices) -> set[str]:
    """The digests of the lessons of which objects are there."""
    return {name.split("/")[1] for name in services.objects.data}


def noted(services: FakeServices) -> set[str]:
    with services.engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT storyboard_digest FROM abandoned_lessons")))


# Rows


def test_the_clock_is_moved_for_statements_and_triggers(clock: MovedClock, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    clock.pass_by(timedelta(days=100))
    factories.update(services.engine, request_id, sweeps=1)
    row = factories.row(services.engine, request_id)
    assert row["updated_at"] - row["created_at"] > timedelta(days=99)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_finished_request_goes_with_all_its_rows_when_its_days_are_over(
    clock: MovedClock, services: FakeServices, status: Status
) -> None:
    student = factories.add_user(services.engine)
    question = {"clarification": {"answers": [{"question_id": "q1", "text": "what I meant"}], "round": 1}}
    request_id = factories.add_request(
        services.engine, student_id=student, status=status, request_metadata=question, query="what I asked"
    )
    with services.engine.begin() as connection:
        for statement in (
            "INSERT INTO request_stages (request_id, stage, attempt, state) VALUES (:id, 's', 1, 'finished')",
            "INSERT INTO notifications (request_id, channel, student_id, message_id) "
            "VALUES (:id, 'email', :student, 'm')",
            "INSERT INTO idempotency_keys (student_id, key, body_hash, request_id) VALUES (:student, 'k', 'h', :id)",
        ):
            connection.execute(sa.text(statement), {"id": request_id, "student": student})
        actions.record_feedback(connection, request_id, FeedbackKind.HELPFUL)
    services.mirror.write(str(request_id), {}, 1)
    before = rows_of(services, request_id)
    assert before.keys() == {
        "content_requests",
        "request_stages",
        "request_events",
        "notifications",
        "idempotency_keys",
        "request_feedback",
    }

    clock.pass_by(timedelta(days=DAYS) - A_MOMENT)
    sweep.handle(services)
    kept = rows_of(services, request_id)
    assert kept == {name: count for name, count in before.items() if name != "idempotency_keys"}
    assert list(services.mirror.documents) == [str(request_id)]

    clock.pass_by(2 * A_MOMENT)
    sweep.handle(services)
    assert rows_of(services, request_id) == {}
    assert services.mirror.documents == {}
    with services.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM users")).scalar_one() == 1  # the account stays


@pytest.mark.parametrize("status", [Status.PENDING, *[stage.during for stage in STAGES]])
def test_what_is_not_finished_does_not_go_however_old(
    clock: MovedClock, services: FakeServices, status: Status
) -> None:
    request_id = factories.add_request(services.engine, status=status)
    clock.pass_by(timedelta(days=3 * DAYS))
    sweep.handle(services)
    assert rows_of(services, request_id)["content_requests"] == 1


def test_what_is_tried_again_while_it_is_being_removed_stays(clock: MovedClock, services: FakeServices) -> None:
    """Between the look for what is old and its removal lies a call of the mirror, and time for the student."""
    student = factories.add_user(services.engine)
    again, old = (factories.add_request(services.engine, student_id=student, status=Status.FAILED) for _ in range(2))

    class Meanwhile(MemoryMirror):
        def delete(self, request_ids: Sequence[str]) -> None:
            assert str(again) in request_ids
            with single_statement(services.engine) as connection:
                assert actions.retry(connection, again, student)

    services.mirror = Meanwhile()
    clock.pass_by(timedelta(days=DAYS) + A_MOMENT)
    sweep.handle(services)
    assert rows_of(services, old) == {}
    assert factories.row(services.engine, again)["status"] == Status.PENDING


def test_another_telling_is_kept_no_longer_because_the_first_one_went(
    clock: MovedClock, services: FakeServices
) -> None:
    """It holds the same question; that the record lets go of what it was told from is no change of it."""
    student = factories.add_user(services.engine)
    first = factories.add_request(services.engine, student_id=student, status=Status.COMPLETED)
    clock.pass_by(timedelta(days=1))
    second = factories.add_request(services.engine, student_id=student, status=Status.COMPLETED, derived_from=first)
    clock.pass_by(timedelta(days=DAYS - 1) + A_MOMENT)
    sweep.handle(services)
    assert rows_of(services, first) == {}
    assert factories.row(services.engine, second)["derived_from"] is None
    clock.pass_by(timedelta(days=1))
    sweep.handle(services)
    assert rows_of(services, second) == {}


def test_a_question_and_its_answers_end_unanswered_and_then_go_with_their_request(
    clock: MovedClock, services: FakeServices
) -> None:
    asked = {"clarification": {"questions": [{"id": "q1", "text": "?"}], "answers": [{"text": "mine"}], "round": 1}}
    request_id = factories.add_request(services.engine, request_metadata=asked)
    factories.update(services.engine, request_id, clarification_requested_at=sa.func.clock_timestamp())
    clock.pass_by(timedelta(days=CLARIFICATION_DAYS) - A_MOMENT)
    sweep.handle(services)
    assert factories.row(services.engine, request_id)["status"] == Status.PENDING
    clock.pass_by(2 * A_MOMENT)
    sweep.handle(services)
    assert factories.row(services.engine, request_id)["status"] == Status.CANCELLED
    clock.pass_by(timedelta(days=DAYS) - A_MOMENT)
    sweep.handle(services)
    assert rows_of(services, request_id) != {}
    clock.pass_by(2 * A_MOMENT)
    sweep.handle(services)
    assert rows_of(services, request_id) == {}


def test_a_key_is_remembered_for_its_days_and_then_a_key_like_any_other(
    clock: MovedClock, services: FakeServices
) -> None:
    student, key = factories.add_user(services.engine), IdempotencyKey(key="k", body_hash="h")

    def ask() -> Any:
        with single_statement(services.engine) as connection:
            return submissions.submit(connection, submission(student), quota=50, idempotency=key)

    first = ask()
    assert isinstance(first, submissions.Accepted)
    clock.pass_by(timedelta(days=IDEMPOTENCY_DAYS) - A_MOMENT)
    sweep.handle(services)
    assert ask() == submissions.Repeated(first.request_id)
    clock.pass_by(2 * A_MOMENT)
    sweep.handle(services)
    again = ask()
    assert isinstance(again, submissions.Accepted)
    assert again.request_id != first.request_id


def test_what_goes_in_one_sweep_is_bounded(
    clock: MovedClock, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.db import sweeping

    monkeypatch.setattr(sweeping, "BATCH", 2)
    monkeypatch.setattr(sweeping, "TRIES_BATCH", 2)
    monkeypatch.setattr(sweep, "LESSONS", 2)
    student = factories.add_user(services.engine)
    for number in range(5):
        lesson(services, f"d{number}", student_id=student)
    with services.engine.begin() as connection:
        connection.execute(
            sa.text("""
                INSERT INTO idempotency_keys (student_id, key, body_hash, request_id)
                SELECT student_id, CAST(id AS text), 'h', id FROM content_requests
            """)
        )
        connection.execute(sa.text("INSERT INTO login_tries SELECT n, 1, now() FROM generate_series(1, 5) AS n"))
    clock.pass_by(timedelta(days=IDEMPOTENCY_DAYS) + A_MOMENT)
    left = []
    for _ in range(3):
        sweep.handle(services)
        left.append((count(services, "idempotency_keys"), count(services, "login_tries")))
    assert left == [(3, 3), (1, 1), (0, 0)]
    clock.pass_by(timedelta(days=DAYS))
    left = []
    for _ in range(3):
        sweep.handle(services)
        left.append((count(services, "content_requests"), len(stored(services))))
    assert left == [(3, 5), (1, 5), (0, 5)]
    clock.pass_by(QUIET)
    left = []
    for _ in range(3):
        sweep.handle(services)
        left.append((count(services, "lessons"), len(stored(services))))
    assert left == [(3, 3), (1, 1), (0, 0)]


def count(services: FakeServices, table: str) -> int:
    with services.engine.connect() as connection:
        number: int = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
    return number


# Artefacts


def test_a_lesson_stays_while_anybodys_request_uses_it_and_goes_after_the_last(
    clock: MovedClock, services: FakeServices
) -> None:
    old = lesson(services, "shared")
    clock.pass_by(timedelta(days=10))
    young = lesson(services, "shared")
    assert factories.row(services.engine, old)["student_id"] != factories.row(services.engine, young)["student_id"]

    clock.pass_by(timedelta(days=DAYS - 10) + A_MOMENT)
    sweep.handle(services)
    assert (rows_of(services, old), rows_of(services, young) != {}) == ({}, True)
    clock.pass_by(2 * QUIET)
    sweep.handle(services)
    assert (stored(services), cached(services), noted(services)) == ({"shared"}, {"shared"}, set())

    clock.pass_by(timedelta(days=10))
    sweep.handle(services)
    assert rows_of(services, young) == {}
    assert (stored(services), cached(services)) == ({"shared"}, {"shared"})
    clock.pass_by(QUIET - A_MOMENT)
    sweep.handle(services)
    assert stored(services) == {"shared"}
    clock.pass_by(2 * A_MOMENT)
    sweep.handle(services)
    assert (stored(services), cached(services), noted(services)) == (set(), set(), set())


def test_another_lessons_objects_are_not_touched(clock: MovedClock, services: FakeServices) -> None:
    lesson(services, "ab")
    clock.pass_by(timedelta(days=DAYS) + A_MOMENT)
    for neighbour in ("abc", "a", "ab-2"):
        lesson(services, neighbour)
    sweep.handle(services)
    clock.pass_by(QUIET)
    sweep.handle(services)
    assert stored(services) == {"abc", "a", "ab-2"}


def test_what_a_retry_or_another_storyboard_lets_go_of_is_cleared_away(
    clock: MovedClock, services: FakeServices
) -> None:
    student = factories.add_user(services.engine)
    failed = factories.add_request(
        services.engine, student_id=student, status=Status.FAILED, storyboard_digest="of the first try"
    )
    rewritten = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT, storyboard_digest="crashed")
    for digest in ("of the first try", "crashed", "written again"):
        services.objects.write(objects.lesson(digest, objects.STORYBOARD), b"{}", content_type="")
    with single_statement(services.engine) as connection:
        assert actions.retry(connection, failed, student)
    factories.update(services.engine, rewritten, storyboard_digest="written again")
    assert noted(services) == {"of the first try", "crashed"}
    clock.pass_by(QUIET + A_MOMENT)
    sweep.handle(services)
    assert stored(services) == {"written again"}


def test_a_lesson_that_is_written_again_meanwhile_stays(clock: MovedClock, services: FakeServices) -> None:
    student = factories.add_user(services.engine)
    failed = factories.add_request(services.engine, student_id=student, status=Status.FAILED, storyboard_digest="d")
    services.objects.write(objects.lesson("d", objects.STORYBOARD), b"{}", content_type="")
    with single_statement(services.engine) as connection:
        actions.retry(connection, failed, student)
    factories.update(services.engine, failed, storyboard_digest="d")
    clock.pass_by(QUIET + A_MOMENT)
    sweep.handle(services)
    assert stored(services) == {"d"}


def test_a_lesson_that_replaces_another_in_the_cache_lets_go_of_it(clock: MovedClock, services: FakeServices) -> None:
    request_id = lesson(services, "before")
    with services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE lessons SET storyboard_digest = 'after'"))
        connection.execute(sa.text("DELETE FROM content_requests WHERE id = :id"), {"id": request_id})
    clock.pass_by(QUIET + A_MOMENT)
    sweep.handle(services)
    assert (stored(services), cached(services)) == (set(), {"after"})


def test_what_the_store_could_not_remove_is_removed_by_the_next_sweep(
    clock: MovedClock, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson(services, "d")
    with services.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM content_requests"))
    clock.pass_by(QUIET + A_MOMENT)

    def away(prefix: str) -> int:
        del services.objects.data[objects.lesson("d", objects.VIDEO)]
        raise TransientError("away")

    with monkeypatch.context() as broken:
        broken.setattr(services.objects, "delete_prefix", away)
        with pytest.raises(TransientError):
            sweep.handle(services)
    assert (cached(services), noted(services)) == ({"d"}, {"d"})
    sweep.handle(services)
    assert (stored(services), cached(services), noted(services)) == (set(), set(), set())


def test_pieces_of_scenes_go_when_they_are_too_old_to_be_used_again(tmp_path: Path, services: FakeServices) -> None:
    moved = [0.0]
    store = FolderObjects(tmp_path, public_url="", secret_key="k" * 32, clock=lambda: time.time() + moved[0])
    services.objects = store
    names = [objects.scene(kind, "ab" * 16, "mp4") for kind in ("picture", "speech")]
    for name in (*names, objects.lesson("d", objects.VIDEO)):
        store.write(name, b"x", content_type="")
    (tmp_path / "scenes" / "picture" / ".draft-of-a-killed-process").write_bytes(b"half")
    moved[0] = timedelta(days=SCENE_DAYS).total_seconds() - 60
    sweep.handle(services)
    assert all(store.exists(name) for name in names)
    moved[0] += 120
    sweep.handle(services)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [objects.VIDEO]


def test_the_bucket_forgets_pieces_by_a_rule_of_the_same_days() -> None:
    rule = (ROOT / "terraform" / "storage.tf").read_text()
    assert "local.pipeline.scene_days" in rule
    assert f'matches_prefix = ["{objects.SCENES}"]' in rule


# Clearing away, while somebody begins to make the same lesson


class SlowStore(MemoryObjects):
    """Begins to remove, and goes on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def delete_prefix(self, prefix: str) -> int:
        self.begun.set()
        assert self.go_on.wait(20)
        return super().delete_prefix(prefix)


def writing(services: FakeServices) -> tuple[uuid.UUID, Request]:
    """Somebody's request, held by a run that writes its script."""
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING)
    with single_statement(services.engine) as connection:
        claimed = claims.claim(connection, request_id, GENERATE_SCRIPT)
    assert isinstance(claimed, claims.Claim)
    return request_id, claimed.request


def run_of(request: Request, services: FakeServices) -> runs.Run:
    return runs.Run(request, GENERATE_SCRIPT, services, claimed=time.monotonic())


def abandoned(services: FakeServices, clock: MovedClock, digest: str) -> None:
    """A lesson that nobody uses any more, due to be cleared away."""
    lesson(services, digest)
    with services.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM content_requests"))
    clock.pass_by(QUIET + A_MOMENT)


def test_whoever_begins_the_same_lesson_waits_until_the_old_objects_are_gone(
    clock: MovedClock, services: FakeServices
) -> None:
    """Else what it writes could be removed right after, and its lesson would be without a storyboard."""
    abandoned(services, clock, "d")
    data, services.objects = services.objects.data, SlowStore()
    services.objects.data = data
    request_id, request = writing(services)
    name = objects.lesson("d", objects.STORYBOARD)

    def write() -> None:
        run_of(request, services).begin_lesson("d")
        services.objects.write(name, b"new", content_type="")

    with ThreadPoolExecutor(2) as pool:
        sweeping = pool.submit(sweep._clear, services)
        assert services.objects.begun.wait(20)
        written = pool.submit(write)
        assert not threading.Event().wait(0.3)
        assert not written.done()
        services.objects.go_on.set()
        assert sweeping.result(20) == 1
        written.result(20)
    assert services.objects.data == {name: b"new"}
    assert factories.row(services.engine, request_id)["storyboard_digest"] == "d"
    clock.pass_by(2 * QUIET)
    assert sweep._clear(services) == 0
    assert services.objects.data == {name: b"new"}


def test_whoever_began_the_same_lesson_before_keeps_it(clock: MovedClock, services: FakeServices) -> None:
    abandoned(services, clock, "d")
    _, request = writing(services)
    run_of(request, services).begin_lesson("d")
    sweep.handle(services)
    assert stored(services) == {"d"}
    assert noted(services) == set()


def test_nobody_completes_from_a_lesson_that_is_just_being_removed(clock: MovedClock, services: FakeServices) -> None:
    abandoned(services, clock, "d")
    data, services.objects = services.objects.data, SlowStore()
    services.objects.data = data
    request_id = factories.add_request(services.engine)
    with single_statement(services.engine) as connection:
        claimed = claims.claim(connection, request_id, VALIDATE_REQUEST)
    assert isinstance(claimed, claims.Claim)

    def settle() -> outcomes.Settlement:
        with transaction(services.engine) as connection:
            return outcomes.settle(connection, claimed.request, Settle(content_key="key-d", topic="t"))

    with ThreadPoolExecutor(2) as pool:
        sweeping = pool.submit(sweep._clear, services)
        assert services.objects.begun.wait(20)
        settled = pool.submit(settle)
        assert not threading.Event().wait(0.3)
        assert not settled.done()
        services.objects.go_on.set()
        sweeping.result(20)
        assert settled.result(20) is outcomes.Settlement.GO_ON
    assert factories.row(services.engine, request_id)["storyboard_digest"] is None


def test_a_run_that_lost_its_request_begins_no_lesson(services: FakeServices) -> None:
    request_id, request = writing(services)
    factories.update(services.engine, request_id, status=Status.CANCELLED)
    with pytest.raises(WorkSuperseded):
        run_of(request, services).begin_lesson("d")
    assert factories.row(services.engine, request_id)["storyboard_digest"] is None


def test_no_object_of_a_lesson_is_written_before_a_row_refers_to_it(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed between the two leaves a reference to nothing, never objects that nobody knows of."""
    from functions.generate_script import main as generate_script

    referred: list[str | None] = []

    class Watched(MemoryObjects):
        def write(self, name: str, data: bytes, *, content_type: str) -> None:
            referred.append(factories.row(services.engine, request_id)["storyboard_digest"])
            super().write(name, data, content_type=content_type)

    services.objects = Watched()
    services.writer = GivenLesson(lesson=STORYBOARD)
    monkeypatch.setattr(generate_script, "_brief", lambda request, work: SimpleNamespace(passages=("one",)))
    checked = SimpleNamespace(storyboard=STORYBOARD, as_output=dict)
    monkeypatch.setattr(generate_script.gate, "passed", lambda *given, **more: checked)
    monkeypatch.setattr(feasible, "check", lambda brief: None)
    request_id, request = writing(services)
    request = replace(request, modality=Modality.TEXT)
    generate_script.handle(request, run_of(request, services))
    assert referred == [STORYBOARD.digest()] * 2

"""Claim, work, finish, publish: one test for every promise, on a real PostgreSQL through pg8000.dbapi."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from shared import runs, runtime
from shared.db import claims
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.errors import ContentRefused, MalformedMessage, RequestBusy, TransientError, WorkSuperseded
from shared.pipeline import (
    GENERATE_SCRIPT,
    GENERATE_VIDEO,
    NOTIFY_STUDENT,
    PROCESS_VIDEO,
    RETRIEVE_CONTENT,
    STAGE_ATTEMPTS,
    STAGES,
    VALIDATE_REQUEST,
    Stage,
    Topic,
)
from shared.work import Advance, AskStudent, Outcome, Request, Settle, Work
from tests import factories
from tests.crashing import OF_A_RUN, Crash, dying_at
from tests.fakes import FakeServices

QUESTION = {"id": "q1", "text": "Which part?", "options": [{"id": "a", "label": "Light", "module_id": "m1"}]}


class Handler:
    """A stage's work that counts its runs and answers or raises as told."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self.answers = list(answers)
        self.runs = 0

    def __call__(self, request: Request, work: Work) -> Outcome:
        self.runs += 1
        answer = self.answers.pop(0) if self.answers else Advance()
        if isinstance(answer, Exception):
            raise answer
        return answer


def expire_lease(services: FakeServices, request_id: uuid.UUID) -> None:
    factories.update(services.engine, request_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_moves_a_request_on_and_wakes_the_next(stage: Stage, services: FakeServices) -> None:
    before = next(status for status, modalities in stage.takes.items() if Modality.VIDEO in modalities)
    request_id = factories.add_request(services.engine, status=before)
    handler = Handler(Settle(content_key="k", topic="t")) if stage is VALIDATE_REQUEST else Handler()

    runtime.run(stage, handler, factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    after = stage.then[Modality.VIDEO]
    assert row["status"] == (Status.COMPLETED if after is None else stage.during)
    assert row["lease_until"] is None
    assert services.bus.topics == ([after] if after else [])
    assert services.bus.messages[0][0] is Topic.STATUS_CHANGED


@pytest.mark.parametrize(
    ("modality", "stage", "expected"),
    [
        (Modality.TEXT, GENERATE_SCRIPT, Topic.LESSON_READY),
        (Modality.AUDIO, GENERATE_SCRIPT, Topic.SCRIPT_GENERATED),
        (Modality.AUDIO, GENERATE_VIDEO, Topic.LESSON_READY),
    ],
)
def test_what_a_stage_wakes_depends_on_the_modality(
    modality: Modality, stage: Stage, expected: Topic, services: FakeServices
) -> None:
    before = next(status for status, modalities in stage.takes.items() if modality in modalities)
    request_id = factories.add_request(services.engine, status=before, modality=modality)

    runtime.run(stage, Handler(), factories.event(request_id), services)

    assert services.bus.topics == [expected]


def test_notify_takes_a_text_lesson_from_its_script_but_not_a_video_one(services: FakeServices) -> None:
    text = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT, modality=Modality.TEXT)
    video = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT, modality=Modality.VIDEO)
    handler = Handler()

    runtime.run(NOTIFY_STUDENT, handler, factories.event(text), services)
    runtime.run(NOTIFY_STUDENT, handler, factories.event(video), services)

    assert handler.runs == 1
    assert factories.row(services.engine, text)["status"] == Status.COMPLETED
    assert factories.row(services.engine, video)["status"] == Status.GENERATING_SCRIPT


def test_second_delivery_hands_off_again_but_works_once(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    handler = Handler()

    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    assert handler.runs == 1
    assert services.bus.topics == [Topic.CONTENT_RETRIEVED, Topic.CONTENT_RETRIEVED]


def test_a_late_duplicate_of_an_earlier_message_does_nothing(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_VIDEO)
    handler = Handler()

    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    assert handler.runs == 0
    assert services.bus.topics == []


def test_an_unknown_request_is_acknowledged(services: FakeServices) -> None:
    handler = Handler()
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(uuid.uuid4()), services)
    assert handler.runs == 0


def test_a_held_request_is_busy_and_no_attempt_is_counted(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    with services.engine.begin() as connection:
        assert isinstance(claims.claim(connection, request_id, RETRIEVE_CONTENT), claims.Claim)

    with pytest.raises(RequestBusy):
        runtime.run(RETRIEVE_CONTENT, Handler(), factories.event(request_id), services)

    with services.engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM request_stages")) == 1


def test_parallel_deliveries_work_once(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    handler = Handler()
    started = threading.Barrier(8)
    outcomes: list[type[BaseException] | None] = []

    def deliver() -> None:
        started.wait()
        try:
            runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
            outcomes.append(None)
        except RequestBusy as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 8
    assert handler.runs == 1
    assert factories.row(services.engine, request_id)["attempt"] == 1


@pytest.mark.parametrize("point", OF_A_RUN)
def test_a_crash_at_every_point_is_healed_by_redelivery(point: str, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    handler = Handler()

    with pytest.raises(Crash), dying_at(point):
        runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
    if factories.row(services.engine, request_id)["lease_until"] is not None:
        with pytest.raises(RequestBusy):
            runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
        expire_lease(services, request_id)
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    assert (row["status"], row["lease_until"]) == (Status.RETRIEVING, None)
    assert Topic.CONTENT_RETRIEVED in services.bus.topics
    assert handler.runs == (2 if point == "before_finish" else 1)


def test_an_expired_lease_is_taken_over_and_the_first_run_changes_nothing(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)

    def first(request: Request, work: Work) -> Outcome:
        expire_lease(services, request_id)
        runtime.run(
            RETRIEVE_CONTENT, Handler(Advance(metadata={"by": "second"})), factories.event(request_id), services
        )
        return Advance(metadata={"by": "first"})

    runtime.run(RETRIEVE_CONTENT, first, factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    assert row["request_metadata"]["by"] == "second"
    assert row["attempt"] == 2
    assert services.bus.topics == [Topic.CONTENT_RETRIEVED]


def test_the_heartbeat_renews_the_lease(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", 0.05)
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    renewed = threading.Event()

    def slow(request: Request, work: Work) -> Outcome:
        first = factories.row(services.engine, request_id)["lease_until"]
        for _ in range(100):
            if factories.row(services.engine, request_id)["lease_until"] > first:
                renewed.set()
                break
            renewed.wait(0.05)
        return Advance()

    runtime.run(RETRIEVE_CONTENT, slow, factories.event(request_id), services)
    assert renewed.is_set()


def test_a_cancelled_request_stops_its_work_at_the_next_check(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PROGRESS_EVERY_SECONDS", 0.0)
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    steps: list[str] = []

    def working(request: Request, work: Work) -> Outcome:
        factories.update(services.engine, request_id, status=Status.CANCELLED, lease_until=None)
        steps.append("before")
        with pytest.raises(WorkSuperseded):
            work.progress(20, "half way")
        steps.append("after")
        return Advance()

    runtime.run(RETRIEVE_CONTENT, working, factories.event(request_id), services)

    assert steps == ["before", "after"]
    assert factories.row(services.engine, request_id)["status"] == Status.CANCELLED
    assert services.bus.topics == []


def test_a_refusal_fails_the_request_with_its_code_and_is_acknowledged(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    refusal = ContentRefused("matched a rule", code="personal_data", message="Ask without private data.", rule="phone")

    runtime.run(VALIDATE_REQUEST, Handler(refusal), factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    assert row["status"] == Status.FAILED
    assert (row["error_code"], row["error_stage"]) == ("personal_data", "validate_request")
    assert row["error_message"] == "Ask without private data."
    assert row["error_details"]["rule"] == "phone"
    assert services.bus.topics == []


def test_a_transient_error_is_raised_and_the_next_delivery_takes_the_request_at_once(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    handler = Handler(TransientError("429"))

    with pytest.raises(TransientError):
        runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
    row = factories.row(services.engine, request_id)
    assert row["status"] == Status.RETRIEVING
    assert row["lease_until"] is not None
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    assert handler.runs == 2
    assert services.bus.topics == [Topic.CONTENT_RETRIEVED]


def test_an_unforeseen_error_is_bounded_and_its_text_is_not_passed_on(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    handler = Handler(*[KeyError("a student's words") for _ in range(STAGE_ATTEMPTS)])

    for _ in range(STAGE_ATTEMPTS):
        with pytest.raises(TransientError) as raised:
            runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
        assert "words" not in str(raised.value)
        assert raised.value.__suppress_context__
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    assert handler.runs == STAGE_ATTEMPTS
    assert (row["status"], row["error_code"]) == (Status.FAILED, "attempts_exhausted")


def test_killed_runs_count_as_attempts_too(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    for _ in range(STAGE_ATTEMPTS):
        with services.engine.begin() as connection:
            assert isinstance(claims.claim(connection, request_id, RETRIEVE_CONTENT), claims.Claim)
        expire_lease(services, request_id)

    handler = Handler()
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    assert handler.runs == 0
    assert factories.row(services.engine, request_id)["error_code"] == "attempts_exhausted"


def test_publishing_that_fails_is_healed_by_redelivery(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    services.bus.failures.append(TransientError("bus away"))
    handler = Handler()

    with pytest.raises(TransientError):
        runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)
    runtime.run(RETRIEVE_CONTENT, handler, factories.event(request_id), services)

    assert handler.runs == 1
    assert services.bus.topics == [Topic.CONTENT_RETRIEVED]


def test_a_vague_question_is_parked_and_no_late_message_claims_it(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    handler = Handler(AskStudent(questions=(QUESTION,), reasoning="no topic"))

    runtime.run(VALIDATE_REQUEST, handler, factories.event(request_id), services)
    runtime.run(VALIDATE_REQUEST, handler, factories.event(request_id), services)

    row = factories.row(services.engine, request_id)
    assert handler.runs == 1
    assert (row["status"], row["progress_percentage"]) == (Status.PENDING, 0)
    assert row["current_stage"] == "Awaiting user clarification"
    clarification = row["request_metadata"]["clarification"]
    assert clarification["questions"] == [QUESTION]
    assert clarification["round"] == 1
    assert services.bus.topics == []


def test_progress_never_falls_within_a_life(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PROGRESS_EVERY_SECONDS", 0.0)
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)
    seen: list[int] = []

    def working(request: Request, work: Work) -> Outcome:
        for percentage in (60, 55, 99):
            work.progress(percentage, "scene", eta_seconds=5)
            seen.append(factories.row(services.engine, request_id)["progress_percentage"])
        return Advance()

    runtime.run(GENERATE_VIDEO, working, factories.event(request_id), services)
    assert seen == [60, 60, GENERATE_VIDEO.progress_end]


def test_a_message_that_is_none_of_ours_touches_nothing(services: FakeServices) -> None:
    with pytest.raises(MalformedMessage):
        runtime.run(PROCESS_VIDEO, Handler(), factories.raw_event(b"not json"), services)


def test_work_past_its_budget_is_stopped(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    moments = iter([0.0, RETRIEVE_CONTENT.budget + 1.0])
    monkeypatch.setattr(runtime.time, "monotonic", lambda: next(moments, RETRIEVE_CONTENT.budget + 2.0))

    def endless(request: Request, work: Work) -> Outcome:
        work.checkpoint()
        raise AssertionError("the checkpoint let the work go on")

    with pytest.raises(TransientError):
        runtime.run(RETRIEVE_CONTENT, endless, factories.event(request_id), services)

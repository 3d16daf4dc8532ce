"""What every run used is recorded however it ends, adds up, and is priced on the request: one test for each ending."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared import runtime, usage
from shared.cost import cost_usd
from shared.db import claims, ledger
from shared.db.engine import single_statement
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality, Role, StageRunState
from shared.errors import ContentRefused, TransientError
from shared.pipeline import GENERATE_SCRIPT, NOTIFY_STUDENT, RETRIEVE_CONTENT, STAGES, VALIDATE_REQUEST, Stage
from shared.usage import Measure
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.crashing import OF_A_RUN, Crash, dying_at
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, caller
from tests.integration.conftest import serving

TOKENS = "fake-model/input_tokens"
PRICES = {TOKENS: 0.01, "local/cpu_seconds": 0.0, "local/vcpu_seconds": 0.0}


def using(tokens: float, ending: Outcome | Exception) -> Handle:
    """A stage's work that uses so many tokens, and then ends so."""

    def handle(request: Request, work: Work) -> Outcome:
        usage.count("fake-model", Measure.INPUT_TOKENS, tokens)
        if isinstance(ending, Exception):
            raise ending
        return ending

    return handle


def deliver(services: FakeServices, stage: Stage, request_id: uuid.UUID, handle: Handle) -> None:
    """One delivery; an error that makes the bus deliver again is part of it."""
    with contextlib.suppress(TransientError):
        runtime.run(stage, handle, factories.event(request_id), services)


def tokens(services: FakeServices, request_id: uuid.UUID) -> dict[str, float]:
    """The tokens in a request's ledger, by stage."""
    cost = factories.row(services.engine, request_id)["cost"]
    return {stage: used[TOKENS] for stage, used in cost.items() if TOKENS in used}


def runs(services: FakeServices, request_id: uuid.UUID) -> list[tuple[str, str, float | None]]:
    """Stage, state and tokens of each run, in order."""
    with services.engine.begin() as connection:
        found = connection.execute(
            sa.text("SELECT stage, state, output FROM request_stages WHERE request_id = :id ORDER BY attempt"),
            {"id": request_id},
        )
        return [(row.stage, row.state, row.output.get("used", {}).get(TOKENS)) for row in found]


def dollars(services: FakeServices, request_id: uuid.UUID) -> float | None:
    return cost_usd(factories.row(services.engine, request_id)["cost"], PRICES)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_finished_run_of_every_stage_is_recorded(stage: Stage, services: FakeServices) -> None:
    before = next(status for status, modalities in stage.takes.items() if Modality.VIDEO in modalities)
    request_id = factories.add_request(services.engine, status=before)
    outcome = Settle(content_key="k", topic="t") if stage is VALIDATE_REQUEST else Advance(output={"noted": 1})

    deliver(services, stage, request_id, using(120, outcome))

    assert tokens(services, request_id) == {stage.name: 120}
    assert runs(services, request_id) == [(stage.name, StageRunState.FINISHED, 120)]
    recorded = factories.row(services.engine, request_id)["cost"][stage.name]
    assert recorded.keys() == {TOKENS, "local/cpu_seconds", "local/vcpu_seconds"}
    assert all(quantity > 0 for quantity in recorded.values())


def test_what_a_run_noted_stands_beside_what_it_used(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    deliver(services, RETRIEVE_CONTENT, request_id, using(1, Advance(output={"passages": 12})))
    with services.engine.begin() as connection:
        output = connection.execute(sa.text("SELECT output FROM request_stages")).scalar_one()
    assert output["passages"] == 12
    assert output["used"][TOKENS] == 1


def test_a_question_asked_back_and_its_answer_add_up(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    question = {"id": "q1", "text": "Which part?", "options": []}
    deliver(services, VALIDATE_REQUEST, request_id, using(30, AskStudent(questions=(question,), reasoning="vague")))
    assert factories.row(services.engine, request_id)["status"] == Status.PENDING
    assert tokens(services, request_id) == {VALIDATE_REQUEST.name: 30}

    factories.update(services.engine, request_id, clarification_requested_at=None)
    deliver(services, VALIDATE_REQUEST, request_id, using(12, Settle(content_key="k", topic="t")))

    assert tokens(services, request_id) == {VALIDATE_REQUEST.name: 42}


def test_runs_that_failed_are_paid_for_too(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    deliver(services, RETRIEVE_CONTENT, request_id, using(100, TransientError("429")))
    deliver(services, RETRIEVE_CONTENT, request_id, using(10, KeyError("unforeseen")))
    deliver(services, RETRIEVE_CONTENT, request_id, using(1, Advance()))

    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 111}
    assert runs(services, request_id) == [
        (RETRIEVE_CONTENT.name, StageRunState.FAILED, 100),
        (RETRIEVE_CONTENT.name, StageRunState.FAILED, 10),
        (RETRIEVE_CONTENT.name, StageRunState.FINISHED, 1),
    ]


def test_a_request_that_was_refused_cost_what_it_cost(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    deliver(services, VALIDATE_REQUEST, request_id, using(25, ContentRefused("matched a rule")))

    assert factories.row(services.engine, request_id)["status"] == Status.FAILED
    assert tokens(services, request_id) == {VALIDATE_REQUEST.name: 25}
    assert runs(services, request_id) == [(VALIDATE_REQUEST.name, StageRunState.FAILED, 25)]


def test_stages_are_kept_apart(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    deliver(services, RETRIEVE_CONTENT, request_id, using(5, Advance()))
    deliver(services, GENERATE_SCRIPT, request_id, using(7, Advance()))
    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 5, GENERATE_SCRIPT.name: 7}


def _taken_over(services: FakeServices, request_id: uuid.UUID, ending: Outcome | Exception) -> Handle:
    """Work during which another run takes the request over and finishes it."""

    def handle(request: Request, work: Work) -> Outcome:
        factories.update(services.engine, request_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
        deliver(services, RETRIEVE_CONTENT, request_id, using(3, Advance(metadata={"by": "second"})))
        return using(50, ending)(request, work)

    return handle


@pytest.mark.parametrize(
    "ending", [Advance(metadata={"by": "first"}), TransientError("late"), ContentRefused("late")], ids=repr
)
def test_a_run_that_lost_its_request_is_paid_for_and_changes_nothing_else(
    services: FakeServices, ending: Outcome | Exception
) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    deliver(services, RETRIEVE_CONTENT, request_id, _taken_over(services, request_id, ending))

    row = factories.row(services.engine, request_id)
    assert (row["status"], row["lease_until"]) == (Status.RETRIEVING, None)
    assert row["request_metadata"]["by"] == "second"
    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 53}


def test_a_run_whose_request_was_cancelled_is_paid_for(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)

    def working(request: Request, work: Work) -> Outcome:
        factories.update(services.engine, request_id, status=Status.CANCELLED, lease_until=None)
        return using(9, Advance())(request, work)

    deliver(services, RETRIEVE_CONTENT, request_id, working)

    assert factories.row(services.engine, request_id)["status"] == Status.CANCELLED
    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 9}


def test_what_was_added_up_already_is_not_added_up_again(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    with single_statement(services.engine) as connection:
        claimed = claims.claim(connection, request_id, RETRIEVE_CONTENT)
        assert isinstance(claimed, claims.Claim)
        used = {TOKENS: 4.5}
        assert claims.release(connection, claimed.request, RETRIEVE_CONTENT, "TransientError", used)
        assert not ledger.spend(connection, claimed.request, RETRIEVE_CONTENT, used)
    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 4.5}


@pytest.mark.parametrize("point", OF_A_RUN)
def test_a_crash_counts_nothing_twice_and_loses_at_most_the_run_that_was_killed(
    point: str, services: FakeServices
) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    with pytest.raises(Crash), dying_at(point):
        deliver(services, RETRIEVE_CONTENT, request_id, using(8, Advance()))
    if factories.row(services.engine, request_id)["lease_until"] is not None:
        factories.update(services.engine, request_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    deliver(services, RETRIEVE_CONTENT, request_id, using(8, Advance()))

    assert tokens(services, request_id) == {RETRIEVE_CONTENT.name: 8}


def _made(services: FakeServices, request_id: uuid.UUID, *, writing: float) -> None:
    """Lead a settled request through the rest of a text lesson."""
    deliver(services, RETRIEVE_CONTENT, request_id, using(20, Advance()))
    deliver(services, GENERATE_SCRIPT, request_id, using(writing, Advance(columns={"storyboard_digest": "d1"})))
    deliver(services, NOTIFY_STUDENT, request_id, using(0, Advance()))


def test_a_cache_hit_and_a_follower_cost_their_own_validation_alone(services: FakeServices) -> None:
    settle = Settle(content_key="same", topic="Photosynthesis")
    leader, follower = (factories.add_request(services.engine, modality=Modality.TEXT) for _ in range(2))
    deliver(services, VALIDATE_REQUEST, leader, using(10, settle))
    deliver(services, VALIDATE_REQUEST, follower, using(11, settle))
    _made(services, leader, writing=3000)
    later = factories.add_request(services.engine, modality=Modality.TEXT)
    deliver(services, VALIDATE_REQUEST, later, using(12, settle))

    for request_id in (leader, follower, later):
        assert factories.row(services.engine, request_id)["status"] == Status.COMPLETED
    assert dollars(services, leader) == pytest.approx(30.30)
    assert dollars(services, follower) == pytest.approx(0.11)
    assert dollars(services, later) == pytest.approx(0.12)


@pytest.fixture
def student(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """A student of a system that nobody else uses."""
    for _ in serving(services, monkeypatch):
        yield caller(services)


def _shown(student: Caller, cost: Mapping[str, Any]) -> tuple[float | None, dict[str, Any]]:
    """What the api says of a request with this ledger, to its student and to operators."""
    request_id = student.request()
    factories.update(student.services.engine, request_id, cost=cost)
    operator = caller(student.services, role=Role.ADMIN)
    trace = operator.get(f"/v1/ops/requests/{request_id}/events").get_json()
    return student.get(f"/v1/requests/{request_id}").get_json()["cost_usd"], trace


def test_the_api_shows_the_sum_to_students_and_each_stage_to_operators(student: Caller) -> None:
    written = {"gemini-2.5-flash/input_tokens": 1_000_000, "gemini-2.5-flash/output_tokens": 100_000}
    shown, trace = _shown(student, {"generate_script": written, "validate_request": {"local/cpu_seconds": 0.4}})

    assert shown == trace["cost_usd"] == pytest.approx(0.55)
    assert trace["cost"] == [
        {"stage": "validate_request", "usd": 0.0, "used": {"local/cpu_seconds": 0.4}},
        {"stage": "generate_script", "usd": pytest.approx(0.55), "used": written},
    ]


@pytest.mark.parametrize("unknown", ["gemini-99-ultra/input_tokens", "speech_characters", "cpu_seconds"])
def test_a_cost_that_is_not_known_is_null_and_no_error(student: Caller, unknown: str) -> None:
    shown, trace = _shown(student, {"generate_script": {unknown: 12}, "notify_student": {"local/cpu_seconds": 1}})

    assert shown is None
    assert trace["cost_usd"] is None
    assert [(item["stage"], item["usd"]) for item in trace["cost"]] == [
        ("generate_script", None),
        ("notify_student", 0),
    ]

"""What can die: every delivery, call and tick that commits or publishes anything, and what has to be there before."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shared.db import actions
from shared.db.engine import transaction
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.errors import ContentRefused, PermanentError, TransientError
from shared.pipeline import (
    CLARIFICATION_DAYS,
    GENERATE_SCRIPT,
    NOTIFY_STUDENT,
    RETRIEVE_CONTENT,
    STAGES,
    SWEEP_LIMIT,
    VALIDATE_REQUEST,
    Stage,
)
from shared.work import Advance, Outcome, Request, Work
from tests import factories
from tests.fakes import Outbox
from tests.integration.api_client import GOOD as GOOD_BODY
from tests.integration.crash_world import World, ask, failing

Act = Callable[[], None]
LONG_AGO = datetime.now(UTC) - timedelta(days=3000)


@dataclass(frozen=True)
class Case:
    """Something that can die. `prepare` makes what it needs and returns it."""

    name: str
    prepare: Callable[[World], Act]
    renewing: bool = False  # whether every check renews the lease
    twice: bool = False  # whether it dies at its second try as well


def _unique() -> str:
    return f"Explain {uuid.uuid4()}"


def _before(stage: Stage) -> Status:
    return next(status for status, modalities in stage.takes.items() if Modality.VIDEO in modalities)


def _on_its_way(world: World, stage: Stage, **columns: Any) -> uuid.UUID:
    """A request that waits for this stage."""
    known: dict[str, Any] = {"query": _unique()}
    if stage is not VALIDATE_REQUEST:
        known["content_key"] = f"key of {known['query']}"
    if stage not in (VALIDATE_REQUEST, RETRIEVE_CONTENT, GENERATE_SCRIPT):
        known["storyboard_digest"] = uuid.uuid4().hex
    return world.request(status=_before(stage), **known | columns)


def _followed(world: World, stage: Stage) -> uuid.UUID:
    """The same, with another request that follows it."""
    leader = _on_its_way(world, stage)
    row = factories.row(world.services.engine, leader)
    follower = world.request(status=Status.VALIDATING, query=row["query"], content_key=row["content_key"])
    factories.update(world.services.engine, follower, follows=leader)
    return leader


def _delivery(stage: Stage) -> Case:
    def prepare(world: World) -> Act:
        request_id = _on_its_way(world, stage)
        return lambda: world.deliver(stage, request_id)

    return Case(stage.name, prepare, twice=True)


def _duplicate(stage: Stage) -> Case:
    def prepare(world: World) -> Act:
        request_id = _on_its_way(world, stage)
        world.deliver(stage, request_id)
        world.services.bus.messages.clear()  # the first hand-over was lost
        return lambda: world.deliver(stage, request_id)

    return Case(f"second delivery to {stage.name}", prepare)


def _with_work(name: str, work: Any, *, followed: bool = False, renewing: bool = False) -> Case:
    def prepare(world: World) -> Act:
        world.works[RETRIEVE_CONTENT.name] = work(world)
        request_id = (_followed if followed else _on_its_way)(world, RETRIEVE_CONTENT)
        return lambda: world.deliver(RETRIEVE_CONTENT, request_id)

    return Case(name, prepare, renewing)


def _cancelled_meanwhile(world: World) -> Any:
    def work(request: Request, run: Work) -> Outcome:
        with transaction(world.services.engine) as connection:
            actions.cancel(connection, request.id, request.student_id)
        return Advance()

    return work


def _refusing_the_first(world: World) -> Any:
    def work(request: Request, run: Work) -> Outcome:
        if request.id == world.requests[0]:
            raise ContentRefused("no")
        return Advance()

    return work


def _reporting(world: World) -> Any:
    def work(request: Request, run: Work) -> Outcome:
        run.progress(20, "half way")
        return Advance()

    return work


def _vague(world: World) -> Act:
    world.works[VALIDATE_REQUEST.name] = ask
    request_id = _on_its_way(world, VALIDATE_REQUEST)
    return lambda: world.deliver(VALIDATE_REQUEST, request_id)


def _there_already(world: World) -> Act:
    query = _unique()
    first = world.request(query=query)
    world.deliver(VALIDATE_REQUEST, first)
    world.drain()
    again = world.request(query=query)
    return lambda: world.deliver(VALIDATE_REQUEST, again)


def _being_made(world: World) -> Act:
    query = _unique()
    world.deliver(VALIDATE_REQUEST, world.request(query=query))
    again = world.request(query=query)
    return lambda: world.deliver(VALIDATE_REQUEST, again)


def _last_with_follower(world: World) -> Act:
    leader = _followed(world, NOTIFY_STUDENT)
    return lambda: world.deliver(NOTIFY_STUDENT, leader)


def _channel_refuses(world: World) -> Act:
    class Refusing(Outbox):
        def post(self, event_id: str, body: Any) -> None:
            raise PermanentError("the receiver refuses", code="webhook_refused")

    world.services.outbox = Refusing()
    request_id = _on_its_way(world, NOTIFY_STUDENT)
    return lambda: world.deliver(NOTIFY_STUDENT, request_id)


def _dead_letter(world: World) -> Act:
    request_id = _followed(world, RETRIEVE_CONTENT)
    return lambda: world.dead_letter(RETRIEVE_CONTENT, request_id)


def _submit(world: World) -> Act:
    body, key = GOOD_BODY | {"query": _unique()}, str(uuid.uuid4())

    def act() -> None:
        assert world.student.post("/v1/requests", body, Idempotency_Key=key).status_code == 202

    return act


def _answer(world: World) -> Act:
    act = _vague(world)
    act()
    path = f"/v1/requests/{world.requests[0]}/clarification"
    body = {"answers": [{"question_id": "q1", "option_id": "a"}]}
    return lambda: _calls(world, path, body)


def _cancel(world: World) -> Act:
    leader = _followed(world, RETRIEVE_CONTENT)
    return lambda: _calls(world, f"/v1/requests/{leader}/cancel")


def _retry(world: World) -> Act:
    request_id = world.request(status=Status.FAILED, query=_unique())
    return lambda: _calls(world, f"/v1/requests/{request_id}/retry")


def _rate(world: World) -> Act:
    request_id = world.request(status=Status.COMPLETED)
    return lambda: _calls(world, f"/v1/requests/{request_id}/feedback", {"kind": "helpful"})


def _calls(world: World, path: str, body: object = None) -> None:
    """A call of the student's; made again, it may find that it has had its effect."""
    assert world.student.post(path, body).status_code in (200, 202, 409)


def _erase(world: World) -> Act:
    world.request(status=Status.COMPLETED)

    def act() -> None:
        answer = world.student.call("DELETE", f"/v1/students/{world.student.id}/data")
        assert answer.status_code in (202, 401, 404)

    return act


def _swept(**columns: Any) -> Callable[[World], Act]:
    def prepare(world: World) -> Act:
        request_id = _on_its_way(world, GENERATE_SCRIPT)
        if columns:
            factories.update(world.services.engine, request_id, **columns)
        return world.sweep

    return prepare


def _unanswered(world: World) -> Act:
    _vague(world)()
    asked = datetime.now(UTC) - timedelta(days=CLARIFICATION_DAYS, minutes=1)
    factories.update(world.services.engine, world.requests[0], clarification_requested_at=asked)
    return world.sweep


def _orphaned(world: World) -> Act:
    leader = _followed(world, RETRIEVE_CONTENT)
    factories.update(world.services.engine, leader, status=Status.CANCELLED)
    return world.sweep


def _left_over(world: World) -> Act:
    """An old request, a lesson that nothing refers to, an old key: what retention removes."""
    old = world.request(status=Status.COMPLETED)
    with world.services.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no trigger moves `updated_at`
        connection.execute(
            sa.text("UPDATE content_requests SET updated_at = :ago WHERE id = :id"), {"id": old, "ago": LONG_AGO}
        )
        connection.execute(
            sa.text("INSERT INTO abandoned_lessons (storyboard_digest, since) VALUES (:digest, :ago)"),
            {"digest": uuid.uuid4().hex, "ago": LONG_AGO},
        )
    return world.sweep


CASES = (
    *(_delivery(stage) for stage in STAGES),
    *(_duplicate(stage) for stage in (VALIDATE_REQUEST, RETRIEVE_CONTENT, NOTIFY_STUDENT)),
    _with_work("work that fails for now", lambda world: failing(lambda: TransientError("away"), 1)),
    _with_work("work that fails for good", lambda world: failing(lambda: ContentRefused("no"), 99)),
    _with_work("work that fails and is followed", _refusing_the_first, followed=True),
    _with_work("work whose request is cancelled meanwhile", _cancelled_meanwhile),
    _with_work("work that reports", _reporting),
    _with_work("work that renews its lease", _reporting, renewing=True),
    Case("a vague question", _vague),
    Case("a question whose lesson is there", _there_already),
    Case("a question whose lesson is being made", _being_made),
    Case("the last stage of a lesson that is followed", _last_with_follower),
    Case("a channel that refuses", _channel_refuses),
    Case("a dead letter", _dead_letter),
    Case("submit", _submit),
    Case("answer", _answer),
    Case("cancel", _cancel),
    Case("retry", _retry),
    Case("rate", _rate),
    Case("erase", _erase),
    Case("sweep: a lost message", _swept()),
    Case("sweep: an abandoned request", _swept(lease_until=LONG_AGO)),
    Case("sweep: one that was swept too often", _swept(lease_until=LONG_AGO, sweeps=SWEEP_LIMIT)),
    Case("sweep: an unanswered question", _unanswered),
    Case("sweep: an orphaned flight", _orphaned),
    Case("sweep: what is left over", _left_over),
)

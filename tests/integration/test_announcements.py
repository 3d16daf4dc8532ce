"""Who looks at the mirror alone hears of every change, and of every end even where its announcement was lost."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from functions.sweep import main as sweeping
from functions.sweep.main import handle as sweep
from shared import runtime
from shared.enums import ContentRequestStatus as Status
from shared.errors import PermanentError, PipelineError, TransientError
from shared.messages import RequestMessage
from shared.pipeline import NOTIFY_STUDENT, RETRIEVE_CONTENT, SWEEP_ANNOUNCE_SECONDS, TERMINAL, Topic
from shared.work import Advance, Outcome, Request, Work
from tests import factories
from tests.fakes import FakeServices


def nothing(request: Request, work: Work) -> Outcome:
    return Advance()


def announced(services: FakeServices) -> list[UUID]:
    messages = services.bus.messages
    return [RequestMessage.decode(data).request_id for topic, data, _ in messages if topic is Topic.STATUS_CHANGED]


def followed(services: FakeServices, followers: int) -> tuple[UUID, Sequence[UUID]]:
    """A request before its last stage, and those that follow it."""
    leader = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO, content_key="k")
    found = [
        factories.add_request(services.engine, status=Status.VALIDATING, content_key="k") for _ in range(followers)
    ]
    for follower in found:
        factories.update(services.engine, follower, follows=leader)
    return leader, found


def test_those_who_follow_are_announced_as_they_are_completed(services: FakeServices) -> None:
    leader, followers = followed(services, 3)
    runtime.run(NOTIFY_STUDENT, nothing, factories.event(leader), services)

    assert {factories.row(services.engine, follower)["status"] for follower in followers} == {Status.COMPLETED}
    assert sorted(announced(services)) == sorted([leader, leader, *followers])


def test_a_stage_that_hands_on_is_announced_once(services: FakeServices) -> None:
    """Its successor announces the next change; between the two, nothing that is shown has changed."""
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    runtime.run(RETRIEVE_CONTENT, nothing, factories.event(request_id), services)
    assert announced(services) == [request_id]


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_late_message_repairs_a_lost_announcement(status: Status, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=status)
    runtime.run(NOTIFY_STUDENT, nothing, factories.event(request_id), services)
    assert announced(services) == [request_id]
    assert services.bus.topics == []


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_sweep_announces_what_has_ended_lately(status: Status, services: FakeServices) -> None:
    ended = factories.add_request(services.engine, status=status)
    before = factories.add_request(services.engine, status=status)
    with services.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # no trigger moves `updated_at`
        connection.execute(
            sa.text("UPDATE content_requests SET updated_at = :then WHERE id = :id"),
            {"id": before, "then": datetime.now(UTC) - timedelta(seconds=SWEEP_ANNOUNCE_SECONDS + 1)},
        )
    sweep(services)
    assert announced(services) == [ended]


def test_a_sweep_that_announces_for_long_goes_on_to_the_rest_and_the_next_one_announces(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = factories.add_request(services.engine, status=Status.COMPLETED)
    key = {"student": factories.add_user(services.engine), "id": ended}
    with services.engine.begin() as connection:
        statement = """
            INSERT INTO idempotency_keys (student_id, key, body_hash, request_id, created_at)
            VALUES (:student, 'old', 'x', :id, clock_timestamp() - interval '1 year')
        """
        connection.execute(sa.text(statement), key)
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "ANNOUNCING_SECONDS", -1.0)
        sweep(services)

    assert announced(services) == []
    with services.engine.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM idempotency_keys")).scalar_one() == 0
    sweep(services)
    assert announced(services) == [ended]


@pytest.mark.parametrize("error", [TransientError("bus away"), PermanentError("not taken")], ids=repr)
def test_a_bus_that_takes_no_announcement_stops_no_stage(error: PipelineError, services: FakeServices) -> None:
    class Deaf:
        def publish(self, topic: Topic, data: bytes, attributes: object) -> None:
            raise error

    services.bus = Deaf()
    leader, followers = followed(services, 1)
    runtime.run(NOTIFY_STUDENT, nothing, factories.event(leader), services)
    assert factories.row(services.engine, followers[0])["status"] == Status.COMPLETED

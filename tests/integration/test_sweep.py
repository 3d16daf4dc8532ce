"""The sweep: what lost its message goes on, what was never answered ends, nothing else is touched."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from functions.sweep.main import handle
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.errors import TransientError
from shared.pipeline import CLARIFICATION_DAYS, STAGES, SWEEP_LIMIT, SWEEP_SUCCESSOR_SECONDS, Stage, Topic
from tests import factories
from tests.fakes import FakeServices, MemoryMirror


@pytest.fixture(autouse=True)
def frozen_updates(services: FakeServices) -> None:
    """Let tests set `updated_at`, which the guard otherwise moves with every change."""
    with services.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE content_requests DISABLE TRIGGER content_requests_guard")


def long_ago(seconds: int = SWEEP_SUCCESSOR_SECONDS + 1) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def swept(services: FakeServices) -> list[Topic]:
    handle(services)
    return services.bus.topics


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_an_abandoned_request_is_delivered_to_its_own_stage_again(stage: Stage, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=stage.during)
    factories.update(services.engine, request_id, lease_until=long_ago(1))
    assert swept(services) == [stage.listens]


@pytest.mark.parametrize("stage", STAGES[:-1], ids=lambda stage: stage.name)
def test_a_finished_stage_whose_successor_never_began_is_published_again(stage: Stage, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=stage.during)
    factories.update(services.engine, request_id, updated_at=long_ago())
    assert swept(services) == [stage.then[Modality.VIDEO]]


def test_a_request_that_was_never_published_is(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)
    factories.update(services.engine, request_id, updated_at=long_ago())
    assert swept(services) == [Topic.REQUEST_CREATED]


def test_what_is_held_fresh_waiting_for_an_answer_or_ended_is_left_alone(services: FakeServices) -> None:
    engine = services.engine
    held = factories.add_request(engine, status=Status.RETRIEVING)
    factories.update(engine, held, lease_until=datetime.now(UTC) + timedelta(seconds=30), updated_at=long_ago())
    factories.add_request(engine, status=Status.RETRIEVING)
    parked = factories.add_request(engine)
    factories.update(engine, parked, clarification_requested_at=long_ago(), updated_at=long_ago())
    leader = factories.add_request(engine, status=Status.GENERATING_SCRIPT, content_key="k")
    follower = factories.add_request(engine, status=Status.VALIDATING)
    factories.update(engine, follower, follows=leader, updated_at=long_ago())
    for ended in (Status.COMPLETED, Status.FAILED, Status.CANCELLED):
        factories.update(engine, factories.add_request(engine, status=ended), updated_at=long_ago())

    assert swept(services) == []


def test_a_request_is_swept_a_bounded_number_of_times(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING)
    factories.update(services.engine, request_id, lease_until=long_ago(1), sweeps=SWEEP_LIMIT)

    assert swept(services) == []

    row = factories.row(services.engine, request_id)
    assert (row["status"], row["error_code"]) == (Status.FAILED, "abandoned")


def test_an_unanswered_question_ends_the_request_after_its_days(services: FakeServices) -> None:
    expired, waiting = factories.add_request(services.engine), factories.add_request(services.engine)
    day = 24 * 60 * 60
    factories.update(services.engine, expired, clarification_requested_at=long_ago(CLARIFICATION_DAYS * day + 60))
    factories.update(services.engine, waiting, clarification_requested_at=long_ago(CLARIFICATION_DAYS * day - 60))

    handle(services)

    assert factories.row(services.engine, expired)["status"] == Status.CANCELLED
    assert factories.row(services.engine, waiting)["status"] == Status.PENDING


def test_an_orphaned_flight_is_handed_on(services: FakeServices) -> None:
    leader = factories.add_request(services.engine, status=Status.CANCELLED, content_key="k")
    follower = factories.add_request(services.engine, status=Status.VALIDATING, content_key="k")
    factories.update(services.engine, follower, follows=leader)

    assert swept(services) == [Topic.REQUEST_VALIDATED]
    assert factories.row(services.engine, follower)["follows"] is None


def test_old_requests_are_removed_with_their_history(services: FakeServices) -> None:
    day = 24 * 60 * 60
    days = services.settings.retention_days
    old = factories.add_request(services.engine, status=Status.COMPLETED)
    recent = factories.add_request(services.engine, status=Status.COMPLETED)
    factories.update(services.engine, old, updated_at=long_ago(days * day + 60))
    factories.update(services.engine, recent, updated_at=long_ago(days * day - 60))
    for request_id in (old, recent):
        services.mirror.write(str(request_id), {}, 1)

    handle(services)

    assert list(services.mirror.documents) == [str(recent)]
    assert factories.history(services.engine, old) == []
    assert factories.history(services.engine, recent) != []


def test_an_old_request_stays_until_the_mirror_forgot_it(services: FakeServices) -> None:
    class Away(MemoryMirror):
        def delete(self, request_ids: Sequence[str]) -> None:
            raise TransientError("mirror away")

    old = factories.add_request(services.engine, status=Status.COMPLETED)
    factories.update(services.engine, old, updated_at=long_ago((services.settings.retention_days + 1) * 24 * 60 * 60))
    services.mirror = Away()

    with pytest.raises(TransientError):
        handle(services)

    assert factories.history(services.engine, old) != []

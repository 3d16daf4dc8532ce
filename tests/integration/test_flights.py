"""Cache and single flight: one lesson is made, all who asked for it get it."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

from shared import runtime
from shared.enums import ContentRequestStatus as Status
from shared.errors import InvalidStoryboard
from shared.pipeline import NOTIFY_STUDENT, RETRIEVE_CONTENT, VALIDATE_REQUEST, Topic
from shared.work import Advance, Outcome, Request, Settle, Work
from tests import factories
from tests.fakes import FakeServices


def understand(request: Request, work: Work) -> Outcome:
    return Settle(content_key="same", topic="Photosynthesis", metadata={"module_ids": ["m1"]})


def nothing(request: Request, work: Work) -> Outcome:
    return Advance()


def validate(services: FakeServices, count: int) -> list[uuid.UUID]:
    requests = [factories.add_request(services.engine) for _ in range(count)]
    for request_id in requests:
        runtime.run(VALIDATE_REQUEST, understand, factories.event(request_id), services)
    return requests


def lead_on(services: FakeServices, request_id: uuid.UUID, status: Status) -> None:
    order = list(Status)
    for step in order[order.index(Status.RETRIEVING) : order.index(status) + 1]:
        factories.update(services.engine, request_id, status=step, storyboard_digest="d1")


def test_the_second_equal_question_follows_the_first_and_wakes_nobody(services: FakeServices) -> None:
    leader, follower = validate(services, 2)

    assert services.bus.topics == [Topic.REQUEST_VALIDATED]
    assert factories.row(services.engine, follower)["follows"] == leader
    assert factories.row(services.engine, follower)["status"] == Status.VALIDATING


def test_a_follower_cannot_be_claimed_by_a_late_message(services: FakeServices) -> None:
    _, follower = validate(services, 2)
    runtime.run(RETRIEVE_CONTENT, nothing, factories.event(follower), services)
    assert factories.row(services.engine, follower)["status"] == Status.VALIDATING


def test_followers_are_completed_with_their_leader_and_told(services: FakeServices) -> None:
    leader, *followers = validate(services, 3)
    lead_on(services, leader, Status.PROCESSING_VIDEO)

    runtime.run(NOTIFY_STUDENT, nothing, factories.event(leader), services)

    for request_id in (leader, *followers):
        row = factories.row(services.engine, request_id)
        assert (row["status"], row["storyboard_digest"], row["progress_percentage"]) == (Status.COMPLETED, "d1", 100)
    for request_id in followers:
        assert factories.history(services.engine, request_id)[-2:] == [Status.VALIDATING, Status.COMPLETED]


def test_a_later_equal_question_is_completed_from_the_cache(services: FakeServices) -> None:
    (leader,) = validate(services, 1)
    lead_on(services, leader, Status.PROCESSING_VIDEO)
    runtime.run(NOTIFY_STUDENT, nothing, factories.event(leader), services)
    services.bus.messages.clear()

    (later,) = validate(services, 1)

    row = factories.row(services.engine, later)
    assert (row["status"], row["storyboard_digest"]) == (Status.COMPLETED, "d1")
    assert row["request_metadata"]["cached"] is True
    assert services.bus.topics == []


def test_followers_are_set_free_when_their_leader_fails(services: FakeServices) -> None:
    leader, heir, other = validate(services, 3)
    lead_on(services, leader, Status.GENERATING_SCRIPT)
    services.bus.messages.clear()

    runtime.fail(services, leader, error=InvalidStoryboard("broken"), stage="generate_script")

    assert factories.row(services.engine, heir)["follows"] is None
    assert factories.row(services.engine, other)["follows"] == heir
    assert services.bus.topics == [Topic.REQUEST_VALIDATED]
    runtime.run(RETRIEVE_CONTENT, nothing, factories.event(heir), services)
    assert factories.row(services.engine, heir)["status"] == Status.RETRIEVING


def test_equal_questions_at_the_same_moment_have_one_leader(services: FakeServices) -> None:
    requests = [factories.add_request(services.engine) for _ in range(12)]
    together = threading.Barrier(len(requests))

    def deliver(request_id: uuid.UUID) -> None:
        together.wait()
        runtime.run(VALIDATE_REQUEST, understand, factories.event(request_id), services)

    threads = [threading.Thread(target=deliver, args=(request_id,)) for request_id in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    leaders = [r for r in requests if factories.row(services.engine, r)["follows"] is None]
    assert len(leaders) == 1
    assert services.bus.topics == [Topic.REQUEST_VALIDATED]
    assert {factories.row(services.engine, r)["follows"] for r in requests} == {None, leaders[0]}


def test_a_redelivered_settlement_goes_on_where_it_stood(services: FakeServices) -> None:
    leader, follower = validate(services, 2)
    services.bus.messages.clear()

    for request_id in (leader, follower):
        runtime.run(VALIDATE_REQUEST, understand, factories.event(request_id), services)

    assert services.bus.topics == [Topic.REQUEST_VALIDATED]


def test_a_run_that_lost_its_request_settles_nothing(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine)

    def slow(request: Request, work: Work) -> Outcome:
        factories.update(services.engine, request_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
        runtime.run(VALIDATE_REQUEST, understand, factories.event(request_id), services)
        return Settle(content_key="other", topic="Other")

    runtime.run(VALIDATE_REQUEST, slow, factories.event(request_id), services)

    assert factories.row(services.engine, request_id)["content_key"] == "same"

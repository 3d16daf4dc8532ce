"""A run that cannot know whether the request is still its own asks, before it does anything more."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared import runs, runtime
from shared.db import claims
from shared.db.engine import single_statement, transaction
from shared.enums import ContentRequestStatus as Status
from shared.errors import TransientError, WorkSuperseded
from shared.pipeline import LEASE_SECONDS, RETRIEVE_CONTENT
from shared.work import Advance, Outcome, Request, Work
from tests import factories
from tests.fakes import FakeServices

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def no_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen process has none: the first beat would come after an hour."""
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", 3600)


def expire(services: FakeServices, request_id: UUID) -> None:
    factories.update(services.engine, request_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))


def frozen_in(work: Callable[[Work], None]) -> Callable[[Request, Work], Outcome]:
    def handle(request: Request, run: Work) -> Outcome:
        work(run)
        return Advance(metadata={"by": "the frozen one"})

    return handle


def test_a_run_that_was_frozen_for_longer_than_its_lease_does_not_go_on(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    did: list[str] = []

    def work(run: Work) -> None:
        monkeypatch.setattr(runs, "LEASE_SECONDS", 0)  # as if so long had passed
        expire(services, request_id)
        with single_statement(services.engine) as connection:
            assert isinstance(claims.claim(connection, request_id, RETRIEVE_CONTENT), claims.Claim)
        with pytest.raises(WorkSuperseded):
            run.checkpoint()
        did.append("stopped")

    runtime.run(RETRIEVE_CONTENT, frozen_in(work), factories.event(request_id), services)

    assert did == ["stopped"]
    assert "by" not in factories.row(services.engine, request_id)["request_metadata"]


def test_a_run_that_was_frozen_goes_on_where_nobody_took_over(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)

    def work(run: Work) -> None:
        monkeypatch.setattr(runs, "LEASE_SECONDS", 0)
        expire(services, request_id)
        run.checkpoint()
        assert factories.row(services.engine, request_id)["lease_until"] > datetime.now(UTC)

    runtime.run(RETRIEVE_CONTENT, frozen_in(work), factories.event(request_id), services)

    assert factories.row(services.engine, request_id)["request_metadata"]["by"] == "the frozen one"


def test_a_run_that_hangs_lets_its_lease_run_out_when_its_budget_is_spent(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(runs, "LEASE_SECONDS", 1)
    monkeypatch.setattr(claims, "LEASE_SECONDS", 1)
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    stage, over = replace(RETRIEVE_CONTENT, budget=0.3), threading.Event()

    def hang(request: Request, run: Work) -> Outcome:
        over.wait(PATIENCE)
        return Advance()

    def deliver() -> None:
        with pytest.raises(TransientError):  # its budget was spent long ago
            runtime.run(stage, hang, factories.event(request_id), services)

    hanging = threading.Thread(target=deliver, daemon=True)
    hanging.start()
    deadline = time.monotonic() + PATIENCE
    while factories.row(services.engine, request_id)["attempt"] < 2:
        assert time.monotonic() < deadline, "the lease of a run that hangs is renewed for ever"
        time.sleep(0.05)
        with single_statement(services.engine) as connection:
            claims.claim(connection, request_id, stage)
    over.set()


def test_a_run_begins_with_its_lease_and_not_when_it_began_to_wait_for_the_row(services: FakeServices) -> None:
    """Otherwise it would seem to have begun before the run ended that it takes over from."""
    request_id = factories.add_request(services.engine, status=Status.VALIDATING)
    claimed: list[object] = []

    def claim() -> None:
        with single_statement(services.engine) as connection:
            claimed.append(claims.claim(connection, request_id, RETRIEVE_CONTENT))

    waiting = threading.Thread(target=claim)
    with transaction(services.engine) as connection:
        connection.execute(sa.text("UPDATE content_requests SET interest = 'chess' WHERE id = :id"), {"id": request_id})
        waiting.start()
        _until_somebody_waits(services)
        left = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    waiting.join(PATIENCE)

    with single_statement(services.engine) as connection:
        begun = connection.execute(sa.text("SELECT started_at FROM request_stages")).scalar_one()
    assert isinstance(claimed[0], claims.Claim)
    assert begun >= left
    assert begun + timedelta(seconds=LEASE_SECONDS) == factories.row(services.engine, request_id)["lease_until"]


def _until_somebody_waits(services: FakeServices) -> None:
    deadline = time.monotonic() + PATIENCE
    statement = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    while time.monotonic() < deadline:
        with single_statement(services.engine) as connection:
            if connection.execute(statement).scalar_one():
                return
        time.sleep(0.01)
    pytest.fail("nobody waits for the row")

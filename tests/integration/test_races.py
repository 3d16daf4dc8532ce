"""Cancel against completion: in every race exactly one of the two wins, and the history says which."""

import threading
from uuid import UUID

from shared import runtime
from shared.db import actions
from shared.db.engine import transaction
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import NOTIFY_STUDENT
from shared.work import Advance, Outcome, Request, Work
from tests import factories
from tests.fakes import FakeServices

RACES = 30


def nothing(request: Request, work: Work) -> Outcome:
    return Advance()


def race(services: FakeServices, request_id: UUID, student: UUID) -> bool:
    """Complete and cancel at the same moment; tell whether the cancellation was granted."""
    together = threading.Barrier(2)
    granted: list[bool] = []

    def complete() -> None:
        together.wait()
        runtime.run(NOTIFY_STUDENT, nothing, factories.event(request_id), services)

    def cancel() -> None:
        together.wait()
        with transaction(services.engine) as connection:
            granted.append(actions.cancel(connection, request_id, student) is not None)

    threads = [threading.Thread(target=complete), threading.Thread(target=cancel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return granted == [True]


def test_cancelling_and_completing_have_one_winner(services: FakeServices) -> None:
    student = factories.add_user(services.engine)
    ends: list[Status] = []
    for number in range(RACES):
        request_id = factories.add_request(
            services.engine, student_id=student, status=Status.PROCESSING_VIDEO, content_key=f"key-{number}"
        )
        cancelled = race(services, request_id, student)
        end = factories.row(services.engine, request_id)["status"]
        ends.append(end)
        assert cancelled == (end == Status.CANCELLED)
        history = factories.history(services.engine, request_id)
        assert [status for status in history if status in (Status.COMPLETED, Status.CANCELLED)] == [end]
    assert set(ends) <= {Status.COMPLETED, Status.CANCELLED}


def test_a_completed_lesson_cannot_be_cancelled_nor_a_cancelled_one_completed(services: FakeServices) -> None:
    student = factories.add_user(services.engine)
    done = factories.add_request(services.engine, student_id=student, status=Status.PROCESSING_VIDEO)
    runtime.run(NOTIFY_STUDENT, nothing, factories.event(done), services)
    with transaction(services.engine) as connection:
        assert actions.cancel(connection, done, student) is None

    stopped = factories.add_request(services.engine, student_id=student, status=Status.PROCESSING_VIDEO)

    def cancelled_meanwhile(request: Request, work: Work) -> Outcome:
        with transaction(services.engine) as connection:
            assert actions.cancel(connection, stopped, student) is not None
        return Advance()

    runtime.run(NOTIFY_STUDENT, cancelled_meanwhile, factories.event(stopped), services)

    assert factories.row(services.engine, done)["status"] == Status.COMPLETED
    assert factories.row(services.engine, stopped)["status"] == Status.CANCELLED

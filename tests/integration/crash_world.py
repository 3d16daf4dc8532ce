"""A whole system in this process whose runs die where they are told to, and that goes on as if a process had died.

The bus keeps what is not acknowledged, students repeat calls that broke off, the scheduler ticks again: whatever dies
is done once more, and the outcome has to be the one without any death.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from functions.handle_dead_letter import main as dead_letters
from functions.mirror_status.main import handle as mirror
from functions.notify_student.main import handle as notify
from functions.sweep.main import handle as sweep
from shared import objects, runtime
from shared.errors import RequestBusy, TransientError
from shared.messages import RequestMessage
from shared.pipeline import (
    GENERATE_SCRIPT,
    NOTIFY_STUDENT,
    VALIDATE_REQUEST,
    Stage,
    Topic,
    listener,
)
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle, Work
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import Caller

MOST_DELIVERIES = 400
MOST_TRIES = 10
QUESTION = {"id": "q1", "text": "Which part?", "options": [{"id": "a", "label": "Light", "module_id": "m1"}]}


def settle(request: Request, work: Work) -> Outcome:
    return Settle(content_key=f"key of {request.query}", topic="Light")


def write(request: Request, work: Work) -> Outcome:
    digest = objects.fingerprint(request.content_key or "")
    work.begin_lesson(digest)
    work.services.objects.write(objects.lesson(digest, objects.STORYBOARD), b"{}", content_type="application/json")
    return Advance(columns={"storyboard_digest": digest})


def advance(request: Request, work: Work) -> Outcome:
    return Advance()


def ask(request: Request, work: Work) -> Outcome:
    if request.metadata.get("clarification", {}).get("answers"):
        return settle(request, work)
    return AskStudent(questions=(QUESTION,), reasoning="vague")


def failing(error: Callable[[], Exception], times: int) -> Handle:
    """Work that fails so many times, and then is done."""
    left = [times]

    def work_at(request: Request, work: Work) -> Outcome:
        if left[0]:
            left[0] -= 1
            raise error()
        return advance(request, work)

    return work_at


GOOD: Mapping[str, Handle] = {
    VALIDATE_REQUEST.name: settle,
    GENERATE_SCRIPT.name: write,
    NOTIFY_STUDENT.name: notify,
}


@dataclass
class World:
    """One case: its requests, and everything that happens to them."""

    services: FakeServices
    student: Caller
    works: dict[str, Handle] = field(default_factory=dict)
    requests: list[UUID] = field(default_factory=list)

    def request(self, **columns: Any) -> UUID:
        """A request of the student's."""
        request_id = factories.add_request(self.services.engine, student_id=self.student.id, **columns)
        self.requests.append(request_id)
        return request_id

    def deliver(self, stage: Stage, request_id: UUID) -> None:
        """One push to a stage."""
        handle = self.works.get(stage.name) or GOOD.get(stage.name, advance)
        runtime.run(stage, handle, factories.event(request_id), self.services)

    def dead_letter(self, stage: Stage, request_id: UUID) -> None:
        """One push to the dead letters."""
        event = factories.event(request_id, {dead_letters.SOURCE_ATTRIBUTE: stage.name})
        dead_letters.handle(event, self.services)

    def sweep(self) -> None:
        """One tick of the scheduler."""
        sweep(self.services)

    def pass_time(self) -> None:
        """Let every lease run out."""
        with self.services.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE content_requests SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")
            )

    def acknowledged(self, act: Callable[[], None]) -> None:
        """Do it as the bus delivers: again where it failed for now, after the lease has run out."""
        for _ in range(MOST_TRIES):
            try:
                act()
            except (RequestBusy, TransientError):
                self.pass_time()
            else:
                return
        raise AssertionError("delivered for ever")

    def come_to_rest(self) -> None:
        """Let everything happen that happens by itself, until a sweep later."""
        self.drain()
        self.pass_time()
        self.sweep()
        self.drain()

    def drain(self) -> None:
        """Deliver all that was published, and what follows from it, until each message is acknowledged."""
        waiting, changed = self.services.bus.messages, dict[UUID, RequestMessage]()
        for _ in range(MOST_DELIVERIES):
            if not waiting:
                break
            topic, data, _ = waiting.pop(0)
            message = RequestMessage.decode(data)
            if topic is Topic.STATUS_CHANGED:
                changed[message.request_id] = message  # of several, any one makes the mirror read the record
                continue
            stage = listener(topic)
            assert isinstance(stage, Stage)
            self.acknowledged(partial(self.deliver, stage, message.request_id))
        assert not waiting, "messages without end"
        for message in changed.values():
            mirror(message, self.services)

    def outcome(self) -> dict[str, Any]:
        """How everything has ended: what a student, an operator and the outside world see of it."""
        return {
            "requests": [self._ended(request_id) for request_id in self._all()],
            "mailed": sorted({self._named(mail.message_id) for mail in self.services.outbox.mails}),
            "posted": sorted({self._named(event_id) for event_id, _ in self.services.outbox.events}),
            "objects": len(self.services.objects.data),
        }

    def repeats(self) -> int:
        """How many mails and webhooks were sent more than once, with the same id."""
        sent = Counter(mail.message_id for mail in self.services.outbox.mails)
        sent.update(f"{event_id} posted" for event_id, _ in self.services.outbox.events)
        return sum(count - 1 for count in sent.values())

    def _all(self) -> list[UUID]:
        with self.services.engine.begin() as connection:
            found = connection.execute(
                sa.text("SELECT id FROM content_requests WHERE student_id = :id ORDER BY created_at, id"),
                {"id": self.student.id},
            )
            return list(found.scalars())

    def _named(self, message_id: str) -> str:
        """The number of the request instead of its id, which is another one in each case."""
        request, _, channel = message_id.rpartition(".")
        return f"{self._all().index(UUID(request))} {channel}"

    def _ended(self, request_id: UUID) -> dict[str, Any]:
        row = factories.row(self.services.engine, request_id)
        shown = self.services.mirror.documents.get(str(request_id), (0, {}))[1]
        with self.services.engine.begin() as connection:
            told = connection.execute(
                sa.text("SELECT channel, sent_at IS NOT NULL FROM notifications WHERE request_id = :id ORDER BY 1"),
                {"id": request_id},
            )
            finished = connection.execute(
                sa.text(
                    "SELECT stage FROM request_stages WHERE request_id = :id AND state = 'finished' ORDER BY attempt"
                ),
                {"id": request_id},
            )
            rated = connection.execute(
                sa.text("SELECT kind FROM request_feedback WHERE request_id = :id"), {"id": request_id}
            )
            return {
                "history": factories.history(self.services.engine, request_id),
                "error": row["error_code"],
                "held": row["lease_until"] is not None,
                "follows": row["follows"] is not None,
                "parked": row["clarification_requested_at"] is not None,
                "shown": shown.get("status"),
                "told": [tuple(notification) for notification in told],
                "finished": list(finished.scalars()),
                "rated": list(rated.scalars()),
                "metadata": json.dumps(row["request_metadata"].get("clarification", {}).get("answers")),
            }

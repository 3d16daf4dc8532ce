"""Notification and mirror: told once, mirrored from the record."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from functions.mirror_status import main as mirror
from functions.notify_student import main as notify
from shared import runtime
from shared.db.models import content_requests
from shared.enums import ContentRequestStatus as Status
from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import NOTIFY_STUDENT
from shared.services import Mail
from tests import factories
from tests.fakes import FakeServices, MemoryMirror, Outbox


def test_a_student_is_told_once_by_each_channel(services: FakeServices) -> None:
    student = factories.add_user(services.engine, email="one@school.test")
    request_id = factories.add_request(services.engine, student_id=student, status=Status.PROCESSING_VIDEO)

    for _ in range(2):
        runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)

    assert [(mail.recipient, mail.message_id) for mail in services.outbox.mails] == [
        ("one@school.test", f"{request_id}.email")
    ]
    assert [event_id for event_id, _ in services.outbox.events] == [f"{request_id}.webhook"]


def test_after_a_crash_between_channels_only_the_rest_is_sent(services: FakeServices) -> None:
    class BreakingOutbox(Outbox):
        broken = True

        def post(self, event_id: str, body: object) -> None:
            if self.broken:
                self.broken = False
                raise TransientError("receiver away")
            super().post(event_id, {})

    services.outbox = BreakingOutbox()
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    with pytest.raises(TransientError):
        runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)
    runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)

    assert len(services.outbox.mails) == 1
    assert len(services.outbox.events) == 1


def test_who_follows_the_request_is_told_too(services: FakeServices) -> None:
    leader = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)
    follower = factories.add_request(services.engine, status=Status.VALIDATING)
    factories.update(services.engine, follower, follows=leader)

    runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(leader), services)

    assert {mail.message_id for mail in services.outbox.mails} == {f"{leader}.email", f"{follower}.email"}


def test_a_mail_and_a_webhook_hold_nothing_of_the_question(services: FakeServices) -> None:
    request_id = factories.add_request(
        services.engine, status=Status.PROCESSING_VIDEO, query="my private canary question", topic="Photosynthesis"
    )
    runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)
    mail: Mail = services.outbox.mails[0]
    assert "canary" not in mail.text + mail.subject + repr(services.outbox.events)


def test_the_mirror_shows_the_record_without_the_question(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING, query="my private canary question")

    mirror.handle(RequestMessage(request_id=request_id, correlation_id=request_id), services)

    version, shown = services.mirror.documents[str(request_id)]
    assert version == factories.row(services.engine, request_id)["version"]
    assert shown["status"] == Status.RETRIEVING
    assert "canary" not in repr(shown)


def test_the_mirror_forgets_a_request_that_was_removed(services: FakeServices) -> None:
    request_id = uuid.uuid4()
    services.mirror.write(str(request_id), {}, 1)
    mirror.handle(RequestMessage(request_id=request_id, correlation_id=request_id), services)
    assert services.mirror.documents == {}


def test_the_mirror_does_not_show_what_was_removed_while_it_wrote(services: FakeServices) -> None:
    """The last message about a request can be on its way while the request is removed."""
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING)

    class SlowMirror(MemoryMirror):
        def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
            with services.engine.begin() as connection:
                connection.execute(content_requests.delete().where(content_requests.c.id == request_id))
            return super().write(request_id, snapshot, version)

    services.mirror = SlowMirror()
    mirror.handle(RequestMessage(request_id=request_id, correlation_id=request_id), services)

    assert services.mirror.documents == {}


def test_a_later_message_repairs_what_the_mirror_missed(services: FakeServices) -> None:
    class AwayOnce(MemoryMirror):
        away = True

        def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
            if self.away:
                self.away = False
                raise TransientError("mirror away")
            return super().write(request_id, snapshot, version)

    services.mirror = AwayOnce()
    request_id = factories.add_request(services.engine, status=Status.RETRIEVING)
    message = RequestMessage(request_id=request_id, correlation_id=request_id)
    with pytest.raises(TransientError):
        mirror.handle(message, services)
    factories.update(services.engine, request_id, progress_percentage=20)

    mirror.handle(message, services)

    version, shown = services.mirror.documents[str(request_id)]
    assert version == factories.row(services.engine, request_id)["version"]
    assert shown["progress_percentage"] == 20

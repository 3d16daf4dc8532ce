"""Notification, mirror and dead letters: told once, mirrored from the record, failed with a reason."""

import uuid

import pytest

from functions.handle_dead_letter import main as dead_letters
from functions.mirror_status import main as mirror
from functions.notify_student import main as notify
from shared import runtime
from shared.enums import ContentRequestStatus as Status
from shared.errors import TransientError
from shared.messages import RequestMessage
from shared.pipeline import NOTIFY_STUDENT
from shared.services import Mail
from tests import factories
from tests.fakes import FakeServices, Outbox


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


@pytest.mark.parametrize("source", ["generate_video", "projects/p/subscriptions/vividly-dev-generate_video"])
def test_a_dead_letter_fails_its_request_with_a_reason(source: str, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)

    dead_letters.handle(factories.event(request_id, {dead_letters.SOURCE_ATTRIBUTE: source}), services)

    row = factories.row(services.engine, request_id)
    assert (row["status"], row["error_code"], row["error_stage"]) == (
        Status.FAILED,
        "attempts_exhausted",
        "generate_video",
    )


@pytest.mark.parametrize("source", ["mirror_status", "", "somebody-else"])
def test_a_dead_letter_of_no_stage_fails_nothing(source: str, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)
    dead_letters.handle(factories.event(request_id, {dead_letters.SOURCE_ATTRIBUTE: source}), services)
    assert factories.row(services.engine, request_id)["status"] == Status.GENERATING_SCRIPT


def test_a_dead_letter_that_is_no_message_of_ours_is_acknowledged(services: FakeServices) -> None:
    dead_letters.handle(
        factories.raw_event(b"\x00 not json", {dead_letters.SOURCE_ATTRIBUTE: "generate_video"}), services
    )


def test_an_ended_request_stays_as_it_ended(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.COMPLETED)
    dead_letters.handle(factories.event(request_id, {dead_letters.SOURCE_ATTRIBUTE: "notify_student"}), services)
    assert factories.row(services.engine, request_id)["status"] == Status.COMPLETED

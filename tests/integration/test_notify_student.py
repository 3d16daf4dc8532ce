"""A lesson that is made reaches its student, whatever becomes of the e-mail and the webhook."""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from functions.notify_student import main as notify
from shared import runtime
from shared.adapters import http_webhook, smtp
from shared.adapters.http_webhook import HttpWebhook
from shared.adapters.smtp import SmtpMailer
from shared.enums import ContentRequestStatus as Status
from shared.errors import PermanentError, TransientError
from shared.pipeline import NOTIFY_STUDENT
from shared.services import Mail
from shared.settings import SettingsError
from tests import factories
from tests.counterparts.http_fake import Answer, HttpFake
from tests.counterparts.smtp_server import SmtpServer
from tests.fakes import FakeServices, Outbox

NO_SUCH_USER = PermanentError("no such user", code="mail_recipient_refused")


@dataclass
class Refusing(Outbox):
    """Fails each channel as it is told: with an error, so many times (None: always)."""

    mail_error: Exception | None = None
    mail_times: int | None = None
    webhook_error: Exception | None = None
    only: str = ""  # part of the address that mails fail for; empty: all

    def send(self, mail: Mail) -> None:
        if self.mail_error is not None and self.mail_times != 0 and self.only in mail.recipient:
            self.mail_times = None if self.mail_times is None else self.mail_times - 1
            raise self.mail_error
        super().send(mail)

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        if self.webhook_error is not None:
            raise self.webhook_error
        super().post(event_id, body)


def until_it_ends(services: FakeServices, request_id: uuid.UUID) -> int:
    """Deliver as the bus does, until the delivery is acknowledged; return how often it was not."""
    for failures in range(NOTIFY_STUDENT.attempts + 1):
        try:
            runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)
        except TransientError:
            continue
        return failures
    raise AssertionError("delivered for ever")


def told(services: FakeServices, request_id: uuid.UUID) -> dict[str, bool]:
    """The channels that are recorded, and whether each accepted."""
    statement = sa.text("SELECT channel, sent_at IS NOT NULL AS sent FROM notifications WHERE request_id = :id")
    with services.engine.begin() as connection:
        return {row.channel: row.sent for row in connection.execute(statement, {"id": request_id})}


def output(services: FakeServices, request_id: uuid.UUID) -> dict[str, Any]:
    """What operators see of the stage."""
    statement = sa.text("SELECT output FROM request_stages WHERE request_id = :id AND state = 'finished'")
    with services.engine.begin() as connection:
        found: dict[str, Any] = connection.execute(statement, {"id": request_id}).scalar_one()
        return found


def status(services: FakeServices, request_id: uuid.UUID) -> Status:
    return Status(factories.row(services.engine, request_id)["status"])


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """The log, with the fields of its lines."""
    monkeypatch.setattr(logging.getLogger("vividly"), "propagate", True)
    caplog.set_level(logging.INFO, "vividly")
    return caplog


@pytest.mark.parametrize(
    ("error", "code", "level"),
    [
        (NO_SUCH_USER, "mail_recipient_refused", logging.WARNING),
        (PermanentError("wrong password", code="mail_sign_in_refused"), "mail_sign_in_refused", logging.ERROR),
        (SettingsError("SMTP_URL cannot be used"), "unusable_settings", logging.ERROR),
    ],
    ids=["recipient", "sign-in", "settings"],
)
def test_a_mail_that_is_refused_for_good_is_noted_and_the_lesson_completed(
    error: Exception, code: str, level: int, services: FakeServices, logged: pytest.LogCaptureFixture
) -> None:
    services.outbox = Refusing(mail_error=error)
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    assert until_it_ends(services, request_id) == 0
    assert status(services, request_id) is Status.COMPLETED
    assert told(services, request_id) == {"in_app": True, "email": False, "webhook": True}
    assert output(services, request_id).items() >= {"recipients": 1, "sent": 2, "given_up": {"email": 1}}.items()
    lines = [(one.levelno, vars(one).get("fields", {})) for one in logged.records]
    lines = [line for line in lines if line[1].get("code") == code]
    assert lines == [(level, {"request_id": request_id, "channel": "email", "code": code})]


@pytest.mark.parametrize(
    "error", [TransientError("server away"), RuntimeError("canary of an unforeseen error")], ids=["away", "unforeseen"]
)
def test_a_server_that_stays_away_costs_the_mail_and_not_the_lesson(
    error: Exception, services: FakeServices, logged: pytest.LogCaptureFixture
) -> None:
    services.outbox = Refusing(mail_error=error)
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    assert until_it_ends(services, request_id) == NOTIFY_STUDENT.attempts - 1
    assert status(services, request_id) is Status.COMPLETED
    assert told(services, request_id) == {"in_app": True, "email": False, "webhook": True}
    assert output(services, request_id)["given_up"] == {"email": 1}
    assert len(services.outbox.events) == 1, "what was accepted is not sent again with each try"
    assert "canary" not in logged.text


def test_a_server_that_comes_back_gets_the_mail(services: FakeServices) -> None:
    services.outbox = Refusing(mail_error=TransientError("server away"), mail_times=2)
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    assert until_it_ends(services, request_id) == 2
    assert told(services, request_id) == {"in_app": True, "email": True, "webhook": True}
    assert len(services.outbox.mails) == 1


def test_one_student_that_cannot_be_told_keeps_nobody_else_waiting(services: FakeServices) -> None:
    student = factories.add_user(services.engine, email="gone@school.test")
    leader = factories.add_request(services.engine, student_id=student, status=Status.PROCESSING_VIDEO)
    follower = factories.add_request(services.engine, status=Status.VALIDATING)
    factories.update(services.engine, follower, follows=leader)
    services.outbox = Refusing(mail_error=NO_SUCH_USER, only="gone@", webhook_error=TransientError("receiver away"))

    assert until_it_ends(services, leader) == NOTIFY_STUDENT.attempts - 1
    assert [mail.message_id for mail in services.outbox.mails] == [f"{follower}.email"]
    assert {status(services, one) for one in (leader, follower)} == {Status.COMPLETED}
    assert output(services, leader)["given_up"] == {"email": 1, "webhook": 2}


def test_what_was_given_up_is_not_tried_by_a_later_run(services: FakeServices) -> None:
    services.outbox = Refusing(mail_error=NO_SUCH_USER, webhook_error=TransientError("receiver away"))
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)
    with pytest.raises(TransientError):
        runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)

    services.outbox = Outbox()
    assert until_it_ends(services, request_id) == 0
    assert services.outbox.mails == []
    assert len(services.outbox.events) == 1


@pytest.mark.parametrize(
    ("without", "channels"),
    [
        ({"mailer": "none"}, {"in_app", "webhook"}),
        ({"webhook": "none"}, {"in_app", "email"}),
        ({"mailer": "none", "webhook": "none"}, {"in_app"}),
    ],
    ids=["no mail", "no webhook", "neither"],
)
def test_a_channel_that_is_not_in_use_is_neither_used_nor_recorded(
    without: dict[str, str], channels: set[str], services: FakeServices
) -> None:
    services.settings = replace(services.settings, **without)
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    assert until_it_ends(services, request_id) == 0
    assert told(services, request_id).keys() == channels
    assert bool(services.outbox.mails) is ("email" in channels)
    assert bool(services.outbox.events) is ("webhook" in channels)


def test_no_call_begins_that_could_outlast_the_budget() -> None:
    mail = smtp.TOTAL_SECONDS + smtp.ANSWER_SECONDS
    webhook = http_webhook.TOTAL_SECONDS + http_webhook.CONNECT_SECONDS
    assert notify.TELLING_SECONDS + max(mail, webhook) < NOTIFY_STUDENT.budget


def test_what_there_is_no_time_for_is_told_later_or_given_up_in_the_last_run(
    services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "TELLING_SECONDS", -1.0)
    request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)

    assert until_it_ends(services, request_id) == NOTIFY_STUDENT.attempts - 1
    assert status(services, request_id) is Status.COMPLETED
    assert services.outbox.mails == []


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("Photosynthesis", "Your lesson “Photosynthesis” is ready."),
        ("", "Your lesson is ready."),
        ("Newton’s\n third  law {url}", "Your lesson “Newton’s third law {url}” is ready."),
        ("x" * 500, f"Your lesson “{'x' * 119}…” is ready."),
    ],
    ids=["title", "none", "odd", "long"],
)
def test_the_mail_names_the_lesson_and_where_to_sign_in(topic: str, line: str, services: FakeServices) -> None:
    request_id = factories.add_request(
        services.engine, status=Status.PROCESSING_VIDEO, topic=topic, query="my private canary question"
    )
    runtime.run(NOTIFY_STUDENT, notify.handle, factories.event(request_id), services)
    (mail,) = services.outbox.mails
    assert mail.subject == "Your lesson is ready"
    assert line in mail.text
    assert f"\n{services.settings.public_url}/\n" in mail.text
    assert str(request_id) not in mail.text, "no link of its own: nothing to steal"
    assert "canary" not in mail.text


@dataclass
class RealChannels:
    """Services whose mail and webhook travel over sockets."""

    fakes: FakeServices
    mailer: SmtpMailer
    webhook: HttpWebhook

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fakes, name)


def test_a_student_is_told_through_a_real_server_and_a_real_receiver(services: FakeServices, tmp_path: Path) -> None:
    server, receiver = SmtpServer(replies={"RCPT": ["450 greylisted"]}), HttpFake(lambda asked: Answer(status=204))
    receiver.script = [Answer(status=503)]
    with server.serving(), receiver.serving():
        real = RealChannels(
            services,
            SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender="lessons@school.test"),
            HttpWebhook(receiver.url, secret="s" * 16, private_addresses=True),
        )
        request_id = factories.add_request(services.engine, status=Status.PROCESSING_VIDEO)
        assert until_it_ends(real, request_id) == 1  # type: ignore[arg-type]
    assert [mail.message["Message-ID"] for mail in server.mails] == [f"<{request_id}.email@school.test>"]
    assert {asked.headers["webhook-id"] for asked in receiver.asked} == {f"{request_id}.webhook"}
    assert len(receiver.asked) == 2
    assert told(services, request_id) == {"in_app": True, "email": True, "webhook": True}

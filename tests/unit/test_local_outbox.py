"""The outbox holds what would have been sent."""

import base64
import email
import email.policy
import hashlib
import hmac
import json

import pytest

from shared.adapters.outbox import OutboxMailer, OutboxWebhook
from shared.errors import PermanentError, TransientError
from shared.services import Mail


def mail(**changes: str) -> Mail:
    values = {"message_id": "<1@vividly>", "recipient": "ada@school.test", "subject": "Ready", "text": "Watch “it”.\n"}
    return Mail(**(values | changes))


def test_mail_becomes_a_file_that_mail_programs_read(tmp_path):
    OutboxMailer(tmp_path / "outbox").send(mail(subject="Größe und Maß"))

    (path,) = (tmp_path / "outbox").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["To"] == "ada@school.test"
    assert message["Subject"] == "Größe und Maß"
    assert message["Message-ID"] == "<1@vividly>"
    assert message.get_content().strip() == "Watch “it”."


def test_mail_sent_again_is_the_same_file_and_another_is_another(tmp_path):
    mailer = OutboxMailer(tmp_path)
    mailer.send(mail())
    mailer.send(mail(text="again"))
    mailer.send(mail(message_id="<2@vividly>"))

    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "changes",
    [{"recipient": "ada@school.test\nBcc: eve@else.test"}, {"subject": "Ready\r\nBcc: eve@else.test"}],
    ids=["recipient", "subject"],
)
def test_header_with_a_line_break_is_refused(tmp_path, changes):
    with pytest.raises(PermanentError) as caught:
        OutboxMailer(tmp_path).send(mail(**changes))

    assert caught.value.code == "invalid_mail"
    assert list(tmp_path.iterdir()) == []


def test_webhook_is_signed_over_id_time_and_body(tmp_path):
    OutboxWebhook(tmp_path, secret="s" * 16, clock=lambda: 1_767_225_600.9).post(
        "<1@vividly>", {"event": "lesson.ready"}
    )

    (path,) = tmp_path.iterdir()
    call = json.loads(path.read_text())
    assert json.loads(call["body"]) == {"event": "lesson.ready"}
    assert call["headers"]["webhook-id"] == "<1@vividly>"
    assert call["headers"]["webhook-timestamp"] == "1767225600"
    signed = f"<1@vividly>.1767225600.{call['body']}".encode()
    expected = base64.b64encode(hmac.new(b"s" * 16, signed, hashlib.sha256).digest()).decode()
    assert call["headers"]["webhook-signature"] == f"v1,{expected}"


def test_outbox_that_cannot_be_written_is_transient(tmp_path):
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(TransientError):
        OutboxMailer(tmp_path / "outbox").send(mail())
    with pytest.raises(TransientError):
        OutboxWebhook(tmp_path / "outbox", secret="s" * 16).post("1", {})

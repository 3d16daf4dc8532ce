"""Tell the student, and everybody whose request follows this one: in the app, by e-mail, by webhook."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, runtime
from shared.db.engine import single_statement
from shared.db.notifications import Recipient, message_id, recipients, record_sent
from shared.enums import NotificationChannel
from shared.pipeline import NOTIFY_STUDENT
from shared.services import Mail, Services
from shared.work import Advance, Outcome, Request, Work


def handle(request: Request, work: Work) -> Outcome:
    """Send what was not sent yet; record each channel right after it accepted."""
    with single_statement(work.services.engine) as connection:
        waiting = recipients(connection, request.id)
    sent = 0
    for recipient in waiting:
        for channel in NotificationChannel:
            if channel in recipient.sent:
                continue
            work.checkpoint()
            _tell(recipient, channel, work.services)
            with single_statement(work.services.engine) as connection:
                record_sent(connection, recipient, channel)
            sent += 1
    return Advance(output={"recipients": len(waiting), "sent": sent})


def _tell(recipient: Recipient, channel: NotificationChannel, services: Services) -> None:
    identifier = message_id(recipient.request_id, channel)
    match channel:
        case NotificationChannel.IN_APP:
            pass  # the record itself is what the app shows
        case NotificationChannel.EMAIL:
            services.mailer.send(
                Mail(
                    message_id=identifier,
                    recipient=recipient.email,
                    subject="Your lesson is ready",
                    text=(
                        f"Your lesson “{recipient.topic}” is ready.\n\n"
                        f"Sign in to watch it: {services.settings.public_url}/\n"
                    ),
                )
            )
        case NotificationChannel.WEBHOOK:
            services.webhook.post(identifier, {"event": "lesson.ready", "request_id": str(recipient.request_id)})


@functions_framework.cloud_event
def notify_student(event: CloudEvent) -> None:
    """Entry point: a message on the topic that NOTIFY_STUDENT listens to."""
    runtime.run(NOTIFY_STUDENT, handle, event, bootstrap.services())

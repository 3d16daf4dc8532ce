"""Tell the student, and everybody whose request follows this one: in the app, by e-mail, by webhook.

The lesson is made by now, so nothing that a channel does can fail the request: what a server refuses is given up,
what it cannot do now is tried again in the stage's further runs, and given up in the last of them.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import functions_framework
from cloudevents.http import CloudEvent

from functions.notify_student.notify_student_mail import ready_mail
from shared import bootstrap, log, runtime
from shared.crash_points import Step, around
from shared.db.engine import single_statement
from shared.db.notifications import Recipient, message_id, recipients, record_given_up, record_sent
from shared.enums import NotificationChannel, Port
from shared.errors import PermanentError, TransientError
from shared.parts import NONE
from shared.pipeline import NOTIFY_STUDENT
from shared.services import Services
from shared.settings import SettingsError
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(NOTIFY_STUDENT)

# No call begins later in a run: what remains of the budget is longer than any call takes.
TELLING_SECONDS: Final = NOTIFY_STUDENT.budget / 2

AWAY: Final = "away"  # code of what was tried in every run and never accepted
UNUSABLE_SETTINGS: Final = "unusable_settings"
NO_SUCH_RECIPIENT: Final = "mail_recipient_refused"  # the one code that is no fault of ours

_PORTS: Final = {NotificationChannel.EMAIL: Port.MAILER, NotificationChannel.WEBHOOK: Port.WEBHOOK}

Notice = tuple[Recipient, NotificationChannel]


def handle(request: Request, work: Work) -> Outcome:
    """Send what was not sent yet; record each channel right after it accepted."""
    services = work.services
    with single_statement(services.engine) as connection:
        waiting = recipients(connection, request.id)
    ends = time.monotonic() + TELLING_SECONDS
    given_up = Counter(channel for recipient in waiting for channel in recipient.given_up)
    sent, later = 0, 0
    for recipient, channel in _notices(waiting, services):
        work.checkpoint()
        with around(Step.TELL):
            code = _tell(recipient, channel, services) if time.monotonic() < ends else AWAY
        if code is None:
            with around(Step.NOTE_SENT), single_statement(services.engine) as connection:
                record_sent(connection, recipient, channel)
            sent += 1
        elif code == AWAY and not work.last_attempt:
            later += 1
        else:
            _give_up(recipient, channel, code, services)
            given_up[channel] += 1
    if later:
        raise TransientError(f"not told yet: {later}")
    return Advance(output={"recipients": len(waiting), "sent": sent, "given_up": dict(given_up)})


def _notices(waiting: Sequence[Recipient], services: Services) -> Sequence[Notice]:
    """Whom to tell in which way: all that was neither told nor given up, by the channels that are in use."""
    parts = {channel: services.settings.part(port) for channel, port in _PORTS.items()}
    used = [channel for channel in NotificationChannel if parts.get(channel) != NONE]
    return [(one, channel) for one in waiting for channel in used if channel not in one.sent | one.given_up]


def _tell(recipient: Recipient, channel: NotificationChannel, services: Services) -> str | None:
    """Tell one student in one way; return the code of what went wrong, `AWAY` where it may go away by itself."""
    identifier = message_id(recipient.request_id, channel)
    try:
        match channel:
            case NotificationChannel.IN_APP:
                pass  # the record itself is what the app shows
            case NotificationChannel.EMAIL:
                services.mailer.send(ready_mail(recipient, identifier, services.settings.public_url))
            case NotificationChannel.WEBHOOK:
                services.webhook.post(identifier, {"event": "lesson.ready", "request_id": str(recipient.request_id)})
    except PermanentError as error:
        return error.code
    except SettingsError:
        return UNUSABLE_SETTINGS
    except Exception as error:  # noqa: BLE001 - unforeseen is as transient: tried again, then given up and recorded
        log.event(
            "notification not accepted",
            level=logging.WARNING,
            request_id=recipient.request_id,
            channel=channel,
            error_type=type(error).__name__,
        )
        return AWAY
    return None


def _give_up(recipient: Recipient, channel: NotificationChannel, code: str, services: Services) -> None:
    with around(Step.NOTE_GIVEN_UP), single_statement(services.engine) as connection:
        record_given_up(connection, recipient, channel)
    # A student without a mailbox is no alarm; a wrong password is one, and every lesson tells it.
    level = logging.WARNING if code == NO_SUCH_RECIPIENT else logging.ERROR
    log.event("notification given up", level=level, request_id=recipient.request_id, channel=channel, code=code)


@functions_framework.cloud_event
def notify_student(event: CloudEvent) -> None:
    """Entry point: a message on the topic that NOTIFY_STUDENT listens to."""
    runtime.run(NOTIFY_STUDENT, handle, event, bootstrap.services(NOTIFY_STUDENT))

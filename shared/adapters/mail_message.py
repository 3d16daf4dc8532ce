"""An e-mail as it travels (RFC 5322)."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from shared import mail_address
from shared.errors import PermanentError
from shared.mail_address import MailAddress
from shared.services import Mail

# Printable and without a space: as a whole, or the part before the "@".
_IDENTIFIER: Final = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>|[!-;=?A-~]+")


def address(text: str) -> Address:
    """Read exactly one address, with or without a name ("Lessons <lessons@school.example>"); raise ValueError."""
    return _header(mail_address.parse(text))


def message(mail: Mail, sender: Address, *, now: datetime | None = None) -> EmailMessage:
    """Return the mail with all its headers; raise PermanentError where it could not be one."""
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = sender
        made["To"] = _header(mail_address.bare(mail.recipient))
        made["Subject"] = mail.subject
        made["Message-ID"] = _message_id(mail.message_id, sender.domain)
    except ValueError as error:  # no address, or a line break
        raise PermanentError("mail with an unusable header", code="invalid_mail") from error
    made["Date"] = format_datetime(now or datetime.now(UTC))
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    # Seven bits: it passes servers of any age.
    made.set_content(mail.text, cte="quoted-printable")
    return made


def _header(found: MailAddress) -> Address:
    return Address(found.name, found.local_part, found.domain)


def _message_id(identifier: str, domain: str) -> str:
    """The identifier as it is where it has the form of RFC 5322, else under the sender's domain."""
    if _IDENTIFIER.fullmatch(identifier) is None:
        raise ValueError("not a message's identifier")
    return identifier if identifier.startswith("<") else f"<{identifier}@{domain}>"

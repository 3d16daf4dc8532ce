"""An e-mail as it travels (RFC 5322)."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from shared.errors import PermanentError
from shared.services import Mail

# Stricter than RFC 5322, which allows quoted parts, comments and numbers in brackets that nobody has: the standard
# library's own parser of such things fails in a dozen ways.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NAMED: Final = re.compile(r'"?(?P<name>[^<>"\\\x00-\x1f\x7f]*?)"?\s*<(?P<address>[^<>]*)>')
# Printable and without a space: as a whole, or the part before the "@".
_IDENTIFIER: Final = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>|[!-;=?A-~]+")


def address(text: str) -> Address:
    """Read exactly one address, with or without a name ("Lessons <lessons@school.example>"); raise ValueError."""
    named = _NAMED.fullmatch(text)
    return _bare(text) if named is None else _bare(named["address"], named["name"])


def message(mail: Mail, sender: Address, *, now: datetime | None = None) -> EmailMessage:
    """Return the mail with all its headers; raise PermanentError where it could not be one."""
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = sender
        made["To"] = _bare(mail.recipient)
        made["Subject"] = mail.subject
        made["Message-ID"] = _message_id(mail.message_id, sender.domain)
    except ValueError as error:  # no address, or a line break
        raise PermanentError("mail with an unusable header", code="invalid_mail") from error
    made["Date"] = format_datetime(now or datetime.now(UTC))
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    # Seven bits: it passes servers of any age.
    made.set_content(mail.text, cte="quoted-printable")
    return made


def _bare(text: str, name: str = "") -> Address:
    local_part, _, domain = text.rpartition("@")
    # A domain in letters of the world is written in those of the DNS.
    domain = domain.encode("idna").decode()
    if _LOCAL_PART.fullmatch(local_part) is None or _DOMAIN.fullmatch(domain) is None:
        raise ValueError("not one address")
    return Address(name, local_part, domain)


def _message_id(identifier: str, domain: str) -> str:
    """The identifier as it is where it has the form of RFC 5322, else under the sender's domain."""
    if _IDENTIFIER.fullmatch(identifier) is None:
        raise ValueError("not a message's identifier")
    return identifier if identifier.startswith("<") else f"<{identifier}@{domain}>"

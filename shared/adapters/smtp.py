"""E-mail through an SMTP server."""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final

from shared.adapters.deadline import Deadline
from shared.adapters.mail_message import address, message
from shared.adapters.translate import ErrorTable, translated
from shared.errors import PermanentError, TransientError
from shared.services import Mail
from shared.settings import SettingsError
from shared.smtp_url import MailServer, parse

ANSWER_SECONDS: Final = 8.0  # for a connection, and for each answer of the server
TOTAL_SECONDS: Final = 15.0  # for one mail as a whole
_QUIT_SECONDS: Final = 1.0

Connect = Callable[[tuple[str, int], float], socket.socket]


class _Later(Exception):
    """The server says: not now (4xx)."""


class _SignInRefused(Exception):
    """The server does not know the user, or the password is another."""


class _RecipientRefused(Exception):
    """The server takes no mail for this recipient."""


class _MailRefused(Exception):
    """The server does not take this mail, or none from us."""


def _permanent(code: str) -> Callable[[str], PermanentError]:
    return lambda text: PermanentError(text, code=code)


SMTP_ERRORS: Final[ErrorTable] = (
    (_Later, TransientError),
    (_SignInRefused, _permanent("mail_sign_in_refused")),
    (_RecipientRefused, _permanent("mail_recipient_refused")),
    (_MailRefused, _permanent("mail_refused")),
    (smtplib.SMTPServerDisconnected, TransientError),
    (smtplib.SMTPException, _permanent("mail_server_unsuitable")),  # it offers no STARTTLS, or no sign-in of ours
    (ssl.SSLCertVerificationError, _permanent("mail_server_untrusted")),
    (OSError, TransientError),  # no such host, refused, silent for too long, TLS broken off
)


class SmtpMailer:
    """A Mailer that hands each mail to the server of `url`, in a connection of its own.

    `url` is `smtps://user:password@host:465` (TLS from the start) or `smtp://user:password@host:587`, where STARTTLS
    is required unless the host is this machine. User and password are percent-encoded, and may be left out together.
    """

    def __init__(
        self,
        url: str,
        *,
        sender: str,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        connect: Connect = socket.create_connection,
        answer_seconds: float = ANSWER_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        try:
            self._server = parse(url)
        except ValueError as error:
            raise SettingsError(f"SMTP_URL cannot be used: {error}") from None
        try:
            self._sender = address(sender)
        except ValueError:
            raise SettingsError("MAIL_SENDER cannot be used: it must be one e-mail address") from None
        self._tls = tls
        self._connect = connect
        self._answer_seconds = answer_seconds
        self._total_seconds = total_seconds

    def send(self, mail: Mail) -> None:
        """Return once the server accepted the mail."""
        made = message(mail, self._sender)
        with translated(SMTP_ERRORS, "mail not sent"), Deadline(self._total_seconds, "mail not sent") as deadline:
            with _told_apart():
                session = _Session(self._server, self._sender.domain, self._tls, self._open(deadline))
            try:
                with _told_apart():
                    # As bytes of our own: `send_message` writes a line's "From " as ">From ".
                    session.sendmail(self._sender.addr_spec, made["To"].addresses[0].addr_spec, made.as_bytes())
                # It is accepted: how the server parts from us changes nothing.
                session.part()
            finally:
                session.close()

    def _open(self, deadline: Deadline) -> Callable[[], socket.socket]:
        def open_socket() -> socket.socket:
            opened = self._connect((self._server.host, self._server.port), self._answer_seconds)
            opened.settimeout(self._answer_seconds)
            deadline.watch(opened)
            return opened

        return open_socket


class _Session(smtplib.SMTP):
    """A connection that is encrypted, where it has to be, and signed in."""

    def __init__(
        self, server: MailServer, domain: str, tls: Callable[[], ssl.SSLContext], opening: Callable[[], socket.socket]
    ) -> None:
        self._server = server
        self._context = None if server.on_this_machine and not server.encrypted else tls()
        self._opening = opening
        # Our own domain is told as our name: asking the DNS for this machine's may take long, and is nobody's business.
        super().__init__(server.host, server.port, local_hostname=domain)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        opened = self._opening()
        if not self._server.encrypted or self._context is None:
            return opened
        return self._context.wrap_socket(opened, server_hostname=host)

    def _begin(self) -> None:
        if not self._server.encrypted and self._context is not None:
            self.starttls(context=self._context)
        if self._server.user:
            self.login(self._server.user, self._server.password)

    def part(self) -> None:
        """Say goodbye."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self.sock is not None:
                self.sock.settimeout(_QUIT_SECONDS)
            self.quit()


@contextlib.contextmanager
def _told_apart() -> Iterator[None]:
    """Tell a server's refusals apart by what is refused, and for how long."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise (_RecipientRefused if all(code >= 500 for code in codes) else _Later) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 500:
            raise _Later from error
        refused_us = isinstance(error, smtplib.SMTPAuthenticationError)
        raise (_SignInRefused if refused_us else _MailRefused) from error

"""What every Mailer owes, on each there is; and what a mail server can do to one."""

import email
import email.policy
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from shared.adapters.mail_message import address, message
from shared.adapters.outbox import OutboxMailer
from shared.adapters.smtp import SMTP_ERRORS, SmtpMailer
from shared.adapters.translate import translated
from shared.errors import PermanentError, PipelineError, TransientError
from shared.services import Mail, Mailer
from shared.settings import SettingsError
from tests.counterparts.bare_server import sending
from tests.counterparts.certificates import Authority, authority
from tests.counterparts.smtp_server import PASSWORD, USER, SmtpServer
from tests.fakes import Outbox

pytestmark = [
    pytest.mark.port("mailer"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH"),  # aiosmtpd does not see TLS that was there from the start
]

SENDER = "Vividly für Schüler <lessons@school.test>"
SIGNED_IN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


def mail(**changes: str) -> Mail:
    values = {"message_id": "8e1f.email", "recipient": "ada@school.test", "subject": "Ready", "text": "Watch it.\n"}
    return Mail(**(values | changes))


def to(port: int) -> Callable[[tuple[str, int], float], socket.socket]:
    """Take connections to loopback, wherever they were meant to go."""
    return lambda where, seconds: socket.create_connection(("127.0.0.1", port), seconds)


class Box:
    """A mailer, and what came out of it."""

    def __init__(self, mailer: Mailer, received: Callable[[], list[EmailMessage]]) -> None:
        self.mailer = mailer
        self.received = received


def _read(path: Path) -> EmailMessage:
    found: Any = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return found  # type: ignore[no-any-return]


@pytest.fixture(params=["outbox", "fake", "smtp", "smtp with STARTTLS", "smtps"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "outbox":
        yield Box(OutboxMailer(tmp_path), lambda: [_read(path) for path in sorted(tmp_path.iterdir())])
        return
    if request.param == "fake":
        fake = Outbox()
        yield Box(fake, lambda: [message(mail, address(SENDER)) for mail in fake.mails])
        return
    server, context = SmtpServer(), authority().server("mail.school.test")
    with ExitStack() as stack:
        if request.param == "smtp":
            stack.enter_context(server.serving())
            mailer = SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender=SENDER)
        elif request.param == "smtps":
            stack.enter_context(server.serving(tls=context, sign_in=True))
            mailer = away(server, f"smtps://{SIGNED_IN}@mail.school.test")
        else:
            stack.enter_context(server.serving(starttls=context, sign_in=True))
            mailer = away(server, f"smtp://{SIGNED_IN}@mail.school.test:587")
        yield Box(mailer, lambda: [one.message for one in server.mails])


def away(server: SmtpServer, url: str, *, trusts: Authority | None = None, **more: Any) -> SmtpMailer:
    """A mailer to a server that is not on this machine, as far as it knows."""
    tls = (trusts or authority()).trusted
    return SmtpMailer(url, sender=SENDER, tls=tls, connect=to(server.port), **more)


def test_a_mail_arrives_as_it_was_written(box: Box) -> None:
    text = "Watch “it” – naïve café, 日本語.\n\n.\n.a line that begins with a dot\nFrom here on\n" + "x" * 3000 + "\n"
    box.mailer.send(mail(subject="Größe und Maß ✓", text=text))

    (found,) = box.received()
    assert found["To"] == "ada@school.test"
    assert found["Subject"] == "Größe und Maß ✓"
    assert found.get_content().replace("\r\n", "\n") == text
    assert found.get_content_type() == "text/plain"
    assert found["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(found["Date"]).tzinfo is not None
    assert address(str(found["From"])).domain.startswith("school.") or "vividly" in found["From"]


def test_the_same_mail_again_has_the_same_identifier(box: Box) -> None:
    for _ in range(2):
        box.mailer.send(mail())
    box.mailer.send(mail(message_id="another.email"))

    assert len({found["Message-ID"] for found in box.received()}) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "ada@school.test\nBcc: eve@else.test"},
        {"recipient": "ada@school.test, eve@else.test"},
        {"recipient": "Ada <ada@school.test>"},
        {"recipient": "ada"},
        {"recipient": "@school.test"},
        {"recipient": ""},
        {"recipient": "ada@" + "x" * 70 + ".test"},
        {"subject": "Ready\r\nBcc: eve@else.test"},
        {"message_id": "<1@school.test>\r\nBcc: eve@else.test"},
        {"message_id": "1 2"},
        {"message_id": ""},
    ],
    ids=lambda changes: repr(next(iter(changes.items())))[:40],
)
def test_a_header_that_would_say_more_is_refused(box: Box, changes: dict[str, str]) -> None:
    with pytest.raises(PermanentError) as caught:
        box.mailer.send(mail(**changes))

    assert caught.value.code == "invalid_mail"
    assert "ada" not in str(caught.value)
    assert box.received() == []


def test_a_domain_in_letters_of_the_world_is_written_in_those_of_the_dns(box: Box) -> None:
    box.mailer.send(mail(recipient="ada@schüle.test"))
    assert box.received()[0]["To"] == "ada@xn--schle-mva.test"


def test_an_identifier_is_kept_whole_and_completed_with_the_domain_of_the_sender() -> None:
    sender = address("lessons@" + "long-" * 10 + "name.school.test")
    made = message(mail(message_id="8e1fa2b0-5b1c-4a3e-9d00-1f2e3d4c5b6a.email"), sender)
    assert made["Message-ID"] == f"<8e1fa2b0-5b1c-4a3e-9d00-1f2e3d4c5b6a.email@{sender.domain}>"
    assert b"=?" not in made.as_bytes()
    assert message(mail(message_id="<1@school.test>"), sender)["Message-ID"] == "<1@school.test>"


def test_the_envelope_and_the_greeting_name_the_sender() -> None:
    with SmtpServer().serving() as server:
        SmtpMailer(f"smtp://localhost:{server.port}", sender=SENDER).send(mail())
    (found,) = server.mails
    assert (found.sender, found.recipients) == ("lessons@school.test", ("ada@school.test",))
    assert server.greeted == ["school.test"]
    assert not found.encrypted
    assert found.raw.isascii()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_elsewhere_is_spoken_to_encrypted_and_signed_in(scheme: str) -> None:
    server, context = SmtpServer(), authority().server("mail.school.test")
    given = {"tls": context} if scheme == "smtps" else {"starttls": context}
    with server.serving(sign_in=True, **given):
        away(server, f"{scheme}://{SIGNED_IN}@mail.school.test").send(mail())
    assert [(found.encrypted, found.user) for found in server.mails] == [(True, USER)]


def test_on_this_machine_no_encryption_is_asked_for() -> None:
    server = SmtpServer()
    with server.serving():
        SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender=SENDER, tls=Authority().trusted).send(mail())
    assert len(server.mails) == 1


def refused(mailer: Mailer) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        mailer.send(mail(subject="canary of the subject", text="canary of the text"))
    text = str(caught.value) + repr(caught.value.__cause__)
    for secret in ("canary", PASSWORD, "ada@", USER):
        assert secret not in str(caught.value)
    assert PASSWORD not in text
    return caught.value


def test_a_server_elsewhere_that_offers_no_encryption_is_told_nothing() -> None:
    server = SmtpServer()
    with server.serving(sign_in=True):
        error = refused(away(server, f"smtp://{SIGNED_IN}@mail.school.test"))
    assert isinstance(error, PermanentError)
    assert error.code == "mail_server_unsuitable"
    assert server.mails == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(scheme: str, fault: str) -> None:
    name = "mail.school.test" if fault == "unknown authority" else "mail.else.test"
    server, context = SmtpServer(), authority().server(name)
    given = {"tls": context} if scheme == "smtps" else {"starttls": context}
    trusts = Authority() if fault == "unknown authority" else None
    with server.serving(sign_in=True, **given):
        error = refused(away(server, f"{scheme}://{SIGNED_IN}@mail.school.test", trusts=trusts))
    assert isinstance(error, PermanentError)
    assert error.code == "mail_server_untrusted"
    assert server.mails == []


# What the server answers to which command, and the code of the error; None: it may go away by itself.
REPLIES = [
    ("MAIL", "421 too busy", None),
    ("MAIL", "451 try later", None),
    ("MAIL", "550 sender unknown", "mail_refused"),
    ("RCPT", "450 greylisted", None),
    ("RCPT", "452 mailbox full", None),
    ("RCPT", "550 no such user ada@school.test", "mail_recipient_refused"),
    ("RCPT", "553 bad address", "mail_recipient_refused"),
    ("DATA", "421 shutting down", None),
    ("DATA", "451 local error", None),
    ("DATA", "552 too large", "mail_refused"),
    ("DATA", "554 looks like spam", "mail_refused"),
]


@pytest.mark.parametrize(("command", "reply", "code"), REPLIES)
def test_a_refusal_of_the_server_lasts_as_long_as_it_says(command: str, reply: str, code: str | None) -> None:
    server = SmtpServer(replies={command: [reply]})
    with server.serving():
        mailer = SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender=SENDER)
        error = refused(mailer)
        assert server.mails == []
        mailer.send(mail())
    assert isinstance(error, TransientError) if code is None else getattr(error, "code", "") == code
    assert len(server.mails) == 1, "the next mail is no worse for it"


@pytest.mark.parametrize(
    ("user", "reply", "code"),
    [
        (f"{quote(USER, safe='')}:wrong", None, "mail_sign_in_refused"),
        (f"nobody:{quote(PASSWORD, safe='')}", None, "mail_sign_in_refused"),
        (SIGNED_IN, "454 4.7.0 temporary authentication failure", None),
    ],
    ids=["wrong password", "unknown user", "not now"],
)
def test_a_sign_in_that_is_refused_is_told_apart(user: str, reply: str | None, code: str | None) -> None:
    server, context = SmtpServer(), authority().server("mail.school.test")
    if reply is not None:
        server.replies["AUTH"] = [reply] * 5
    with server.serving(tls=context, sign_in=True):
        error = refused(away(server, f"smtps://{user}@mail.school.test"))
    assert isinstance(error, TransientError) if code is None else getattr(error, "code", "") == code


def test_a_server_that_knows_no_sign_in_is_unsuitable() -> None:
    server, context = SmtpServer(), authority().server("mail.school.test")
    with server.serving(tls=context):
        error = refused(away(server, f"smtps://{SIGNED_IN}@mail.school.test"))
    assert getattr(error, "code", "") == "mail_server_unsuitable"


def impatient(port: int, scheme: str = "smtp", **more: Any) -> SmtpMailer:
    return SmtpMailer(
        f"{scheme}://mail.school.test" if scheme == "smtps" else f"smtp://127.0.0.1:{port}",
        sender=SENDER,
        tls=authority().trusted,
        connect=to(port),
        **({"answer_seconds": 0.2, "total_seconds": 5.0} | more),
    )


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_is_transient(command: str) -> None:
    server = SmtpServer(hang=command)
    with server.serving():
        assert isinstance(refused(impatient(server.port)), TransientError)


@pytest.mark.parametrize("reply", ["500 what?", "HANG"])
def test_a_mail_that_was_accepted_is_sent_however_the_server_parts(reply: str) -> None:
    server = SmtpServer(replies={"QUIT": [reply]} if reply != "HANG" else {}, hang="QUIT" if reply == "HANG" else None)
    with server.serving():
        SmtpMailer(f"smtp://127.0.0.1:{server.port}", sender=SENDER).send(mail())
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("first", "hang_up"),
    [(b"", False), (b"", True), (b"220 mail.test\r\n", True), (b"HTTP/1.1 400 Bad Request\r\n\r\n", False)],
    ids=["accepts and never answers", "hangs up", "greets and hangs up", "speaks another language"],
)
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_does_not_speak_is_transient(first: bytes, hang_up: bool, scheme: str) -> None:
    with sending(first, hang_up=hang_up) as (_, port):
        assert isinstance(refused(impatient(port, scheme)), TransientError)


def test_a_server_that_says_it_takes_no_mail_at_all_is_permanent() -> None:
    with sending(b"554 no mail here\r\n") as (_, port):
        assert getattr(refused(impatient(port)), "code", "") == "mail_refused"


@pytest.mark.parametrize("again", [b"220-", b"220-still here\r\n"], ids=["without a line's end", "line after line"])
def test_a_server_that_never_comes_to_the_end_is_hung_up_on(again: bytes) -> None:
    with sending(b"220-", again=again) as (_, port):
        error = refused(impatient(port, answer_seconds=2.0, total_seconds=0.4))
    assert isinstance(error, TransientError)
    assert "longer than" in str(error)


def test_a_server_that_is_away_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(refused(SmtpMailer(f"smtp://127.0.0.1:{port}", sender=SENDER)), TransientError)


def test_a_host_that_nobody_knows_is_transient() -> None:
    def unknown(where: tuple[str, int], seconds: float) -> socket.socket:
        raise socket.gaierror(socket.EAI_NONAME, "canary")

    assert isinstance(refused(SmtpMailer("smtps://mail.invalid", sender=SENDER, connect=unknown)), TransientError)


ROWS: list[tuple[Exception, type[PipelineError], str | None]] = [
    (smtplib.SMTPServerDisconnected("canary"), TransientError, None),
    (smtplib.SMTPNotSupportedError("canary"), PermanentError, "mail_server_unsuitable"),
    (smtplib.SMTPException("canary"), PermanentError, "mail_server_unsuitable"),
    (ssl.SSLCertVerificationError("canary"), PermanentError, "mail_server_untrusted"),
    (ssl.SSLError("canary"), TransientError, None),
    (ConnectionResetError("canary"), TransientError, None),
    (TimeoutError("canary"), TransientError, None),
    (socket.gaierror("canary"), TransientError, None),
]


@pytest.mark.parametrize(("raised", "kind", "code"), ROWS, ids=[type(row[0]).__name__ for row in ROWS])
def test_each_error_of_the_library_has_its_row(raised: Exception, kind: type[PipelineError], code: str | None) -> None:
    with pytest.raises(kind) as caught, translated(SMTP_ERRORS, "mail not sent"):
        raise raised
    assert "canary" not in str(caught.value)
    assert code is None or getattr(caught.value, "code", "") == code


SECRET = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        f"http://{SECRET}@mail.test",
        f"smtp://user:{SECRET}@",
        f"smtp://user:{SECRET}@mail.test:notaport",
        f"smtp://user:{SECRET}@mail.test:0",
        f"smtp://user:{SECRET}@mail.test:99999",
        f"smtp://user:{SECRET}/@mail.test",
        f"smtp://user:{SECRET}#x@mail.test",
        f"smtp://user:{SECRET}?@mail.test",
        f"smtp://user:{SECRET}@mail.test/path",
        f"smtp://user:{SECRET}%C3%BC@mail.test",
        f"smtp://user:{SECRET}%FF@mail.test",
        f"smtp://{SECRET}@mail.test",
        f"smtp://:{SECRET}@mail.test",
        f"smtps://[{SECRET}",
        SECRET,
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL") as caught:
        SmtpMailer(url, sender=SENDER)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("sender", ["", "nobody", "a@b.test, c@d.test", "Eve\r\nBcc: x@y.test <e@f.test>", "<a@b.test"])
def test_a_sender_that_is_no_address_is_named(sender: str) -> None:
    with pytest.raises(SettingsError, match="MAIL_SENDER"):
        SmtpMailer("smtp://127.0.0.1", sender=sender)


def test_nothing_that_shows_a_mailer_shows_its_password() -> None:
    mailer = SmtpMailer(f"smtps://{SIGNED_IN}@mail.school.test", sender=SENDER)
    assert PASSWORD not in repr(mailer) + repr(vars(mailer))

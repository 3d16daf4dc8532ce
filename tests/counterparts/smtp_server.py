"""A real SMTP server on loopback (aiosmtpd) that keeps its mail and refuses what it is told to."""

import asyncio
import email
import email.policy
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "lessons@school.test", "p@ss:w/rd?#%&+ 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail as it came in."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes
    encrypted: bool
    user: str | None  # who had signed in


@dataclass
class SmtpServer:
    """`replies` overrides the answer to a command ("RCPT", "DATA" …), one each time; `hang` is silent there instead."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    hang: str | None = None
    mails: list[Received] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)  # what clients call themselves
    port: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted.append(hostname)
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer("MAIL")
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer("RCPT")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if (answer := await self._answer("DATA")) is not None:
            return answer
        raw = envelope.original_content or b""
        signed_in: Any = session.auth_data
        self.mails.append(
            Received(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                message=email.message_from_bytes(raw, policy=email.policy.default),  # type: ignore[arg-type]
                raw=raw,
                encrypted=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                user=signed_in.decode() if signed_in else None,
            )
        )
        return "250 accepted"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._answer("QUIT") or "221 Bye"

    async def _answer(self, command: str) -> str | None:
        if self.hang == command:
            await asyncio.sleep(60)
        given = self.replies.get(command)
        return given.pop(0) if given else None

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Know one user."""
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if given := self.replies.get("AUTH"):
            return AuthResult(success=False, handled=False, message=given.pop(0))
        return AuthResult(success=good, handled=False, auth_data=data.login)

    @contextmanager
    def serving(
        self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, sign_in: bool = False
    ) -> Iterator["SmtpServer"]:
        """Serve on a free port of loopback: with TLS from the start, with STARTTLS, or neither."""
        loop = asyncio.new_event_loop()

        def protocol() -> SMTP:
            return SMTP(
                self,
                hostname="mail.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=sign_in,
                auth_require_tls=starttls is not None,
                auth_exclude_mechanism=() if sign_in else ("LOGIN", "PLAIN"),
                authenticator=self.authenticate,
                loop=loop,
            )

        server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever, name="smtp-server")
        thread.start()
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

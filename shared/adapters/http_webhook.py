"""Webhooks as signed POST requests, to addresses of the open internet alone.

The signature is that of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.adapters.deadline import Deadline
from shared.adapters.public_addresses import is_public
from shared.adapters.signing import webhook_headers, webhook_key
from shared.adapters.translate import ErrorTable, translated
from shared.errors import PermanentError, PipelineError, TransientError
from shared.settings import SettingsError
from shared.webhook_url import Receiver, parse

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0  # for the next bytes of the answer
TOTAL_SECONDS: Final = 15.0  # for all of it
BODY_BYTES: Final = 64 * 1024
_ADDRESSES: Final = 3  # of a host, that are tried

_COME_AGAIN: Final = frozenset({408, 425, 429})
_GONE: Final = 410

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[tuple[str, int], float], socket.socket]


def _untrusted(text: str) -> PermanentError:
    return PermanentError(text, code="webhook_untrusted")


WEBHOOK_ERRORS: Final[ErrorTable] = (
    (ssl.SSLCertVerificationError, _untrusted),
    (OSError, TransientError),  # no such host, refused, silent for too long, cut off
    (http.client.HTTPException, TransientError),
    (urllib3.exceptions.HTTPError, TransientError),
)


def refusal(status: int) -> PipelineError | None:
    """The error for a status of the receiver; None where it accepted."""
    text = f"webhook not accepted: status {status}"
    if 200 <= status < 300:
        return None
    if status in _COME_AGAIN or 500 <= status < 600:
        return TransientError(text)
    if 300 <= status < 400:  # never followed: it could lead to where a webhook may not go
        return PermanentError(text, code="webhook_redirected")
    return PermanentError(text, code="webhook_gone" if status == _GONE else "webhook_refused")


def addresses_of(host: str, port: int) -> Sequence[str]:
    """Ask the DNS for a host's addresses."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class HttpWebhook:
    """A Webhook that posts to `url`: https and a public address, unless `private_addresses` are allowed.

    The host is looked up once for each call, and the connection goes to an address that was checked, so that no
    second answer of the DNS can lead elsewhere. No redirect is followed, no proxy asked, no answer's body read.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str,
        private_addresses: bool,
        resolve: Resolve = addresses_of,
        connect: Connect = socket.create_connection,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        clock: Callable[[], float] = time.time,
        answer_seconds: float = ANSWER_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        try:
            self._receiver = parse(url)
        except ValueError as error:
            raise SettingsError(f"WEBHOOK_URL cannot be used: {error}") from None
        if not self._receiver.encrypted and not private_addresses:
            raise SettingsError("WEBHOOK_URL cannot be used: outside of one's own machine it begins with https://")
        self._key = webhook_key(secret)
        self._private_addresses = private_addresses
        self._resolve = resolve
        self._connect = connect
        self._tls = tls
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._total_seconds = total_seconds

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        """Return once the receiver accepted it."""
        data = json.dumps(body, separators=(",", ":")).encode()
        if len(data) > BODY_BYTES:
            raise PermanentError(f"webhook of more than {BODY_BYTES} bytes", code="webhook_too_large")
        headers = webhook_headers(self._key, event_id, int(self._clock()), data)
        with (
            translated(WEBHOOK_ERRORS, "webhook not posted"),
            Deadline(self._total_seconds, "webhook not posted") as deadline,
        ):
            status = self._exchange(deadline, data, headers | {"user-agent": "vividly-webhook"})
        error = refusal(status)
        if error is not None:
            raise error

    def _exchange(self, deadline: Deadline, data: bytes, headers: Mapping[str, str]) -> int:
        receiver = self._receiver
        addresses = self._checked()

        def opened() -> socket.socket:
            return self._opened(addresses, deadline)

        seconds = self._answer_seconds
        connection: _Http | _Https = (
            _Https(receiver, opened, seconds, self._tls()) if receiver.encrypted else _Http(receiver, opened, seconds)
        )
        try:
            connection.request("POST", receiver.target, body=data, headers=headers, preload_content=False)
            # The status is all that is asked for: the body is left unread, however long it is.
            status = int(connection.getresponse().status)
            if deadline.passed:
                raise TimeoutError
            return status
        finally:
            connection.close()

    def _checked(self) -> Sequence[str]:
        """The receiver's addresses, all of which may be spoken to."""
        found = self._resolve(self._receiver.host, self._receiver.port)
        if not self._private_addresses and not all(is_public(address) for address in found):
            raise PermanentError("the webhook's host has an address that is not public", code="webhook_address_refused")
        return found

    def _opened(self, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        """A connection to the first of the addresses that answers."""
        last = OSError("the host has no address")
        for address in addresses[:_ADDRESSES]:
            try:
                made = self._connect((address, self._receiver.port), CONNECT_SECONDS)
            except OSError as error:
                last = error
                continue
            made.settimeout(self._answer_seconds)
            deadline.watch(made)
            return made
        raise last


class _Http(HTTPConnection):
    """Speaks to the receiver over a socket that is opened for it."""

    def __init__(self, receiver: Receiver, opened: Callable[[], socket.socket], seconds: float) -> None:
        super().__init__(receiver.host, receiver.port, timeout=seconds)
        self._opened = opened

    def _new_conn(self) -> socket.socket:
        return self._opened()


class _Https(HTTPSConnection):
    """The same, encrypted; the certificate has to be that of the receiver's name."""

    def __init__(
        self, receiver: Receiver, opened: Callable[[], socket.socket], seconds: float, tls: ssl.SSLContext
    ) -> None:
        super().__init__(receiver.host, receiver.port, timeout=seconds, ssl_context=tls)
        self._opened = opened

    def _new_conn(self) -> socket.socket:
        return self._opened()

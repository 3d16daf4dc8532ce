"""The URL of a mail server: `smtps://[user:password@]host[:465]`, or `smtp://[user:password@]host[:587]`.

User and password are percent-encoded.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

_PORTS: Final = {"smtps": 465, "smtp": 587}
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server, the way to it, and who signs in; nobody does where `user` is empty."""

    host: str
    port: int
    encrypted: bool  # from the first byte; else after STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def on_this_machine(self) -> bool:
        """Whether what is said to it stays on this machine."""
        return self.host in _THIS_MACHINE


def parse(url: str) -> MailServer:
    """Take a URL apart; ValueError says what is wrong with it and shows nothing of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
        user, password = (unquote(part or "", errors="strict") for part in (parts.username, parts.password))
        (user + password).encode("ascii")
    except ValueError:
        raise ValueError("the port, or the letters of user or password, cannot be used") from None
    if parts.scheme not in _PORTS:
        raise ValueError("does not begin with smtps:// or smtp://")
    if not parts.hostname or port == 0:
        raise ValueError("the host is missing")
    if bool(user) != bool(password):
        raise ValueError("the sign-in is not user:password")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("something follows the host; are user and password percent-encoded?")
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        encrypted=parts.scheme == "smtps",
        user=user,
        password=password,
    )


def is_sound(url: str) -> bool:
    """Tell whether `parse` takes the URL."""
    try:
        parse(url)
    except ValueError:
        return False
    return True

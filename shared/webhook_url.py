"""The URL that webhooks are posted to: `https://host[:port][/path][?query]`, in ASCII; `http` on one's own machine."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where webhooks go."""

    encrypted: bool
    host: str
    port: int
    target: str  # path and query


def parse(url: str) -> Receiver:
    """Take a URL apart; ValueError says what is wrong with it and shows nothing of it."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise ValueError("the host or the port cannot be used") from None
    if parts.scheme not in ("https", "http"):
        raise ValueError("does not begin with https://")
    if not host or port == 0:
        raise ValueError("the host is missing")
    # What programs read in different ways: nobody could say which host such a URL names.
    if any(sign <= " " or sign in "\x7f\\" for sign in url) or "@" in parts.netloc or "%" in parts.netloc:
        raise ValueError("it holds spaces, a user, or signs that a host may not have")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.fragment or not target.isascii():
        raise ValueError("path and query are not percent-encoded")
    encrypted = parts.scheme == "https"
    return Receiver(encrypted=encrypted, host=host, port=port or (443 if encrypted else 80), target=target)


def is_sound(url: str) -> bool:
    """Tell whether `parse` takes the URL."""
    try:
        parse(url)
    except ValueError:
        return False
    return True

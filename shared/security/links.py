"""Signed links: each reads one object until it expires, and needs no sign-in, so that a video element can use it.

{public_url}/v1/assets/lessons/ab12/video.mp4?expires=1767225600&signature=9f…
"""

import hmac
import re
import time
from enum import Enum, auto
from typing import Final
from urllib.parse import urlencode

from shared.adapters.signing import link_signature

ASSET_PATH: Final = "/v1/assets/"
LONGEST_SECONDS: Final = 15 * 60
CLOCK_SECONDS: Final = 30  # how far the clock of the instance that signed may be ahead of the one that checks
# Parts of letters, digits, "_" and "-", with single dots within a part: nothing that leads out of a folder.
_PART: Final = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_NAME: Final = re.compile(rf"{_PART}(?:/{_PART})*")
_NAME_CHARACTERS: Final = 300


class LinkState(Enum):
    """What a link turned out to be."""

    GOOD = auto()
    EXPIRED = auto()
    FORGED = auto()  # not signed by us for this object and time, or good for longer than any link of ours


def is_object_name(name: str) -> bool:
    """Tell whether a link may name this object at all."""
    return len(name) <= _NAME_CHARACTERS and _NAME.fullmatch(name) is not None


def sign_link(secret_key: str, name: str, expires: int) -> str:
    """Return the signature of a link to the object `name`, good until `expires` (seconds since 1970)."""
    if not is_object_name(name):
        raise ValueError("not the name of an object")
    return link_signature(secret_key, name, expires)


def verify_link(secret_key: str, name: str, expires: str, signature: str, *, now: float | None = None) -> LinkState:
    """Tell what a link is, by the text of its query."""
    if not is_object_name(name) or re.fullmatch(r"[0-9]{1,12}", expires) is None:
        return LinkState.FORGED
    expected = link_signature(secret_key, name, int(expires))
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return LinkState.FORGED
    moment = time.time() if now is None else now
    if int(expires) > moment + LONGEST_SECONDS + CLOCK_SECONDS:
        return LinkState.FORGED
    return LinkState.GOOD if int(expires) >= moment else LinkState.EXPIRED


def asset_url(public_url: str, secret_key: str, name: str, expires: int) -> str:
    """Return the whole link."""
    query = urlencode({"expires": expires, "signature": sign_link(secret_key, name, expires)})
    return f"{public_url.rstrip('/')}{ASSET_PATH}{name}?{query}"

"""Signatures of our own making: of links to stored objects, and of webhook bodies."""

import base64
import hashlib
import hmac
from typing import Final

from shared.settings import SettingsError

# How secrets of the Standard Webhooks convention are written: this, and the key in base64.
_IN_BASE64: Final = "whsec_"


def link_signature(secret_key: str, name: str, expires: int) -> str:
    """Return what proves that we made a link to the object `name`, good until `expires` (seconds since 1970)."""
    # The purpose comes first: nothing else that is signed with the key can pass for a link.
    text = f"object-link\n{expires}\n{name}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def webhook_key(secret: str) -> bytes:
    """Return the key that a webhook secret stands for: its bytes, or what it holds in base64 after `whsec_`."""
    if not secret.startswith(_IN_BASE64):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_IN_BASE64), validate=True)
    except ValueError:
        raise SettingsError("WEBHOOK_SECRET cannot be used: after whsec_ it must be base64") from None


def webhook_headers(key: bytes, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of the Standard Webhooks convention, whose receivers check id, time and body together.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }

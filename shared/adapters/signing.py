"""Signatures of our own making: of links to stored objects, and of webhook bodies."""

import base64
import hashlib
import hmac

from shared import webhook_secret
from shared.settings import SettingsError


def link_signature(secret_key: str, name: str, expires: int) -> str:
    """Return what proves that we made a link to the object `name`, good until `expires` (seconds since 1970)."""
    # The purpose comes first: nothing else that is signed with the key can pass for a link.
    text = f"object-link\n{expires}\n{name}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def webhook_key(secret: str) -> bytes:
    """Return the key that a webhook secret stands for; raise SettingsError where it stands for none."""
    try:
        return webhook_secret.key(secret)
    except ValueError as error:
        raise SettingsError(f"WEBHOOK_SECRET cannot be used: {error}") from None


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

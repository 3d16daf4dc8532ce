"""Signatures of our own making: of links to stored objects, and of webhook bodies."""

import base64
import hashlib
import hmac


def link_signature(secret_key: str, name: str, expires: int) -> str:
    """Return what proves that we made a link to the object `name`, good until `expires` (seconds since 1970)."""
    # The purpose comes first: nothing else that is signed with the key can pass for a link.
    text = f"object-link\n{expires}\n{name}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def webhook_headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of the Standard Webhooks convention, whose receivers check id, time and body together.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }

"""The secret that signs webhooks: its characters are the key, or `whsec_` and the key in base64.

The second is how secrets of the Standard Webhooks convention are written:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
from typing import Final

SHORTEST: Final = 16  # characters of a secret, and bytes of its key

_IN_BASE64: Final = "whsec_"


def key(secret: str) -> bytes:
    """Return the key; ValueError says what is wrong with the secret and shows nothing of it."""
    if not secret.startswith(_IN_BASE64):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_IN_BASE64), validate=True)
    except ValueError:
        raise ValueError(f"after {_IN_BASE64} it must be base64") from None


def is_sound(secret: str) -> bool:
    """Tell whether the secret stands for a key that is long enough."""
    try:
        return min(len(secret), len(key(secret))) >= SHORTEST
    except ValueError:
        return False

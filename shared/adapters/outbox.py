"""Mail and webhooks as files in a folder, as they would have been sent. A repeat overwrites its file."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from shared.adapters.mail_message import address, message
from shared.adapters.signing import webhook_headers, webhook_key
from shared.errors import TransientError
from shared.services import Mail

SENDER: Final = "Vividly <lessons@vividly.invalid>"


class OutboxMailer:
    """A Mailer that writes `mail-….eml`, which mail programs open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Mail) -> None:
        """Write the mail; raise PermanentError where it could not be one."""
        made = message(mail, address(SENDER))
        _put(self._folder / _file_name("mail", mail.message_id, "eml"), made.as_bytes())


class OutboxWebhook:
    """A Webhook that writes `webhook-….json`: the headers, signed, and the body."""

    def __init__(self, folder: Path, *, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._key = webhook_key(secret)
        self._clock = clock

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        """Write the call."""
        data = json.dumps(body, separators=(",", ":")).encode()
        headers = webhook_headers(self._key, event_id, int(self._clock()), data)
        # The body as the very text that was signed.
        call = json.dumps({"headers": headers, "body": data.decode()}, indent=2).encode()
        _put(self._folder / _file_name("webhook", event_id, "json"), call)


def _file_name(kind: str, identifier: str, ending: str) -> str:
    # Hashed: an identifier may hold what a file's name may not.
    return f"{kind}-{hashlib.sha256(identifier.encode()).hexdigest()[:16]}.{ending}"


def _put(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(draft, path)
    except OSError as error:
        raise TransientError(f"outbox not written: {error.strerror}") from error

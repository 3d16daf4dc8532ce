"""The Idempotency-Key header: the same call with the same key is done once, and answered alike."""

import hashlib
import json
import re
from typing import Final

from pydantic import BaseModel

from functions.api.call import Call
from functions.api.problems import Code, field_problem
from shared.db.submissions import IdempotencyKey

HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x20-\x7e]{1,200}")


def key_of(call: Call, operation: str, body: BaseModel) -> IdempotencyKey | None:
    """Return the caller's key with what it stands for: this operation with this body; None without the header."""
    key = call.request.headers.get(HEADER)
    if key is None:
        return None
    if _KEY.fullmatch(key) is None:
        detail = "An Idempotency-Key has 1 to 200 printable ASCII characters."
        raise field_problem(HEADER, Code.INVALID_FIELD, detail)
    meaning = json.dumps([operation, body.model_dump(mode="json")], sort_keys=True)
    return IdempotencyKey(key=key, body_hash=hashlib.sha256(meaning.encode()).hexdigest())

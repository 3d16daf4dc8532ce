"""The messages: references, never content. Every one is {"schema": 1, …} in JSON, and arrives in a CloudEvent."""

import base64
import binascii
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, Self
from uuid import UUID

from shared.errors import MalformedMessage

SCHEMA: Final = 1
MAXIMUM_BYTES: Final = 10_000


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise MalformedMessage("message is not JSON") from error
    if not isinstance(body, dict):
        raise MalformedMessage("message is not a JSON object")
    return body


def _uuid(body: Mapping[str, Any], name: str) -> UUID:
    value = body.get(name)
    if not isinstance(value, str):
        raise MalformedMessage(f"message without {name}")
    try:
        return UUID(value)
    except ValueError as error:
        raise MalformedMessage(f"{name} is not a UUID") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMessage:
    """A request is to be looked at: by its next stage, or by the mirror."""

    request_id: UUID
    correlation_id: UUID
    schema: ClassVar[int] = SCHEMA

    def encode(self) -> bytes:
        """Return the bytes for the bus."""
        return json.dumps({"schema": SCHEMA} | self.attributes()).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read bytes from the bus; raise MalformedMessage."""
        if len(data) > MAXIMUM_BYTES:
            raise MalformedMessage(f"message of {len(data)} bytes")
        body = _object(data)
        if body.get("schema") != SCHEMA or isinstance(body.get("schema"), bool):
            raise MalformedMessage("message of an unknown schema")
        return cls(request_id=_uuid(body, "request_id"), correlation_id=_uuid(body, "correlation_id"))

    def attributes(self) -> dict[str, str]:
        """What the bus shows beside the data; the dead-letter function reads the request from it too."""
        return {"request_id": str(self.request_id), "correlation_id": str(self.correlation_id)}


def request_named(data: bytes, attributes: Mapping[str, str]) -> UUID | None:
    """The request that a message is about, be the rest of it as it may: its data say it, or else its attributes."""
    with contextlib.suppress(MalformedMessage):
        return _uuid(_object(data), "request_id")
    with contextlib.suppress(MalformedMessage):
        return _uuid(attributes, "request_id")
    return None


class Event(Protocol):
    """What is read of a CloudEvent."""

    data: Any


def message_data(event: Event) -> bytes:
    """Return the bytes of a Pub/Sub CloudEvent; raise MalformedMessage."""
    body = event.data
    message = body.get("message") if isinstance(body, Mapping) else None
    data = message.get("data") if isinstance(message, Mapping) else None
    if not isinstance(data, str | bytes):
        raise MalformedMessage("event without message data")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedMessage("message data is not base64") from error


def message_attributes(event: Event) -> dict[str, str]:
    """Return the attributes of a Pub/Sub CloudEvent."""
    message = event.data.get("message") if isinstance(event.data, Mapping) else None
    attributes = message.get("attributes") if isinstance(message, Mapping) else None
    if not isinstance(attributes, Mapping):
        return {}
    return {str(name): str(value) for name, value in attributes.items()}

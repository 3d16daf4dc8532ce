"""Messages that are not what a function is made for: what is wrong with each, and how it has to end."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from shared.messages import MAXIMUM_BYTES

CANARY: Final = "gnorbelflitz"  # in every message that has room for it: no log may hold it
PUBSUB_LIMIT: Final = 10_000_000  # bytes of the longest message that Pub/Sub takes
NOBODY: Final = uuid.UUID("00000000-0000-4000-8000-000000000000")


class Subject(Enum):
    """The request that a message names."""

    NONE = auto()
    UNKNOWN = auto()
    ERASED = auto()
    WAITING = auto()  # for the very function that the message is for
    ELSEWHERE = auto()  # waits for another stage
    PARKED = auto()  # waits for its student
    FOLLOWER = auto()
    FINISHED = auto()


Data = Callable[[UUID], bytes]


@dataclass(frozen=True)
class Kind:
    """One kind of message. `readable`: it is a message of ours, if one that nothing follows from."""

    name: str
    data: Data
    readable: bool = False
    subject: Subject = Subject.NONE
    attributes: Mapping[str, str] = field(default_factory=dict)  # `{id}` stands for the subject's id
    ingested: bool = True  # whether the ingestion takes it in one delivery
    framed: bool = True  # whether the framework hands it to a function at all
    push: Callable[[dict[str, Any]], object] = lambda message: None  # changes the message as it is pushed


def fixed(data: bytes) -> Data:
    """The same for every request."""
    return lambda request_id: data


def body(**fields: object) -> Data:
    """Our message with some fields changed; `...` leaves one out."""

    def make(request_id: UUID) -> bytes:
        message = {"schema": 1, "request_id": str(request_id), "correlation_id": str(request_id), "note": CANARY}
        changed = {name: value for name, value in (message | fields).items() if value is not ...}
        return json.dumps(changed).encode()

    return make


def spelled(spell: Callable[[UUID], str]) -> Data:
    """Our message with the request's id spelled otherwise."""
    return lambda request_id: body(request_id=spell(request_id))(request_id)


def encoded(encoding: str) -> Data:
    """Our message in another encoding."""
    return lambda request_id: body()(request_id).decode().encode(encoding)


def twice(request_id: UUID) -> bytes:
    """A name that occurs twice: the last one counts."""
    first = f'"request_id": "{request_id}"'
    return b"{%s, %s" % (first.encode(), body(request_id=str(NOBODY))(request_id)[1:])


def upload(**attributes: str) -> dict[str, str]:
    """What the bucket says of an object."""
    return {"eventType": "OBJECT_FINALIZE", "note": CANARY} | attributes


def without_data(message: dict[str, Any]) -> None:
    """As Pub/Sub pushes a message that is attributes alone."""
    del message["data"]


def with_data(data: object) -> Callable[[dict[str, Any]], object]:
    """A push whose data is this."""
    return lambda message: message.__setitem__("data", data)


ARABIC: Final = {ord("0") + digit: 0x660 + digit for digit in range(10)}
PADDING: Final = CANARY * (MAXIMUM_BYTES // len(CANARY) + 1)
OTHER: Final = {"request_id": "{id}", "note": CANARY}

KINDS: Final = [
    # Nothing that could be read
    Kind("not JSON", fixed(f"\0 {CANARY} {{".encode())),
    Kind("empty", fixed(b"")),
    Kind("blanks", fixed(b" \n\t ")),
    Kind("null", fixed(b"null")),
    Kind("a list", fixed(json.dumps([CANARY]).encode())),
    Kind("a text", fixed(json.dumps(CANARY).encode())),
    Kind("a number", fixed(b"17")),
    Kind("an empty object", fixed(b"{}")),
    Kind("nested as deep as its size allows", fixed(b'{"schema":' + b"[" * (MAXIMUM_BYTES - 20))),
    Kind("nested 10,000 deep and closed", fixed(b"[" * 10_000 + b"]" * 10_000)),
    Kind("invalid UTF-8", fixed(b'{"schema": 1, "request_id": "\xff\xfe' + CANARY.encode() + b'"}')),
    Kind("an integer of 5,000 digits", fixed(b'{"schema": ' + b"9" * 5_000 + b"}")),
    Kind("cut off", lambda request_id: body()(request_id)[:-5]),
    Kind("no data at all", fixed(b""), push=without_data, framed=False),
    Kind(
        "no data, but attributes that name the request",
        fixed(b""),
        subject=Subject.WAITING,
        attributes=OTHER,
        push=without_data,
        framed=False,
    ),
    Kind("data that is not base64", fixed(b""), push=with_data(f"%% {CANARY} %%")),
    Kind("base64 that is cut off", fixed(b""), push=with_data("YWJjZ")),
    Kind("data that is a number", fixed(b""), push=with_data(7)),
    Kind("data that is an object", fixed(b""), push=with_data({"schema": 1, "note": CANARY})),
    # Objects that are no message of ours
    Kind("no schema", body(schema=...), subject=Subject.WAITING),
    Kind("an old schema", body(schema=0), subject=Subject.WAITING),
    Kind("a schema of the future", body(schema=2), subject=Subject.WAITING),
    Kind("a schema that is a text", body(schema="1"), subject=Subject.WAITING),
    Kind("a schema that is true", body(schema=True), subject=Subject.WAITING),
    Kind("a schema that is null", body(schema=None), subject=Subject.WAITING),
    Kind("a schema beyond all numbers", lambda r: body()(r).replace(b": 1,", b": 1e999,"), subject=Subject.WAITING),
    Kind("a schema that is no number", lambda r: body()(r).replace(b": 1,", b": NaN,"), subject=Subject.WAITING),
    Kind("no correlation", body(correlation_id=...), subject=Subject.WAITING),
    Kind("a correlation that is no UUID", body(correlation_id=CANARY), subject=Subject.WAITING),
    Kind("too long", body(padding=PADDING), subject=Subject.WAITING),
    Kind("no request", body(request_id=...)),
    Kind("a request that is no UUID", body(request_id=f"{CANARY}/../..")),
    Kind("a request that is a number", body(request_id=12)),
    Kind("a request that is null", body(request_id=None)),
    Kind("a request that is a list", body(request_id=[str(NOBODY)])),
    Kind("a request with NUL in it", body(request_id=f"{NOBODY}\0")),
    Kind("a request of lone surrogates", body(request_id="\ud800\udfff" * 9)),
    # The same, about requests that are not to suffer from it
    Kind("another schema, of a request that waits for an answer", body(schema=2), subject=Subject.PARKED),
    Kind("another schema, of a follower", body(schema=2), subject=Subject.FOLLOWER),
    Kind("another schema, of a finished request", body(schema=2), subject=Subject.FINISHED),
    Kind("another schema, of another stage's request", body(schema=2), subject=Subject.ELSEWHERE),
    Kind("another schema, of an erased request", body(schema=2), subject=Subject.ERASED),
    # Attributes that say what the data do not
    Kind("attributes name the request", fixed(CANARY.encode()), subject=Subject.WAITING, attributes=OTHER),
    Kind("attributes name another stage's", fixed(CANARY.encode()), subject=Subject.ELSEWHERE, attributes=OTHER),
    Kind("attributes name nobody", fixed(b"[]"), attributes={"request_id": f"{CANARY}\0\ud800"}),
    Kind(
        "attributes name another than the data",
        body(request_id=str(NOBODY)),
        readable=True,
        subject=Subject.WAITING,
        attributes=OTHER,
    ),
    Kind(
        "forged marks of a dead letter",
        body(),
        readable=True,
        subject=Subject.ELSEWHERE,
        attributes=OTHER | {"CloudPubSubDeadLetterSourceSubscription": "vividly-notify-student"},
    ),
    Kind(
        "marks of a dead letter of an unknown function",
        body(),
        readable=True,
        subject=Subject.ELSEWHERE,
        attributes=OTHER | {"CloudPubSubDeadLetterSourceSubscription": "projects/p/subscriptions/no-such-function"},
    ),
    # Messages of ours that nothing is to be done for
    Kind("an unknown request", body(), readable=True, subject=Subject.UNKNOWN),
    Kind("an erased request", body(), readable=True, subject=Subject.ERASED),
    Kind("a finished request", body(), readable=True, subject=Subject.FINISHED),
    Kind("a request that waits for an answer", body(), readable=True, subject=Subject.PARKED),
    Kind("a follower", body(), readable=True, subject=Subject.FOLLOWER),
    Kind("another stage's request", body(), readable=True, subject=Subject.ELSEWHERE),
    Kind("more fields than are known", body(later={"a": [CANARY]}), readable=True, subject=Subject.UNKNOWN),
    Kind("a name twice", twice, readable=True, subject=Subject.WAITING),
    Kind("UUID in capitals", spelled(lambda r: str(r).upper()), readable=True, subject=Subject.FINISHED),
    Kind("UUID in braces", spelled(lambda r: f"{{{r}}}"), readable=True, subject=Subject.FINISHED),
    Kind("UUID as a URN", spelled(lambda r: r.urn), readable=True, subject=Subject.FINISHED),
    Kind("UUID in Arabic digits", spelled(lambda r: str(r).translate(ARABIC)), readable=True, subject=Subject.FINISHED),
    Kind("UUID without hyphens", spelled(lambda r: r.hex), readable=True, subject=Subject.FINISHED),
    Kind("with a byte order mark", encoded("utf-8-sig"), readable=True, subject=Subject.UNKNOWN),
    Kind("in UTF-16", encoded("utf-16"), readable=True, subject=Subject.UNKNOWN),
    # Notifications of the bucket
    Kind("an upload without a name", fixed(b"{}"), attributes=upload(), ingested=False),
    Kind("an upload elsewhere", fixed(b"{}"), attributes=upload(objectId="lessons/../x"), ingested=False),
    Kind("an upload that is gone", fixed(b"{}"), attributes=upload(objectId="sources/gone.zip")),
    Kind("an upload with NUL in its name", fixed(b"{}"), attributes=upload(objectId="sources/a\0b.zip")),
    Kind("an upload named by surrogates", fixed(b"{}"), attributes=upload(objectId="sources/\ud800.zip")),
    Kind("another event of the bucket", fixed(b"{}"), attributes=upload(eventType="OBJECT_DELETE")),
]

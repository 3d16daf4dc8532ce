"""Messages are references; what is none of ours is told apart without touching anything."""

import json
import uuid

import pytest

from shared.errors import MalformedMessage
from shared.messages import MAXIMUM_BYTES, RequestMessage, message_attributes, message_data, request_named
from tests.factories import Event

ID = "5f0c1f6e-2f6b-4a0e-9a53-0d5c8a7e4b11"  # the same in every process: it is part of the names of tests


def test_a_message_survives_the_bus() -> None:
    message = RequestMessage(request_id=uuid.uuid4(), correlation_id=uuid.uuid4())
    assert RequestMessage.decode(message.encode()) == message
    assert json.loads(message.encode())["schema"] == 1


def test_a_field_of_a_later_release_is_ignored() -> None:
    data = json.dumps({"schema": 1, "request_id": ID, "correlation_id": ID, "later": True}).encode()
    assert str(RequestMessage.decode(data).request_id) == ID


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b"1",
        b"{}",
        b'{"schema": 2, "request_id": "x", "correlation_id": "y"}',
        b'{"schema": true}',
        b'{"schema": "1"}',
        json.dumps({"schema": 1, "correlation_id": ID}).encode(),
        json.dumps({"schema": 1, "request_id": 7, "correlation_id": ID}).encode(),
        json.dumps({"schema": 1, "request_id": "nobody", "correlation_id": ID}).encode(),
        json.dumps({"schema": 1, "request_id": ID}).encode(),
        json.dumps({"schema": 1, "request_id": ID + "\x00", "correlation_id": ID}).encode(),
        b'{"schema": 1, "pad": "' + b"x" * MAXIMUM_BYTES + b'"}',
        b"[" * 9_000,
    ],
)
def test_what_is_none_of_ours_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        RequestMessage.decode(data)


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"message": None}, {"message": {}}, {"message": {"data": 1}}, {"message": {"data": "%"}}],
)
def test_an_event_without_sound_data_is_malformed(body: object) -> None:
    with pytest.raises(MalformedMessage):
        message_data(Event(body))


@pytest.mark.parametrize("body", [None, {}, {"message": {}}, {"message": {"attributes": None}}])
def test_missing_attributes_are_none(body: object) -> None:
    assert message_attributes(Event(body)) == {}


@pytest.mark.parametrize(
    ("data", "attributes"),
    [
        (RequestMessage(request_id=uuid.UUID(ID), correlation_id=uuid.uuid4()).encode(), {}),
        (json.dumps({"schema": 7, "request_id": ID, "more": []}).encode(), {"request_id": str(uuid.uuid4())}),
        (json.dumps({"request_id": ID, "pad": "x" * MAXIMUM_BYTES}).encode(), {}),
        (b"\xff", {"request_id": ID}),
        (json.dumps({"request_id": "nobody"}).encode(), {"request_id": ID}),
    ],
)
def test_the_request_is_read_from_what_is_otherwise_malformed(data: bytes, attributes: dict[str, str]) -> None:
    assert request_named(data, attributes) == uuid.UUID(ID)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"request_id": null}', b"[" * 100_000])
def test_what_names_no_request_has_none(data: bytes) -> None:
    assert request_named(data, {}) is None
    assert request_named(data, {"request_id": "nobody"}) is None

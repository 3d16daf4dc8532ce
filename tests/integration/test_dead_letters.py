"""A message that ran out of deliveries fails its request, where it has one and a stage could not take it."""

import json
import logging
import uuid

import pytest
import sqlalchemy as sa

from functions.handle_dead_letter import main as dead_letters
from shared.enums import ContentRequestStatus as Status
from shared.messages import MAXIMUM_BYTES
from shared.pipeline import FUNCTIONS, STAGES, resource_name
from tests import factories
from tests.fakes import FakeServices

SOURCE = dead_letters.SOURCE_ATTRIBUTE


@pytest.fixture
def services(shared_database: sa.Engine) -> FakeServices:
    """The tests here mind their own rows alone."""
    return FakeServices(engine=shared_database)


def failed(services: FakeServices, request_id: uuid.UUID) -> tuple[Status, str, str]:
    """How the request ended, why, and in which stage."""
    row = factories.row(services.engine, request_id)
    return row["status"], row["error_code"], row["error_stage"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@pytest.mark.parametrize("named", ["{name}", "projects/p/subscriptions/vividly-dev-{name}", "{resource}"])
def test_a_dead_letter_fails_its_request_with_a_reason(stage, named, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=next(iter(stage.takes)))
    source = named.format(name=stage.name, resource=resource_name("vividly-dev", stage.name))

    dead_letters.handle(factories.event(request_id, {SOURCE: source}), services)

    assert failed(services, request_id) == (Status.FAILED, "attempts_exhausted", stage.name)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
@pytest.mark.parametrize("prefix", ["v", "vividly-prod", "sweep", "generate-video"])
def test_each_subscription_is_known_for_its_own_function(function, prefix: str) -> None:
    for name in (resource_name(prefix, function.name), f"{prefix}-{function.name}", function.name):
        assert dead_letters._source(f"projects/p/subscriptions/{name}") == function.name
        assert dead_letters._source(name) == function.name


@pytest.mark.parametrize("source", ["mirror_status", "vividly-mirror-status", "", "somebody-else", "regenerate-video"])
def test_a_dead_letter_of_no_stage_fails_nothing(source: str, services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)
    dead_letters.handle(factories.event(request_id, {SOURCE: source}), services)
    assert factories.row(services.engine, request_id)["status"] == Status.GENERATING_SCRIPT


ID = "{id}"
POISON = {
    "another schema": ({"schema": 2, "request_id": ID, "correlation_id": ID}, {}),
    "no schema": ({"request_id": ID}, {}),
    "more than is known": ({"schema": "1", "request_id": ID, "later": {"a": [1]}}, {}),
    "no correlation": ({"schema": 1, "request_id": ID, "correlation_id": 7}, {}),
    "too long": ({"schema": 1, "request_id": ID, "correlation_id": ID, "pad": "x" * MAXIMUM_BYTES}, {}),
    "a list, but attributes that say it": ([], {"request_id": ID}),
    "another's id in the attributes": ({"request_id": ID}, {"request_id": str(uuid.uuid4())}),
}


@pytest.mark.parametrize(("body", "attributes"), POISON.values(), ids=POISON)
def test_a_message_that_no_stage_can_read_fails_the_request_that_it_names(
    body: object, attributes: dict[str, str], services: FakeServices
) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)
    data = json.dumps(body).replace(ID, str(request_id)).encode()
    told = {name: value.replace(ID, str(request_id)) for name, value in attributes.items()}

    dead_letters.handle(factories.raw_event(data, told | {SOURCE: "v-generate-video"}), services)

    assert failed(services, request_id) == (Status.FAILED, "malformed_message", "generate_video")
    reason = factories.row(services.engine, request_id)["error_details"]["reason"]
    assert reason.startswith("generate_video could not read its message: message") or "correlation_id" in reason


def test_poison_of_no_stage_fails_nothing(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)
    data = json.dumps({"schema": 2, "request_id": str(request_id)}).encode()
    dead_letters.handle(factories.raw_event(data, {SOURCE: "v-mirror-status"}), services)
    assert factories.row(services.engine, request_id)["status"] == Status.GENERATING_SCRIPT


@pytest.mark.parametrize(
    "data",
    [b"\x00 not json", b"", b"[" * 9_000, b'"text"', b'{"request_id": "nobody"}', b'{"request_id": 7}', b'{"id": "x"}'],
)
def test_what_names_no_request_is_noted_alone(
    data: bytes, services: FakeServices, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("vividly"), "propagate", True)
    request_id = factories.add_request(services.engine, status=Status.GENERATING_SCRIPT)

    dead_letters.handle(factories.raw_event(data, {SOURCE: "generate_video"}), services)

    assert "dead letter without a request" in caplog.text
    assert factories.row(services.engine, request_id)["status"] == Status.GENERATING_SCRIPT


def test_an_event_that_is_no_push_is_noted_alone(services: FakeServices) -> None:
    for body in (None, {}, {"message": {"attributes": {SOURCE: "generate_video"}}}):
        dead_letters.handle(factories.Event(body), services)


def test_an_ended_request_stays_as_it_ended(services: FakeServices) -> None:
    request_id = factories.add_request(services.engine, status=Status.COMPLETED)
    dead_letters.handle(factories.event(request_id, {SOURCE: "notify_student"}), services)
    assert factories.row(services.engine, request_id)["status"] == Status.COMPLETED


def test_a_request_that_is_no_more_is_no_error(services: FakeServices) -> None:
    dead_letters.handle(factories.event(uuid.uuid4(), {SOURCE: "notify_student"}), services)

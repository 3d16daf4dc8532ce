"""Fail the request whose message ran out of deliveries; note a message that belongs to none."""

import logging
from collections.abc import Mapping

import flask
import functions_framework
from cloudevents.http import CloudEvent
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shared import bootstrap, log, pushes, runtime
from shared.containment import contained
from shared.errors import AttemptsExhausted, MalformedMessage, PermanentError
from shared.messages import Event, RequestMessage, message_attributes, message_data, request_named
from shared.pipeline import FUNCTIONS, HANDLE_DEAD_LETTER, STAGES, resource_name
from shared.services import Services

bootstrap.check(HANDLE_DEAD_LETTER)

# Pub/Sub sets it on every message that it dead-letters.
SOURCE_ATTRIBUTE = "CloudPubSubDeadLetterSourceSubscription"
PUSHED = "google.cloud.pubsub.topic.v1.messagePublished"
STAGE_BY_NAME = {stage.name: stage for stage in STAGES}
FUNCTION_NAMES = frozenset(function.name for function in FUNCTIONS)


def handle(event: Event, services: Services) -> None:
    """Only a stage's message fails its request, and only one that still needs the stage.

    A lost status change or upload is no reason to fail, nor is an old message that came again and again for nothing.
    """
    attributes = message_attributes(event)
    source = _source(attributes.get(SOURCE_ATTRIBUTE, ""))
    data = _data(event)
    request_id = request_named(data, attributes)
    stage = STAGE_BY_NAME.get(source)
    if request_id is None or stage is None:
        log.event("dead letter without a request", level=logging.ERROR, function=source or "unknown")
        return
    error = _reason(source, data)
    if runtime.fail(services, request_id, error=error, stage=source, needing=stage):
        log.event("request failed by dead letter", level=logging.ERROR, request_id=request_id, stage=source)
    else:
        log.event("dead letter of nothing that needs it", level=logging.WARNING, request_id=request_id, stage=source)


def _source(subscription: str) -> str:
    """The function whose subscription gave up; a subscription is named for it alone, or with a prefix."""
    spelled = resource_name("", subscription.rpartition("/")[2])
    return next((name for name in FUNCTION_NAMES if spelled.endswith(resource_name("", name))), "")


def _data(event: Event) -> bytes:
    try:
        return message_data(event)
    except MalformedMessage:
        return b""


def _reason(source: str, data: bytes) -> PermanentError:
    try:
        RequestMessage.decode(data)
    except MalformedMessage as error:
        return PermanentError(f"{source} could not read its message: {error}", code="malformed_message")
    return AttemptsExhausted(f"{source} could not be delivered")


@functions_framework.cloud_event
def handle_dead_letter(event: CloudEvent) -> None:
    """Entry point: a message on the dead-letter topic."""
    services = bootstrap.services(HANDLE_DEAD_LETTER)
    with contained(HANDLE_DEAD_LETTER):
        handle(event, services)


def take_refused(error: HTTPException) -> tuple[str, int]:
    """Take what the framework makes no event of: refused, it would come again for as long as the subscription keeps it.

    A message of attributes alone is handled like any other.
    """
    pushes.skip()
    message = None if isinstance(error, RequestEntityTooLarge) else _pushed(flask.request.get_json(silent=True))
    if message is None:
        name = HANDLE_DEAD_LETTER.name
        log.event("dead letter not looked into", level=logging.ERROR, function=name, status_code=error.code)
    else:
        handle_dead_letter(CloudEvent({"type": PUSHED, "source": flask.request.path}, {"message": message}))
    return "", 204


def _pushed(push: object) -> Mapping[str, object] | None:
    message = push.get("message") if isinstance(push, Mapping) else None
    return message if isinstance(message, Mapping) else None


pushes.when_refused(take_refused)

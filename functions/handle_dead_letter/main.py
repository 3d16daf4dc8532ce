"""Fail the request whose message ran out of deliveries; note a message that belongs to none."""

import logging

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, runtime
from shared.errors import AttemptsExhausted, MalformedMessage, PermanentError
from shared.messages import RequestMessage, request_named
from shared.pipeline import FUNCTIONS, HANDLE_DEAD_LETTER, STAGES, resource_name
from shared.runtime import Event
from shared.services import Services

bootstrap.check(HANDLE_DEAD_LETTER)

# Pub/Sub sets it on every message that it dead-letters.
SOURCE_ATTRIBUTE = "CloudPubSubDeadLetterSourceSubscription"
STAGE_BY_NAME = {stage.name: stage for stage in STAGES}
FUNCTION_NAMES = frozenset(function.name for function in FUNCTIONS)


def handle(event: Event, services: Services) -> None:
    """Only a stage's message fails its request, and only one that still needs the stage.

    A lost status change or upload is no reason to fail, nor is an old message that came again and again for nothing.
    """
    attributes = runtime.message_attributes(event)
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
        return runtime.message_data(event)
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
    with runtime.contained(HANDLE_DEAD_LETTER):
        handle(event, services)

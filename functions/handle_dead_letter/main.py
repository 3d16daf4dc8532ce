"""Fail the request whose message ran out of deliveries; note a message that belongs to none."""

import logging
from uuid import UUID

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, runtime
from shared.errors import AttemptsExhausted, MalformedMessage
from shared.messages import RequestMessage
from shared.pipeline import FUNCTIONS, STAGES
from shared.runtime import Event
from shared.services import Services

# Pub/Sub sets it on every message that it dead-letters.
SOURCE_ATTRIBUTE = "CloudPubSubDeadLetterSourceSubscription"
STAGE_NAMES = frozenset(stage.name for stage in STAGES)
FUNCTION_NAMES = frozenset(function.name for function in FUNCTIONS)


def handle(event: Event, services: Services) -> None:
    """Only a stage's message fails its request: a lost status change or upload is no reason to."""
    source = _source(runtime.message_attributes(event).get(SOURCE_ATTRIBUTE, ""))
    request_id = _request_id(event)
    if request_id is None or source not in STAGE_NAMES:
        log.event("dead letter without a request", level=logging.ERROR, function=source or "unknown")
        return
    error = AttemptsExhausted(f"{source} could not be delivered")
    if runtime.fail(services, request_id, error=error, stage=source):
        log.event("request failed by dead letter", level=logging.ERROR, request_id=request_id, stage=source)


def _source(subscription: str) -> str:
    """The function whose subscription gave up; subscriptions are named `…-<function>`, or by it alone."""
    name = subscription.rpartition("/")[2]
    return next((function for function in FUNCTION_NAMES if name == function or name.endswith(f"-{function}")), "")


def _request_id(event: Event) -> UUID | None:
    try:
        return RequestMessage.decode(runtime.message_data(event)).request_id
    except MalformedMessage:
        return None


@functions_framework.cloud_event
def handle_dead_letter(event: CloudEvent) -> None:
    """Entry point: a message on the dead-letter topic."""
    handle(event, bootstrap.services())

"""Publishing about a request: its stages' messages, and announcements of what changed.

Called after the commit that it tells of, never before.
"""

import logging
from uuid import UUID

from shared import log
from shared.crash_points import Step, around
from shared.errors import PipelineError
from shared.messages import RequestMessage
from shared.pipeline import Topic
from shared.services import MessageBus


def publish(bus: MessageBus, topic: Topic, *, request_id: UUID, correlation_id: UUID) -> None:
    """Publish a reference to a request and wait until the bus has it."""
    message = RequestMessage(request_id=request_id, correlation_id=correlation_id)
    with around(Step.ANNOUNCE if topic is Topic.STATUS_CHANGED else Step.PUBLISH):
        bus.publish(topic, message.encode(), message.attributes())


def announce(bus: MessageBus, request_id: UUID, correlation_id: UUID) -> None:
    """Say that a request changed, for the mirror. The mirror is a view: losing this loses nothing."""
    try:
        publish(bus, Topic.STATUS_CHANGED, request_id=request_id, correlation_id=correlation_id)
    except PipelineError:
        log.event("status change not announced", level=logging.WARNING, request_id=request_id)


def hand_on(bus: MessageBus, freed: UUID) -> None:
    """Wake the request that leads its flight from now on; `sweep` is the net should this be lost."""
    # The message's correlation id serves only announcements; the stage reads the row's own.
    publish(bus, Topic.REQUEST_VALIDATED, request_id=freed, correlation_id=freed)

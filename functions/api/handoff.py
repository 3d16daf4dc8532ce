"""Telling the rest of the system what the api has committed.

The record is what counts: a message that the bus does not take is logged, and `sweep` sends it again.
"""

import logging
from uuid import UUID

from shared import log
from shared.errors import PipelineError
from shared.pipeline import VALIDATE_REQUEST
from shared.publishing import announce, hand_on, publish
from shared.services import Services


def begin(services: Services, request_id: UUID, correlation_id: UUID) -> None:
    """Wake the first stage for a request that waits for it."""
    try:
        publish(services.bus, VALIDATE_REQUEST.listens, request_id=request_id, correlation_id=correlation_id)
    except PipelineError:
        log.event("request not handed on", level=logging.WARNING, request_id=request_id)
    announce(services.bus, request_id, correlation_id)


def ended(services: Services, request_id: UUID, correlation_id: UUID, freed: UUID | None) -> None:
    """Tell that a request was cancelled, and wake the one that leads its flight from now on."""
    if freed is not None:
        try:
            hand_on(services.bus, freed)
        except PipelineError:
            log.event("request not handed on", level=logging.WARNING, request_id=freed)
    announce(services.bus, request_id, correlation_id)

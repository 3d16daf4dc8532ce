"""Every minute: get abandoned and unpublished requests going, expire questions, mend flights, apply retention."""

import logging

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, runtime
from shared.crash_points import Step, around
from shared.db import sweeping
from shared.db.engine import single_statement, transaction
from shared.errors import AttemptsExhausted
from shared.pipeline import SWEEP, SWEEP_LIMIT
from shared.services import Services

bootstrap.check(SWEEP)


def handle(services: Services) -> None:
    """One sweep. Each part commits before it publishes, so that a crash between leaves work for the next sweep."""
    counts = {
        "swept": _get_going(services),
        "expired": _expire(services),
        "freed": _free(services),
        "removed": _remove(services),
    }
    for message, count in counts.items():
        if count:
            log.event(f"sweep: {message}", count=count)


def _get_going(services: Services) -> int:
    with around(Step.COUNT_SWEEP), single_statement(services.engine) as connection:
        stuck = sweeping.stuck_requests(connection)
    for request in stuck:
        if request.topic is None:
            error = AttemptsExhausted(f"swept {SWEEP_LIMIT} times in {request.status}", code="abandoned")
            runtime.fail(services, request.request_id, error=error, stage=None)
            log.event("request given up", level=logging.ERROR, request_id=request.request_id, status=request.status)
            continue
        runtime.publish(
            services.bus, request.topic, request_id=request.request_id, correlation_id=request.correlation_id
        )
    return len(stuck)


def _expire(services: Services) -> int:
    with around(Step.EXPIRE), single_statement(services.engine) as connection:
        expired = sweeping.expire_clarifications(connection)
    for request_id, correlation_id in expired:
        runtime.announce(services.bus, request_id, correlation_id)
    return len(expired)


def _free(services: Services) -> int:
    with single_statement(services.engine) as connection:
        flights = sweeping.orphaned_flights(connection)
    freed = 0
    for leader, content_key in flights:
        with around(Step.FREE_FLIGHT), transaction(services.engine) as connection:
            heir = sweeping.free_orphans(connection, leader, content_key)
        if heir is not None:
            runtime.hand_on(services.bus, heir)
            freed += 1
    return freed


def _remove(services: Services) -> int:
    days = services.settings.retention_days
    with single_statement(services.engine) as connection:
        old = sweeping.old_requests(connection, days=days)
    if not old:
        return 0
    # The rows go last: should the mirror be away, the next sweep finds them again.
    services.mirror.delete([str(request_id) for request_id in old])
    with around(Step.REMOVE), single_statement(services.engine) as connection:
        return sweeping.remove_old(connection, old, days=days)


@functions_framework.cloud_event
def sweep(event: CloudEvent) -> None:
    """Entry point: the scheduler's tick."""
    services = bootstrap.services(SWEEP)
    with runtime.contained(SWEEP):
        handle(services)

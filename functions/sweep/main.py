"""Every minute: get abandoned and unpublished requests going, expire questions, mend flights, apply retention."""

import logging
import time
from datetime import timedelta
from typing import Final

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, objects, runtime
from shared.containment import contained
from shared.crash_points import Step, around
from shared.db import lesson_objects, sweeping
from shared.db.engine import single_statement, transaction
from shared.errors import AttemptsExhausted
from shared.pipeline import LESSON_QUIET_SECONDS, SCENE_DAYS, SWEEP, SWEEP_LIMIT
from shared.publishing import announce, hand_on, publish
from shared.services import ForgettingStore, Services

bootstrap.check(SWEEP)

# What one sweep removes, and how long it announces, at most; the next one takes the rest.
LESSONS: Final = 100
CLEARING_SECONDS: Final = SWEEP.budget / 2
ANNOUNCING_SECONDS: Final = SWEEP.budget / 5
PIECES: Final = 500


def handle(services: Services) -> None:
    """One sweep. Each part commits before it publishes, so that a crash between leaves work for the next sweep."""
    counts = {
        "swept": _get_going(services),
        "expired": _expire(services),
        "freed": _free(services),
        "announced again": _announce_again(services),
        "removed": _remove(services),
        "keys forgotten": _forget_keys(services),
        "sign-in tries forgotten": _forget_tries(services),
        "lessons cleared away": _clear(services),
        "pieces forgotten": _forget_pieces(services),
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
        publish(services.bus, request.topic, request_id=request.request_id, correlation_id=request.correlation_id)
    return len(stuck)


def _expire(services: Services) -> int:
    with around(Step.EXPIRE), single_statement(services.engine) as connection:
        expired = sweeping.expire_clarifications(connection)
    for request_id, correlation_id in expired:
        announce(services.bus, request_id, correlation_id)
    return len(expired)


def _free(services: Services) -> int:
    with single_statement(services.engine) as connection:
        flights = sweeping.orphaned_flights(connection)
    freed = 0
    for leader, content_key in flights:
        with around(Step.FREE_FLIGHT), transaction(services.engine) as connection:
            heir = sweeping.free_orphans(connection, leader, content_key)
        if heir is not None:
            hand_on(services.bus, heir)
            freed += 1
    return freed


def _announce_again(services: Services) -> int:
    """Nothing else tells the mirror of a request's end if who ended it was stopped before the announcement."""
    with single_statement(services.engine) as connection:
        ended = sweeping.ended_lately(connection)
    ends = time.monotonic() + ANNOUNCING_SECONDS
    announced = 0
    for request_id, correlation_id in ended:
        if time.monotonic() > ends:
            break  # the next sweep comes to them: the oldest are first
        announce(services.bus, request_id, correlation_id)
        announced += 1
    return announced


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


def _forget_keys(services: Services) -> int:
    with around(Step.FORGET_KEYS), single_statement(services.engine) as connection:
        return sweeping.forget_keys(connection)


def _forget_tries(services: Services) -> int:
    with around(Step.FORGET_TRIES), single_statement(services.engine) as connection:
        return sweeping.forget_tries(connection)


def _clear(services: Services) -> int:
    """Remove the objects of lessons that no row refers to any more; return of how many."""
    with single_statement(services.engine) as connection:
        let_go = lesson_objects.abandoned(connection, quiet_seconds=LESSON_QUIET_SECONDS, limit=LESSONS)
    ends = time.monotonic() + CLEARING_SECONDS
    cleared = 0
    for digest in let_go:
        if time.monotonic() > ends:
            break  # the next sweep goes on
        # The transaction is open while the objects are removed: that is what holds off whoever makes the same lesson.
        with around(Step.CLEAR_LESSON), transaction(services.engine) as connection:
            unused = lesson_objects.withdraw(connection, digest)
            if unused:
                services.objects.delete_prefix(objects.lesson(digest))
            lesson_objects.settled(connection, digest)
        cleared += unused
    return cleared


def _forget_pieces(services: Services) -> int:
    """Remove pieces of scenes that are too old to be used again, where the store does not do so by itself."""
    store = services.objects
    if not isinstance(store, ForgettingStore):
        return 0
    return store.forget(objects.SCENES, older_than=timedelta(days=SCENE_DAYS), at_most=PIECES)


@functions_framework.cloud_event
def sweep(event: CloudEvent) -> None:
    """Entry point: the scheduler's tick."""
    services = bootstrap.services(SWEEP)
    with contained(SWEEP):
        handle(services)

"""A student's data is removed: by the student, or by an admin."""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import flask

from functions.api import handoff
from functions.api.answers import Erased
from functions.api.call import Call, reply
from functions.api.problems import not_found
from shared import log, objects
from shared.crash_points import Step, around
from shared.db import accounts, actions, erasure, lesson_objects
from shared.db.engine import single_statement, transaction
from shared.enums import Role
from shared.errors import TransientError
from shared.services import Services

REMOVAL_TRIES: Final = 5
OBJECTS_SECONDS: Final = 10.0  # of a call, for removing objects; what is left after them, `sweep` removes

# What the log calls whoever did it: it names nobody.
BY_THE_STUDENT: Final = "by_the_student"
BY_AN_ADMIN: Final = "by_an_admin"


def erase(call: Call) -> flask.Response:
    """Remove all of a student; what others still use stays.

    The rows go last: should anything fail before, the same call can be made again and finds all that is left. With
    them, the database notes every lesson that they let go of, for `sweep` to look at.
    """
    student_id, services = call.identifier("student_id"), call.services
    if call.caller.id != student_id and call.caller.role is not Role.ADMIN:
        raise not_found()
    with single_statement(services.engine) as connection:
        if accounts.account(connection, student_id) is None:
            raise not_found()
    _cancel_all(services, student_id)
    with single_statement(services.engine) as connection:
        digests = erasure.lessons(connection, student_id)
        request_ids = erasure.request_ids(connection, student_id)
    lessons, removed = _remove_objects(services, student_id, digests)
    services.mirror.delete([str(request_id) for request_id in request_ids])
    gone = _remove_account(services, student_id)
    by = BY_THE_STUDENT if call.caller.id == student_id else BY_AN_ADMIN
    log.event("student's data removed", code=by, count=len(gone))
    # Again: until the rows were gone, a late message could have one of them mirrored anew, or a new one been asked for.
    services.mirror.delete([str(request_id) for request_id in gone])
    return reply(Erased(student_id=student_id, requests=len(gone), lessons=lessons, objects=removed), status=202)


def _cancel_all(services: Services, student_id: UUID) -> None:
    """End what is being made, so that no stage writes anew and followers are made themselves."""
    with single_statement(services.engine) as connection:
        unfinished = erasure.unfinished(connection, student_id)
    for request_id in unfinished:
        with transaction(services.engine) as connection:
            cancelled = actions.cancel(connection, request_id, student_id)
        if cancelled is not None:
            handoff.ended(services, request_id, cancelled.correlation_id, cancelled.freed)


def _remove_account(services: Services, student_id: UUID) -> Sequence[UUID]:
    """Remove the rows once nothing is being made; what was asked for since then is cancelled first.

    A row that others follow must not just vanish: each of them would make the lesson by itself.
    """
    for _ in range(REMOVAL_TRIES):
        with around(Step.ERASE), transaction(services.engine) as connection:
            gone = erasure.remove_account(connection, student_id)
        if gone is not None:
            return gone
        _cancel_all(services, student_id)
    raise TransientError("the student keeps asking while the account is removed")


def _remove_objects(services: Services, student_id: UUID, digests: Sequence[str]) -> tuple[int, int]:
    """Remove the objects of lessons that nobody else uses; return of how many lessons, and how many objects."""
    ends = time.monotonic() + OBJECTS_SECONDS
    lessons, removed = 0, 0
    for digest in digests:
        if time.monotonic() > ends:
            break
        # The transaction is open while the objects are removed: that is what holds off whoever makes the same lesson.
        with transaction(services.engine) as connection:
            if lesson_objects.withdraw(connection, digest, besides=student_id):
                removed += services.objects.delete_prefix(objects.lesson(digest))
                lessons += 1
    return lessons, removed

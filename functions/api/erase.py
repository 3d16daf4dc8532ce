"""A student's data is removed: by the student, or by an admin."""

from uuid import UUID

import flask

from functions.api import handoff
from functions.api.answers import Erased
from functions.api.call import Call, reply
from functions.api.problems import not_found
from shared import objects
from shared.db import accounts, actions, erasure
from shared.db.engine import single_statement, transaction
from shared.enums import Role
from shared.services import Services


def erase(call: Call) -> flask.Response:
    """Remove all of a student; what others still use stays.

    The rows go last: should anything fail before, the same call can be made again and finds all that is left.
    """
    student_id, services = call.identifier("student_id"), call.services
    if call.caller.id != student_id and call.caller.role is not Role.ADMIN:
        raise not_found()
    with single_statement(services.engine) as connection:
        if accounts.account(connection, student_id) is None:
            raise not_found()
    _cancel_all(services, student_id)
    with transaction(services.engine) as connection:
        digests = erasure.withdraw_lessons(connection, student_id)
    removed = sum(services.objects.delete_prefix(objects.lesson(digest)) for digest in digests)
    with single_statement(services.engine) as connection:
        request_ids = erasure.request_ids(connection, student_id)
    services.mirror.delete([str(request_id) for request_id in request_ids])
    with single_statement(services.engine) as connection:
        requests = erasure.remove_account(connection, student_id)
    return reply(
        Erased(student_id=student_id, requests=requests or 0, lessons=len(digests), objects=removed), status=202
    )


def _cancel_all(services: Services, student_id: UUID) -> None:
    """End what is being made, so that no stage writes anew and followers are made themselves."""
    with single_statement(services.engine) as connection:
        unfinished = erasure.unfinished(connection, student_id)
    for request_id in unfinished:
        with transaction(services.engine) as connection:
            cancelled = actions.cancel(connection, request_id, student_id)
        if cancelled is not None:
            handoff.ended(services, request_id, cancelled.correlation_id, cancelled.freed)

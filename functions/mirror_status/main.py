"""Show a request's status in the mirror, read from the record: any later event repairs a lost one."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log
from shared.containment import contained
from shared.db.engine import single_statement
from shared.db.snapshots import Snapshot, snapshot
from shared.messages import RequestMessage, message_data
from shared.pipeline import MIRROR_STATUS
from shared.services import Services

bootstrap.check(MIRROR_STATUS)


def handle(message: RequestMessage, services: Services) -> None:
    """Write the newest snapshot; an older version than the mirror's is refused by the mirror."""
    current = _current(message, services)
    if current is not None and services.mirror.write(str(message.request_id), current.fields, current.version):
        log.event("status mirrored", request_id=message.request_id, version=current.version)
        # Removed since it was read, the request would be shown for ever: nothing more is published about it.
        current = _current(message, services)
    if current is None:
        services.mirror.delete([str(message.request_id)])


def _current(message: RequestMessage, services: Services) -> Snapshot | None:
    with single_statement(services.engine) as connection:
        return snapshot(connection, message.request_id)


@functions_framework.cloud_event
def mirror_status(event: CloudEvent) -> None:
    """Entry point: a message on the topic that MIRROR_STATUS listens to."""
    services = bootstrap.services(MIRROR_STATUS)
    with contained(MIRROR_STATUS):
        handle(RequestMessage.decode(message_data(event)), services)

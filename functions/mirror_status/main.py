"""Show a request's status in the mirror, read from the record: any later event repairs a lost one."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, log, runtime
from shared.db.engine import single_statement
from shared.db.snapshots import snapshot
from shared.messages import RequestMessage
from shared.services import Services


def handle(message: RequestMessage, services: Services) -> None:
    """Write the newest snapshot; an older version than the mirror's is refused by the mirror."""
    with single_statement(services.engine) as connection:
        current = snapshot(connection, message.request_id)
    if current is None:
        services.mirror.delete([str(message.request_id)])
        return
    stored = services.mirror.write(str(message.request_id), current.fields, current.version)
    if stored:
        log.event("status mirrored", request_id=message.request_id, version=current.version)


@functions_framework.cloud_event
def mirror_status(event: CloudEvent) -> None:
    """Entry point: a message on the topic that MIRROR_STATUS listens to."""
    handle(RequestMessage.decode(runtime.message_data(event)), bootstrap.services())

"""The api and a stage with stand-ins for all ports but the record, which is reached through the Cloud SQL connector."""

import os
import time
from collections.abc import Mapping

import flask
import functions_framework

from functions.api.main import api
from functions.notify_student.main import notify_student
from shared import bootstrap, cloudsql_url
from shared.adapters.cloudsql import CloudSqlConnections
from shared.adapters.per_process import PerProcess
from shared.db.engine import pooled
from shared.enums import Port
from shared.pipeline import Function, Topic
from shared.settings import Settings
from tests.counterparts.cloudsql import Credentials
from tests.entry_points import watching
from tests.fakes import FakeServices

__all__ = ["api", "hanging", "notify_student"]


class NotedBus:
    """Notes what is published."""

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        watching.note(published=topic, data=data.decode())


def _services() -> FakeServices:
    settings = Settings.from_env(uses={Port.RECORD, Port.ACCOUNTS})
    connections = CloudSqlConnections(
        cloudsql_url.parse(settings.database_url),
        user=settings.database_user,
        credentials=Credentials(os.environ["WATCHED_TOKEN"]),
        admin_endpoint=os.environ["WATCHED_ADMIN"],
    )
    engine = pooled(connections.connect, pool_size=settings.database_pool_size)
    return FakeServices(engine=engine, settings=settings, bus=NotedBus())


_of_this_process = PerProcess(_services)


def services(function: Function) -> FakeServices:
    """The stand-ins of this process."""
    return _of_this_process.get()


@functions_framework.http
def hanging(request: flask.Request) -> str:
    """Sleep as many seconds as the query says; tell which process slept."""
    time.sleep(float(request.args.get("seconds", "0")))
    return str(os.getpid())


bootstrap.build_with(services)
watching.connections()

"""What the Cloud SQL connector adds to the record's contract: certificates, tokens, the Admin API and its moods."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import google.auth.exceptions
import pytest
import sqlalchemy as sa
from google.cloud.sql.connector import exceptions as connector_errors
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from shared import cloudsql_url
from shared.adapters.cloudsql import CloudSqlConnections
from shared.db.engine import pooled, single_statement
from shared.db.errors import RecordMisconfigured
from shared.errors import TransientError
from tests.contract.record_ways import BACKEND, PATIENCE, Way, refused, until
from tests.counterparts.cloudsql import INSTANCE, CloudSqlInstance, Credentials, loopback_addresses, problem
from tests.counterparts.cloudsql_proxy import PORT
from tests.counterparts.http_fake import Answer

pytestmark = pytest.mark.port("record")
ONE_ROUND = ["connectSettings", "generateEphemeralCert"]


def work(engine: sa.Engine) -> int:
    """Use the engine once; the backend that served."""
    with single_statement(engine) as connection:
        backend: int = connection.scalar(BACKEND)
    return backend


def engine_of(connector: Way, **more: Any) -> sa.Engine:
    """An engine over a connector with other limits."""
    return pooled(connector.connections(**more).connect, pool_size=1)


def test_nothing_happens_before_the_first_connection(connector: Way, instance: CloudSqlInstance) -> None:
    before = threading.active_count()
    engine = connector.engine()
    assert (threading.active_count(), instance.asked) == (before, [])
    work(engine)
    assert instance.asked == ONE_ROUND


def test_sixteen_first_connections_at_once_make_one_connector(connector: Way, instance: CloudSqlInstance) -> None:
    engine = connector.engine(pool_size=16)
    together = threading.Barrier(16)

    def first(number: int) -> int:
        with single_statement(engine) as connection:
            together.wait(PATIENCE)  # all are open at once
            backend: int = connection.scalar(BACKEND)
        return backend

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(first, range(16)))) == 16
    assert instance.asked == ONE_ROUND
    assert instance.proxy.opened == 16


def test_the_token_for_signing_in_is_another_than_the_one_for_the_admin_api(
    connector: Way, instance: CloudSqlInstance
) -> None:
    work(connector.engine())
    sent = {asked.path.rpartition(":")[2]: asked for asked in instance.admin.asked}
    asked = sent["generateEphemeralCert"]
    assert asked.json["access_token"] == connector.account.token
    assert connector.account.token not in asked.headers["authorization"]


def test_a_url_with_a_password_signs_in_without_iam(
    connector: Way, instance: CloudSqlInstance, record_url: str
) -> None:
    sign_in = f"{quote(connector.account.name, safe='')}:{connector.account.token}"
    name = record_url.rpartition("/")[2]
    connections = CloudSqlConnections(
        cloudsql_url.parse(f"cloudsql://{sign_in}@{INSTANCE}/{name}"),
        user="nobody@some-project.iam",
        credentials=Credentials("not-asked-for"),
        admin_endpoint=instance.admin.url,
    )
    engine = pooled(connections.connect, pool_size=1)
    with single_statement(engine) as connection:
        assert connection.scalar(sa.text("SELECT session_user")) == connector.account.name
    engine.dispose()
    connections.close()
    assert not [asked for asked in instance.admin.asked if b"access_token" in asked.body]


@pytest.mark.parametrize("ip_type", cloudsql_url.IP_TYPES)
def test_each_kind_of_address_is_found(
    ip_type: str, connector: Way, instance: CloudSqlInstance, record_url: str
) -> None:
    def connections() -> CloudSqlConnections:
        return CloudSqlConnections(
            cloudsql_url.parse(f"cloudsql://{INSTANCE}/{record_url.rpartition('/')[2]}?ip_type={ip_type}"),
            user=connector.account.address,
            credentials=Credentials(connector.account.token),
            admin_endpoint=instance.admin.url,
        )

    with_it = connections()
    with_it.connect().close()
    with_it.close()
    needed = {"public": "PRIMARY", "private": "PRIVATE", "psc": "PSC"}[ip_type]
    instance.address_types = tuple(kind for kind in instance.address_types if kind != needed)
    without = connections()
    with pytest.raises(RecordMisconfigured, match="CloudSQLIPTypeError"):
        without.connect()
    without.close()


def test_a_certificate_serves_until_shortly_before_it_expires(connector: Way, instance: CloudSqlInstance) -> None:
    connections = connector.connections()
    connections.connect().close()
    connections.connect().close()
    assert instance.asked == ONE_ROUND
    instance.certificate_seconds = 60  # less than what the connector wants left
    short = connector.connections()
    short.connect().close()
    short.connect().close()
    assert instance.asked == sorted(3 * ONE_ROUND)


def test_an_expired_certificate_is_refused_and_the_next_connection_gets_another(
    connector: Way, instance: CloudSqlInstance
) -> None:
    instance.certificate_seconds = -1
    engine = connector.engine(pool_size=1)
    assert not isinstance(refused(engine), RecordMisconfigured)
    assert instance.proxy.opened == 0
    instance.certificate_seconds = 3600
    work(engine)


def test_connections_that_were_cut_are_replaced(connector: Way, instance: CloudSqlInstance) -> None:
    engine = connector.engine(pool_size=1)
    before = work(engine)
    instance.proxy.sever()
    assert work(engine) != before


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (problem(400, "The instance is not running."), RecordMisconfigured),
        (problem(401, "Bad token."), RecordMisconfigured),
        (problem(403, "Missing cloudsql.instances.connect on some-project."), RecordMisconfigured),
        (problem(404, "some-project: no such instance."), RecordMisconfigured),
        (problem(429, "Quota exceeded for some-project."), TransientError),
        (Answer(status=200, body=b"<html>"), TransientError),
        (Answer.of({}), TransientError),
        (Answer.of({}, cut=1), TransientError),
    ],
    ids=["400", "401", "403", "404", "429", "not JSON", "empty", "cut"],
)
def test_what_the_admin_api_refuses_is_told_without_its_words_and_passes(
    answer: Answer, expected: type[Exception], connector: Way, instance: CloudSqlInstance
) -> None:
    engine = connector.engine(pool_size=1)
    instance.admin.script = [answer, answer]
    assert type(refused(engine)) is expected
    instance.admin.script = []
    work(engine)


def test_an_admin_api_that_fails_for_a_moment_is_asked_again(connector: Way, instance: CloudSqlInstance) -> None:
    instance.admin.script = [problem(503, "Try again.")]
    work(connector.engine(pool_size=1))


def test_an_instance_in_another_region_is_the_deployments_fault(connector: Way, instance: CloudSqlInstance) -> None:
    instance.region = "us-east1"
    assert isinstance(refused(connector.engine()), RecordMisconfigured)


def test_an_admin_api_that_is_away_is_a_transient_error(connector: Way, instance: CloudSqlInstance) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        instance.admin.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert type(refused(connector.engine())) is TransientError


def threads() -> set[threading.Thread]:
    """The threads of connectors."""
    return {thread for thread in threading.enumerate() if thread.name.startswith(("asyncio", "cloud-sql"))}


def test_an_engine_that_is_disposed_of_leaves_no_thread_behind_and_can_go_on(connector: Way) -> None:
    known = threads()
    engine = connector.engine()
    work(engine)
    assert threads() - known
    engine.dispose()
    assert until(lambda: threads() <= known)
    work(engine)


@pytest.mark.parametrize("where", ["admin", "handshake", "sign-in"])
def test_silence_ends_in_time_and_leaves_no_thread_behind(
    where: str, connector: Way, instance: CloudSqlInstance
) -> None:
    known = threads()
    engine = engine_of(connector, connect_seconds=2.0, socket_seconds=1.0)
    with socket.socket() as deaf:
        if where == "admin":
            instance.admin.script = [lambda asked: replace(instance.admin.otherwise(asked), delay=4.0)] * 2
        elif where == "handshake":
            instance.address = _listening(deaf)
        else:
            instance.proxy.silent = True
        assert type(refused(engine)) is TransientError
        assert until(lambda: threads() <= known)
    instance.address, instance.proxy.silent = instance.proxy.address, False
    work(engine)
    engine.dispose()


def _listening(deaf: socket.socket) -> str:
    """Have a socket listen where an instance would, and never answer; its address."""
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for address in loopback_addresses():
        with suppress(OSError):
            deaf.bind((address, PORT))
            deaf.listen()
            return address
    raise OSError(f"no loopback address has port {PORT} free")


def test_a_server_that_falls_silent_in_a_statement_is_a_transient_error(connector: Way) -> None:
    engine = engine_of(connector, socket_seconds=0.5)
    with pytest.raises(TransientError), single_statement(engine) as connection:
        connection.execute(sa.text("SELECT pg_sleep(20)"))
    work(engine)
    engine.dispose()


def test_who_waits_for_a_connector_that_is_given_up_fails_at_once(connector: Way, instance: CloudSqlInstance) -> None:
    instance.admin.script = [Answer(hang=True), Answer(hang=True)]
    connections = connector.connections(connect_seconds=PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connections.connect)
        assert until(lambda: len(instance.admin.asked) == 2)
        connections.close()
        assert until(waiting.done)
        with pytest.raises(TransientError, match="CancelledError"):
            waiting.result()
    connections.connect().close()


class Failing(Credentials):
    """Credentials that fail as told: whatever goes wrong while the connector asks for a certificate."""

    def __init__(self, error: Exception) -> None:
        super().__init__("", ["any"])
        self.error = error

    def refresh(self, request: object) -> None:
        raise self.error


def answered(status: int) -> aiohttp.ClientResponseError:
    """An answer of the Admin API that is an error."""
    url = URL("http://admin.test/some-project")
    asked = aiohttp.RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    return aiohttp.ClientResponseError(asked, (), status=status, message="some-project")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *[(answered(status), RecordMisconfigured) for status in (400, 401, 403, 404, 412)],
        *[(answered(status), TransientError) for status in (408, 409, 429, 500, 502, 503, 504)],
        (aiohttp.ClientConnectionError("some-project"), TransientError),
        (aiohttp.ServerDisconnectedError(), TransientError),
        (aiohttp.ServerTimeoutError(), TransientError),
        (google.auth.exceptions.DefaultCredentialsError("some-project"), RecordMisconfigured),
        (google.auth.exceptions.RefreshError("some-project"), TransientError),
        (google.auth.exceptions.TransportError("some-project"), TransientError),
        (connector_errors.CloudSQLIPTypeError("some-project"), RecordMisconfigured),
        (connector_errors.AutoIAMAuthNotSupported("some-project"), RecordMisconfigured),
        (connector_errors.IncompatibleDriverError("some-project"), RecordMisconfigured),
        (connector_errors.TLSVersionError("some-project"), RecordMisconfigured),
        (connector_errors.CloudSQLConnectionError("some-project"), TransientError),
        (connector_errors.CacheClosedError("some-project"), TransientError),
        (connector_errors.ClosedConnectorError("some-project"), TransientError),
        (ConnectionRefusedError("127.0.0.1"), TransientError),
        (TimeoutError("127.0.0.1"), TransientError),
        (RuntimeError("Event loop is closed"), TransientError),
        (KeyError("some-project"), TransientError),
        (ValueError("some-project"), RecordMisconfigured),
    ],
    ids=lambda value: f"{type(value).__name__}{getattr(value, 'status', '')}" if isinstance(value, Exception) else "",
)
def test_every_error_of_the_connector_has_its_meaning(
    error: Exception, expected: type[Exception], instance: CloudSqlInstance
) -> None:
    connections = CloudSqlConnections(
        cloudsql_url.parse(f"cloudsql://{INSTANCE}/name"),
        user="svc-x@some-project.iam",
        credentials=Failing(error),
        admin_endpoint=instance.admin.url,
    )
    assert type(refused(pooled(connections.connect, pool_size=1))) is expected
    connections.close()


def test_a_mistake_in_the_code_keeps_its_name(instance: CloudSqlInstance) -> None:
    connections = CloudSqlConnections(
        cloudsql_url.parse(f"cloudsql://{INSTANCE}/name"),
        user="x",
        credentials=Failing(TypeError("unexpected argument")),
        admin_endpoint=instance.admin.url,
    )
    with pytest.raises(TypeError):
        connections.connect()
    connections.close()

"""The functions under gunicorn, as they are deployed: imported in the parent, served in forked children by threads."""

import base64
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from shared.db import migrate
from shared.db.engine import APPLICATION, single_statement
from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.messages import RequestMessage
from shared.pipeline import Topic
from shared.security import tokens
from tests import factories
from tests.conftest import missing
from tests.contract.record_ways import an_account
from tests.counterparts.cloudsql import INSTANCE, CloudSqlInstance
from tests.integration.gunicorn_server import Server, serving

SECRET = "k" * 32
CALLERS = 64
POOL = 2
ROUNDS = 5
PATIENCE = 60.0


@dataclass(frozen=True)
class Student:
    """Somebody with one request."""

    token: str
    request_id: str


def students(database: sa.Engine, count: int) -> list[Student]:
    """New students, each with a request of their own."""
    made = []
    for _ in range(count):
        account = factories.add_user(database)
        bearer = tokens.Bearer(account_id=account, role=Role.STUDENT)
        request_id = factories.add_request(database, student_id=account)
        made.append(Student(tokens.issue(SECRET, bearer, minutes=60), str(request_id)))
    return made


@pytest.fixture
def plain(database_url: str) -> dict[str, str]:
    """Settings of the api with all its parts as in production, but for the record: a PostgreSQL of one's own."""
    return {
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": str(POOL),
        "SECRET_KEY": SECRET,
        "MESSAGE_BUS": "pubsub",
        "OBJECT_STORE": "gcs",
        "PROJECT_ID": "some-project",
        "MEDIA_BUCKET": "some-bucket",
        "LOG_LEVEL": "ERROR",
    }


@pytest.fixture
def through_connector(postgres_url: str, database_url: str) -> Iterator[dict[str, str]]:
    """Settings of a function that reaches the record through the Cloud SQL connector, signed in by IAM."""
    server = urlsplit(database_url)
    instance = CloudSqlInstance()
    with ExitStack() as stack:
        account = stack.enter_context(an_account(postgres_url))
        try:
            stack.enter_context(instance.serving(server.port or 5432))
        except OSError as error:
            missing(str(error))
        yield {
            "DATABASE_URL": f"cloudsql://{INSTANCE}{server.path}",
            "DATABASE_USER": account.address,
            "DATABASE_POOL_SIZE": str(POOL),
            "SECRET_KEY": SECRET,
            "LOG_LEVEL": "ERROR",
            "WATCHED_TOKEN": account.token,
            "WATCHED_ADMIN": instance.admin.url,
        }


@contextmanager
def counting(database: sa.Engine) -> Iterator[list[int]]:
    """Ask the server again and again how many connections of ours serve the database."""
    statement = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = :name AND NOT pid = ANY(:known)"
    )
    with single_statement(database) as connection:
        known = list(connection.scalars(sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")))
        counts: list[int] = []
        over = threading.Event()

        def count() -> None:
            while not over.wait(0.02):
                counts.append(connection.scalar(statement, {"name": APPLICATION, "known": known}) or 0)

        thread = threading.Thread(target=count)
        thread.start()
        try:
            yield counts
        finally:
            over.set()
            thread.join()


def everybody_at_once(server: Server, everybody: list[Student]) -> list[tuple[int, Any, Any, int]]:
    """Have each student read their request, their list, and try another's request."""
    together = threading.Barrier(len(everybody))

    def read(number: int) -> tuple[int, Any, Any, int]:
        own, other = everybody[number], everybody[number - 1]
        together.wait(PATIENCE)
        one = server.call("GET", f"/v1/requests/{own.request_id}", token=own.token)
        listed = server.call("GET", "/v1/requests", token=own.token)
        strange = server.call("GET", f"/v1/requests/{other.request_id}", token=own.token)
        return one.status, one.json.get("id"), [item["id"] for item in listed.json.get("items", [])], strange.status

    with ThreadPoolExecutor(len(everybody)) as pool:
        return list(pool.map(read, range(len(everybody))))


def assert_everybody_is_served(
    server: Server, everybody: list[Student], database: sa.Engine, *, processes: int
) -> None:
    """All get their own data; no connection serves two threads at once, nor two processes; their number is bounded."""
    with counting(database) as counts:
        for _ in range(ROUNDS):
            answers = everybody_at_once(server, everybody)
            assert answers == [(200, own.request_id, [own.request_id], 404) for own in everybody]
            uses = sorted(server.notes("use"), key=lambda use: (use["use"], use["began"]))
            backends = [{use["use"] for use in uses if use["process"] == each} for each in {u["process"] for u in uses}]
            if len(backends) == processes:  # the system may give one process all the calls of a round
                break
    assert len(backends) == processes
    assert 1 <= max(counts) <= processes * POOL
    for earlier, later in pairwise(uses):
        assert earlier["use"] != later["use"] or earlier["ended"] <= later["began"]
    assert all(len(own) <= POOL for own in backends)
    assert sum(len(own) for own in backends) == len(set().union(*backends))
    assert len({use["thread"] for use in uses}) > processes * POOL  # threads took turns


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_64_calls_at_once_get_their_own_data_and_share_no_connection(
    workers: int, plain: dict[str, str], database: sa.Engine, tmp_path: Path
) -> None:
    everybody = students(database, CALLERS)
    with serving(tmp_path, "plain.py", "api", plain, threads=16, workers=workers) as server:
        assert_everybody_is_served(server, everybody, database, processes=workers)


def test_the_connector_serves_in_every_forked_worker(
    through_connector: dict[str, str], database: sa.Engine, tmp_path: Path
) -> None:
    everybody = students(database, CALLERS)
    with serving(tmp_path, "stand_ins.py", "api", through_connector, threads=16, workers=2) as server:
        assert_everybody_is_served(server, everybody, database, processes=2)


def test_the_very_first_call_is_answered(plain: dict[str, str], tmp_path: Path) -> None:
    with serving(tmp_path, "plain.py", "api", plain, threads=4) as server:
        answer = server.call("GET", "/healthz")
    assert (answer.status, answer.json["schema"]) == (200, migrate.head())


def push(request_id: uuid.UUID) -> dict[str, Any]:
    """The body that a Pub/Sub push subscription posts."""
    message = RequestMessage(request_id=request_id, correlation_id=request_id)
    return {
        "message": {
            "data": base64.b64encode(message.encode()).decode(),
            "attributes": message.attributes(),
            "messageId": "1",
            "publishTime": "2026-01-02T03:04:05Z",
        },
        "subscription": "projects/some-project/subscriptions/vividly-notify-student",
    }


def test_a_push_moves_a_request_once(through_connector: dict[str, str], database: sa.Engine, tmp_path: Path) -> None:
    request_id = factories.add_request(database, status=Status.PROCESSING_VIDEO)
    with serving(tmp_path, "stand_ins.py", "notify_student", through_connector, threads=1) as server:
        first = server.call("POST", "/", body=push(request_id))
        assert factories.row(database, request_id)["status"] == Status.COMPLETED
        version = factories.row(database, request_id)["version"]
        second = server.call("POST", "/", body=push(request_id))
        malformed = push(request_id)
        malformed["message"]["data"] = "e30="  # {}
        broken = server.call("POST", "/", body=malformed)
        published = {note["published"] for note in server.notes("published")}
    assert (first.status, second.status, broken.status) == (200, 200, 500)
    assert factories.row(database, request_id)["version"] == version
    assert published == {Topic.STATUS_CHANGED}


def test_a_single_threaded_function_that_hangs_is_replaced_at_its_time_out(
    through_connector: dict[str, str], tmp_path: Path
) -> None:
    limited = through_connector | {"CLOUD_RUN_TIMEOUT_SECONDS": "1"}
    with serving(tmp_path, "stand_ins.py", "hanging", limited, threads=1) as server:
        before = server.call("GET", "/")
        hung = server.call("GET", f"/?seconds={PATIENCE}")
        after = server.call("GET", "/")
    assert (before.status, hung.status, after.status) == (200, 500, 200)
    assert before.body != after.body

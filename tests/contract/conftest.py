"""Fixtures of the contract suites that more than one module uses."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import pytest
import sqlalchemy as sa

from shared.db.engine import single_statement
from tests.conftest import missing
from tests.contract.record_ways import Account, Way, an_account
from tests.counterparts.cloudsql import CloudSqlInstance


@pytest.fixture(scope="module")
def account(postgres_url: str) -> Iterator[Account]:
    """A role with the owner's grants and none of its other powers."""
    with an_account(postgres_url) as made:
        yield made


@pytest.fixture(scope="module")
def record_url(postgres_url: str, shared_database: sa.Engine) -> str:
    """URL of the database that a module's tests share."""
    with single_statement(shared_database) as connection:
        name = connection.scalar(sa.text("SELECT current_database()"))
    return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))


@pytest.fixture
def instance(postgres_url: str) -> Iterator[CloudSqlInstance]:
    """A Cloud SQL instance in front of the server."""
    made = CloudSqlInstance()
    with ExitStack() as stack:
        try:
            stack.enter_context(made.serving(urlsplit(postgres_url).port or 5432))
        except OSError as error:
            missing(str(error))
        yield made
    socket.setdefaulttimeout(None)


@pytest.fixture(params=["direct", "connector"])
def way(request: pytest.FixtureRequest, account: Account, record_url: str) -> Iterator[Way]:
    """Each way in turn."""
    through = request.getfixturevalue("instance") if request.param == "connector" else None
    made = Way(request.param, account, record_url, through)
    yield made
    made.close()


@pytest.fixture
def connector(account: Account, record_url: str, instance: CloudSqlInstance) -> Iterator[Way]:
    """The way through the connector alone."""
    made = Way("connector", account, record_url, instance)
    yield made
    made.close()

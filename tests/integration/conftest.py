"""Fixtures of the integration tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from shared import bootstrap
from shared.bootstrap import FunctionServices, Parts
from shared.enums import Port, Role
from shared.settings import Settings
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import Caller, caller


@dataclass
class FakeParts:
    """The fakes, by the port that each fills."""

    services: FakeServices

    @property
    def settings(self) -> Settings:
        return self.services.settings

    def get(self, port: Port) -> Any:
        return getattr(self.services, "engine" if port is Port.RECORD else port.value)


@pytest.fixture
def system(shared_database: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The ports that the api uses in this test, on a database that the module's tests share."""
    services = FakeServices(engine=shared_database, settings=replace(SETTINGS))
    yield from serving(services, monkeypatch)


def serving(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """Have the api use these ports for a while."""
    for name in ("database_url", "secret_key", "webhook_secret"):
        monkeypatch.setenv(name.upper(), getattr(SETTINGS, name))
    # Each function is given what it declares, as when it is deployed.
    bootstrap.build_with(lambda function: FunctionServices(cast(Parts, FakeParts(services)), function.uses))
    yield services
    bootstrap.build_with(None)


@pytest.fixture
def student(system: FakeServices) -> Caller:
    """A student, signed in."""
    return caller(system)


@pytest.fixture
def admin(system: FakeServices) -> Caller:
    """An admin, signed in."""
    return caller(system, role=Role.ADMIN)


@pytest.fixture
def stranger(system: FakeServices) -> Callable[[], Caller]:
    """Makes further students."""
    return lambda: caller(system)

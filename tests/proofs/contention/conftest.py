"""A record that bears a crowd."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from local import postgres
from shared import bootstrap
from shared.db.engine import engine_for
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import application
from tests.proofs.contention.crowds import CONNECTIONS


@pytest.fixture
def services(postgres_url: str, template: str) -> Iterator[FakeServices]:
    """All ports as fakes, on a record of this test alone with many connections."""
    with postgres.database(postgres_url, f"crowd_{uuid.uuid4().hex[:12]}", template=template) as url:
        engine = engine_for(url, pool_size=CONNECTIONS)
        settings = replace(SETTINGS, daily_request_quota=1_000_000, requests_per_minute=1_000_000)
        made = FakeServices(engine=engine, settings=settings)
        application()
        bootstrap.build_with(lambda function: made)
        yield made
        bootstrap.build_with(None)
        engine.dispose()

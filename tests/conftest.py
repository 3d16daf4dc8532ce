"""Fixtures of all tests: a real PostgreSQL, migrated once and copied for each test that asks; the ports as fakes."""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest
import sqlalchemy as sa

from local import emulators
from local.emulators import Emulator
from local.errors import LocalProblem
from shared import bootstrap, log
from shared.db.engine import engine_for
from tests.fakes import SETTINGS, FakeServices

pytest_plugins = ["tests.port_counts"]

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data" / "openstax"
IN_CI = os.environ.get("CI") == "true"


def missing(reason: str) -> None:
    """Skip on a laptop, fail in CI: there nothing may be left out unseen."""
    if IN_CI:
        pytest.fail(f"CI leaves nothing out: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """A file's tests leave the process as they found it: what they left running would work among the next file's."""
    before = _global_state()
    yield
    assert _global_state() == before


def _global_state() -> tuple[dict[str, str], list[TextIO], object]:
    # pytest and functions-framework note there what they are at.
    passing = ("PYTEST_", "FUNCTION_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(passing)}
    return environment, list(log._lines.files), bootstrap._given


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the real textbooks and the evaluation sets."""
    if not SHARED_DATA.is_dir():
        missing("the real textbooks are not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run alone."""
    from local import postgres

    folder = tmp_path_factory.mktemp("postgres")
    with postgres.start(folder, durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def template(postgres_url: str) -> Iterator[str]:
    """Name of a migrated database that others are copied from."""
    from local import postgres
    from shared.db import migrate

    with postgres.database(postgres_url, "vividly_template") as url:
        engine = engine_for(url, pool_size=1)
        migrate.upgrade(engine)
        engine.dispose()
        yield "vividly_template"


@pytest.fixture
def database_url(postgres_url: str, template: str) -> Iterator[str]:
    """A migrated, empty database of this test alone."""
    from local import postgres

    with postgres.database(postgres_url, f"test_{uuid.uuid4().hex[:16]}", template=template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[sa.Engine]:
    """Connections to the test's database, through `pg8000.dbapi` as in production."""
    engine = engine_for(database_url, pool_size=12)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shared_database(postgres_url: str, template: str) -> Iterator[sa.Engine]:
    """One database for a module's tests that do not mind each other's rows."""
    from local import postgres

    with postgres.database(postgres_url, f"module_{uuid.uuid4().hex[:16]}", template=template) as url:
        engine = engine_for(url, pool_size=4)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def pubsub_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Google's Pub/Sub emulator, of this test run alone; each test takes a project of its own in it."""
    _need_emulators()
    with emulators.pubsub(tmp_path_factory.mktemp("pubsub")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Google's Firestore emulator under our rules, of this test run alone; each test takes a project of its own."""
    _need_emulators()
    rules = ROOT / "terraform" / "firestore.rules"
    with emulators.firestore(tmp_path_factory.mktemp("firestore"), rules) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def storage_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A Cloud Storage emulator of this test run alone; each test takes a bucket of its own in it."""
    with ExitStack() as stack:
        try:
            emulator = stack.enter_context(emulators.storage(tmp_path_factory.mktemp("storage")))
        except LocalProblem as problem:
            missing(str(problem))
        yield emulator


def _need_emulators() -> None:
    why = emulators.lacking()
    if why is not None:
        missing(why)


@pytest.fixture
def services(database: sa.Engine, database_url: str) -> FakeServices:
    """All ports as fakes, on the test's database."""
    from dataclasses import replace

    return FakeServices(engine=database, settings=replace(SETTINGS, database_url=database_url))

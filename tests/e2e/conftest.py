"""One whole system for all end-to-end tests: the real functions, database, books, voice and encoder, over HTTP."""

from collections.abc import Iterator

import pytest

from local.client import Client
from local.console import Console
from local.state import State
from local.system import LocalSystem


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system in a folder of its own, on a free port."""
    state = State.hold(tmp_path_factory.mktemp("system"), purpose="tests")
    try:
        with LocalSystem(state, Console()) as running:
            yield running
    finally:
        state.close()


@pytest.fixture
def client(system: LocalSystem) -> Client:
    """The system's student, signed in."""
    signed_in = Client(system.url)
    signed_in.login(system.student.email, system.student.password)
    return signed_in

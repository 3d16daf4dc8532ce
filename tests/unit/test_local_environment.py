"""What a local system says to its functions is taken back when it ends."""

import os

import pytest

from local import environment


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("COMMIT", "mine")
    monkeypatch.setenv("PUBLIC_URL", "http://before")

    with environment.settings_set(
        {"DATABASE_URL": "postgresql://a@b/c", "PUBLIC_URL": "http://now"}, defaults={"COMMIT": "other"}
    ):
        assert environment.own_database_url() == "postgresql+pg8000://a@b/c"
        assert (os.environ["PUBLIC_URL"], os.environ["COMMIT"]) == ("http://now", "mine")

    # A second system in the same process must start a database of its own.
    assert environment.own_database_url() is None
    assert (os.environ["PUBLIC_URL"], os.environ["COMMIT"]) == ("http://before", "mine")

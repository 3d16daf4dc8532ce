"""The api under attack is the one of the integration tests, with the same callers."""

from tests.integration.conftest import admin, stranger, student, system

__all__ = ["admin", "stranger", "student", "system"]

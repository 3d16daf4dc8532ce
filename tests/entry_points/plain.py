"""The api with the parts that its settings name, as in production, and its connections watched."""

from functions.api.main import api
from tests.entry_points import watching

watching.connections()

__all__ = ["api"]

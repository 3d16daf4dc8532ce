"""The api with the parts that its settings name, and little patience with bodies that come slowly."""

from functions.api import reading
from functions.api.main import api

reading.BODY_SECONDS = 1.0  # type: ignore[misc]

__all__ = ["api"]

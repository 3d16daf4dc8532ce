"""Lists by pages: one row more than asked for is read, which tells whether there is another page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from functions.api.bodies import encode_cursor
from shared.db.views import Position


class Row(Protocol):
    """What lists are ordered by."""

    @property
    def id(self) -> UUID: ...
    @property
    def created_at(self) -> datetime: ...


AnyRow = TypeVar("AnyRow", bound=Row)


def split(rows: Sequence[AnyRow], limit: int) -> tuple[Sequence[AnyRow], str | None]:
    """Return the page of at most `limit` rows, and the cursor of the next one if there is one."""
    page = rows[:limit]
    if len(rows) <= limit:
        return page, None
    return page, encode_cursor(Position(page[-1].created_at, page[-1].id))

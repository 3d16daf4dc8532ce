"""No status mirror: clients ask the api, which long-polls the record."""

from collections.abc import Mapping, Sequence
from typing import Any


class NoMirror:
    """Keeps nothing and says so."""

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        """Return False: nothing is mirrored."""
        return False

    def delete(self, request_ids: Sequence[str]) -> None:
        """Nothing is kept, so nothing is to be forgotten."""

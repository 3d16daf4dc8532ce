"""Passages by their ids, with the place in the book that a reader is pointed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from shared.enums import PassageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPassage:
    """A passage as readers see it."""

    passage_id: str
    source: str  # slug of the book
    book: str
    module_id: str
    module_title: str
    section: str  # empty at the module's top
    number: str  # as the book counts the module, "4.2"; may be empty
    kind: PassageKind
    text: str
    url: str
    licence: str
    attribution: str


_PASSAGES = sa.text("""
    SELECT p.passage_id, m.source, s.title AS book, p.module_id, m.title AS module_title, p.section, m.number,
        p.kind, p.text, CASE WHEN m.url = '' THEN s.url ELSE m.url END AS url, s.licence, s.attribution
    FROM passages p JOIN modules m ON m.module_id = p.module_id JOIN sources s ON s.slug = m.source
    WHERE p.passage_id = ANY (CAST(:ids AS uuid[]))
""")


def passages(connection: sa.Connection, passage_ids: Sequence[str]) -> dict[str, CitedPassage]:
    """The passages with these ids, by id; ids that name none (any more) are missing."""
    rows = connection.execute(_PASSAGES, {"ids": [str(UUID(passage_id)) for passage_id in passage_ids]}).mappings()
    found = (dict(row) | {"passage_id": str(row["passage_id"]), "kind": PassageKind(row["kind"])} for row in rows)
    return {passage["passage_id"]: CitedPassage(**passage) for passage in found}

"""Writing books: what is stored of a source, and replacing it by what was read anew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from shared.books.book import Book, passage_hash
from shared.books.passages import Passage
from shared.db.books import SEARCH_CONFIGURATION, vector_literal

_ROWS_PER_STATEMENT: Final = 400
_INGEST_LOCK: Final = 7_305_001  # one ingest writes at a time; any constant of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassage:
    """What is remembered of a passage, to tell whether it changed."""

    content_hash: str
    index_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """A source as it was ingested last."""

    content_hash: str
    embedding_model: str
    passages: Mapping[str, StoredPassage]  # by passage id


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A passage's searched text and its vector."""

    text: str
    hash: str
    vector: list[float]


def stored_source(connection: sa.Connection, slug: str) -> StoredSource | None:
    """Return what is stored of a source, or None."""
    source = connection.execute(
        sa.text("SELECT content_hash, embedding_model FROM sources WHERE slug = :slug"), {"slug": slug}
    ).one_or_none()
    if source is None:
        return None
    rows = connection.execute(
        sa.text(
            "SELECT p.passage_id::text, p.content_hash, p.index_hash FROM passages p "
            "JOIN modules m USING (module_id) WHERE m.source = :slug"
        ),
        {"slug": slug},
    )
    found = {row[0]: StoredPassage(content_hash=row[1], index_hash=row[2]) for row in rows}
    return StoredSource(content_hash=source[0], embedding_model=source[1], passages=found)


def source_state(connection: sa.Connection, slug: str) -> tuple[str, str] | None:
    """Return content hash and embedding model of a source, or None."""
    row = connection.execute(
        sa.text("SELECT content_hash, embedding_model FROM sources WHERE slug = :slug"), {"slug": slug}
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def modules_of_others(connection: sa.Connection, slug: str, module_ids: Sequence[str]) -> frozenset[str]:
    """Return those of the module ids that another source has."""
    rows = connection.execute(
        sa.text(
            "SELECT module_id FROM modules WHERE source <> :slug "
            "AND module_id IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))"
        ),
        {"slug": slug, "ids": json.dumps(list(module_ids))},
    )
    return frozenset(row[0] for row in rows)


def lock_ingest(connection: sa.Connection) -> None:
    """Wait until no other ingest writes; held to the end of the transaction."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INGEST_LOCK})


def replace_source(
    connection: sa.Connection,
    book: Book,
    *,
    content_hash: str,
    embedding_model: str,
    changed: Sequence[Passage],
    indexed: Mapping[str, Indexed],
    removed: Sequence[str],
) -> None:
    """Make the stored source equal to the book, within the caller's transaction.

    `changed` are the passages to write; those of them in `indexed` get a new index entry, the others keep theirs.
    `removed` are the ids of stored passages that the book has no more.
    """
    _write_source(connection, book, content_hash, embedding_model)
    _write_modules(connection, book)
    _delete_passages(connection, removed)
    fresh = [passage for passage in changed if passage.passage_id in indexed]
    kept = [passage for passage in changed if passage.passage_id not in indexed]
    for part in _parts(fresh):
        connection.execute(_WRITE_PASSAGES, {"rows": json.dumps([_row(one, indexed[one.passage_id]) for one in part])})
    for part in _parts(kept):
        connection.execute(_UPDATE_PASSAGES, {"rows": json.dumps([_row(one, None) for one in part])})
    _order_passages(connection, book)
    _delete_modules(connection, book)


_WRITE_PASSAGES: Final = sa.text(
    f"""
    INSERT INTO passages (
        passage_id, module_id, position, section, kind, text, structure, content_hash, index_hash, lexemes, embedding
    )
    SELECT r.passage_id, r.module_id, r.position, r.section, r.kind, r.text, r.structure, r.content_hash, r.index_hash,
           to_tsvector('{SEARCH_CONFIGURATION}'::regconfig, r.indexed_text), r.embedding::vector
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        passage_id uuid, module_id text, position int, section text, kind text, text text, structure jsonb,
        content_hash text, index_hash text, indexed_text text, embedding text
    )
    ON CONFLICT (passage_id) DO UPDATE SET
        position = excluded.position, section = excluded.section, structure = excluded.structure,
        content_hash = excluded.content_hash, index_hash = excluded.index_hash,
        lexemes = excluded.lexemes, embedding = excluded.embedding
    """
)
_UPDATE_PASSAGES: Final = sa.text(
    """
    UPDATE passages p
    SET position = r.position, section = r.section, structure = r.structure, content_hash = r.content_hash
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        passage_id uuid, position int, section text, structure jsonb, content_hash text
    )
    WHERE p.passage_id = r.passage_id
    """
)


def _row(passage: Passage, indexed: Indexed | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "passage_id": passage.passage_id,
        "module_id": passage.module_id,
        "position": passage.position,
        "section": passage.section,
        "kind": passage.kind,
        "text": passage.text,
        "structure": dict(passage.structure),
        "content_hash": passage_hash(passage),
    }
    if indexed is not None:
        row |= {
            "index_hash": indexed.hash,
            "indexed_text": indexed.text,
            "embedding": vector_literal(indexed.vector),
        }
    return row


def _parts(found: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    for start in range(0, len(found), _ROWS_PER_STATEMENT):
        yield found[start : start + _ROWS_PER_STATEMENT]


def _write_source(connection: sa.Connection, book: Book, content_hash: str, embedding_model: str) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO sources "
            "(slug, title, language, licence, licence_url, attribution, url, content_hash, embedding_model) "
            "VALUES (:slug, :title, :language, :licence, :licence_url, :attribution, :url, :hash, :model) "
            "ON CONFLICT (slug) DO UPDATE SET title = excluded.title, language = excluded.language, "
            "licence = excluded.licence, licence_url = excluded.licence_url, attribution = excluded.attribution, "
            "url = excluded.url, content_hash = excluded.content_hash, embedding_model = excluded.embedding_model, "
            "ingested_at = now()"
        ),
        {
            "slug": book.slug,
            "title": book.title,
            "language": book.language,
            "licence": book.licence,
            "licence_url": book.licence_url,
            "attribution": book.attribution,
            "url": book.url,
            "hash": content_hash,
            "model": embedding_model,
        },
    )


def _write_modules(connection: sa.Connection, book: Book) -> None:
    rows = [
        {
            "module_id": module.module_id,
            "title": module.title,
            "chapter": module.chapter,
            "number": module.number,
            "position": position,
            "url": module.url,
        }
        for position, module in enumerate(book.modules)
    ]
    connection.execute(
        sa.text(
            "INSERT INTO modules (module_id, source, title, chapter, number, position, url) "
            "SELECT r.module_id, :slug, r.title, r.chapter, r.number, r.position, r.url "
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r "
            "(module_id text, title text, chapter text, number text, position int, url text) "
            "ON CONFLICT (module_id) DO UPDATE SET title = excluded.title, chapter = excluded.chapter, "
            "number = excluded.number, position = excluded.position, url = excluded.url"
        ),
        {"slug": book.slug, "rows": json.dumps(rows)},
    )


def _delete_passages(connection: sa.Connection, removed: Sequence[str]) -> None:
    if removed:
        connection.execute(
            sa.text(
                "DELETE FROM passages WHERE passage_id IN "
                "(SELECT CAST(id AS uuid) FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS id)"
            ),
            {"ids": json.dumps(list(removed))},
        )


def _order_passages(connection: sa.Connection, book: Book) -> None:
    """Bring unchanged passages into their new places."""
    rows = [{"passage_id": passage.passage_id, "position": passage.position} for passage in book.passages()]
    connection.execute(
        sa.text(
            "UPDATE passages p SET position = r.position "
            "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (passage_id uuid, position int) "
            "WHERE p.passage_id = r.passage_id AND p.position <> r.position"
        ),
        {"rows": json.dumps(rows)},
    )


def _delete_modules(connection: sa.Connection, book: Book) -> None:
    connection.execute(
        sa.text(
            "DELETE FROM modules WHERE source = :slug "
            "AND module_id NOT IN (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))"
        ),
        {"slug": book.slug, "ids": json.dumps([module.module_id for module in book.modules])},
    )

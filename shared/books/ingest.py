"""Ingesting a book: read, compare with what is stored, embed what is new, write it all at once."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from shared.books.book import Book, passage_hash
from shared.books.indexing import index_hash, indexed_text
from shared.books.opening import open_book
from shared.books.passages import Passage
from shared.db import ingested
from shared.db.book_search import corpus_version
from shared.db.engine import transaction
from shared.db.ingested import Indexed, StoredSource
from shared.errors import TransientError
from shared.services import Embeddings

__all__ = ["IngestReport", "corpus_version", "ingest", "open_book"]

Progress = Callable[[int, int], None]  # texts embedded so far, and in all

_TEXTS_PER_CALL: Final = 64  # between two reports of progress; also what one call of a remote model carries


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an ingest did. A book that is stored already has only `unchanged` passages."""

    source: str  # the book's slug
    title: str
    modules: int
    passages: int
    added: int
    changed: int  # passages that say the same in another section or structure
    removed: int
    unchanged: int
    embedded: int
    seconds: float
    omitted: Mapping[str, int] = field(default_factory=Counter)  # what the book has and no passage holds, by reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """What has to be written for the stored source to equal the book."""

    added: list[Passage]
    changed: list[Passage]
    removed: list[str]
    unchanged: int
    texts: dict[str, str]  # passages to index anew, by id


def ingest(
    path_or_tree: str | Path | Book, engine: sa.Engine, embeddings: Embeddings, *, progress: Progress | None = None
) -> IngestReport:
    """Bring a book into the database; the same book again writes and embeds nothing.

    All is written in one transaction at the end: until then, and after a crash, the version before is there, whole.
    Raises InvalidBook, or TransientError where the database or the model fails or another ingest came between.
    """
    began = time.monotonic()
    book = path_or_tree if isinstance(path_or_tree, Book) else open_book(path_or_tree)
    with transaction(engine) as connection:
        others = ingested.modules_of_others(connection, book.slug, [module.module_id for module in book.modules])
        stored = ingested.stored_source(connection, book.slug)
    book = _with_own_ids(book, others)
    content_hash = book.content_hash()
    found = list(book.passages())
    difference = _difference(found, stored, embeddings.model)
    same = stored is not None and (stored.content_hash, stored.embedding_model) == (content_hash, embeddings.model)
    if not same or difference.texts:
        vectors = _embed(difference.texts, embeddings, progress)
        _write(engine, book, content_hash, embeddings.model, stored, difference, vectors)
    return IngestReport(
        source=book.slug,
        title=book.title,
        modules=len(book.modules),
        passages=len(found),
        added=len(difference.added),
        changed=len(difference.changed),
        removed=len(difference.removed),
        unchanged=difference.unchanged,
        embedded=len(difference.texts),
        seconds=round(time.monotonic() - began, 3),
        omitted=book.omitted,
    )


def _with_own_ids(book: Book, taken: frozenset[str]) -> Book:
    """Publishers share modules between books: one that another source has is named after this book as well."""
    if not taken:
        return book
    renamed = [
        replace(module, module_id=f"{book.slug}.{module.module_id}") if module.module_id in taken else module
        for module in book.modules
    ]
    return replace(book, modules=tuple(renamed))


def _difference(found: Sequence[Passage], stored: StoredSource | None, model: str) -> _Difference:
    before = stored.passages if stored else {}
    comparable = stored is not None and stored.embedding_model == model
    added: list[Passage] = []
    changed: list[Passage] = []
    texts: dict[str, str] = {}
    for passage in found:
        old = before.get(passage.passage_id)
        text = indexed_text(passage)
        if old is None or not comparable or old.index_hash != index_hash(text):
            texts[passage.passage_id] = text
        if old is None:
            added.append(passage)
        elif old.content_hash != passage_hash(passage) or passage.passage_id in texts:
            changed.append(passage)
    present = {passage.passage_id for passage in found}
    return _Difference(
        added=added,
        changed=changed,
        removed=[passage_id for passage_id in before if passage_id not in present],
        unchanged=len(found) - len(added) - len(changed),
        texts=texts,
    )


def _embed(texts: Mapping[str, str], embeddings: Embeddings, progress: Progress | None) -> dict[str, Indexed]:
    """Embed the texts, those of like length together, and report after each batch."""
    order = sorted(texts, key=lambda passage_id: (len(texts[passage_id]), passage_id))
    done: dict[str, Indexed] = {}
    for start in range(0, len(order), _TEXTS_PER_CALL):
        batch = order[start : start + _TEXTS_PER_CALL]
        vectors = embeddings.embed([texts[passage_id] for passage_id in batch])
        for passage_id, vector in zip(batch, vectors, strict=True):
            text = texts[passage_id]
            done[passage_id] = Indexed(text=text, hash=index_hash(text), vector=vector)
        if progress is not None:
            progress(len(done), len(order))
    return done


def _write(
    engine: sa.Engine,
    book: Book,
    content_hash: str,
    model: str,
    stored: StoredSource | None,
    difference: _Difference,
    vectors: Mapping[str, Indexed],
) -> None:
    with transaction(engine) as connection:
        ingested.lock_ingest(connection)
        expected = None if stored is None else (stored.content_hash, stored.embedding_model)
        module_ids = [module.module_id for module in book.modules]
        if ingested.source_state(connection, book.slug) != expected or ingested.modules_of_others(
            connection, book.slug, module_ids
        ):
            raise TransientError(f"another ingest changed the books while {book.slug} was being read")
        ingested.replace_source(
            connection,
            book,
            content_hash=content_hash,
            embedding_model=model,
            changed=[*difference.added, *difference.changed],
            indexed=vectors,
            removed=difference.removed,
        )

"""Hybrid search of the books: by words and by meaning, in one ranking.

The scores of both searches are scaled to their best hit and added; a module counts by its three best passages. On
the development queries this found more than fusing the ranks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from shared.books.passages import Passage, RankedModule, RankedPassage
from shared.books.text import clean
from shared.db import book_search
from shared.db.book_search import Hit
from shared.enums import PassageKind
from shared.services import Embeddings

PASSAGE_WEIGHTS: Final = (1.0, 0.5, 0.25)  # of a module's best passages in its score
MEANING_SHARE: Final = 0.5  # of a passage's score; the rest is for its words
MOST_CHARACTERS: Final = 2000  # of a query that are read


def search_modules(
    connection: sa.Connection,
    embeddings: Embeddings,
    query: str,
    *,
    limit: int,
    exclude_kinds: frozenset[PassageKind] = frozenset(),
) -> list[RankedModule]:
    """Return the sections of the books that fit the query, best first; none for a query without a letter or digit."""
    text = searchable(query)
    if not text:
        return []
    [vector] = embeddings.embed([text])
    ranked = fuse(
        book_search.by_words(connection, text, excluded=exclude_kinds),
        book_search.by_meaning(connection, vector, model=embeddings.model, excluded=exclude_kinds),
    )
    modules = rank_modules(ranked)[:limit]
    module_ids = [module_id for module_id, _, _ in modules]
    measured = book_search.measures(
        connection, text, vector, module_ids, model=embeddings.model, excluded=exclude_kinds
    )
    passages = _by_id(connection, [hit.passage_id for _, _, hits in modules for hit in hits])
    return [
        RankedModule(
            module_id=module_id,
            source=measured[module_id].source,
            title=measured[module_id].title,
            score=score,
            similarity=measured[module_id].similarity,
            coverage=measured[module_id].coverage,
            passages=tuple(_ranked(hits, passages)),
        )
        for module_id, score, hits in modules
        if module_id in measured  # an ingest may have removed it between two statements
    ]


def search_passages(
    connection: sa.Connection, embeddings: Embeddings, query: str, *, module_ids: Sequence[str], limit: int
) -> list[RankedPassage]:
    """Return the passages of these modules that fit the query, best first."""
    text = searchable(query)
    if not text or not module_ids:
        return []
    [vector] = embeddings.embed([text])
    ranked = fuse(
        book_search.by_words(connection, text, module_ids=module_ids),
        book_search.by_meaning(connection, vector, model=embeddings.model, module_ids=module_ids),
    )[:limit]
    return _ranked(ranked, _by_id(connection, [hit.passage_id for hit in ranked]))


def module_passages(connection: sa.Connection, module_ids: Sequence[str]) -> list[Passage]:
    """Return all passages of the modules, modules in the order given and passages in the order of the book."""
    return book_search.passages_of_modules(connection, module_ids) if module_ids else []


def passages_by_id(connection: sa.Connection, ids: Iterable[str]) -> list[Passage]:
    """Return the passages of these ids in the order given; unknown ids are left out."""
    return book_search.passages_of_ids(connection, ids)


def searchable(query: str) -> str:
    """Return a query as it is searched: at most `MOST_CHARACTERS`, one line, nothing that a database refuses."""
    text = query[:MOST_CHARACTERS].encode("utf-8", "ignore").decode()  # a lone surrogate cannot be sent
    text = " ".join(clean(text).split())
    return text if any(character.isalnum() for character in text) else ""


def fuse(by_words: Sequence[Hit], by_meaning: Sequence[Hit]) -> list[Hit]:
    """Add the scores of both searches, each scaled to its best, and sort by the sum."""
    scores: dict[str, float] = {}
    modules: dict[str, str] = {}
    for hits, share in ((by_words, 1 - MEANING_SHARE), (by_meaning, MEANING_SHARE)):
        best = max((hit.score for hit in hits), default=0.0)
        for hit in hits:
            if best > 0 and hit.score > 0:
                scores[hit.passage_id] = scores.get(hit.passage_id, 0.0) + share * hit.score / best
                modules[hit.passage_id] = hit.module_id
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Hit(passage_id, modules[passage_id], score) for passage_id, score in ranked]


def rank_modules(ranked: Sequence[Hit]) -> list[tuple[str, float, list[Hit]]]:
    """Return modules with their scores and the passages that make them, best first."""
    best: dict[str, list[Hit]] = {}
    for hit in ranked:
        held = best.setdefault(hit.module_id, [])
        if len(held) < len(PASSAGE_WEIGHTS):
            held.append(hit)
    scored = [
        (module_id, sum(weight * hit.score for weight, hit in zip(PASSAGE_WEIGHTS, hits, strict=False)), hits)
        for module_id, hits in best.items()
    ]
    return sorted(scored, key=lambda item: (-item[1], item[0]))


def _by_id(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Passage]:
    return {passage.passage_id: passage for passage in book_search.passages_of_ids(connection, ids)}


def _ranked(hits: Sequence[Hit], passages: Mapping[str, Passage]) -> list[RankedPassage]:
    return [
        RankedPassage(passage=passages[hit.passage_id], score=hit.score) for hit in hits if hit.passage_id in passages
    ]

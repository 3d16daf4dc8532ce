"""What PostgreSQL finds in the books: passages by words, by meaning and by name."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from shared.books.passages import Passage
from shared.db.books import SEARCH_CONFIGURATION, vector_literal
from shared.enums import PassageKind

CANDIDATES: Final = 400  # passages that each of the two searches hands on

_MOST_TERMS: Final = 40  # of one query that are looked up, the longest first

# Stems with which people ask, rather than name what they ask about.
_ASKING: Final = (
    *("explain", "understand", "tell", "want", "need", "know", "learn", "teach", "video", "lesson", "pleas", "help"),
    *("show", "give", "like", "someth", "thing", "stuff", "topic", "question", "idk", "describ", "discuss", "talk"),
)
_TERMS: Final = f"""
    SELECT lexeme, CAST('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS tsquery) AS term
    FROM unnest(to_tsvector('{SEARCH_CONFIGURATION}'::regconfig, :query))
    WHERE lexeme NOT IN ({", ".join(f"'{stem}'" for stem in _ASKING)})
    ORDER BY length(lexeme) DESC, lexeme
    LIMIT {_MOST_TERMS}
"""
_NOT_EXCLUDED: Final = "p.kind NOT IN (SELECT jsonb_array_elements_text(CAST(:excluded AS jsonb)))"
_CHOSEN: Final = "SELECT jsonb_array_elements_text(CAST(:modules AS jsonb))"
_COMPARABLE: Final = """
    SELECT m.module_id FROM modules m JOIN sources s ON s.slug = m.source WHERE s.embedding_model = :model
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that one of the searches found, and how well; better is higher."""

    passage_id: str
    module_id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredModule:
    """A section of a book, and how near it is to a query in measures that compare between searches."""

    module_id: str
    source: str
    title: str
    similarity: float  # cosine of the query and the nearest passage, -1 to 1
    coverage: float  # share of the query's content words that the module holds, 0 to 1


def corpus_version(connection: sa.Connection) -> str:
    """Return a digest of all ingested books; it changes exactly when any of their content does."""
    version = connection.execute(
        sa.text("SELECT md5(coalesce(string_agg(slug || ' ' || content_hash, ' ' ORDER BY slug), '')) FROM sources")
    ).scalar_one()
    return str(version)


def sources_of_other_models(connection: sa.Connection, model: str) -> int:
    """Return how many of the books were embedded by another model than this."""
    counted = connection.execute(
        sa.text("SELECT count(*) FROM sources WHERE embedding_model <> :model"), {"model": model}
    )
    return int(counted.scalar_one())


def by_words(
    connection: sa.Connection,
    query: str,
    *,
    excluded: frozenset[PassageKind] = frozenset(),
    module_ids: Sequence[str] | None = None,
) -> list[Hit]:
    """Return the passages that hold words of the query, best first.

    A term weighs by its inverse document frequency, as in BM25 (https://doi.org/10.1561/1500000019), and `ts_rank` of
    one term grows with its frequency and saturates. Length is not corrected for: passages are cut to one. The inverse
    frequencies are those of all the books, also where only some modules are searched.
    """
    within = "" if module_ids is None else f"WHERE f.module_id IN ({_CHOSEN})"
    rows = connection.execute(
        sa.text(f"""
            WITH query AS MATERIALIZED ({_TERMS}),
            searched AS MATERIALIZED (SELECT count(*)::float8 AS passages FROM passages p WHERE {_NOT_EXCLUDED}),
            found AS MATERIALIZED (
                SELECT p.passage_id, p.module_id, ts_rank(p.lexemes, q.term) AS frequency,
                       count(*) OVER (PARTITION BY q.lexeme) AS holders
                FROM query q JOIN passages p ON p.lexemes @@ q.term
                WHERE {_NOT_EXCLUDED}
            )
            SELECT f.passage_id::text, f.module_id,
                   sum(f.frequency * ln(1 + (s.passages - f.holders + 0.5) / (f.holders + 0.5))) AS score
            FROM found f CROSS JOIN searched s {within}
            GROUP BY f.passage_id, f.module_id
            ORDER BY score DESC, f.passage_id
            LIMIT {CANDIDATES}
        """),
        _parameters(query=query, excluded=excluded, module_ids=module_ids),
    )
    return [Hit(row[0], row[1], float(row[2])) for row in rows]


def by_meaning(
    connection: sa.Connection,
    vector: list[float],
    *,
    model: str,
    excluded: frozenset[PassageKind] = frozenset(),
    module_ids: Sequence[str] | None = None,
) -> list[Hit]:
    """Return the passages nearest to a vector of this model, nearest first; scores are cosines."""
    within = "" if module_ids is None else f"AND p.module_id IN ({_CHOSEN})"
    # The vector is written once: a statement longer than the driver's buffer waits 40 ms for an acknowledgement.
    rows = connection.execute(
        sa.text(f"""
            SELECT p.passage_id::text, p.module_id, -(p.embedding <#> q.vector) AS score
            FROM passages p CROSS JOIN (SELECT CAST(:vector AS vector) AS vector OFFSET 0) q
            WHERE {_NOT_EXCLUDED} AND p.module_id IN ({_COMPARABLE}) {within}
            ORDER BY score DESC, p.passage_id
            LIMIT {CANDIDATES}
        """),
        _parameters(vector=vector_literal(vector), model=model, excluded=excluded, module_ids=module_ids),
    )
    return [Hit(row[0], row[1], float(row[2])) for row in rows]


def measures(
    connection: sa.Connection,
    query: str,
    vector: list[float],
    module_ids: Sequence[str],
    *,
    model: str,
    excluded: frozenset[PassageKind] = frozenset(),
) -> dict[str, MeasuredModule]:
    """Return for each of the modules that there are how near it is to the query.

    Content words are those of the query's terms that hold a letter; all of a module's passages count as its text.
    Modules embedded by another model have the similarity 0.
    """
    rows = connection.execute(
        sa.text(f"""
            WITH query AS MATERIALIZED (SELECT * FROM ({_TERMS}) t WHERE lexeme ~ '[[:alpha:]]'),
            covered AS (
                SELECT p.module_id, count(DISTINCT q.lexeme)::float8 AS terms
                FROM query q JOIN passages p ON p.lexemes @@ q.term
                WHERE p.module_id IN ({_CHOSEN}) GROUP BY p.module_id
            ),
            near AS (
                SELECT p.module_id, max(-(p.embedding <#> v.vector)) AS similarity
                FROM passages p CROSS JOIN (SELECT CAST(:vector AS vector) AS vector OFFSET 0) v
                WHERE p.module_id IN ({_CHOSEN}) AND p.module_id IN ({_COMPARABLE}) AND {_NOT_EXCLUDED}
                GROUP BY p.module_id
            )
            SELECT m.module_id, m.source, m.title, coalesce(n.similarity, 0)::float8 AS similarity,
                   coalesce(c.terms / nullif((SELECT count(*) FROM query), 0), 0)::float8 AS coverage
            FROM modules m LEFT JOIN covered c USING (module_id) LEFT JOIN near n USING (module_id)
            WHERE m.module_id IN ({_CHOSEN})
        """),
        _parameters(
            query=query, vector=vector_literal(vector), model=model, excluded=excluded, module_ids=list(module_ids)
        ),
    ).mappings()
    return {row["module_id"]: MeasuredModule(**row) for row in rows}


_PASSAGES: Final = """
    SELECT p.passage_id::text AS passage_id, m.source, s.title AS book, m.module_id, m.title AS module_title, m.chapter,
           p.section, m.number, p.position, p.kind, p.text, p.structure,
           coalesce(nullif(m.url, ''), s.url) AS url, s.licence, s.attribution
    FROM passages p JOIN modules m USING (module_id) JOIN sources s ON s.slug = m.source
"""


def passages_of_modules(connection: sa.Connection, module_ids: Sequence[str]) -> list[Passage]:
    """Return all passages of the modules: modules in the order given, passages in that of the book."""
    rows = connection.execute(
        sa.text(f"{_PASSAGES} WHERE m.module_id IN ({_CHOSEN})"), _parameters(module_ids=list(module_ids))
    ).mappings()
    order = {module_id: place for place, module_id in enumerate(dict.fromkeys(module_ids))}
    return sorted(map(_passage, rows), key=lambda passage: (order[passage.module_id], passage.position))


def passages_of_ids(connection: sa.Connection, passage_ids: Iterable[str]) -> list[Passage]:
    """Return the passages of these ids in the order given; ids that there are not, or that are none, are left out."""
    wanted = [identifier for one in dict.fromkeys(passage_ids) if (identifier := _uuid(one))]
    rows = connection.execute(
        sa.text(
            f"{_PASSAGES} WHERE p.passage_id IN "
            "(SELECT CAST(id AS uuid) FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS id)"
        ),
        {"ids": json.dumps(wanted)},
    ).mappings()
    found = {passage.passage_id: passage for passage in map(_passage, rows)}
    return [found[identifier] for identifier in dict.fromkeys(wanted) if identifier in found]


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except (ValueError, AttributeError, TypeError):
        return None


def _passage(row: sa.RowMapping) -> Passage:
    values: dict[str, Any] = dict(row)
    return Passage(**{**values, "kind": PassageKind(values["kind"])})


def _parameters(
    *,
    excluded: frozenset[PassageKind] | None = None,
    module_ids: Sequence[str] | None = None,
    **others: str,
) -> dict[str, str]:
    parameters = dict(others)
    if excluded is not None:
        parameters["excluded"] = json.dumps(sorted(excluded))
    if module_ids is not None:
        parameters["modules"] = json.dumps(list(module_ids))
    return parameters

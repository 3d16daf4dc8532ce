"""How well the search finds the section that a question belongs to."""

import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shared.books.search import search_modules
from shared.enums import PassageKind
from shared.services import Embeddings

_DEEPEST = 10  # ranks that count for the mean reciprocal rank


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the section that holds its answer."""

    text: str
    module_id: str


def evaluate(
    connection: sa.Connection, embeddings: Embeddings, lines: Iterable[str], *, exclude_exercises: bool
) -> dict[str, float]:
    """Return {n, recall@1, recall@5, mrr@10, p50_ms, p95_ms} over queries, one JSON object a line.

    `exclude_exercises` keeps the books' exercises out: queries that were taken from them would find themselves.
    Problems worked in the text are no exercises. Times are of whole searches, embedding included. Raises ValueError
    naming the line where one is no query.
    """
    queries = read_queries(lines)
    excluded = frozenset({PassageKind.EXERCISE}) if exclude_exercises else frozenset()
    search_modules(connection, embeddings, queries[0].text, limit=1)  # the model is loaded before the clock runs
    ranks: list[int | None] = []
    milliseconds: list[float] = []
    for query in queries:
        began = time.perf_counter()
        found = search_modules(connection, embeddings, query.text, limit=_DEEPEST, exclude_kinds=excluded)
        milliseconds.append((time.perf_counter() - began) * 1000)
        ids = [module.module_id for module in found]
        ranks.append(ids.index(query.module_id) + 1 if query.module_id in ids else None)
    return {
        "n": len(queries),
        "recall@1": _recall(ranks, 1),
        "recall@5": _recall(ranks, 5),
        "mrr@10": round(sum(1 / rank for rank in ranks if rank is not None) / len(ranks), 4),
        "p50_ms": _percentile(milliseconds, 0.50),
        "p95_ms": _percentile(milliseconds, 0.95),
    }


def read_queries(lines: Iterable[str]) -> list[Query]:
    """Read queries from JSON lines with `query` and `module_id`; empty lines are passed over."""
    queries: list[Query] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: not JSON ({error.msg})") from error
        values = [record.get(name) for name in ("query", "module_id")] if isinstance(record, dict) else [None]
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise ValueError(f"line {number}: needs the texts `query` and `module_id`")
        queries.append(Query(*values))
    if not queries:
        raise ValueError("no queries")
    return queries


def _recall(ranks: Sequence[int | None], depth: int) -> float:
    return round(sum(1 for rank in ranks if rank is not None and rank <= depth) / len(ranks), 4)


def _percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)

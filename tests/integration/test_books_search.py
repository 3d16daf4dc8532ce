"""Searching a real database with the real model: small books, and queries that could do harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.adapters.minilm import MiniLmEmbeddings
from shared.books.evaluate import evaluate
from shared.books.ingest import ingest
from shared.books.search import module_passages, passages_by_id, search_modules, search_passages
from shared.db import book_search
from shared.enums import PassageKind
from tests.book_files import document, write_book
from tests.fakes import HashEmbeddings

SECTIONS = {
    "Inertia": "A body at rest stays at rest, and a moving body keeps moving, unless a net force acts on it. "
    "Passengers lurch forward when a bus brakes.",
    "Photosynthesis": "Plants turn light, water and carbon dioxide into sugar. Chloroplasts hold the pigment "
    "chlorophyll.",
    "Ohm’s Law": "The current through a resistor is proportional to the voltage across it. Resistance is in ohms.",
    "The Mean": "Add the values and divide by their number. A z-score compares a value with the mean.",
}


@pytest.fixture(scope="module")
def embeddings() -> MiniLmEmbeddings:
    return MiniLmEmbeddings()


@pytest.fixture(scope="module")
def engine(
    shared_database: sa.Engine, embeddings: MiniLmEmbeddings, tmp_path_factory: pytest.TempPathFactory
) -> sa.Engine:
    modules = {
        f"m000{number}": document(
            f"<para>{text}</para><section class='practice'><title>Practice</title><exercise><problem>"
            f"<para>Which plants like {title}?</para></problem></exercise></section>",
            title=title,
        )
        for number, (title, text) in enumerate(SECTIONS.items())
    }
    folder: Path = tmp_path_factory.mktemp("book")
    ingest(write_book(folder, modules), shared_database, embeddings)
    return shared_database


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Why am I thrown forward when the bus stops?", "Inertia"),
        ("how do leaves make food from sunshine", "Photosynthesis"),
        ("choose the right resistor for my robot", "Ohm’s Law"),
        ("what is a z-score", "The Mean"),
    ],
)
def test_questions_find_their_section(
    connection: sa.Connection, embeddings: MiniLmEmbeddings, query: str, title: str
) -> None:
    best, *others = search_modules(connection, embeddings, query, limit=3)
    assert best.title == title
    assert all(best.score >= other.score for other in others)
    assert best.passages[0].passage.module_id == best.module_id
    assert best.passages[0].score >= best.passages[-1].score


def test_measures_compare_between_searches(connection: sa.Connection, embeddings: MiniLmEmbeddings) -> None:
    [known] = search_modules(connection, embeddings, "Explain the current through a resistor", limit=1)
    [unknown] = search_modules(connection, embeddings, "best pizza toppings in Naples", limit=1)
    assert (known.coverage, unknown.coverage) == (1.0, 0.0)
    assert known.similarity > 0.5 > unknown.similarity
    [half] = search_modules(connection, embeddings, "resistor pizza", limit=1)
    assert half.coverage == 0.5


def test_kinds_can_be_left_out(connection: sa.Connection, embeddings: MiniLmEmbeddings) -> None:
    kinds = frozenset({PassageKind.EXERCISE})
    found = search_modules(connection, embeddings, "which plants like the mean", limit=4, exclude_kinds=kinds)
    assert {ranked.passage.kind for module in found for ranked in module.passages} == {PassageKind.EXPLANATION}


def test_passages_are_searched_within_modules(connection: sa.Connection, embeddings: MiniLmEmbeddings) -> None:
    found = search_passages(connection, embeddings, "light and sugar", module_ids=["m0001", "m0002"], limit=3)
    assert found[0].passage.text.startswith("Plants turn light")
    assert {ranked.passage.module_id for ranked in found} <= {"m0001", "m0002"}
    assert search_passages(connection, embeddings, "light", module_ids=[], limit=3) == []


@pytest.mark.parametrize(
    "query",
    [
        "nul\0byte ' OR 1=1; --",
        "\\",
        "'''",
        "a:* & !b | (c",
        "C:\\temp\\file don't",
        "half \ud83d surrogate",
        "日本語のクエリ",
        "🎓🎓🎓 resistor",
        "%s {} :name $1",
        "word " * 5000,
        " ".join(f"w{number}'x\\y" for number in range(500)),
    ],
)
def test_odd_queries_are_harmless(connection: sa.Connection, embeddings: MiniLmEmbeddings, query: str) -> None:
    for module in search_modules(connection, embeddings, query, limit=2):
        assert module.title in SECTIONS
    search_passages(connection, embeddings, query, module_ids=["m0000", "no such'module"], limit=2)


@pytest.mark.parametrize("query", ["", "  ", "?!", "\0"])
def test_a_query_without_words_finds_nothing(
    connection: sa.Connection, embeddings: MiniLmEmbeddings, query: str
) -> None:
    assert search_modules(connection, embeddings, query, limit=5) == []


def test_vectors_of_another_model_are_never_compared(connection: sa.Connection) -> None:
    found = search_modules(connection, HashEmbeddings(), "resistor", limit=3)
    assert [(module.title, module.similarity) for module in found] == [("Ohm’s Law", 0.0)]


def test_passages_are_found_by_id_in_the_order_asked_for(connection: sa.Connection) -> None:
    first, second = module_passages(connection, ["m0001"])
    ids = [second.passage_id, "no uuid", "00000000-0000-0000-0000-000000000000", first.passage_id, second.passage_id]
    assert passages_by_id(connection, ids) == [second, first]
    assert passages_by_id(connection, []) == []


def test_modules_come_in_the_order_given(connection: sa.Connection) -> None:
    found = module_passages(connection, ["m0002", "unknown", "m0000"])
    assert [passage.module_id for passage in found] == ["m0002", "m0002", "m0000", "m0000"]
    assert [passage.position for passage in found] == [0, 1, 0, 1]


def test_rare_words_weigh_more_than_common_ones(connection: sa.Connection) -> None:
    hits = book_search.by_words(connection, "plants chlorophyll")
    assert hits[0].module_id == "m0001"
    assert hits[0].score > 2 * hits[1].score


def test_evaluation_counts_ranks(connection: sa.Connection, embeddings: MiniLmEmbeddings) -> None:
    lines = [
        '{"query": "bus brakes", "module_id": "m0000"}',
        '{"query": "chlorophyll", "module_id": "m0001"}',
        '{"query": "resistance in ohms", "module_id": "m0001"}',
        '{"query": "chlorophyll", "module_id": "not there"}',
    ]
    found = evaluate(connection, embeddings, lines, exclude_exercises=True)
    assert (found["n"], found["recall@1"]) == (4, 0.5)
    assert found["recall@1"] <= found["mrr@10"] <= found["recall@5"] == 0.75
    assert 0 < found["p50_ms"] <= found["p95_ms"]

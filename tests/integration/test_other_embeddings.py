"""Books that one model embedded, and another model that questions are embedded with since."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.adapters.minilm import MiniLmEmbeddings
from shared.books.ingest import ingest
from shared.books.search import search_passages
from shared.questions.dialogue import Dialogue
from shared.questions.resolve import MINILM, WORDS_ALONE, Clear
from shared.questions.understand import Understanding, bounds_of, understand
from tests.book_files import document, write_book
from tests.conftest import ROOT
from tests.fakes import HashEmbeddings

QUESTION = "Explain how photosynthesis works in plants"
NOW = MiniLmEmbeddings()


@pytest.fixture(scope="module")
def books(shared_database: sa.Engine) -> sa.Engine:
    """The sample book as another model than NOW embedded it."""
    ingest(ROOT / "local" / "sample_book", shared_database, HashEmbeddings())
    return shared_database


@pytest.fixture
def connection(books: sa.Engine) -> Iterator[sa.Connection]:
    with books.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What is logged meanwhile."""
    records: list[logging.LogRecord] = []
    keeper = logging.Handler()
    keeper.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("vividly")
    logger.addHandler(keeper)
    yield records
    logger.removeHandler(keeper)


def understood(connection: sa.Connection) -> Understanding:
    return understand(connection, NOW, QUESTION, Dialogue.of({}))


def test_a_question_that_the_books_treat_is_not_called_foreign(connection: sa.Connection) -> None:
    resolution = understood(connection).resolution

    assert isinstance(resolution, Clear)
    assert resolution.topic.startswith("Photosynthesis")


def test_it_is_noticed(connection: sa.Connection, logged: list[logging.LogRecord]) -> None:
    understood(connection)

    [record] = logged
    assert record.levelno == logging.WARNING
    assert "ingest them again" in record.getMessage()
    assert record.__dict__["fields"] == {"count": 1}


def test_passages_are_still_found_by_their_words(connection: sa.Connection) -> None:
    resolution = understood(connection).resolution
    assert isinstance(resolution, Clear)

    found = search_passages(connection, NOW, QUESTION, module_ids=resolution.module_ids, limit=5)

    assert len(found) == 5
    assert any("photosynthesis" in passage.passage.text.lower() for passage in found)


def test_ingested_again_the_books_are_judged_by_meaning(database: sa.Engine, tmp_path: Path) -> None:
    book = write_book(tmp_path, {"m0001": document("<para>Plants turn light into sugar.</para>", title="Leaves")})
    ingest(book, database, HashEmbeddings())
    with database.connect() as connection:
        assert bounds_of(connection, NOW) == WORDS_ALONE
    ingest(book, database, NOW)
    with database.connect() as connection:
        assert bounds_of(connection, NOW) == MINILM
        assert bounds_of(connection, HashEmbeddings()) == WORDS_ALONE

"""Ingesting into a real database: once is enough, only changes are written, a crash leaves the old book whole."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.books.ingest import corpus_version, ingest
from shared.books.opening import open_book
from shared.books.search import module_passages
from shared.db import books as tables
from shared.enums import PassageKind
from shared.errors import InvalidBook, TransientError
from tests.book_files import document, write_book
from tests.fakes import HashEmbeddings

WAVES = document("<para>Waves carry energy.</para><para>They have crests.</para>", title="Waves")
HEAT = document("<section><title>Flow</title><para>Heat flows from hot to cold.</para></section>", title="Heat")


class CountingEmbeddings(HashEmbeddings):
    """Keeps every text that was embedded."""

    def __init__(self, model: str = "hash") -> None:
        self.model = model
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts += texts
        return super().embed(texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book", {"m0001": WAVES, "m0002": HEAT})


def stored(engine: sa.Engine) -> list[tuple[object, ...]]:
    """Every row of the books with the transaction that wrote it."""
    with engine.connect() as connection:
        rows: list[tuple[object, ...]] = []
        for table in (tables.sources, tables.modules, tables.passages):
            found = connection.execute(sa.text(f"SELECT xmin::text, t.* FROM {table.name} t ORDER BY 2"))
            rows += [tuple(row) for row in found]
        return rows


def texts(engine: sa.Engine, *module_ids: str) -> list[str]:
    with engine.connect() as connection:
        return [passage.text for passage in module_passages(connection, module_ids)]


def version(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        return corpus_version(connection)


def test_a_book_is_stored_as_it_was_read(database: sa.Engine, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = ingest(folder, database, HashEmbeddings(), progress=lambda done, total: seen.append((done, total)))
    assert (report.source, report.title, report.modules) == ("small", "A Small Book", 2)
    assert (report.passages, report.added, report.embedded, report.removed, report.unchanged) == (2, 2, 2, 0, 0)
    assert seen == [(2, 2)]
    with database.connect() as connection:
        assert module_passages(connection, ["m0002", "m0001"]) == sorted(
            open_book(folder).passages(), key=lambda passage: passage.module_id, reverse=True
        )


def test_the_same_book_again_writes_and_embeds_nothing(database: sa.Engine, folder: Path) -> None:
    embeddings = CountingEmbeddings()
    ingest(folder, database, embeddings)
    before, embedded = stored(database), len(embeddings.texts)
    report = ingest(folder, database, embeddings)
    assert (report.added, report.changed, report.removed, report.unchanged, report.embedded) == (0, 0, 0, 2, 0)
    assert stored(database) == before
    assert len(embeddings.texts) == embedded


def test_a_changed_book_updates_what_changed(database: sa.Engine, tmp_path: Path, folder: Path) -> None:
    embeddings = CountingEmbeddings()
    ingest(folder, database, embeddings)
    embeddings.texts.clear()
    changed = HEAT.replace("<section>", "<para>New words.</para><section>")
    report = ingest(write_book(folder, {"m0001": WAVES, "m0002": changed}), database, embeddings)
    assert (report.added, report.removed, report.unchanged, report.embedded) == (1, 0, 2, 1)
    assert embeddings.texts == ["Heat. New words."]
    assert texts(database, "m0002") == ["New words.", "Heat flows from hot to cold."]


def test_what_the_book_no_longer_has_is_removed(database: sa.Engine, folder: Path) -> None:
    ingest(folder, database, HashEmbeddings())
    (folder / "collections" / "small.collection.xml").unlink()
    report = ingest(write_book(folder, {"m0001": WAVES}), database, HashEmbeddings())
    assert (report.modules, report.removed, report.unchanged) == (1, 1, 1)
    assert texts(database, "m0001", "m0002") == ["Waves carry energy.\n\nThey have crests."]


def test_a_new_title_is_indexed_and_keeps_the_passages(database: sa.Engine, folder: Path) -> None:
    ingest(folder, database, HashEmbeddings())
    renamed = HEAT.replace("<title>Heat</title>", "<title>Warmth</title>")
    report = ingest(write_book(folder, {"m0001": WAVES, "m0002": renamed}), database, HashEmbeddings())
    assert (report.added, report.changed, report.removed, report.unchanged, report.embedded) == (0, 1, 0, 1, 1)
    with database.connect() as connection:
        assert module_passages(connection, ["m0002"])[0].module_title == "Warmth"


def test_the_corpus_version_changes_exactly_with_content(database: sa.Engine, folder: Path) -> None:
    empty = version(database)
    ingest(folder, database, HashEmbeddings())
    first = version(database)
    ingest(folder, database, CountingEmbeddings("another model"))
    assert version(database) == first != empty
    ingest(write_book(folder, {"m0001": WAVES.replace("crests", "troughs"), "m0002": HEAT}), database, HashEmbeddings())
    second = version(database)
    ingest(write_book(folder, {"m0001": WAVES, "m0002": HEAT}), database, HashEmbeddings())
    assert (version(database), second != first) == (first, True)


def test_another_model_embeds_everything_anew(database: sa.Engine, folder: Path) -> None:
    ingest(folder, database, HashEmbeddings())
    embeddings = CountingEmbeddings("another model")
    report = ingest(folder, database, embeddings)
    assert (report.embedded, report.changed, report.added) == (2, 2, 0)


def test_a_crash_while_writing_leaves_the_old_book_whole(
    database: sa.Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(folder, database, HashEmbeddings())
    before = stored(database)

    def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("shared.db.ingested._delete_modules", crash)
    with pytest.raises(RuntimeError, match="power cut"):
        ingest(
            write_book(folder, {"m0001": WAVES.replace("energy", "force"), "m0002": HEAT}), database, HashEmbeddings()
        )
    assert stored(database) == before


def test_an_ingest_in_between_is_noticed(database: sa.Engine, folder: Path) -> None:
    class Interfering(HashEmbeddings):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            ingest(folder, database, HashEmbeddings())
            return super().embed(texts)

    with pytest.raises(TransientError, match="another ingest"):
        ingest(folder, database, Interfering())
    assert len(texts(database, "m0001", "m0002")) == 2


def test_a_module_that_another_book_has_gets_a_name_of_its_own(
    database: sa.Engine, folder: Path, tmp_path: Path
) -> None:
    ingest(folder, database, HashEmbeddings())
    other = write_book(tmp_path / "other", {"m0001": HEAT, "m0009": HEAT}, slug="other", title="Another Book")
    for _ in range(2):
        report = ingest(other, database, HashEmbeddings())
    assert (report.modules, report.unchanged) == (2, 2)
    assert texts(database, "m0001") == ["Waves carry energy.\n\nThey have crests."]
    assert texts(database, "other.m0001") == ["Heat flows from hot to cold."]


def test_text_that_databases_and_drivers_stumble_over(database: sa.Engine, tmp_path: Path) -> None:
    nasty = r"Braces {a,b}, quotes \" ' \\ back\slash, %s :name, $x^{2}$, 日本語 🎓, NULL, ''; DROP TABLE passages"
    path = tmp_path / "nasty.md"
    path.write_text(f"# Nasty\n\n{nasty}\n", encoding="utf-8")
    ingest(path, database, HashEmbeddings())
    with database.connect() as connection:
        [passage] = module_passages(connection, ["nasty.nasty"])
    assert passage == next(open_book(path).passages())


def test_a_book_that_cannot_be_read_changes_nothing(database: sa.Engine, folder: Path) -> None:
    ingest(folder, database, HashEmbeddings())
    before = stored(database)
    (folder / "modules" / "m0002" / "index.cnxml").write_text("<broken")
    with pytest.raises(InvalidBook):
        ingest(folder, database, HashEmbeddings())
    assert stored(database) == before


def test_a_book_can_be_given_instead_of_its_path(database: sa.Engine, folder: Path) -> None:
    book = replace(open_book(folder), title="Given")
    assert ingest(book, database, HashEmbeddings()).title == "Given"


def test_every_kind_is_allowed_and_no_other(database: sa.Engine, folder: Path) -> None:
    ingest(folder, database, HashEmbeddings())
    with database.begin() as connection:
        for kind in PassageKind:
            connection.execute(sa.text("UPDATE passages SET kind = :kind"), {"kind": kind})
    with pytest.raises(sa.exc.DBAPIError, match="ck_passages_kind"), database.begin() as connection:
        connection.execute(sa.text("UPDATE passages SET kind = 'poem'"))

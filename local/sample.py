"""The sample book: so that a first question has something to be answered from."""

from pathlib import Path
from typing import Final

from local.console import Console
from shared.services import Services

BOOK: Final = Path(__file__).parent / "sample_book"


def ingest(services: Services, console: Console) -> None:
    """Have the record hold the book as it is; one that is held already is only compared."""
    from shared.books import ingest as books  # brings the parsers of books, which a start of the api alone spares

    with console.step("sample book", "reading") as step:
        report = books.ingest(
            BOOK,
            services.engine,
            services.embeddings,
            progress=lambda done, total: step.update(f"learning {done} of {total} passages"),
        )
        step.detail = f"{report.modules} sections, {report.passages} passages"

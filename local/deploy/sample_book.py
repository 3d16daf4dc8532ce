"""The sample book, which the acceptance check asks about, taken in as any other book is."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local.console import Console
from local.deploy import archive
from local.deploy.commands import Commands
from local.deploy.maintenance import Maintenance
from local.deploy.target import NotDeployed
from local.sample import BOOK
from shared.questions.subjects import SAMPLE_SOURCE

INGEST_SECONDS: Final = 600.0  # until it has to be there
POLL_SECONDS: Final = 10.0


def ingest(
    commands: Commands, console: Console, bucket: str, record: Maintenance, *, sleep: Callable[[float], None]
) -> None:
    """Upload it, which `ingest_source` reads; wait until the database holds it. NotDeployed where it never does."""
    with console.step("sample book", "uploading") as step, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{SAMPLE_SOURCE}.zip"
        archive.zip_folder(BOOK, path)
        done = commands.run(["gcloud", "storage", "cp", str(path), f"gs://{bucket}/{path.name}"])
        if done.code != 0:
            raise NotDeployed(f"The sample book could not be uploaded: {done.reason}", code="no_sample_book")
        for _ in range(int(INGEST_SECONDS / POLL_SECONDS)):
            step.update("waiting until it is read")
            if SAMPLE_SOURCE in record.look().books:
                return
            sleep(POLL_SECONDS)
        raise NotDeployed(
            "The sample book was not read within ten minutes: see the log of ingest_source.", code="no_sample_book"
        )

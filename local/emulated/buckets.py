"""The buckets of an emulated system, and what is put into them from outside. Spoken to by REST."""

import io
import zipfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from local.emulated import rest

ARCHIVED: Final = ("*.xml", "*.cnxml")  # what a book of OpenStax consists of, its pictures left out


def make(storage: str, bucket: str, project_id: str) -> None:
    """Make a bucket on the emulator at "host:port"."""
    rest.call("POST", f"http://{storage}/storage/v1/b?project={project_id}", {"name": bucket})


def upload(storage: str, bucket: str, name: str, data: bytes, content_type: str) -> None:
    """Put an object into a bucket."""
    url = f"http://{storage}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
    rest.call("POST", url, data, headers={"Content-Type": content_type})


def archive(book: Path) -> bytes:
    """A folder with a book, as the archive that is uploaded."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archived:
        for path in sorted(path for pattern in ARCHIVED for path in book.rglob(pattern)):
            archived.write(path, path.relative_to(book.parent))
    return data.getvalue()

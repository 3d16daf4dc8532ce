"""Objects in a Cloud Storage bucket."""

import base64
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import google_crc32c
import urllib3
from google.api_core import exceptions as api
from google.cloud.storage import Bucket, Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.adapters.gcs_signing import UrlSigner
from shared.adapters.google_errors import GOOGLE_API_ERRORS, misdeployed
from shared.adapters.per_process import PerProcess
from shared.adapters.translate import ErrorTable, translated
from shared.errors import ObjectMissing, TransientError
from shared.services import StoredObject
from shared.usage import Measure, count

STORAGE_ERRORS: Final[ErrorTable] = (
    (api.NotFound, misdeployed),  # of an object it is answered where it happens: what is left is the bucket
    (api.BadRequest, TransientError),  # a checksum that the bytes do not have: damaged on the way
    (api.PreconditionFailed, TransientError),
    (DataCorruption, TransientError),
    (InvalidResponse, TransientError),
    *GOOGLE_API_ERRORS,
    (urllib3.exceptions.HTTPError, TransientError),
    (OSError, TransientError),  # those of `requests` among them: refused, cut, silent for too long
)

_DELETERS: Final = 8  # a session keeps ten connections
_UNIT: Final = "gcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds to wait for a connection, for the next bytes of an answer, and for all tries of one call."""

    connect: float = 5.0
    read: float = 10.0
    stored: float = 30.0  # for the answer to an upload: it comes when all of it is stored
    tries: float = 10.0


class CloudStorageObjects:
    """An ObjectStore of the objects in one bucket. The emulator of STORAGE_EMULATOR_HOST is used where that is set."""

    def __init__(self, bucket: str, *, signer: UrlSigner | None = None, patience: Patience | None = None) -> None:
        self._name = bucket
        self._signer = signer or UrlSigner()
        patience = patience or Patience()
        self._timeout = (patience.connect, patience.read)
        self._upload_timeout = (patience.connect, patience.stored)
        self._retry = DEFAULT_RETRY.with_delay(initial=0.2, maximum=2.0, multiplier=2.0).with_timeout(patience.tries)
        self._opened = PerProcess(self._open)

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        """Store `data`, whole or not at all; what had the name is replaced.

        Every try is bound to the generation that it replaces, so that one whose answer was lost can be repeated, and
        one that arrives late replaces nothing newer.
        """
        digest = _crc32c(data)
        with translated(STORAGE_ERRORS, "object not written"):
            # Names derive from content: most are free, and the first try is the only one.
            if self._put(name, data, digest, content_type, replacing=0):
                return
            standing = self._bucket().get_blob(name, timeout=self._timeout, retry=self._retry)
            if standing is not None and (standing.crc32c, standing.content_type) == (digest, content_type):
                return  # stored by a try whose answer was lost, or by another run
            # Should this be refused as well, another writer came between: theirs stands, as if it had followed ours.
            self._put(name, data, digest, content_type, replacing=standing.generation if standing else 0)

    def read(self, name: str) -> bytes:
        """Return the bytes; raise ObjectMissing where there are none."""
        with translated(STORAGE_ERRORS, "object not read"):
            blob = self._bucket().blob(name)
            try:
                # The SDK checks no download that it had to take up again.
                data = bytes(blob.download_as_bytes(timeout=self._timeout, retry=self._retry, checksum=None))
            except api.NotFound:
                raise self._missing(name) from None
            if blob.crc32c is not None and blob.crc32c != _crc32c(data):
                raise TransientError("object not read: its bytes are not those of its checksum")
            return data

    def exists(self, name: str) -> bool:
        """Tell whether the name is taken."""
        with translated(STORAGE_ERRORS, "object not looked up"):
            return bool(self._bucket().blob(name).exists(timeout=self._timeout, retry=self._retry))

    def stat(self, name: str) -> StoredObject:
        """Tell an object's size and version; raise ObjectMissing where there is none."""
        with translated(STORAGE_ERRORS, "object not looked up"):
            blob = self._bucket().get_blob(name, timeout=self._timeout, retry=self._retry)
            if blob is None:
                raise self._missing(name)
            return StoredObject(size=int(blob.size), version=str(blob.generation))

    def list(self, prefix: str) -> Iterable[str]:
        """Return the names that begin with `prefix`, sorted."""
        with translated(STORAGE_ERRORS, "objects not listed"):
            bucket = self._bucket()
            found = bucket.client.list_blobs(
                bucket,
                prefix=prefix,
                fields="items(name),nextPageToken",
                timeout=self._timeout,
                retry=self._retry,
            )
            return sorted(str(blob.name) for blob in found)

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object whose name begins with `prefix`; return how many there were."""
        names = self.list(prefix)
        with translated(STORAGE_ERRORS, "objects not deleted"), ThreadPoolExecutor(_DELETERS) as deleters:
            return sum(deleters.map(self._delete, names))

    def signed_url(self, name: str, *, expires_in: timedelta) -> str:
        """Return a URL that reads this one object until it expires."""
        with translated(STORAGE_ERRORS, "link not signed"):
            return self._signer.url(self._bucket().blob(name), expires_in)

    def _put(self, name: str, data: bytes, digest: str, content_type: str, *, replacing: int) -> bool:
        """Upload in place of this generation (0: none); False where another one stands there."""
        blob = self._bucket().blob(name)
        blob.crc32c = digest  # sent along: the server refuses bytes that do not have it
        try:
            blob.upload_from_string(
                data,
                content_type=content_type,
                if_generation_match=replacing,
                timeout=self._upload_timeout,
                retry=self._retry,
                checksum=None,
            )
        except api.PreconditionFailed:
            return False
        count(_UNIT, Measure.BYTES_STORED, len(data))
        return True

    def _delete(self, name: str) -> bool:
        try:
            self._bucket().blob(name).delete(timeout=self._timeout, retry=self._retry)
        except api.NotFound:  # gone meanwhile
            return False
        return True

    def _missing(self, name: str) -> ObjectMissing:
        """The error for a name without an object; raise NotFound where it is the bucket that is missing."""
        # The answer to a missing object does not tell the two apart, but a list does.
        bucket = self._bucket()
        found = bucket.client.list_blobs(
            bucket, prefix=name, max_results=1, fields="items(name)", timeout=self._timeout, retry=self._retry
        )
        next(iter(found), None)
        return ObjectMissing(name)

    def _bucket(self) -> Bucket:
        return self._opened.get()

    def _open(self) -> Bucket:
        # No project: buckets are named without one, and looking for it would ask the metadata server.
        client = Client(project=None)
        # For traces that nobody collects, it would read the bucket's settings in a thread of its own: a call that
        # these accounts are not granted, at a time when the instance may be asleep.
        client._bucket_metadata_cache = None
        return client.bucket(self._name)


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()

"""The status mirror of production: a Firestore document for each request, guarded by `terraform/firestore.rules`."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from google.api_core import exceptions as api
from google.cloud import firestore

from shared.adapters.google_errors import GOOGLE_API_ERRORS
from shared.adapters.per_process import PerProcess
from shared.adapters.translate import ErrorTable, translated

T = TypeVar("T")
# The seconds that are left of a call; each use asks anew.
Left = Callable[[], float]

FIRESTORE_ERRORS: Final[ErrorTable] = GOOGLE_API_ERRORS

COLLECTION: Final = "requests"  # the rules name it too
CALL_SECONDS: Final = 10.0  # one write, or one batch of deletions, with all its tries
PAUSE: Final = 0.05  # seconds at most after the first try that failed, twice that after the second, and so on
BATCH: Final = 300  # documents deleted in one commit
# Another instance wrote the document since it was read, or is about to; or a fault that may have passed by now.
AGAIN: Final = (
    *(api.AlreadyExists, api.NotFound, api.FailedPrecondition, api.Aborted),
    *(api.ServiceUnavailable, api.InternalServerError, api.Unknown),
)


class FirestoreMirror:
    """A StatusMirror in which no request goes back to an older version.

    Each write holds only if the document is still as it was read. A transaction would lock it instead, and instances
    that mirror the same request would wait for each other.
    """

    def __init__(self, project_id: str, *, database: str = "(default)", seconds: float = CALL_SECONDS) -> None:
        self._seconds = seconds
        self._client = PerProcess(lambda: firestore.Client(project=project_id, database=database))

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        """Store the snapshot with its version unless a higher one is there; the same again costs no write.

        Raises TransientError where Firestore is away, late or overloaded, and where the database, a grant or the
        credentials are missing.
        """
        fields = {**snapshot, "version": version}
        with translated(FIRESTORE_ERRORS, "mirror a status"):
            document = self._client.get().collection(COLLECTION).document(request_id)
            return self._patiently(lambda left: _brought_to(document, fields, left))

    def delete(self, request_ids: Sequence[str]) -> None:
        """Forget these requests; one that is not there is no error. Raises as `write` does."""
        names = list(dict.fromkeys(request_ids))
        for start in range(0, len(names), BATCH):
            with translated(FIRESTORE_ERRORS, "forget mirrored requests"):
                self._forget(names[start : start + BATCH])

    def _forget(self, names: Sequence[str]) -> None:
        client = self._client.get()
        batch = client.batch()
        for name in names:
            batch.delete(client.collection(COLLECTION).document(name))
        self._patiently(lambda left: batch.commit(retry=None, timeout=left()))

    def _patiently(self, call: Callable[[Left], T]) -> T:
        """Try, and try again where that can help, as long as a call may take."""
        ends = time.monotonic() + self._seconds
        tried = 0
        while True:
            tried += 1
            try:
                return call(lambda: ends - time.monotonic())
            except AGAIN:
                pause = random.uniform(0, PAUSE * tried)  # noqa: S311 - spreads tries, guards nothing
                if time.monotonic() + pause >= ends:
                    raise
            time.sleep(pause)


def _brought_to(document: firestore.DocumentReference, fields: Mapping[str, Any], left: Left) -> bool:
    """Make the document hold these fields alone; False where it has a higher version."""
    known = document.get(retry=None, timeout=left())
    held = known.to_dict()
    if held is None:
        document.create(dict(fields), retry=None, timeout=left())
        return True
    if held.get("version", 0) > fields["version"]:
        return False
    if held != fields:
        gone = dict.fromkeys(held.keys() - fields.keys(), firestore.DELETE_FIELD)
        as_read = firestore.Client.write_option(last_update_time=known.update_time)
        document.update({**fields, **gone}, option=as_read, retry=None, timeout=left())
    return True

"""The message bus of production: Google Cloud Pub/Sub."""

from collections.abc import Mapping
from typing import Final

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type
from google.api_core.timeout import ConstantTimeout
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.types import PublishRequest, PubsubMessage

from shared.adapters.google_errors import GOOGLE_API_ERRORS
from shared.adapters.per_process import PerProcess
from shared.adapters.translate import ErrorTable, translated
from shared.errors import PermanentError
from shared.pipeline import Topic, resource_name

PUBSUB_ERRORS: Final[ErrorTable] = GOOGLE_API_ERRORS

# One publish with all its tries: two follow each other within the shortest budget, that of `api`.
PUBLISH_SECONDS: Final = 10.0
MAXIMUM_BYTES: Final = 10_000_000  # of one publish, attributes and all; the server's own limit
# What another try a moment later can mend; the rest is left to the queue.
PASSING: Final = if_exception_type(api.ServiceUnavailable, api.InternalServerError, api.Unknown, api.Aborted)


class PubSubBus:
    """A MessageBus whose messages are safe with the server when `publish` returns.

    Each message is a call of its own: a stage publishes one and waits for it, so there is nothing to batch.
    """

    def __init__(self, project_id: str, *, prefix: str, seconds: float = PUBLISH_SECONDS) -> None:
        self._project_id = project_id
        self._prefix = prefix
        self._seconds = seconds
        self._client = PerProcess(PublisherClient)

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Return once the server has the message; data or attributes must hold something.

        Raises TransientError where the server is away, late or full, and where the topic, a grant or the credentials
        are missing; PermanentError where the message is none that Pub/Sub takes, for its size or its attributes.
        """
        path = f"projects/{self._project_id}/topics/{resource_name(self._prefix, topic)}"
        request = PublishRequest(topic=path, messages=[PubsubMessage(data=data, attributes=attributes)])
        size = PublishRequest.pb(request).ByteSize()
        if size > MAXIMUM_BYTES:
            raise PermanentError(f"publish to {topic}: {size} bytes", code="message_too_large")
        with translated(PUBSUB_ERRORS, f"publish to {topic}"):
            self._client.get().publish(
                request,
                # No try begins past the first half, and each has a half: the SDK's own deadline can be overrun twofold.
                retry=Retry(predicate=PASSING, initial=0.1, maximum=1.0, multiplier=2.0, timeout=self._seconds / 2),
                timeout=ConstantTimeout(self._seconds / 2),  # type: ignore[no-untyped-call]
            )

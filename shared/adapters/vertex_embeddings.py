"""Embeddings by a text model of Vertex AI."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from google.api_core import exceptions as api
from google.auth.credentials import Credentials
from google.genai import types

from shared import usage
from shared.adapters import vertex_client
from shared.books import EMBEDDING_DIMENSIONS
from shared.errors import PermanentError, PipelineError, TransientError
from shared.usage import Measure

CALL_SECONDS: Final = 20.0  # for one request with all its tries
# A request may hold 250 texts and 20,000 tokens, a text 2,048 of them; more of a text is not read
# (https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings). What a token is, only the
# model knows: English runs to four bytes each, and a text this long is past what is read even at eight.
MOST_TEXTS: Final = 100
MOST_BYTES: Final = 50_000
MOST_CHARACTERS: Final = 16_384

# How a model, a region or a version of the API says that it takes one text at a time.
_NO_BATCHES: Final = (api.BadRequest, api.NotFound, api.MethodNotImplemented)
_BYTES_PER_TOKEN: Final = 4  # of English, for the bill, where an answer does not tell
_NO_TEXT: Final = "."  # stands in for a text that is empty, which the API refuses


class VertexEmbeddings:
    """The Embeddings port, filled by one model in one location.

    Questions and passages are embedded alike, as the port has one kind of text: the model's own default is asked for
    (docs/decisions/0018-cloud-speech-embeddings-pictures.md).
    """

    def __init__(
        self,
        model: str,
        *,
        project_id: str,
        location: str,
        endpoint: str = "",
        credentials: Credentials | None = None,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """`endpoint` replaces Google's own, `credentials` those of the service account that the process runs as."""
        self._model = model
        self._project_id = project_id
        self._location = location
        self._endpoint = endpoint
        self._credentials = credentials
        self._call_seconds = call_seconds
        self._one_by_one = False

    @property
    def model(self) -> str:
        """Name of the model and the length of its vectors, which are cut from longer ones."""
        return f"{self._model}/{EMBEDDING_DIMENSIONS}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of unit length a text, in order.

        Raises TransientError where the model does not answer as it should, PermanentError where it is none that gives
        vectors of this length.
        """
        sendable = [_sendable(text) for text in texts]
        known: dict[str, list[float]] = {}
        for batch in _batches(list(dict.fromkeys(sendable))):
            known |= zip(batch, self._embedded(batch), strict=True)
        return [known[text] for text in sendable]

    def _embedded(self, batch: Sequence[str]) -> list[list[float]]:
        """The vectors of a batch, in one request or, where none but single texts are taken, in one each."""
        if not self._one_by_one:
            try:
                return self._vectors(batch)
            except PipelineError as error:
                if len(batch) == 1 or not self._is_gemini or not isinstance(error.__cause__, _NO_BATCHES):
                    raise
        vectors = [vector for text in batch for vector in self._vectors([text])]
        self._one_by_one = True
        return vectors

    def _vectors(self, batch: Sequence[str]) -> list[list[float]]:
        client = vertex_client.client(
            project_id=self._project_id,
            location=self._location,
            endpoint=self._endpoint,
            credentials=self._credentials,
        )
        # Each text a content of its own: strings that stand side by side some models take for parts of one.
        contents: list[types.ContentUnion] = [types.Content(parts=[types.Part(text=text)]) for text in batch]
        answer = vertex_client.patiently(
            "embedding texts",
            self._call_seconds,
            lambda options: client.models.embed_content(
                model=self._model,
                contents=contents,
                config=types.EmbedContentConfig(output_dimensionality=EMBEDDING_DIMENSIONS, http_options=options),
            ),
        )
        self._count(batch, answer)
        found = answer.embeddings or []
        if len(found) != len(batch):
            raise TransientError(f"{len(found)} vectors came for {len(batch)} texts")
        return [_unit(embedding.values or []) for embedding in found]

    @property
    def _is_gemini(self) -> bool:
        return "gemini" in self._model

    def _count(self, batch: Sequence[str], answer: types.EmbedContentResponse) -> None:
        """Count what is billed: tokens of the Gemini models, characters of those before them."""
        if self._is_gemini:
            tokens = (answer.usage_metadata and answer.usage_metadata.prompt_token_count) or sum(
                (one.statistics and one.statistics.token_count) or 0 for one in answer.embeddings or []
            )
            guess = sum(len(text.encode()) for text in batch) / _BYTES_PER_TOKEN
            usage.count(self._model, Measure.INPUT_TOKENS, round(tokens or guess))
        else:
            told = answer.metadata and answer.metadata.billable_character_count
            usage.count(self._model, Measure.CHARACTERS, told or sum(map(len, batch)))


def _sendable(text: str) -> str:
    """The text as JSON and the API take it, as far as the model reads it."""
    cut = text.encode("utf-8", "ignore").decode().replace("\0", " ")[:MOST_CHARACTERS]
    return cut if cut.strip() else _NO_TEXT


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if batch and (len(batch) == MOST_TEXTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _unit(values: Sequence[float]) -> list[float]:
    """The vector at length 1: one that was cut from a longer one is shorter."""
    if values and len(values) != EMBEDDING_DIMENSIONS:
        raise PermanentError(
            f"the embedding model returns {len(values)} numbers, not {EMBEDDING_DIMENSIONS}",
            code="embedding_model_unsuitable",
        )
    length = math.hypot(*values)
    if not (math.isfinite(length) and length > 0):
        raise TransientError("a vector came that has no direction")
    return [value / length for value in values]

"""A stand-in for the embedding models of Vertex AI, after their public REST reference.

The Gemini models answer `embedContent` and `batchEmbedContents`, those before them `predict`. Vectors are made of the
words of a text, so that texts that share words are near each other.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.counterparts.http_fake import Answer, Asked, HttpFake

MOST_TEXTS = 250
MOST_TOKENS = 20_000


def refusal(status: int, name: str, message: str = "no") -> Answer:
    """An error as Google's services answer it."""
    return Answer.of({"error": {"code": status, "message": message, "status": name}}, status=status)


@dataclass
class EmbeddingModels:
    """What was embedded, request by request. With `single`, a status, batches for Gemini models are refused by it."""

    batches: list[list[str]] = field(default_factory=list)
    single: int | None = None

    def __post_init__(self) -> None:
        self.http = HttpFake(self._answer)

    @contextmanager
    def serving(self) -> Iterator["EmbeddingModels"]:
        """Serve meanwhile."""
        with self.http.serving():
            yield self

    def _answer(self, asked: Asked) -> Answer:
        path, _, method = asked.path.split("?")[0].rpartition(":")
        if asked.method != "POST" or not path.startswith("/v1/projects/") or "/publishers/google/models/" not in path:
            return refusal(404, "NOT_FOUND")
        is_gemini = "gemini" in path.rpartition("/")[2]
        read = {
            "predict": None if is_gemini else _predict,
            "embedContent": _embed_content if is_gemini else None,
            "batchEmbedContents": _batch_embed_contents if is_gemini else None,
        }.get(method)
        if read is None:
            return refusal(400, "FAILED_PRECONDITION")
        if self.single is not None and method == "batchEmbedContents":
            return refusal(self.single, "NOT_FOUND" if self.single == 404 else "INVALID_ARGUMENT")
        texts, dimensions = read(asked.json)
        if not all(texts) or len(texts) > MOST_TEXTS or sum(map(tokens, texts)) > MOST_TOKENS:
            return refusal(400, "INVALID_ARGUMENT")
        self.batches.append(texts)
        return _written(method, texts, [vector(text, dimensions) for text in texts])


def tokens(text: str) -> int:
    """How many tokens a text is taken to have."""
    return math.ceil(len(text) / 4)


def vector(text: str, dimensions: int) -> list[float]:
    """A vector as a model cuts it from a longer one: not of unit length."""
    values = [0.0] * dimensions
    for word in text.lower().split():
        values[sum(word.encode()) * 31 % dimensions] += 0.25
    if not any(values):
        values[0] = 0.25
    return values


def _predict(body: Any) -> tuple[list[str], int]:
    return [one["content"] for one in body["instances"]], body["parameters"]["outputDimensionality"]


def _embed_content(body: Any) -> tuple[list[str], int]:
    return [_text(body["content"])], body["embedContentConfig"]["outputDimensionality"]


def _batch_embed_contents(body: Any) -> tuple[list[str], int]:
    requests = body["requests"]
    [dimensions] = {one["embedContentConfig"]["outputDimensionality"] for one in requests}
    return [_text(one["content"]) for one in requests], dimensions


def _text(content: Any) -> str:
    return "".join(part["text"] for part in content["parts"])


def _written(method: str, texts: list[str], vectors: list[list[float]]) -> Answer:
    total = sum(map(tokens, texts))
    if method == "predict":
        return Answer.of(
            {
                "predictions": [
                    {"embeddings": {"values": values, "statistics": {"token_count": tokens(text), "truncated": False}}}
                    for text, values in zip(texts, vectors, strict=True)
                ],
                "metadata": {"billableCharacterCount": sum(len("".join(text.split())) for text in texts)},
            }
        )
    if method == "embedContent":
        return Answer.of({"embedding": {"values": vectors[0]}, "usageMetadata": {"promptTokenCount": total}})
    return Answer.of(
        {"embeddings": [{"values": values} for values in vectors], "usageMetadata": {"promptTokenCount": total}}
    )

"""A stand-in for the Gemini image models of Vertex AI, after their public REST reference (`generateContent`)."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from tests.counterparts.http_fake import Answer, Asked, HttpFake


def picture(size: tuple[int, int] = (1344, 768), form: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture of a hill, a sun and a ball."""
    image = Image.new("RGB", size, "#dff1fb")
    w, h = size
    draw = ImageDraw.Draw(image)
    draw.ellipse((w * 0.72, h * 0.08, w * 0.72 + h * 0.26, h * 0.34), fill="#f7c948")
    draw.ellipse((-w * 0.2, h * 0.62, w * 1.2, h * 1.8), fill="#6fbf73")
    draw.ellipse((w * 0.4, h * 0.36, w * 0.4 + h * 0.36, h * 0.72), fill="#e2703a", outline="#8a3b12", width=8)
    data = io.BytesIO()
    image.convert(mode).save(data, form)
    return data.getvalue()


def drawn(data: bytes, *, finish: str = "STOP", mime: str = "image/png", before: tuple[Any, ...] = ()) -> Answer:
    """An answer that holds a picture."""
    part = {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}
    return Answer.of(
        {
            "candidates": [{"content": {"role": "model", "parts": [*before, part]}, "finishReason": finish}],
            "usageMetadata": {
                "promptTokenCount": 300,
                "candidatesTokenCount": 1302,
                "candidatesTokensDetails": [
                    {"modality": "IMAGE", "tokenCount": 1290},
                    {"modality": "TEXT", "tokenCount": 12},
                ],
                "thoughtsTokenCount": 8,
            },
        }
    )


def refused(finish: str, *parts: Any) -> Answer:
    """An answer without a picture."""
    return Answer.of(
        {
            "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}],
            "usageMetadata": {"promptTokenCount": 300},
        }
    )


def blocked(reason: str) -> Answer:
    """An answer to a request that was not let through."""
    return Answer.of({"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 300}})


@dataclass
class PictureModel:
    """Draws one picture for everything that is asked, and keeps what was."""

    data: bytes = field(default_factory=picture)
    prompts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = HttpFake(self._answer)

    @contextmanager
    def serving(self) -> Iterator["PictureModel"]:
        """Serve meanwhile."""
        with self.http.serving():
            yield self

    def _answer(self, asked: Asked) -> Answer:
        if asked.method != "POST" or not asked.path.endswith("/publishers/google/models/a-model:generateContent"):
            return Answer.of({"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}, status=404)
        body = asked.json
        if body["generationConfig"]["responseModalities"] != ["TEXT", "IMAGE"]:
            return Answer.of({"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}, status=400)
        self.prompts.append(body["contents"][0]["parts"][0]["text"])
        return drawn(self.data)

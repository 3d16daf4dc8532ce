"""Illustrations by a Gemini image model on Vertex AI.

What is to be shown was written by a model from a student's question, so it is data here: our own instructions stand
before it, and whatever comes back is a picture or nothing.
"""

from collections.abc import Sequence
from typing import Final

from google.auth.credentials import Credentials
from google.genai import types
from google.genai.types import FinishReason, HarmBlockThreshold, HarmCategory, MediaModality

from shared import objects, prompts, usage
from shared.adapters import vertex_client
from shared.media.pictures import safe_picture
from shared.usage import Measure

CALL_SECONDS: Final = 60.0  # for one picture with all its tries: a model takes about ten seconds

_ASPECT: Final = "16:9"
_MOST_CHARACTERS: Final = 1000  # of a description
_INSTRUCTION: Final = "illustration"
# For pupils: whatever is but a little likely to be harmful is left out, of what is asked for and of what is drawn.
_SAFETY: Final = tuple(
    types.SafetySetting(category=category, threshold=HarmBlockThreshold.BLOCK_LOW_AND_ABOVE)
    for category in (
        HarmCategory.HARM_CATEGORY_HARASSMENT,
        HarmCategory.HARM_CATEGORY_HATE_SPEECH,
        HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
        HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
        HarmCategory.HARM_CATEGORY_IMAGE_HARASSMENT,
        HarmCategory.HARM_CATEGORY_IMAGE_HATE,
        HarmCategory.HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT,
        HarmCategory.HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT,
    )
)


class GeminiIllustrator:
    """The Illustrator port, filled by one model in one location."""

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

    @property
    def model(self) -> str:
        """Name of the model and of the instructions that it draws by."""
        return f"{self._model}/{objects.fingerprint(prompts.text(_INSTRUCTION), _ASPECT)[:8]}"

    def illustrate(self, prompt: str) -> bytes | None:
        """Return a wide JPEG, or None where the model refuses, or draws nothing that can be shown.

        Raises TransientError where it does not answer, PermanentError where it does not take what is asked.
        """
        wanted = prompt.replace("\0", " ").strip()[:_MOST_CHARACTERS]
        if not any(character.isalnum() for character in wanted):
            return None
        answer = self._answer(f"{prompts.text(_INSTRUCTION)}\n\n{prompts.as_data({'picture': wanted})}")
        drawn = _drawn(answer)
        self._count(answer, len(drawn))
        return safe_picture(drawn[0]) if drawn else None

    def _answer(self, request: str) -> types.GenerateContentResponse:
        client = vertex_client.client(
            project_id=self._project_id,
            location=self._location,
            endpoint=self._endpoint,
            credentials=self._credentials,
        )
        return vertex_client.patiently(
            "drawing an illustration",
            self._call_seconds,
            lambda options: client.models.generate_content(
                model=self._model,
                contents=request,
                config=types.GenerateContentConfig(
                    # The API wants text with it; where the model will not draw, that says why, and is not read.
                    response_modalities=["TEXT", "IMAGE"],
                    image_config=types.ImageConfig(aspect_ratio=_ASPECT),
                    candidate_count=1,
                    safety_settings=list(_SAFETY),
                    http_options=options,
                ),
            ),
        )

    def _count(self, answer: types.GenerateContentResponse, pictures: int) -> None:
        """Count what is billed: tokens of the request, pictures by number, tokens of what was written or thought."""
        used = answer.usage_metadata or types.GenerateContentResponseUsageMetadata()
        written = sum(
            detail.token_count or 0
            for detail in used.candidates_tokens_details or []
            if detail.modality is MediaModality.TEXT
        )
        usage.count(self._model, Measure.INPUT_TOKENS, used.prompt_token_count or 0)
        usage.count(self._model, Measure.OUTPUT_TOKENS, written + (used.thoughts_token_count or 0))
        usage.count(self._model, Measure.IMAGES, pictures)


def _drawn(answer: types.GenerateContentResponse) -> Sequence[bytes]:
    """The pictures of an answer; none where it was blocked or broken off."""
    candidates = answer.candidates or []
    if not candidates or candidates[0].finish_reason is not FinishReason.STOP or candidates[0].content is None:
        return []
    return [
        part.inline_data.data
        for part in candidates[0].content.parts or []
        if part.inline_data is not None and part.inline_data.data and not part.thought
    ]

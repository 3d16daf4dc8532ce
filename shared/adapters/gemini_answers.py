"""What an answer of Gemini is: text to read, an answer that was cut off, a refusal, or none at all."""

from types import MappingProxyType
from typing import Final

from google.genai import types

from shared.errors import ContentRefused, PipelineError, TransientError
from shared.usage import Measure, count

_REFUSALS: Final = MappingProxyType(
    {
        "SAFETY": "model_safety",
        "IMAGE_SAFETY": "model_safety",
        "PROHIBITED_CONTENT": "model_prohibited_content",
        "IMAGE_PROHIBITED_CONTENT": "model_prohibited_content",
        "BLOCKLIST": "model_blocklist",
        "SPII": "model_personal_data",
        "RECITATION": "model_recitation",
        "IMAGE_RECITATION": "model_recitation",
        "MODEL_ARMOR": "model_armor",
        "JAILBREAK": "model_jailbreak",
    }
)
_UNNAMED: Final = "model_refused"


class AnswerCut(PipelineError):
    """The answer ended at the limit of tokens; what there is of it is of no use."""


def counted(model: str, response: types.GenerateContentResponse) -> None:
    """Count the tokens of an answer, whatever it is worth. Those read from a cache are input as well."""
    usage = response.usage_metadata
    if usage is None:
        return
    count(model, Measure.INPUT_TOKENS, usage.prompt_token_count or 0)
    count(model, Measure.OUTPUT_TOKENS, (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0))


def text_of(response: types.GenerateContentResponse) -> str:
    """The text of a whole answer.

    Raises ContentRefused where the model or its filters refused, AnswerCut, and TransientError where there is no
    answer for another reason.
    """
    feedback = response.prompt_feedback
    blocked = feedback.block_reason if feedback is not None else None
    if blocked is not None and blocked is not types.BlockedReason.BLOCKED_REASON_UNSPECIFIED:
        raise _refused(blocked.name, "prompt")
    if not response.candidates:
        raise TransientError("the model gave no candidate")
    candidate = response.candidates[0]
    reason = candidate.finish_reason.name if candidate.finish_reason is not None else ""
    if reason == types.FinishReason.MAX_TOKENS.name:
        raise AnswerCut("the answer was cut off at its limit of tokens")
    if reason in _REFUSALS:
        raise _refused(reason, "answer")
    if reason != types.FinishReason.STOP.name:
        raise TransientError(f"the answer ended with {reason or 'no reason'}")
    parts = candidate.content.parts if candidate.content is not None and candidate.content.parts else []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _refused(reason: str, where: str) -> ContentRefused:
    return ContentRefused(f"the {where} was blocked: {reason}", code=_REFUSALS.get(reason, _UNNAMED), blocked=where)

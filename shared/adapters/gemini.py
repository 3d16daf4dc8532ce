"""Gemini on Vertex AI as the writer: it writes words, `shared.lesson.drafting` makes a lesson of them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.auth.credentials import Credentials
from google.genai import types

from shared import log
from shared.adapters import vertex_client
from shared.adapters.gemini_answers import AnswerCut, counted, text_of
from shared.adapters.gemini_models import thinking
from shared.errors import ContentNotFound, ContentRefused, InvalidStoryboard, PipelineError
from shared.lesson import feasible
from shared.lesson.drafting import requests
from shared.lesson.drafting.assembly import assembled
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.drafting.redrafting import draft_of
from shared.lesson.drafting.schema import vertex_schema
from shared.lesson.drafting.script import Script, UnusableScript, read_script
from shared.lesson.rules import Violation, check
from shared.lesson.storyboard import Storyboard
from shared.prompts import Prompt
from shared.questions import asking
from shared.services import Clarification, ClarificationBrief, LessonBrief

ANSWER_TOKENS: Final = 8_192  # a lesson of two minutes takes about 1,500
WORDING_TOKENS: Final = 512
THINKING_TOKENS: Final = 2_048
TEMPERATURE: Final = 0.2

# Those that can be set for text, as strictly as can be: the students may be children.
_HARMS: Final = (
    types.HarmCategory.HARM_CATEGORY_HARASSMENT,
    types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
    types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
    types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
)
_SAFETY: Final = [
    types.SafetySetting(category=harm, threshold=types.HarmBlockThreshold.BLOCK_LOW_AND_ABOVE) for harm in _HARMS
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that requests may take, with their tries: all of a lesson's together below the 180 s of its stage."""

    writing: float = 75.0
    lesson: float = 115.0  # with the second request, where the first answer is of no use
    revision: float = 50.0
    wording: float = 3.0  # the student waits


class GeminiWriter:
    """Implements the `Writer` port. The same brief may give another storyboard each time."""

    def __init__(
        self,
        model: str,
        *,
        project_id: str,
        location: str,
        endpoint: str = "",
        credentials: Credentials | None = None,
        patience: Patience = Patience(),
    ) -> None:
        """`endpoint` replaces Google's own, `credentials` those of the service account that the process runs as."""
        self._model = model
        self._project_id = project_id
        self._location = location
        self._endpoint = endpoint
        self._credentials = credentials
        self._patience = patience

    def storyboard(self, brief: LessonBrief) -> Storyboard:
        """Return a storyboard that cites only passages of the brief; it may break other rules of a lesson.

        Raises InvalidStoryboard where two answers were of no use, ContentNotFound where there is nothing to write
        from, ContentRefused where the model refused, TransientError where it could not be had.
        """
        feasible.check(brief)
        excerpts = Excerpts.of(brief)
        if not excerpts.passages:
            raise ContentNotFound("no passage of the brief can be told", passages=len(brief.passages))
        ends = time.monotonic() + self._patience.lesson
        prompt = requests.storyboard(brief, excerpts)
        try:
            return self._written(prompt, brief, excerpts, self._patience.writing)
        except AnswerCut:
            again = requests.shorter(prompt)
        except UnusableScript as unusable:
            again = requests.repaired(prompt, unusable.problems)
        log.event("the model's answer was no script", level=logging.WARNING, where="storyboard")
        try:
            return self._written(again, brief, excerpts, ends - time.monotonic())
        except AnswerCut as cut:
            raise InvalidStoryboard(f"no script in two answers: {cut}") from cut
        except UnusableScript as unusable:
            raise InvalidStoryboard("no script in two answers", problems=unusable.problems) from unusable

    def revise(self, brief: LessonBrief, storyboard: Storyboard, violations: Sequence[Violation]) -> Storyboard:
        """Return a storyboard with fewer violations; the one that was given, where the answer is no better.

        Raises TransientError where the model could not be had.
        """
        cited = [cited for scene in storyboard.scenes for cited in scene.citations]
        excerpts = Excerpts.of(brief, keep=cited)
        prompt = requests.revision(brief, excerpts, draft_of(storyboard, excerpts), violations)
        try:
            revised = self._written(prompt, brief, excerpts, self._patience.revision)
        except (AnswerCut, UnusableScript, ContentRefused) as error:
            log.event("a revision was of no use", level=logging.WARNING, error_type=type(error).__name__)
            return storyboard
        before = max(len(violations), len(check(storyboard, brief.passages)))
        after = len(check(revised, brief.passages))
        log.event("a storyboard was revised", count=after)
        return revised if after < before else storyboard

    def clarification(self, brief: ClarificationBrief) -> Clarification:
        """Word the question to the student; in the words that code found, where the model's cannot be had or taken."""
        try:
            answer = self._answer(
                "words for a student",
                asking.request(brief),
                vertex_schema(asking.Wording),
                seconds=self._patience.wording,
                tokens=WORDING_TOKENS,
                thinking_tokens=0,
            )
        except PipelineError as error:
            log.event("a question was asked in words of ours", level=logging.WARNING, error_type=type(error).__name__)
            return asking.own_words(brief)
        wording = asking.accepted(answer, brief)
        if wording is None:
            log.event("a question was asked in words of ours", level=logging.WARNING, error_type="Unusable")
        return wording or asking.own_words(brief)

    def _written(self, prompt: Prompt, brief: LessonBrief, excerpts: Excerpts, seconds: float) -> Storyboard:
        answer = self._answer(
            "a script",
            prompt,
            vertex_schema(Script),
            seconds=seconds,
            tokens=ANSWER_TOKENS,
            thinking_tokens=THINKING_TOKENS,
        )
        return assembled(read_script(answer), brief, excerpts)

    def _answer(
        self,
        what: str,
        prompt: Prompt,
        schema: dict[str, Any],
        *,
        seconds: float,
        tokens: int,
        thinking_tokens: int,
    ) -> str:
        """The model's whole answer to a prompt, in JSON by the schema as far as the model keeps to it."""

        def call(options: types.HttpOptions) -> types.GenerateContentResponse:
            client = vertex_client.client(
                project_id=self._project_id,
                location=self._location,
                endpoint=self._endpoint,
                credentials=self._credentials,
            )
            return client.models.generate_content(
                model=self._model,
                contents=types.Content(role="user", parts=[types.Part(text=prompt.task), types.Part(text=prompt.data)]),
                config=types.GenerateContentConfig(
                    http_options=options,
                    system_instruction=prompt.system,
                    temperature=TEMPERATURE,
                    candidate_count=1,
                    # Thoughts count towards the limit.
                    max_output_tokens=tokens + THINKING_TOKENS,
                    thinking_config=thinking(self._model, thinking_tokens),
                    response_mime_type="application/json",
                    response_json_schema=schema,
                    safety_settings=_SAFETY,
                    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                ),
            )

        response = vertex_client.patiently(what, seconds, call)
        counted(self._model, response)
        return text_of(response)

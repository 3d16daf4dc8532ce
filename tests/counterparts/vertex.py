"""A stand-in for the Gemini models of Vertex AI, after the public REST reference of `generateContent`.

It answers from a script, and checks what it is asked as the API does: a request that the API would refuse is answered
with 400 and kept in `faults`, which a test that meant no such request holds to be empty.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.oauth2.credentials import Credentials

from tests.counterparts.http_fake import Answer, Asked, HttpFake

PROJECT = "school-project"
LOCATION = "europe-west1"
MODEL = "gemini-2.5-flash"
CREDENTIALS = Credentials("test-token")  # type: ignore[no-untyped-call]

_PATH = re.compile(
    r"/v1/projects/(?P<project>[\w-]+)/locations/(?P<location>[\w-]+)/publishers/google/models/(?P<model>[\w.-]+)"
    r":generateContent"
)
_BODY = {"contents", "systemInstruction", "generationConfig", "safetySettings", "labels"}
_GENERATION = {
    "temperature": (int, float),
    "topP": (int, float),
    "topK": (int, float),
    "candidateCount": int,
    "maxOutputTokens": int,
    "stopSequences": list,
    "seed": int,
    "responseMimeType": str,
    "responseJsonSchema": dict,
    "thinkingConfig": dict,
    "responseModalities": list,
}
_THINKING = {"thinkingBudget": int, "thinkingLevel": str, "includeThoughts": bool}
# What `responseJsonSchema` reads of JSON Schema.
_SCHEMA = {
    *("type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems", "minimum"),
    *("maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering"),
}
_TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}
_HARMS = {f"HARM_CATEGORY_{name}" for name in ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")}


@dataclass
class Gemini:
    """The models of one project. `http.script` holds the answers to come, `http.asked` what was asked."""

    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = HttpFake(lambda asked: refusal(404, "NOT_FOUND"))

    @contextmanager
    def serving(self) -> Iterator["Gemini"]:
        """Serve meanwhile."""
        with self.http.serving():
            yield self

    def will(self, *answers: Answer) -> None:
        """Answer the next requests so, one each, if they are well formed; forget what was before."""
        self.faults.clear()
        self.http.asked.clear()
        self.http.script[:] = [lambda asked, answer=answer: self._answer(asked, answer) for answer in answers]

    @property
    def bodies(self) -> list[Any]:
        """The requests since `will`."""
        return [asked.json for asked in self.http.asked]

    def _answer(self, asked: Asked, answer: Answer) -> Answer:
        found = list(faults(asked))
        if not found:
            return answer
        self.faults += found
        return refusal(400, "INVALID_ARGUMENT", "; ".join(found))


def faults(asked: Asked) -> Iterator[str]:
    """What the API would refuse a request for."""
    path = _PATH.fullmatch(asked.path.split("?")[0])
    if asked.method != "POST" or not path:
        yield f"{asked.method} {asked.path}"
        return
    if path["project"] != PROJECT or path["location"] != LOCATION:
        yield "another project or location"
    if asked.headers.get("authorization") != f"Bearer {CREDENTIALS.token}":
        yield "no credentials"
    if not asked.headers.get("content-type", "").startswith("application/json"):
        yield "no JSON"
        return
    body = asked.json
    yield from _unknown("the request", body, _BODY)
    yield from _contents(body)
    config = dict(body.get("generationConfig") or {})
    yield from _generation(config | {"thinkingConfig": _camel(config.get("thinkingConfig"))}, path["model"])
    settings = {one.get("category"): one.get("threshold") for one in body.get("safetySettings") or []}
    if settings != dict.fromkeys(_HARMS, "BLOCK_LOW_AND_ABOVE"):
        yield "safety is not set for every harm"


def _unknown(what: str, found: Mapping[str, Any], known: Mapping[str, Any] | set[str]) -> Iterator[str]:
    for name in found.keys() - set(known):
        yield f"{what} has no field {name}"


def _camel(message: Mapping[str, Any] | None) -> dict[str, Any]:
    """A message by its names in JSON: the API also takes those that it has in its definition, with underscores."""
    return {re.sub(r"_(\w)", lambda match: match[1].upper(), name): value for name, value in (message or {}).items()}


def _contents(body: Mapping[str, Any]) -> Iterator[str]:
    turns = body.get("contents") or []
    if [turn.get("role") for turn in turns] != ["user"]:
        yield "contents are not one turn of the user"
    for turn in [*turns, body.get("systemInstruction") or {}]:
        parts = turn.get("parts") or []
        if not parts or any(set(part) != {"text"} or not part["text"] for part in parts):
            yield "parts are not text"


def _generation(config: Mapping[str, Any], model: str) -> Iterator[str]:
    yield from _unknown("generationConfig", config, _GENERATION)
    for name, value in config.items():
        if name in _GENERATION and not isinstance(value, _GENERATION[name]):
            yield f"{name} is {type(value).__name__}"
    if not 0 < config.get("maxOutputTokens", 0) <= 65_536:
        yield "maxOutputTokens out of range"
    if not 0 <= config.get("temperature", -1) <= 2:
        yield "temperature out of range"
    if config.get("responseMimeType") != "application/json" or "responseJsonSchema" not in config:
        yield "no schema for the answer"
    else:
        yield from _schema(config["responseJsonSchema"], "schema")
    thinking = config["thinkingConfig"]
    yield from _unknown("thinkingConfig", thinking, _THINKING)
    if thinking and model.startswith(("gemini-1", "gemini-2.0")):
        yield "this model does not think"
    if "thinkingLevel" in thinking and not model.startswith("gemini-3"):
        yield "this model has no levels of thinking"


def _schema(schema: Any, where: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{where} is no schema"
        return
    yield from _unknown(where, schema, _SCHEMA)
    choices = schema.get("anyOf") or schema.get("oneOf") or []
    for number, choice in enumerate(choices):
        yield from _schema(choice, f"{where}.{number}")
    if not choices and schema.get("type") not in _TYPES:
        yield f"{where} has no type"
    if schema.get("type") == "array":
        yield from _schema(schema.get("items"), f"{where}.items")
    if schema.get("type") == "object":
        properties = schema.get("properties") or {}
        if not properties:
            yield f"{where} has no properties"
        if not set(schema.get("required", [])) <= properties.keys():
            yield f"{where} requires what it has not"
        if set(schema.get("propertyOrdering", properties)) != properties.keys():
            yield f"{where} orders other properties than its own"
        for name, part in properties.items():
            yield from _schema(part, f"{where}.{name}")


def said(text: str, *, finish: str = "STOP", tokens: tuple[int, int, int] = (900, 400, 100), **more: Any) -> Answer:
    """A whole answer of one candidate; `tokens` are those of the prompt, of the answer, and of thoughts."""
    prompt, answer, thoughts = tokens
    candidate = {"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
    return Answer.of(
        {
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": prompt,
                "candidatesTokenCount": answer,
                "thoughtsTokenCount": thoughts,
                "totalTokenCount": prompt + answer + thoughts,
            },
            "modelVersion": MODEL,
        },
        **more,
    )


def said_json(value: Any, **more: Any) -> Answer:
    """An answer that holds JSON."""
    return said(json.dumps(value), **more)


def blocked_answer(reason: str) -> Answer:
    """A candidate that a filter stopped: it has a reason and no content."""
    return Answer.of(
        {
            "candidates": [{"index": 0, "finishReason": reason, "safetyRatings": []}],
            "usageMetadata": {"promptTokenCount": 900, "totalTokenCount": 900},
        }
    )


def blocked_prompt(reason: str) -> Answer:
    """No candidate, as the prompt itself was stopped."""
    return Answer.of({"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 900}})


def refusal(status: int, name: str, message: str = "no") -> Answer:
    """An error as Google's services answer it."""
    return Answer.of({"error": {"code": status, "message": message, "status": name}}, status=status)

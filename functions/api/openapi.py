"""The OpenAPI 3.1 document, made of the table of routes and the models that answers are built from."""

from collections import defaultdict
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.api import problems
from functions.api.answers import ProblemDetails
from functions.api.problems import KINDS, Code
from functions.api.routes import IDEMPOTENCY_KEY, ROUTES, Access, Route
from functions.api.throttle import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, WINDOW_SECONDS
from functions.api.waiting import LONGEST_SECONDS

VERSION: Final = "1.0.0"
_REFERENCE: Final = "#/components/schemas/{model}"

_HEADERS: Final[dict[str, dict[str, Any]]] = {
    IDEMPOTENCY_KEY: {
        "description": "The same call with the same key is done once, and answered alike.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
    },
    "Prefer": {
        "description": f"`wait=N` holds the answer back until there is news, at most N of {LONGEST_SECONDS} seconds: "
        "until the version differs from that of If-None-Match, or else until the request ended or waits for answers.",
        "schema": {"type": "string", "examples": ["wait=20"]},
    },
    "If-None-Match": {
        "description": "The ETag of the last answer.",
        "schema": {"type": "string"},
    },
    "Range": {"description": "`bytes=…`; one range.", "schema": {"type": "string", "examples": ["bytes=0-1023"]}},
}
_ANSWER_HEADERS: Final[dict[str, dict[int, dict[str, str]]]] = {
    "submitRequest": {202: {"Location": "The request."}},
    "giveFeedback": {202: {"Location": "The new request."}},
    "getRequest": {
        200: {"ETag": "For If-None-Match.", "Preference-Applied": "How long the answer might have been held back."},
        304: {"ETag": "For If-None-Match."},
    },
    "getAsset": {206: {"Content-Range": "Which part this is."}},
}
_SOMETIMES: Final = frozenset({"Preference-Applied"})  # every other header comes with every such answer
_RETRY_AFTER: Final[dict[str, Any]] = {
    "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
}
_CHALLENGE: Final[dict[str, Any]] = {
    "WWW-Authenticate": {"description": "RFC 6750.", "required": True, "schema": {"type": "string"}}
}
_FAILURE_HEADERS: Final = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}
_PHRASES: Final = {
    200: "Done.",
    202: "Taken.",
    206: "The part of the object that was asked for.",
    304: "Nothing has changed.",
    503: "The record cannot be read.",
}
_ASSET_TYPES: Final = ("video/mp4", "audio/mp4", "text/vtt", "image/jpeg", "application/json", "text/plain")


@cache
def document() -> dict[str, Any]:
    """Return the whole document."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    schemas = _schemas()
    for route in ROUTES:
        path = route.path.replace("...}", "}")
        paths[path][route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vividly",
            "version": VERSION,
            "summary": "A student's question becomes a short narrated lesson video, grounded in open textbooks.",
            "description": _description(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _description() -> str:
    return (
        "Errors are problem details (RFC 9457) with a stable `code`. Bodies are JSON of at most 16 KiB; fields that "
        "are not named are refused. What is not yours cannot be told from what is not there. Sign-ins are limited to "
        f"{FAILURES_PER_ACCOUNT} failures an account and {FAILURES_PER_ADDRESS} an address within "
        f"{WINDOW_SECONDS // 60} minutes."
    )


def _schemas() -> dict[str, Any]:
    models: dict[type[BaseModel], None] = {ProblemDetails: None}
    incoming: dict[type[BaseModel], None] = {}
    for route in ROUTES:
        models |= dict.fromkeys(model for model in route.answers.values() if model is not None)
        if route.body is not None:
            incoming[route.body] = None
    _, answers = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    _, bodies = models_json_schema([(model, "validation") for model in incoming], ref_template=_REFERENCE)
    return dict(sorted((bodies["$defs"] | answers["$defs"]).items()))


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "responses": _responses(route),
    }
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    if route.access is not Access.ANYBODY:
        operation["security"] = [{"accessToken": []}]
    if route.access is Access.ADMIN:
        operation["description"] = "For admins."
    return operation


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else parts[0]


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters = [
        {"name": name.rstrip("."), "in": "path", "required": True, "schema": _path_schema(name)}
        for name in (part[1:-1] for part in route.path.split("/") if part.startswith("{"))
    ]
    if route.query is not None:
        schema = route.query.model_json_schema(ref_template=_REFERENCE)
        for name, field in schema["properties"].items():
            required = name in schema.get("required", [])
            parameters.append({"name": name, "in": "query", "required": required, "schema": _plain(field)})
    parameters += [{"name": name, "in": "header", "required": False, **_HEADERS[name]} for name in route.headers]
    return parameters


def _path_schema(name: str) -> dict[str, str]:
    return {"type": "string"} if name.endswith("...") else {"type": "string", "format": "uuid"}


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """A query parameter's schema: it is left out rather than null."""
    kinds = [kind for kind in field.get("anyOf", []) if kind.get("type") != "null"]
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "title") and value is not None}
    return {**rest, **kinds[0]} if kinds else rest


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in route.answers.items():
        responses[str(status)] = _success(route, status, model)
    by_status: dict[int, list[Code]] = defaultdict(list)
    for code in sorted(route.codes):
        by_status[KINDS[code].status].append(code)
    for status, codes in sorted(by_status.items()):
        if str(status) not in responses:
            responses[str(status)] = _failure(codes)
    return responses


def _success(route: Route, status: int, model: type[BaseModel] | None) -> dict[str, Any]:
    response: dict[str, Any] = {"description": _PHRASES[status]}
    headers = _ANSWER_HEADERS.get(route.operation, {}).get(status, {})
    if headers:
        response["headers"] = {
            name: {"description": text, "required": name not in _SOMETIMES, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
    if model is not None:
        response["content"] = {"application/json": {"schema": _reference(model)}}
    elif status != 304:
        response["content"] = {kind: {} for kind in _ASSET_TYPES}
    return response


def _failure(codes: list[Code]) -> dict[str, Any]:
    narrowed = {"properties": {"code": {"enum": list(codes)}}}
    schema = {"allOf": [_reference(ProblemDetails), narrowed]}
    listed = "\n".join(f"- `{code}`: {KINDS[code].detail}" for code in codes)
    response: dict[str, Any] = {"description": listed, "content": {problems.MEDIA_TYPE: {"schema": schema}}}
    if headers := _FAILURE_HEADERS.get(KINDS[codes[0]].status):
        response["headers"] = headers
    return response


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}

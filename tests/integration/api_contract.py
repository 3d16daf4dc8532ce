"""Every answer that a test receives is held against the OpenAPI document that the api serves."""

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse


@cache
def _operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    from functions.api.openapi import document

    found = []
    for path, methods in document()["paths"].items():
        pattern = re.escape(path).replace(r"\{name\}", ".+")
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        found += [(method.upper(), re.compile(pattern), operation) for method, operation in methods.items()]
    return found


@cache
def _validator(operation_id: str, status: str, media_type: str) -> Draft202012Validator:
    from functions.api.openapi import document

    operation = next(found for _, _, found in _operations() if found["operationId"] == operation_id)
    schema = operation["responses"][status]["content"][media_type]["schema"]
    return Draft202012Validator(schema | {"components": document()["components"]})


def check(method: str, path: str, answer: TestResponse) -> None:
    """Fail where the answer is not one that the document promises of this call."""
    for known, pattern, operation in _operations():
        if known != method or not pattern.fullmatch(path.partition("?")[0]):
            continue
        status = str(answer.status_code)
        assert status in operation["responses"], f"{method} {path} answers {status}: {answer.text}"
        for name, header in operation["responses"][status].get("headers", {}).items():
            assert name in answer.headers or not header.get("required"), f"{method} {path} answers without {name}"
        content = operation["responses"][status].get("content", {})
        if content and "schema" in next(iter(content.values())):
            assert answer.mimetype in content, f"{method} {path} answers {answer.mimetype}"
            _validator(operation["operationId"], status, answer.mimetype).validate(answer.get_json())
        return

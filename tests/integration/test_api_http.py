"""HTTP as such: routing, methods, headers, the page, health, and what happens when something breaks."""

import json
import logging
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from functions.api import dispatch
from functions.api.reading import BODY_BYTES
from shared import log
from shared.db import accounts
from shared.errors import PermanentError, PipelineError, TransientError
from shared.pipeline import PIPELINE_VERSION
from tests.conftest import ROOT
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import GOOD, Caller, problem


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """The fields of what is logged during the test."""
    fields: list[dict[str, Any]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            fields.append({"message": record.getMessage()} | record.__dict__["fields"])

    log.configure("INFO")
    keeper = Keeper()
    logging.getLogger("vividly").addHandler(keeper)
    yield fields
    logging.getLogger("vividly").removeHandler(keeper)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/v1", "/v1/requests/", "//v1/requests", "/V1/requests", "/v1/requests/x/y/z", "/%ff", "/v1/%00"],
)
def test_what_is_not_there_is_not_found(student: Caller, path: str) -> None:
    assert problem(student.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/requests", "GET, HEAD, OPTIONS, POST"),
        ("PUT", "/v1/auth/login", "OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("TRACE", "/", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_told_what_is_allowed(student: Caller, method: str, path: str, allowed: str) -> None:
    answer = student.call(method, path)
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


def test_options_tells_what_is_allowed_and_opens_nothing_to_other_sites(student: Caller) -> None:
    headers = {"Origin": "https://elsewhere.test", "Access-Control-Request-Method": "POST"}
    answer = student.call("OPTIONS", "/v1/requests", headers=headers)
    assert (answer.status_code, answer.data, answer.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_head_answers_as_get_without_the_body(student: Caller) -> None:
    for path in ("/", "/healthz", "/v1/requests", "/openapi.json"):
        got, head = student.get(path), student.call("HEAD", path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/openapi.json", "/v1/requests", "/nothing"])
def test_every_answer_carries_the_security_headers(student: Caller, path: str) -> None:
    headers = student.get(path).headers
    assert dispatch.SECURITY_HEADERS.keys() <= set(headers.keys())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_what_is_personal_is_kept_by_nobody(student: Caller) -> None:
    assert student.get("/v1/requests").headers["Cache-Control"] == "no-store"


def test_the_page_may_style_itself_and_shows_where_to_call(student: Caller) -> None:
    answer = student.get("/")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert f"URL={SETTINGS.public_url}\n" in answer.text
    assert "{{" not in answer.text


def test_the_document_is_served(student: Caller) -> None:
    from functions.api.openapi import document

    assert student.get("/openapi.json").get_json() == document()


@pytest.mark.parametrize("path", ["/v1/health", "/healthz"])
def test_health_names_every_version(student: Caller, path: str) -> None:
    from shared.db import migrate

    answer = student.get(path)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"status": "ok", "commit": "test", "schema": migrate.head(), "pipeline": PIPELINE_VERSION},
    )


def test_health_tells_when_the_record_cannot_be_read(system: FakeServices, student: Caller) -> None:
    from shared.db.engine import engine_for

    system.engine = engine_for("postgresql+pg8000://nobody@127.0.0.1:1/nothing", pool_size=1)
    answer = student.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "unavailable"


def test_a_broken_record_is_answered_with_try_again(system: FakeServices, student: Caller) -> None:
    from shared.db.engine import engine_for

    system.engine = engine_for("postgresql+pg8000://nobody@127.0.0.1:1/nothing", pool_size=1)
    answer = student.post("/v1/requests", GOOD)
    assert problem(answer) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_what_was_not_foreseen_is_answered_without_its_text(
    student: Caller, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("a student's words")

    monkeypatch.setattr(accounts, "account", broken)
    answer = student.get("/v1/requests")
    assert problem(answer) == (500, "internal_error")
    assert "words" not in answer.text
    assert [fields["error_type"] for fields in logged if fields["message"] == "call failed"] == ["KeyError"]
    assert "words" not in json.dumps(logged, default=str)


def test_a_call_is_logged_by_its_route_and_without_what_it_said(student: Caller, logged: list[dict[str, Any]]) -> None:
    request_id = student.ask()
    student.get(f"/v1/requests/{request_id}")
    calls = [fields for fields in logged if fields["message"] == "call answered"]
    assert [(c["route"], c["method"], c["status_code"]) for c in calls] == [
        ("/v1/requests", "POST", 202),
        ("/v1/requests/{request_id}", "GET", 200),
    ]
    assert str(request_id) not in json.dumps(calls)
    assert "photosynthesis" not in json.dumps(logged, default=str)


def test_a_body_that_is_too_large_is_refused_and_not_taken_in(student: Caller) -> None:
    big = b'{"query": "' + b"x" * (BODY_BYTES * 4) + b'"}'
    assert problem(student.call("POST", "/v1/requests", data=big)) == (413, "body_too_large")


def test_who_is_not_signed_in_is_told_so_before_the_body_is_read(system: FakeServices) -> None:
    answer = Caller(system).call("POST", "/v1/requests", data=b"\xff" * 100_000)
    assert problem(answer) == (401, "token_missing")


def test_problems_never_repeat_the_body(student: Caller) -> None:
    words = "unrepeatable-words"
    for body in (
        {"query": words * 100, "grade_level": words, "interest": words * 9, words + "?": words},
        {"query": "abc", "grade_level": 5, "style": words, "modality": words, "language": words},
    ):
        answer = student.post("/v1/requests", body)
        assert answer.status_code == 422
        assert words not in answer.text


@pytest.mark.parametrize("error", [TransientError("the bus is away"), PermanentError("the topic is away")])
def test_a_bus_that_refuses_leaves_a_request_that_is_swept_later(
    system: FakeServices, student: Caller, error: PipelineError
) -> None:
    system.bus.failures.append(error)
    request_id = student.ask()
    assert system.bus.topics == []
    assert student.get(f"/v1/requests/{request_id}").status_code == 200


def test_importing_the_function_loads_nothing_heavy_and_builds_nothing() -> None:
    script = (
        "import json, sys, threading\nimport functions.api.main\n"
        "heavy = {'numpy', 'av', 'onnxruntime', 'lxml', 'PIL', 'alembic', 'resvg_py', 'piper', 'tokenizers'}\n"
        "from shared import bootstrap\n"
        "print(json.dumps([sorted(set(sys.modules) & heavy), threading.active_count(), bootstrap._parts is None]))"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == [[], 1, True]

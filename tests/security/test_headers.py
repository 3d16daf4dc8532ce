"""What every answer carries, whatever it answers and however it came about."""

import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from functions.api import dispatch
from functions.api.routes import ROUTES, Access, Route
from shared import objects
from shared.errors import TransientError
from shared.security.links import asset_url
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import GOOD, Caller, application, problem

OBJECT: Final = "lessons/ab/{}.{}"
ORIGIN: Final = {"Origin": "https://elsewhere.test"}
PASSAGE: Final = uuid.UUID(int=13)
# What everybody may keep; all else is kept by nobody, but a lesson's files by the student's own browser.
SHARED: Final = {"/", "/openapi.json"}


def assert_safe(answer: TestResponse) -> None:
    """What holds of every answer."""
    headers = answer.headers
    for name, value in dispatch.SECURITY_HEADERS.items():
        assert name in headers, name
        if name != "Content-Security-Policy":
            assert headers[name] == value
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "Cache-Control" in headers
    assert not [name for name, _ in headers if name.startswith("Access-Control")]
    assert not set(headers.keys()) & {"Set-Cookie", "Server", "X-Powered-By", "X-Runtime", "Via"}
    if answer.data:
        assert "Content-Type" in headers
        if "html" in headers["Content-Type"]:
            assert headers["Content-Type"] == "text/html; charset=utf-8"


def path_of(route: Route, services: FakeServices, student: Caller) -> str:
    """The route, on something that is there."""
    if route.operation == "getAsset":
        name = OBJECT.format("a", "txt")
        services.objects.write(name, b"text", content_type="")
        return asset_url("", services.settings.secret_key, name, int(time.time()) + 60)
    return (
        route.path.replace("{request_id}", str(student.parked()))
        .replace("{passage_id}", str(PASSAGE))
        .replace("{student_id}", str(factories.add_user(services.engine)))
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_s_answers_are_safe(
    system: FakeServices, student: Caller, admin: Caller, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.add_passage(system.engine, PASSAGE)
    answers = {}
    for who, name in ((student, "student"), (admin, "admin"), (Caller(system), "nobody")):
        path = path_of(route, system, student)
        answers[name] = who.call(route.method, path, {} if route.body else None, headers=ORIGIN)
        answers[f"{name} no such"] = who.call(route.method, f"{path.partition('?')[0]}/nothing", headers=ORIGIN)
        answers[f"{name} other method"] = who.call("PATCH", path, headers=ORIGIN)
        answers[f"{name} asking first"] = who.call("OPTIONS", path, headers=ORIGIN)
        answers[f"{name} no JSON"] = who.call(route.method, path, data=b"{", headers=ORIGIN)

    def broken(error: Exception) -> Callable[..., Any]:
        def fail(*arguments: Any) -> Any:
            raise error

        return fail

    for error, status in ((KeyError("a student's words"), 500), (TransientError("away"), 503)):
        if status in route.answers:
            continue  # an answer of its own kind: the route lets no such error out
        with monkeypatch.context() as breaking:
            breaking.setattr(dispatch, "_handle", broken(error))
            answer = student.call(route.method, path_of(route, system, student), GOOD, headers=ORIGIN)
        assert answer.status_code == status
        answers[str(status)] = answer
    for name, answer in answers.items():
        assert_safe(answer)
        if answer.status_code >= 400:
            problem(answer)
        if not (route.operation == "getAsset" and answer.status_code == 200):
            assert answer.headers["Cache-Control"] == "no-store", name
    if route.access is not Access.ANYBODY:
        assert answers["nobody"].status_code == 401
        assert answers["nobody"].headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "path", ["/", "/openapi.json", "/robots.txt", "/favicon.ico", "/nothing", "/%0a", "//", "/%ff"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_what_is_no_route_is_safe_too(system: FakeServices, path: str, method: str) -> None:
    answer = Caller(system).call(method, path, headers=ORIGIN)
    assert_safe(answer)
    if answer.status_code == 200:
        assert path in SHARED
        assert answer.headers["Cache-Control"] == "max-age=300"
    else:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype in ("application/problem+json", "text/html") or not answer.data


def test_the_frameworks_own_paths_are_answered_as_problems(system: FakeServices) -> None:
    for path in ("/robots.txt", "/favicon.ico", "/v1/%0a"):
        assert problem(Caller(system).get(path)) == (404, "not_found")


def test_what_fails_before_we_are_asked_is_answered_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from shared import bootstrap

    def unusable(function: Any) -> Any:
        raise RuntimeError("a password in a connection string")

    bootstrap.build_with(unusable)
    app = application()
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    try:
        answer = app.test_client().get("/healthz")
    finally:
        bootstrap.build_with(None)
    assert problem(answer) == (500, "internal_error")
    assert "password" not in answer.text
    assert_safe(answer)


@pytest.mark.parametrize("ending", sorted(objects.CONTENT_TYPES))
def test_an_object_is_what_its_ending_says_and_nothing_that_runs(system: FakeServices, ending: str) -> None:
    """Whatever a model or a book put into it: it is never taken for a page."""
    name = OBJECT.format("b", ending)
    system.objects.write(name, b"<html><script>alert(1)</script>", content_type="text/html")
    answer = Caller(system).get(asset_url("", system.settings.secret_key, name, int(time.time()) + 60))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == objects.content_type(name)
    assert "html" not in answer.headers["Content-Type"]
    assert "script" not in answer.headers["Content-Type"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert_safe(answer)
    assert "private" in answer.headers["Cache-Control"]


def test_no_object_can_be_a_page_or_a_program() -> None:
    for kind in objects.CONTENT_TYPES.values():
        assert not any(word in kind for word in ("html", "script", "xml", "svg", "pdf", "flash", "wasm"))

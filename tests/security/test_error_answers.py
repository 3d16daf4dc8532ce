"""No error answer repeats what was sent: not a field, not the path, the query or a header.

The one exception is the name of a field that is not known, and that only where it looks like a name of ours.

Each call is made with an unmistakable word in every place where a word fits, one place at a time; the places come from
the routes and the models of their bodies and queries, so that a new field is tried as well.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from pydantic import BaseModel

from functions.api.routes import ROUTES, Route
from shared.enums import Role
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, caller
from tests.integration.watched_system import Watch

WORD: Final = "zyxqoblorp"
NAME: Final = f"{WORD} {WORD}"  # of a field; nothing that could be a name of ours
ID: Final = "00000000-0000-0000-0000-000000000001"
HEADERS: Final = (
    "Idempotency-Key",
    "Prefer",
    "If-None-Match",
    "Range",
    "Accept",
    "Content-Type",
    "Content-Encoding",
    "Cookie",
    "Origin",
    "Referer",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Http-Method-Override",
)
# Each kind of value that a field can be sent, with the word in it.
VALUES: Final[tuple[Any, ...]] = (
    WORD,
    f"{WORD}\u0000",
    f"{WORD} " * 200,
    [WORD],
    {NAME: WORD},
    {"question_id": WORD, "text": WORD},
    [{"question_id": WORD, "option_id": WORD, "text": WORD * 100, NAME: WORD}],
    {NAME: {NAME: [WORD]}},
)


def fields(model: type[BaseModel] | None) -> list[str]:
    """The names of a model's fields, and one that it has not."""
    return [] if model is None else [*model.model_fields, NAME]


def plain(route: Route) -> str:
    """The route's path, on what is not there."""
    path = route.path
    for name in ("request_id", "student_id", "passage_id"):
        path = path.replace(f"{{{name}}}", ID)
    return path.replace("{name...}", "lessons/ab/video.mp4")


def calls(route: Route) -> Iterator[tuple[str, str, object, dict[str, str]]]:
    """What is tried of a route: the place of the word, and the call's path, body and headers."""
    there = plain(route)
    body = dict.fromkeys(fields(route.body)[:-1], WORD) if route.body else None
    if "{" in route.path:
        before, _, rest = route.path.partition("{")
        for form in (WORD, f"{WORD}/{WORD}", f"%0a{WORD}", f"{ID}{WORD}", f"..%2f{WORD}"):
            yield f"path {form}", before + form + rest.partition("}")[2], body, {}
    yield "path after", f"{there}/{WORD}", body, {}
    for name in (*fields(route.query), NAME):
        asked = name.replace(" ", "+")
        yield f"query {name}", f"{there}?{asked}={WORD}", body, {}
        yield f"query {name} twice", f"{there}?{asked}={WORD}&{asked}=x", body, {}
    for name in fields(route.body):
        for value in VALUES:
            yield f"body {name} {str(value)[:30]}", there, {name: value}, {}
            yield f"body {name} {str(value)[:30]} among others", there, {**(body or {}), name: value}, {}
    for name in HEADERS:
        yield f"header {name}", there, body, {name: WORD}
        yield f"header {name} too long", there, body, {name: f"{WORD}=" * 100}
    yield "header Authorization", there, body, {"Authorization": f"Bearer {WORD}"}
    yield "header Authorization Basic", there, body, {"Authorization": f"Basic {WORD}"}


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ADMIN])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_an_error_repeats_nothing_and_logs_nothing(
    system: FakeServices, route: Route, role: Role, capfd: pytest.CaptureFixture[str]
) -> None:
    who, watch = caller(system, role=role), Watch()
    failed = set()
    with watch.listening():
        for place, path, body, headers in calls(route):
            if route.operation == "submitRequest" and isinstance(body, dict):
                body = {"grade_level": 10} | body
            data = None if body is None else json.dumps(body).encode()
            answer = who.call(route.method, path, data=data, headers=headers)
            assert answer.status_code < 500, place
            if answer.status_code >= 400:
                failed.add(answer.status_code)
                watch.note(f"{answer.status_code} {place}", answer.data, str(answer.headers))
            if answer.status_code < 400 and route.operation == "eraseStudent":
                who = caller(system, role=role)
        for method in (WORD, WORD.upper(), f"{WORD}-{WORD}" * 20):
            answer = who.call(method, plain(route))
            assert answer.status_code == 405, answer.text
            watch.note(f"405 method {method}", answer.data, str(answer.headers))
    watch.note("printed", *capfd.readouterr())
    assert failed
    assert watch.found([WORD]) == []


NO_JSON: Final = (WORD.encode(), b'{"' + WORD.encode(), b"\xff" + WORD.encode(), f'["{WORD}"]'.encode(), b"[" * 9000)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=lambda route: route.operation)
def test_bytes_that_are_no_json_are_not_repeated_either(system: FakeServices, route: Route) -> None:
    who = caller(system)
    for data in NO_JSON:
        answer = who.call(route.method, route.path.replace("{request_id}", ID), data=data)
        assert answer.status_code == 400, answer.text
        assert WORD not in answer.text + str(answer.headers)


def test_the_name_of_an_unknown_field_is_told_where_it_looks_like_one(student: Caller) -> None:
    for name, told in (("hobby", "hobby"), (NAME, "(a name that is not repeated here)"), ("x" * 41, "(a name")):
        answer = student.post("/v1/requests", {"query": "Why?", "grade_level": 5, name: 1})
        assert answer.get_json()["errors"][0]["field"].startswith(told)

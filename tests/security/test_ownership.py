"""Who may do what to whose: every route, every method, every kind of caller, exact answers.

The expectations are by operation; a route that is added without any fails here.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
import sqlalchemy as sa

from functions.api.routes import ROUTES, Access, Route
from shared.db import actions
from shared.db.engine import transaction
from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.security.links import asset_url
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import GOOD, Caller, caller

OWNER, OTHER, TEACHER, ADMIN, NOBODY = ACTORS = ("owner", "other", "teacher", "admin", "nobody")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND")
OBJECT: Final = "lessons/ab/captions.vtt"
PASSAGE: Final = uuid.UUID(int=12)

SIGNED_IN: Final = {OWNER: 200, OTHER: 200, TEACHER: 200, ADMIN: 200, NOBODY: 401}
ANYBODY: Final = dict.fromkeys(ACTORS, 200)
ADMINS: Final = {OWNER: 403, OTHER: 403, TEACHER: 403, ADMIN: 200, NOBODY: 401}


def mine(status: int) -> dict[str, int]:
    """The owner's alone, of whom nobody else learns that it is there, an admin no more than a stranger."""
    return {OWNER: status, OTHER: 404, TEACHER: 404, ADMIN: 404, NOBODY: 401}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a call is answered with, by who makes it: on the owner's thing, and on what is not there."""

    present: Mapping[str, int]
    absent: Mapping[str, int] | None = None  # None: the path names nothing that could be absent
    target: Callable[[Caller], str] = lambda owner: ""  # makes the owner's thing; its name in the path
    body: object = None


ABSENT_MINE: Final = {OWNER: 404, OTHER: 404, TEACHER: 404, ADMIN: 404, NOBODY: 401}
EXPECTED: Final[Mapping[str, Expected]] = {
    "login": Expected(present=dict.fromkeys(ACTORS, 401), body={"email": "a@b.test", "password": "wrong"}),
    "submitRequest": Expected(present=SIGNED_IN | dict.fromkeys(ACTORS[:-1], 202), body=GOOD),
    "listRequests": Expected(present=SIGNED_IN),
    "getRequest": Expected(
        present=mine(200), absent=ABSENT_MINE, target=lambda owner: str(owner.request(status=Status.RETRIEVING))
    ),
    "clarifyRequest": Expected(
        present=mine(202),
        absent=ABSENT_MINE,
        target=lambda owner: str(owner.parked()),
        body={"answers": {"q1": "cells"}},
    ),
    "cancelRequest": Expected(
        present=mine(202), absent=ABSENT_MINE, target=lambda owner: str(owner.request(status=Status.RETRIEVING))
    ),
    "retryRequest": Expected(
        present=mine(202), absent=ABSENT_MINE, target=lambda owner: str(owner.request(status=Status.FAILED))
    ),
    "giveFeedback": Expected(
        present=mine(202),
        absent=ABSENT_MINE,
        target=lambda owner: str(owner.request(status=Status.COMPLETED)),
        body={"kind": "simpler"},
    ),
    "listNotifications": Expected(present=SIGNED_IN),
    "getPassage": Expected(present=SIGNED_IN, absent=ABSENT_MINE, target=lambda owner: str(PASSAGE)),
    # Whoever has the link: it is the link that proves, not who comes with it.
    "getAsset": Expected(present=ANYBODY, absent=dict.fromkeys(ACTORS, 403), target=lambda owner: OBJECT),
    "getSummary": Expected(present=ADMINS),
    "listAllRequests": Expected(present=ADMINS),
    "getTrace": Expected(
        present=ADMINS,
        # Whether a request is there is no news for who may not look.
        absent=ADMINS | {ADMIN: 404},
        target=lambda owner: str(owner.request(status=Status.RETRIEVING)),
    ),
    "eraseStudent": Expected(
        present={OWNER: 202, OTHER: 404, TEACHER: 404, ADMIN: 202, NOBODY: 401},
        absent=ABSENT_MINE,
        target=lambda owner: str(owner.id),
    ),
    "getHealth": Expected(present=ANYBODY),
    "getHealthz": Expected(present=ANYBODY),
}
MALFORMED: Final = (
    "no-uuid",
    "0",
    "-1",
    "null",
    "%00",
    "%F0%9F%98%80",
    "00000000-0000-0000-0000-00000000000",
    "00000000-0000-0000-0000-0000000000000",
    "00000000-0000-0000-0000-00000000000g",
    "' OR '1'='1",
    "*",
    "a" * 5000,
)


def test_every_route_has_its_expectation() -> None:
    assert EXPECTED.keys() == {route.operation for route in ROUTES}
    for route in ROUTES:
        expected = EXPECTED[route.operation]
        assert set(expected.present) == set(ACTORS), route.operation
        assert (expected.absent is not None) == ("{" in route.path), route.operation


@pytest.fixture
def actors(system: FakeServices) -> dict[str, Caller]:
    """One caller of each kind."""
    system.objects.write(OBJECT, b"WEBVTT\n", content_type="text/vtt")
    factories.add_passage(system.engine, PASSAGE)
    return {
        OWNER: caller(system),
        OTHER: caller(system),
        TEACHER: caller(system, role=Role.TEACHER),
        ADMIN: caller(system, role=Role.ADMIN),
        NOBODY: Caller(system),
    }


def path_of(route: Route, name: str, services: FakeServices) -> str:
    """The route's path with this name in it; a link has its signature."""
    before, brace, rest = route.path.partition("{")
    path = f"{before}{name}{rest.partition('}')[2]}" if brace else route.path
    if name == OBJECT:
        return asset_url("", services.settings.secret_key, OBJECT, int(time.time()) + 60)
    return f"{path}?expires=1&signature=ab" if route.operation == "getAsset" else path


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_what_is_the_owners_is_answered_as_expected(route: Route, actor: str, actors: dict[str, Caller]) -> None:
    expected, who = EXPECTED[route.operation], actors[actor]
    target = expected.target(actors[OWNER])
    before = stand(actors[OWNER])
    answer = who.call(route.method, path_of(route, target, who.services), expected.body)
    assert answer.status_code == expected.present[actor], answer.text
    if actor != OWNER and route.access is not Access.ADMIN and not (actor == ADMIN and route.method == "DELETE"):
        assert stand(actors[OWNER]) == before
        assert str(actors[OWNER].id) not in answer.text
        assert all(request_id not in answer.text for request_id in before)


def stand(owner: Caller) -> dict[str, Any]:
    """The owner's requests, by id."""
    items = owner.get("/v1/requests").get_json().get("items", [])
    return {item["id"]: item["status"] for item in items}


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path], ids=lambda route: route.operation)
def test_what_is_not_there_and_what_is_no_name_are_answered_alike(
    route: Route, actor: str, actors: dict[str, Caller]
) -> None:
    expected, who = EXPECTED[route.operation], actors[actor]
    assert expected.absent
    names = [str(uuid.uuid4()), *MALFORMED]
    answers = {name: who.call(route.method, path_of(route, name, who.services), expected.body) for name in names}
    found = {name: answer.status_code for name, answer in answers.items()}
    assert set(found.values()) == {expected.absent[actor]}, found
    # Alike in all but the name of the occurrence.
    bodies = {json.dumps(answer.get_json() | {"instance": ""}, sort_keys=True) for answer in answers.values()}
    assert len(bodies) == 1


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=lambda r: r.operation)
def test_asking_for_the_head_alone_gives_nobody_more(route: Route, actor: str, actors: dict[str, Caller]) -> None:
    expected, who = EXPECTED[route.operation], actors[actor]
    answer = who.call("HEAD", path_of(route, expected.target(actors[OWNER]), who.services))
    assert answer.status_code == expected.present[actor]
    assert answer.data == b""
    if answer.status_code >= 400:
        assert "ETag" not in answer.headers


# Values of each header that a call heeds, good ones of the owner's among them.
HEEDED: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "Prefer": lambda tag: ("wait=1", "wait=1, return=minimal"),
    "If-None-Match": lambda tag: (tag, f"W/{tag}", "*", '"0.0"'),
    "Idempotency-Key": lambda tag: ("the owner's",),
    "Range": lambda tag: ("bytes=0-0",),
}


def test_every_header_that_a_call_heeds_is_tried() -> None:
    assert {name for route in ROUTES for name in route.headers} == HEEDED.keys()


@pytest.mark.parametrize("actor", [OTHER, TEACHER, ADMIN, NOBODY])
@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.headers and "{request_id}" in route.path], ids=lambda r: r.operation
)
def test_no_header_makes_somebody_elses_request_ones_own(route: Route, actor: str, actors: dict[str, Caller]) -> None:
    """Each header leads to code of its own: an answer that is held back, one that is not sent again, one of before."""
    expected, owner = EXPECTED[route.operation], actors[OWNER]
    path = path_of(route, target := expected.target(owner), owner.services)
    tag = owner.get(f"/v1/requests/{target}").headers["ETag"]
    sent = [{name: value} for name in route.headers for value in HEEDED[name](tag)]
    sent += [{name: HEEDED[name](tag)[0] for name in route.headers}]
    if "Idempotency-Key" in route.headers:
        assert owner.call(route.method, path, expected.body, headers=sent[0]).status_code == expected.present[OWNER]
    for headers in sent:
        answer = actors[actor].call(route.method, path, expected.body, headers=headers)
        assert answer.status_code == expected.present[actor], headers
        assert not set(answer.headers.keys()) & {"ETag", "Preference-Applied", "Location"}


def test_an_idempotency_key_is_its_owners_alone(actors: dict[str, Caller]) -> None:
    made = {
        name: actors[name].post("/v1/requests", GOOD, Idempotency_Key="the same").get_json()["id"]
        for name in (OWNER, OTHER, TEACHER, ADMIN)
    }
    assert len(set(made.values())) == len(made)


def test_every_statement_that_changes_a_request_asks_whose_it_is(actors: dict[str, Caller]) -> None:
    """Each by itself, whatever was looked up before it."""
    owner, other = actors[OWNER], actors[OTHER].id
    assert other
    parked, failed, working = owner.parked(), owner.request(status=Status.FAILED), owner.request(status=Status.PENDING)
    before = stand(owner)
    with transaction(owner.services.engine) as connection:
        answers = [{"question_id": "q1", "text": "cells"}]
        assert actions.store_answers(connection, parked, other, answers=answers, asked=1, idempotency=None) is None
        assert actions.retry(connection, failed, other) is None
        assert actions.cancel(connection, working, other) is None
    assert stand(owner) == before


@pytest.mark.parametrize("actor", [OWNER, OTHER, ADMIN])
def test_another_spelling_of_an_id_gives_nobody_more(actor: str, actors: dict[str, Caller]) -> None:
    request_id = actors[OWNER].request(status=Status.COMPLETED)
    for spelling in (request_id.hex, str(request_id).upper(), request_id.urn, f"{{{request_id}}}"):
        answer = actors[actor].get(f"/v1/requests/{spelling}")
        assert answer.status_code in ((200, 404) if actor == OWNER else (404,))


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES} | {"/", "/openapi.json"}))
def test_a_method_without_a_route_does_nothing_for_anybody(path: str, actor: str, actors: dict[str, Caller]) -> None:
    known = {route.method for route in ROUTES if route.path == path} or {"GET"}
    known |= {"HEAD"} if "GET" in known else set()
    owner = actors[OWNER]
    request_id = str(owner.request(status=Status.COMPLETED))
    name = {"student_id": str(owner.id), "passage_id": str(PASSAGE), "name...": OBJECT}
    place = path
    for part in ("request_id", *name):
        place = place.replace(f"{{{part}}}", name.get(part, request_id))
    before = stand(owner)
    for method in METHODS:
        if method in known:
            continue
        answer = actors[actor].call(method, place, data=b"{}" if method in ("PUT", "PATCH", "POST") else None)
        assert answer.status_code == (204 if method == "OPTIONS" else 405), (method, answer.text)
        assert set(answer.headers["Allow"].split(", ")) == known | {"OPTIONS"}
    assert stand(owner) == before


def test_a_list_holds_nothing_of_anybody_else(actors: dict[str, Caller]) -> None:
    made = {name: str(actors[name].request(status=Status.COMPLETED)) for name in (OWNER, OTHER, TEACHER, ADMIN)}
    for name, request_id in made.items():
        items = actors[name].get("/v1/requests").get_json()["items"]
        assert [item["id"] for item in items] == [request_id]


def test_nobody_is_told_of_anybody_elses_lesson(actors: dict[str, Caller]) -> None:
    made = {name: str(actors[name].request(status=Status.COMPLETED)) for name in (OWNER, OTHER, TEACHER, ADMIN)}
    with actors[OWNER].services.engine.begin() as connection:
        connection.execute(
            sa.text("""
                INSERT INTO notifications (request_id, channel, student_id, message_id, sent_at)
                SELECT id, 'in_app', student_id, CAST(id AS text), now() FROM content_requests
                WHERE id = ANY (CAST(:ids AS uuid[]))
            """),
            {"ids": list(made.values())},
        )
    for name, request_id in made.items():
        items = actors[name].get("/v1/notifications").get_json()["items"]
        assert [item["request_id"] for item in items] == [request_id]

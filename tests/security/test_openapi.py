"""Whatever fits the served document, and whatever does not: the answer is one that the document promises.

Calls are made up by schemathesis from the document as the api serves it, for every operation and every role. In half of
them, what the operation names is put in: a request, a student, a passage, a link, an account.
"""

import functools
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.api import waiting
from functions.api.problems import KINDS
from functions.api.routes import ROUTES, Access, Route
from shared.db.accounts import add_account
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, Role
from shared.security import passwords
from shared.security.links import asset_url
from tests import factories
from tests.fakes import FakeServices
from tests.integration.api_client import Caller, application, caller

EXAMPLES = 12  # of each operation, role and mode; of those that nobody may call without a token, fewer
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROLES = (None, Role.STUDENT, Role.ADMIN)
OBJECT = "lessons/ab/video.mp4"
MISSING = "lessons/ab/poster.jpg"
# What takes other means than a call: a server that waits, a long body, haste, parts of ours that fail.
ELSEWHERE = {304, 408, 413, 415, 429, 500, 503}
PASSAGE = uuid.UUID(int=11)
PASSWORD = "a password for the made-up calls"
_seen: dict[str, set[int]] = defaultdict(set)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long polls are another test's."""
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0)


@functools.cache
def operation(name: str) -> APIOperation:
    """The operation, as schemathesis reads it in the document that the api serves."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", application())
    found: APIOperation = schema.find_operation_by_id(name)
    return found


def can_differ(route: Route) -> bool:
    """Whether a call can differ from the document at all: one without any part has nothing to differ in."""
    return bool(route.body or route.query or route.headers or "{" in route.path) or route.access is not Access.ANYBODY


CASES = [
    pytest.param(route, role, mode, id=f"{route.operation}-{role or 'nobody'}-{mode.value}")
    for route in ROUTES
    for role in ROLES
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or can_differ(route)
]


@dataclass
class World:
    """What there is for calls to name."""

    services: FakeServices
    student: Caller

    def __post_init__(self) -> None:
        self.email = f"{uuid.uuid4().hex}@school.test"
        self.services.objects.write(OBJECT, b"0123456789", content_type="video/mp4")
        with self.services.engine.begin() as connection:
            hashed = passwords.hashed(PASSWORD)
            add_account(connection, email=self.email, password_hash=hashed, role=Role.STUDENT)
        factories.add_passage(self.services.engine, PASSAGE)

    def put_into(self, case: Case, turn: int) -> None:
        """Have the call name what there is."""
        statuses = [None, Status.FAILED, Status.COMPLETED, Status.RETRIEVING]
        status = statuses[turn % len(statuses)]
        if status and isinstance(case.body, dict) and "kind" in case.body:
            case.body = {"kind": FeedbackKind.SIMPLER if status is Status.FAILED else FeedbackKind.HELPFUL}
            status = Status.COMPLETED  # of no other lesson anything can be said
        named_object = OBJECT if status else MISSING
        named: Mapping[str, Callable[[], str]] = {
            "request_id": lambda: str(self.student.request(status=status) if status else self.student.parked()),
            "student_id": lambda: str(factories.add_user(self.services.engine)),
            "passage_id": lambda: str(PASSAGE),
            "name": lambda: named_object,
        }
        for name in case.path_parameters or {}:
            case.path_parameters[name] = named[name]()
        if "name" in (case.path_parameters or {}):
            link = urlsplit(asset_url("", self.services.settings.secret_key, named_object, int(time.time()) + 60))
            case.query = {name: values[0] for name, values in parse_qs(link.query).items()}
        if isinstance(case.body, dict) and "password" in case.body:
            case.body = {"email": self.email, "password": PASSWORD if status else "another"}
        if isinstance(case.body, dict) and "answers" in case.body:
            case.body = {"answers": {"q1": "cells"}}
        if isinstance(case.body, dict) and "query" in case.body:
            case.body = {"query": f"Why is the {'sky blue' if turn % 2 else 'grass green'}?", "grade_level": 9}
            case.headers = {"Idempotency-Key": f"one for two {turn // 2}"}


@pytest.mark.parametrize(("route", "role", "mode"), CASES)
def test_every_answer_is_documented(
    system: FakeServices, student: Caller, route: Route, role: Role | None, mode: GenerationMode
) -> None:
    who = student if role is Role.STUDENT else caller(system, role=role) if role else Caller(system)
    world = World(system, student)
    shut = role is None and route.access is not Access.ANYBODY
    strategy = operation(route.operation).as_strategy(generation_mode=mode)
    turns = cycle(range(8))  # counted and not drawn: each of them comes, whatever is made up

    @settings(
        max_examples=3 if shut else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def call(case: Case) -> None:
        turn = next(turns)
        if turn < 4:
            world.put_into(case, turn)
        # What was put in may have taken the place of what does not fit.
        refusable = turn >= 4
        response = case.call(headers={"Authorization": f"Bearer {who.token}"} if who.token else {})
        _seen[route.operation].add(response.status_code)
        checks = [*CHECKS, negative_data_rejection] if refusable and response.status_code < 400 else CHECKS
        case.validate_response(response, checks=checks)

    call()


def test_the_calls_had_every_answer_that_a_call_can_have() -> None:
    """Runs last: calls that are all refused at the door say nothing of what is behind it."""
    promised = {route.operation: {*route.answers, *(KINDS[code].status for code in route.codes)} for route in ROUTES}
    unseen = {name: statuses - _seen[name] - ELSEWHERE for name, statuses in promised.items()}
    assert {name: statuses for name, statuses in unseen.items() if statuses} == {}

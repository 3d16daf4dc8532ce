"""The api as its callers see it: through its WSGI application, with a real PostgreSQL behind it."""

import itertools
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.security import tokens
from tests import factories
from tests.conftest import ROOT
from tests.fakes import FakeServices
from tests.integration import api_contract

GOOD = {"query": "Explain how photosynthesis works in plants", "grade_level": 10}
SOURCE = ROOT / "functions" / "api" / "main.py"
_addresses = itertools.count(1)


@cache
def application() -> Flask:
    """The function as functions-framework serves it."""
    import functions_framework

    app: Flask = functions_framework.create_app(target="api", source=str(SOURCE))  # type: ignore[no-untyped-call]
    return app


@dataclass
class Caller:
    """Somebody who calls; signed in where there is a token."""

    services: FakeServices
    id: uuid.UUID | None = None
    token: str | None = None
    address: str = field(default_factory=lambda: f"2001:db8:0:{next(_addresses):x}::1")

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Make one call; `body` is sent as JSON, `data` as it is."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        client = application().test_client()
        answer = client.open(
            path,
            method=method,
            data=data,
            headers=sent | dict(headers or {}),
            environ_base={"REMOTE_ADDR": self.address},
        )
        api_contract.check(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET, with headers written as arguments."""
        return self.call("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        """POST, with headers written as arguments."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, body, headers=sent)

    def ask(self, **fields: object) -> uuid.UUID:
        """Ask for a lesson; the request's id."""
        answer = self.post("/v1/requests", GOOD | fields)
        assert answer.status_code == 202, answer.text
        return uuid.UUID(answer.get_json()["id"])

    def request(self, **columns: Any) -> uuid.UUID:
        """A request of the caller's, put into the record by hand."""
        return factories.add_request(self.services.engine, student_id=self.id, **columns)

    def parked(self, **clarification: object) -> uuid.UUID:
        """A request of the caller's that waits for answers."""
        asked = {
            "questions": [
                {
                    "id": "q1",
                    "text": "Which part of science?",
                    "options": [
                        {"id": "a", "label": "Motion", "module_id": "m1"},
                        {"id": "b", "label": "Cells", "module_id": "m2"},
                    ],
                },
                {"id": "q2", "text": "What about it?", "options": []},
            ],
            "reasoning": "The question could mean many sections.",
            "requested_at": "2026-01-02T03:04:05+00:00",
            "round": 1,
        } | clarification
        request_id = self.request(status=Status.VALIDATING)
        factories.update(
            self.services.engine,
            request_id,
            status=Status.PENDING,
            clarification_requested_at=sa.func.now(),
            request_metadata={"clarification": asked},
        )
        return request_id


def caller(services: FakeServices, *, role: Role = Role.STUDENT) -> Caller:
    """A new account, signed in."""
    account = factories.add_user(services.engine, role=role)
    bearer = tokens.Bearer(account_id=account, role=role)
    token = tokens.issue(services.settings.secret_key, bearer, minutes=60)
    return Caller(services, account, token)


def problem(answer: TestResponse) -> tuple[int, str]:
    """Status and code of an answer that has to be a problem."""
    body = answer.get_json()
    assert answer.content_type == "application/problem+json", answer.text
    assert body["status"] == answer.status_code
    assert {"type", "title", "detail", "instance"} <= body.keys()
    return answer.status_code, body["code"]

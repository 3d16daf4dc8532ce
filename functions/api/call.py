"""One call on its way to its answer: what the handlers are given, and how they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import flask
from pydantic import BaseModel

from functions.api.answers import Links
from functions.api.problems import not_found
from shared.db.accounts import Account
from shared.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was routed and read. `body` and `query` are of the models that the route names."""

    request: flask.Request
    services: Services
    path: Mapping[str, str]  # the parts of the path that vary
    body: Any = None
    query: Any = None
    account: Account | None = field(default=None)

    @property
    def caller(self) -> Account:
        """Who calls; only routes that ask for a sign-in have one."""
        if self.account is None:
            raise RuntimeError("this route is open to everybody")
        return self.account

    def identifier(self, name: str) -> UUID:
        """The UUID in the path; what is none names nothing."""
        try:
            return UUID(self.path[name])
        except ValueError:
            raise not_found() from None


def reply(answer: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> flask.Response:
    """Return the answer as JSON, without the fields that were not set."""
    body = answer.model_dump_json(exclude_unset=True, by_alias=True)
    return flask.Response(body, status=status, content_type="application/json", headers=dict(headers or {}))


def links(request_id: UUID) -> Links:
    """Where to go on with a request; relative, since the caller knows where it reached us."""
    base = f"/v1/requests/{request_id}"
    return Links(
        self=base,
        clarification=f"{base}/clarification",
        cancel=f"{base}/cancel",
        retry=f"{base}/retry",
        feedback=f"{base}/feedback",
    )

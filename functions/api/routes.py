"""The one table of calls: what each is, who may make it, what it takes, answers with and can fail with.

Dispatch and OpenAPI both read it, so that neither can know of a call that the other does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import flask
from pydantic import BaseModel

from functions.api import (
    actions,
    answers,
    assets,
    auth,
    bodies,
    clarify,
    erase,
    health,
    lookups,
    operator_answers,
    operators,
    status,
    submit,
)
from functions.api.call import Call
from functions.api.problems import Code


class Access(StrEnum):
    """Who may make a call."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """One call."""

    method: str
    path: str  # as OpenAPI writes it; `{name}` stands for one part, `{name...}` for all that is left
    operation: str
    summary: str
    handle: Callable[[Call], flask.Response]
    answers: Mapping[int, type[BaseModel] | None]  # by status; None: an answer without a JSON body
    access: Access = Access.SIGNED_IN
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()  # that the call heeds, beside Authorization
    problems: frozenset[Code] = field(default=frozenset())  # its own; those of reading and signing in are added

    @property
    def codes(self) -> frozenset[Code]:
        """Every code that the call can fail with."""
        codes = set(self.problems) | {Code.SERVICE_UNAVAILABLE, Code.INTERNAL_ERROR}
        if self.body is not None:
            codes |= BODY_CODES
        if self.query is not None:
            codes |= FIELD_CODES
        if self.access is not Access.ANYBODY:
            codes |= SIGN_IN_CODES
        if self.access is Access.ADMIN:
            codes |= {Code.FORBIDDEN}
        return frozenset(codes)


FIELD_CODES: Final = frozenset({Code.INVALID_FIELD, Code.MISSING_FIELD, Code.UNKNOWN_FIELD})
BODY_CODES: Final = FIELD_CODES | {
    Code.BODY_TOO_LARGE,
    Code.BODY_INCOMPLETE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.BODY_NOT_UTF8,
    Code.BODY_NOT_JSON,
}
SIGN_IN_CODES: Final = frozenset({Code.TOKEN_MISSING, Code.TOKEN_INVALID, Code.TOKEN_EXPIRED})
_MINE: Final = frozenset({Code.NOT_FOUND})
_MINE_NOW: Final = _MINE | {Code.STATE_CONFLICT}
_ONCE: Final = frozenset({Code.IDEMPOTENCY_KEY_REUSED})
_PAGE: Final = frozenset({Code.INVALID_CURSOR})
_PACED: Final = frozenset({Code.QUOTA_EXCEEDED, Code.RATE_LIMITED})

IDEMPOTENCY_KEY: Final = "Idempotency-Key"

ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/auth/login",
        operation="login",
        summary="Sign in",
        handle=auth.login,
        access=Access.ANYBODY,
        body=bodies.Login,
        answers={200: answers.AccessToken},
        problems=frozenset({Code.LOGIN_FAILED, Code.TOO_MANY_ATTEMPTS}),
    ),
    Route(
        method="POST",
        path="/v1/requests",
        operation="submitRequest",
        summary="Ask for a lesson",
        handle=submit.submit,
        body=bodies.NewRequest,
        headers=(IDEMPOTENCY_KEY,),
        answers={202: answers.Accepted},
        problems=_ONCE
        | _PACED
        | {
            Code.EMPTY_QUERY,
            Code.QUERY_TOO_SHORT,
            Code.QUERY_TOO_LONG,
            Code.UNSUPPORTED_LANGUAGE,
            Code.UNSUPPORTED_DURATION,
        },
    ),
    Route(
        method="GET",
        path="/v1/requests",
        operation="listRequests",
        summary="List your requests, newest first",
        handle=status.listing,
        query=bodies.RequestsQuery,
        answers={200: answers.RequestPage},
        problems=_PAGE,
    ),
    Route(
        method="GET",
        path="/v1/requests/{request_id}",
        operation="getRequest",
        summary="See where a request stands; with `Prefer: wait=N`, as soon as there is news",
        handle=status.status,
        headers=("Prefer", "If-None-Match"),
        answers={200: answers.RequestStatus, 304: None},
        problems=_MINE,
    ),
    Route(
        method="POST",
        path="/v1/requests/{request_id}/clarification",
        operation="clarifyRequest",
        summary="Answer what was asked back",
        handle=clarify.clarify,
        body=bodies.Answers,
        headers=(IDEMPOTENCY_KEY,),
        answers={202: answers.Accepted},
        problems=_MINE_NOW | _ONCE | {Code.UNKNOWN_QUESTION, Code.UNKNOWN_OPTION},
    ),
    Route(
        method="POST",
        path="/v1/requests/{request_id}/cancel",
        operation="cancelRequest",
        summary="End a request that has not ended",
        handle=actions.cancel,
        answers={202: answers.Accepted},
        problems=_MINE_NOW,
    ),
    Route(
        method="POST",
        path="/v1/requests/{request_id}/retry",
        operation="retryRequest",
        summary="Try a failed request again",
        handle=actions.retry,
        answers={202: answers.Accepted},
        problems=_MINE_NOW | {Code.RATE_LIMITED},
    ),
    Route(
        method="POST",
        path="/v1/requests/{request_id}/feedback",
        operation="giveFeedback",
        summary="Say what you think of a lesson, or ask for another telling of it",
        handle=actions.feedback,
        body=bodies.Feedback,
        headers=(IDEMPOTENCY_KEY,),
        answers={200: answers.Recorded, 202: answers.Accepted},
        problems=_MINE_NOW | _ONCE | _PACED,
    ),
    Route(
        method="GET",
        path="/v1/notifications",
        operation="listNotifications",
        summary="List what you were told in the app, newest first",
        handle=lookups.notifications,
        query=bodies.PageQuery,
        answers={200: answers.NotificationPage},
        problems=_PAGE,
    ),
    Route(
        method="GET",
        path="/v1/passages/{passage_id}",
        operation="getPassage",
        summary="Read a passage of a textbook",
        handle=lookups.passage,
        answers={200: answers.PassageText},
        problems=_MINE,
    ),
    Route(
        method="GET",
        path="/v1/assets/{name...}",
        operation="getAsset",
        summary="Read an object through a signed link, whole or in parts",
        handle=assets.asset,
        access=Access.ANYBODY,
        query=bodies.AssetQuery,
        headers=("Range",),
        answers={200: None, 206: None, 304: None},
        problems=_MINE | {Code.LINK_INVALID, Code.LINK_EXPIRED, Code.RANGE_NOT_SATISFIABLE},
    ),
    Route(
        method="GET",
        path="/v1/ops/summary",
        operation="getSummary",
        summary="See how the system stands",
        handle=operators.summary,
        access=Access.ADMIN,
        answers={200: operator_answers.OperationsSummary},
    ),
    Route(
        method="GET",
        path="/v1/ops/requests",
        operation="listAllRequests",
        summary="List everybody's requests, newest first, without what was asked",
        handle=operators.requests,
        access=Access.ADMIN,
        query=bodies.OperatedQuery,
        answers={200: operator_answers.OperatedPage},
        problems=_PAGE,
    ),
    Route(
        method="GET",
        path="/v1/ops/requests/{request_id}/events",
        operation="getTrace",
        summary="See all that happened to a request",
        handle=operators.events,
        access=Access.ADMIN,
        answers={200: operator_answers.OperatedTrace},
        problems=_MINE,
    ),
    Route(
        method="DELETE",
        path="/v1/students/{student_id}/data",
        operation="eraseStudent",
        summary="Remove a student's account and all that belongs to it",
        handle=erase.erase,
        answers={202: answers.Erased},
        problems=_MINE,
    ),
    Route(
        method="GET",
        path="/v1/health",
        operation="getHealth",
        summary="See whether the system works, and which version it is",
        handle=health.health,
        access=Access.ANYBODY,
        answers={200: answers.Health, 503: answers.Health},
    ),
    # The usual name. On Cloud Run, Google's front end answers it, and it never gets here.
    Route(
        method="GET",
        path="/healthz",
        operation="getHealthz",
        summary="The same as /v1/health, where the server in front of the api lets it through",
        handle=health.health,
        access=Access.ANYBODY,
        answers={200: answers.Health, 503: answers.Health},
    ),
)

"""From a call to its answer: route, sign in, read, handle; and whatever goes wrong, a problem."""

import json
import logging
import time
from functools import cache
from typing import Final
from uuid import UUID, uuid4

import flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from functions.api import auth, openapi, page, problems
from functions.api.call import Call
from functions.api.problems import Code, Problem, not_found
from functions.api.reading import read_body, read_query
from functions.api.routes import ROUTES, Access, Route
from shared import log
from shared.containment import place_of
from shared.db.accounts import Account
from shared.enums import Role
from shared.errors import TransientError
from shared.services import Services

RETRY_SECONDS: Final = "5"
PAGE: Final = "/"
DOCUMENT: Final = "/openapi.json"
# What the log calls a method by; any other is the caller's own text.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_OTHER_METHOD: Final = "other"

# No content of ours runs anything, is framed, or tells another site where its reader comes from.
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",  # heeded over HTTPS alone: RFC 6797, 8.1
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def _rule(path: str) -> str:
    return path.replace("...}", "}").replace("{name}", "<path:name>").replace("{", "<").replace("}", ">")


_MAP: Final = Map(
    [Rule(_rule(route.path), methods=[route.method], endpoint=route) for route in ROUTES]
    + [Rule(path, methods=["GET"], endpoint=path) for path in (PAGE, DOCUMENT)],
    strict_slashes=True,
    merge_slashes=False,
)


def answer(request: flask.Request, services: Services) -> flask.Response:
    """Return the answer to any call whatsoever."""
    began = time.perf_counter()
    pattern = "unknown"
    occurrence = uuid4()
    try:
        endpoint, values = _match(request)
        if isinstance(endpoint, Route):
            pattern = endpoint.path
            response = _handle(endpoint, values, request, services)
        else:
            pattern = endpoint
            response = _static(endpoint, services)
    except Problem as problem:
        response = problems.answer(problem, occurrence)
    except MethodNotAllowed as error:
        response = _methods(error, request, occurrence)
    except TransientError as error:
        _log_failure("call cannot be answered now", logging.WARNING, error, occurrence)
        response = problems.answer(
            Problem(Code.SERVICE_UNAVAILABLE, headers={"Retry-After": RETRY_SECONDS}), occurrence
        )
    except Exception as error:  # noqa: BLE001 - the last resort: logged, and answered without its text
        _log_failure("call failed", logging.ERROR, error, occurrence)
        response = problems.answer(Problem(Code.INTERNAL_ERROR), occurrence)
    response = secure(_at_once(response, request))
    log.event(
        "call answered",
        correlation_id=str(occurrence),
        route=pattern,
        method=request.method if request.method in _METHODS else _OTHER_METHOD,
        status_code=response.status_code,
        seconds=round(time.perf_counter() - began, 4),
    )
    return response


def take_over(app: flask.Flask) -> None:
    """Have the framework answer as we do where it does not ask us: for paths of its own, and where asking us fails."""
    app.register_error_handler(404, lambda error: problems.answer(not_found(), uuid4()))
    app.register_error_handler(500, _broken)
    app.before_request(_not_redirected)
    app.after_request(secure)


def _not_redirected() -> flask.Response | None:
    """An empty path leads nowhere; the framework would redirect it to whatever name the caller called us by."""
    if isinstance(flask.request.routing_exception, RequestRedirect):
        return problems.answer(not_found(), uuid4())
    return None


def _broken(error: Exception) -> flask.Response:
    """The framework's own answer would hold the error's text."""
    occurrence = uuid4()
    original = getattr(error, "original_exception", None) or error
    _log_failure("call failed", logging.ERROR, original, occurrence)
    return problems.answer(Problem(Code.INTERNAL_ERROR), occurrence)


def secure(response: flask.Response) -> flask.Response:
    """Give an answer the headers that all answers carry, unless it has its own."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _match(request: flask.Request) -> tuple[Route | str, dict[str, str]]:
    try:
        endpoint, values = _MAP.bind("api").match(request.path, method=request.method)
    except (NotFound, RequestRedirect):
        raise not_found() from None
    return endpoint, dict(values)


def _methods(error: MethodNotAllowed, request: flask.Request, occurrence: UUID) -> flask.Response:
    """What can be done here: the answer to OPTIONS, and to any other method that cannot."""
    allowed = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
    if request.method == "OPTIONS":
        return flask.Response(status=204, headers={"Allow": allowed})
    return problems.answer(Problem(Code.METHOD_NOT_ALLOWED, headers={"Allow": allowed}), occurrence)


def _handle(route: Route, values: dict[str, str], request: flask.Request, services: Services) -> flask.Response:
    account = None if route.access is Access.ANYBODY else _admitted(route, request, services)
    return route.handle(
        Call(
            request=request,
            services=services,
            path=values,
            body=read_body(request, route.body) if route.body else None,
            query=read_query(request, route.query) if route.query else None,
            account=account,
        )
    )


def _admitted(route: Route, request: flask.Request, services: Services) -> Account:
    account = auth.signed_in(request, services)
    if route.access is Access.ADMIN and account.role is not Role.ADMIN:
        raise Problem(Code.FORBIDDEN)
    return account


def _static(path: str, services: Services) -> flask.Response:
    if path == PAGE:
        return page.response(services.settings.public_url)
    return flask.Response(_document(), content_type="application/json", headers={"Cache-Control": "max-age=300"})


@cache
def _document() -> str:
    return json.dumps(openapi.document())


def _at_once(response: flask.Response, request: flask.Request) -> flask.Response:
    """The answer, to be sent without waiting for the rest of a body that nobody reads.

    The framework reads that rest first, however slowly it comes, but for answers that are streamed.
    """
    if response.is_streamed or not (request.content_length or "Transfer-Encoding" in request.headers):
        return response
    data = response.get_data()
    streamed = flask.Response(iter([data]), status=response.status_code, headers=response.headers)
    streamed.headers["Content-Length"] = str(len(data))
    return streamed


def _log_failure(message: str, level: int, error: Exception, occurrence: UUID) -> None:
    name, where = type(error).__name__, place_of(error)
    log.event(message, level=level, correlation_id=str(occurrence), error_type=name, where=where)

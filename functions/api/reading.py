"""Bytes of a caller turned into models, with every fault named and nothing of them repeated."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn, TypeVar

import flask
from pydantic import BaseModel, ValidationError

from functions.api.problems import KINDS, Code, FieldProblem, Problem

Model = TypeVar("Model", bound=BaseModel)

BODY_BYTES: Final = 16 * 1024
BODY_SECONDS: Final = 10.0  # in which a body has to come: until then it holds a thread
_CONNECTION: Final = "gunicorn.socket"  # where the server of the cloud keeps it; others take a body in beforehand
# Names of unknown fields are the caller's text: they are repeated only where they look like a name.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_OURS: Final = frozenset(code.value for code in Code)
_PYDANTIC: Final = {"missing": Code.MISSING_FIELD, "extra_forbidden": Code.UNKNOWN_FIELD}
# Kinds of error whose text Pydantic makes of the schema alone, never of the value.
_QUOTABLE: Final = frozenset(
    {
        "string_type",
        "string_too_long",
        "string_too_short",
        "int_type",
        "int_parsing",
        "greater_than_equal",
        "less_than_equal",
        "enum",
        "list_type",
        "too_long",
        "too_short",
        "model_type",
    }
)


def read_body(request: flask.Request, model: type[Model]) -> Model:
    """Return the body as `model`; raise a Problem."""
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE)
    return _validated(model, _parsed(_bytes(request)))


def read_query(request: flask.Request, model: type[Model]) -> Model:
    """Return the query string as `model`; raise a Problem."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        errors = [FieldProblem(_speakable(name), Code.INVALID_FIELD, "Give this once.") for name in repeated]
        raise Problem(Code.INVALID_FIELD, errors=errors)
    return _validated(model, request.args.to_dict())


def _bytes(request: flask.Request) -> bytes:
    """Return the body, of which no more than the limit is ever taken in."""
    if (request.content_length or 0) > BODY_BYTES:
        raise Problem(Code.BODY_TOO_LARGE)
    try:
        with _patience(request):
            data = request.stream.read(BODY_BYTES + 1)
    except Exception:  # noqa: BLE001 - what a body that breaks off or is badly framed raises is each server's own
        raise Problem(Code.BODY_INCOMPLETE) from None
    if len(data) > BODY_BYTES:
        raise Problem(Code.BODY_TOO_LARGE)
    if len(data) < (request.content_length or 0):
        raise Problem(Code.BODY_INCOMPLETE)
    return data


@contextmanager
def _patience(request: flask.Request) -> Iterator[None]:
    """Take nothing more in from the caller once the block lasts too long."""
    connection = request.environ.get(_CONNECTION)
    if connection is None:
        yield
        return
    timer = threading.Timer(BODY_SECONDS, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # gone already
        connection.shutdown(socket.SHUT_RD)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(Code.BODY_NOT_UTF8) from None
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Problem(Code.BODY_NOT_JSON) from None
    if not isinstance(value, dict):
        raise Problem(Code.BODY_NOT_JSON)
    try:
        # An escaped half of a surrogate pair passes the parser, and is no text.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(Code.BODY_NOT_UTF8) from None
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _validated(model: type[Model], value: dict[str, Any]) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_field_problem(dict(item)) for item in error.errors(include_url=False, include_input=False)]
        code = problems[0].code if len(problems) == 1 else Code.INVALID_FIELD
        detail = problems[0].detail if len(problems) == 1 else "Several fields have values that they may not have."
        raise Problem(code, detail, errors=problems) from None


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    kind, context = error["type"], error.get("ctx", {})
    place = [str(part) for part in error["loc"]]
    if kind in _OURS:
        named = [*place, context["field"]] if context.get("field") else place
        return FieldProblem(".".join(named), Code(kind), context["detail"])
    code = _PYDANTIC.get(kind, Code.INVALID_FIELD)
    if code is Code.UNKNOWN_FIELD:
        place[-1] = _speakable(place[-1])
    detail = f"{error['msg']}." if kind in _QUOTABLE else KINDS[code].detail
    return FieldProblem(".".join(place), code, detail)


def _speakable(name: str) -> str:
    return name if _NAME.fullmatch(name) else "(a name that is not repeated here)"

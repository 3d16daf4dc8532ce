"""Everything that a call can be answered with when it fails: one table of codes, and the answers made from it.

Answers are RFC 9457 problem details. None ever repeats what the caller sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import flask

MEDIA_TYPE: Final = "application/problem+json"


class Code(StrEnum):
    """Stable names of what went wrong, for programs."""

    # The body, before its fields are looked at
    BODY_TOO_LARGE = "body_too_large"
    BODY_INCOMPLETE = "body_incomplete"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BODY_NOT_UTF8 = "body_not_utf8"
    BODY_NOT_JSON = "body_not_json"
    # Fields
    INVALID_FIELD = "invalid_field"
    MISSING_FIELD = "missing_field"
    UNKNOWN_FIELD = "unknown_field"
    EMPTY_QUERY = "empty_query"
    QUERY_TOO_SHORT = "query_too_short"
    QUERY_TOO_LONG = "query_too_long"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    UNSUPPORTED_DURATION = "unsupported_duration"
    UNKNOWN_QUESTION = "unknown_question"
    UNKNOWN_OPTION = "unknown_option"
    INVALID_CURSOR = "invalid_cursor"
    # Who calls
    TOKEN_MISSING = "token_missing"  # noqa: S105
    TOKEN_INVALID = "token_invalid"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    LOGIN_FAILED = "login_failed"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    FORBIDDEN = "forbidden"
    LINK_INVALID = "link_invalid"
    LINK_EXPIRED = "link_expired"
    # What is called
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    STATE_CONFLICT = "state_conflict"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    # Us
    SERVICE_UNAVAILABLE = "service_unavailable"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one code have in common."""

    status: int
    title: str
    detail: str


KINDS: Final[Mapping[Code, Kind]] = {
    Code.BODY_TOO_LARGE: Kind(413, "Body too large", "The body may have at most 16 KiB."),
    Code.BODY_INCOMPLETE: Kind(408, "Body incomplete", "The body broke off, or did not come whole within 10 seconds."),
    Code.UNSUPPORTED_MEDIA_TYPE: Kind(
        415, "Unsupported media type", "Send the body as application/json, in UTF-8 and not compressed."
    ),
    Code.BODY_NOT_UTF8: Kind(400, "Body is not UTF-8", "The body holds bytes or escapes that are no Unicode text."),
    Code.BODY_NOT_JSON: Kind(
        400, "Body is not a JSON object", "The body has to be one JSON object in which no name occurs twice."
    ),
    Code.INVALID_FIELD: Kind(422, "Invalid field", "A field has a value that it may not have."),
    Code.MISSING_FIELD: Kind(422, "Missing field", "A required field is missing."),
    Code.UNKNOWN_FIELD: Kind(422, "Unknown field", "There is a field that this call does not know."),
    Code.EMPTY_QUERY: Kind(422, "Empty question", "Write a question."),
    Code.QUERY_TOO_SHORT: Kind(422, "Question too short", "A question has at least 3 characters."),
    Code.QUERY_TOO_LONG: Kind(422, "Question too long", "A question has at most 500 characters."),
    Code.UNSUPPORTED_LANGUAGE: Kind(422, "Unsupported language", "Lessons are made in English so far: use `en`."),
    Code.UNSUPPORTED_DURATION: Kind(422, "Unsupported length", "A lesson lasts 30 to 300 seconds."),
    Code.UNKNOWN_QUESTION: Kind(422, "Unknown question", "The answer is to a question that was not asked."),
    Code.UNKNOWN_OPTION: Kind(422, "Unknown option", "The option is not one of its question."),
    Code.INVALID_CURSOR: Kind(422, "Invalid cursor", "Use a cursor as the last page gave it."),
    Code.TOKEN_MISSING: Kind(401, "Not signed in", "Send the header `Authorization: Bearer` with an access token."),
    Code.TOKEN_INVALID: Kind(401, "Invalid access token", "The access token is not valid. Sign in again."),
    Code.TOKEN_EXPIRED: Kind(401, "Access token expired", "The access token has expired. Sign in again."),
    Code.LOGIN_FAILED: Kind(401, "Sign-in failed", "The address or the password is wrong."),
    Code.TOO_MANY_ATTEMPTS: Kind(
        429, "Too many attempts", "There were too many failed sign-ins. Wait as long as Retry-After says."
    ),
    Code.FORBIDDEN: Kind(403, "Forbidden", "This account may not do this."),
    Code.LINK_INVALID: Kind(403, "Invalid link", "This link is not one of ours. Ask for the request again."),
    Code.LINK_EXPIRED: Kind(403, "Link expired", "This link has expired. Ask for the request again for a new one."),
    Code.NOT_FOUND: Kind(404, "Not found", "There is nothing here, or nothing that is yours."),
    Code.METHOD_NOT_ALLOWED: Kind(405, "Method not allowed", "The header Allow lists what can be done here."),
    Code.RANGE_NOT_SATISFIABLE: Kind(416, "Range not satisfiable", "The range lies outside of the object."),
    Code.STATE_CONFLICT: Kind(409, "Not possible now", "The request's present status does not allow this."),
    Code.IDEMPOTENCY_KEY_REUSED: Kind(
        409, "Idempotency key reused", "This Idempotency-Key belongs to another call. Use a new one."
    ),
    Code.QUOTA_EXCEEDED: Kind(
        429, "Daily quota spent", "No more lessons can be asked for today. The next day begins at 00:00 UTC."
    ),
    Code.RATE_LIMITED: Kind(
        429, "Too fast", "There were too many questions within a minute. Wait as long as Retry-After says."
    ),
    Code.SERVICE_UNAVAILABLE: Kind(503, "Temporarily unavailable", "Please try again in a few seconds."),
    Code.INTERNAL_ERROR: Kind(500, "Internal error", "Something went wrong on our side."),
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field; `field` is its path in the body ("answers.0.text") or its name in the query."""

    field: str
    code: Code
    detail: str


@dataclass(eq=False)
class Problem(Exception):
    """Raised by whatever answers a call, to answer with a problem instead."""

    code: Code
    detail: str = ""  # empty: the code's own
    errors: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)  # further members of the answer

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.code].status


def field_problem(name: str, code: Code, detail: str = "") -> Problem:
    """One field is at fault."""
    text = detail or KINDS[code].detail
    return Problem(code, text, errors=[FieldProblem(name, code, text)])


def not_found() -> Problem:
    """Nothing here, or somebody else's: the caller cannot tell which."""
    return Problem(Code.NOT_FOUND)


def answer(problem: Problem, occurrence: UUID) -> flask.Response:
    """Return the answer; `occurrence` names this one in the log, and repeats nothing of the call as its path would."""
    kind = KINDS[problem.code]
    body: dict[str, Any] = {
        "type": f"urn:vividly:problem:{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.detail,
        "instance": occurrence.urn,
        "code": problem.code,
        **problem.members,
    }
    if problem.errors:
        body["errors"] = [{"field": e.field, "code": e.code, "detail": e.detail} for e in problem.errors]
    return flask.Response(json.dumps(body), status=kind.status, content_type=MEDIA_TYPE, headers=dict(problem.headers))

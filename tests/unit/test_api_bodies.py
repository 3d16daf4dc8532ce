"""What callers may send, field by field; what is wrong is named and never repeated."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import flask
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.api import bodies
from functions.api.bodies import encode_cursor
from functions.api.problems import Code, Problem
from functions.api.reading import BODY_BYTES, read_body, read_query
from shared.db.views import Position
from shared.enums import LessonStyle, Modality

GOOD: dict[str, Any] = {"query": "Why is the sky blue?", "grade_level": 8}
SECRET_WORDS = "zebra-crossing"
ANY_APP = flask.Flask("test")


@pytest.fixture(scope="module")
def app() -> flask.Flask:
    return ANY_APP


def _read(app: flask.Flask, model: Any, data: bytes, **options: Any) -> Any:
    options = {"content_type": "application/json"} | options
    with app.test_request_context("/", method="POST", data=data, **options):
        return read_body(flask.request, model)


def _refused(app: flask.Flask, model: Any, data: bytes, **options: Any) -> Problem:
    with pytest.raises(Problem) as raised:
        _read(app, model, data, **options)
    return raised.value


def _codes(app: flask.Flask, model: Any, body: object) -> Iterator[tuple[str, Code]]:
    problem = _refused(app, model, json.dumps(body).encode())
    assert SECRET_WORDS not in repr(problem.errors) + problem.detail
    return ((error.field, error.code) for error in problem.errors)


def test_defaults_are_filled_in(app: flask.Flask) -> None:
    body = _read(app, bodies.NewRequest, json.dumps(GOOD).encode())
    assert (body.interest, body.style, body.duration_seconds) == ("", LessonStyle.BALANCED, 90)
    assert (body.modality, body.language) == (Modality.VIDEO, "en")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Why?  ", "Why?"),
        ("a\u0000b\u0007c d", "abc d"),
        ("What is\n\n entropy\t?", "What is entropy ?"),
        ("cafe\u0301s", "cafés"),
        ("zero\u200bwidth", "zerowidth"),
        ("\u202eturned\u202c", "turned"),
        ("10⁸ and μ", "10⁸ and μ"),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_question_is_kept_as_a_reader_sees_it(app: flask.Flask, text: str, kept: str) -> None:
    assert _read(app, bodies.NewRequest, json.dumps(GOOD | {"query": text}).encode()).query == kept


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"query": ""}, "query", Code.EMPTY_QUERY),
        ({"query": " \n\t\u200b\u0000 "}, "query", Code.EMPTY_QUERY),
        ({"query": " ab "}, "query", Code.QUERY_TOO_SHORT),
        ({"query": "x" * 501}, "query", Code.QUERY_TOO_LONG),
        ({"query": 5}, "query", Code.INVALID_FIELD),
        ({"query": None}, "query", Code.INVALID_FIELD),
        ({"query": [SECRET_WORDS]}, "query", Code.INVALID_FIELD),
        ({"query": {"text": SECRET_WORDS}}, "query", Code.INVALID_FIELD),
        ({"grade_level": 0}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": 14}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": "10"}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": f"grade {SECRET_WORDS}"}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": 10.5}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": True}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": None}, "grade_level", Code.INVALID_FIELD),
        ({"grade_level": 10**30}, "grade_level", Code.INVALID_FIELD),
        ({"interest": "x" * 61}, "interest", Code.INVALID_FIELD),
        ({"interest": 1}, "interest", Code.INVALID_FIELD),
        ({"style": SECRET_WORDS}, "style", Code.INVALID_FIELD),
        ({"modality": "hologram"}, "modality", Code.INVALID_FIELD),
        ({"duration_seconds": 29}, "duration_seconds", Code.UNSUPPORTED_DURATION),
        ({"duration_seconds": 301}, "duration_seconds", Code.UNSUPPORTED_DURATION),
        ({"duration_seconds": -1}, "duration_seconds", Code.UNSUPPORTED_DURATION),
        ({"duration_seconds": "90"}, "duration_seconds", Code.INVALID_FIELD),
        ({"duration_seconds": 1e999}, "duration_seconds", Code.INVALID_FIELD),
        ({"language": "de"}, "language", Code.UNSUPPORTED_LANGUAGE),
        ({"language": ""}, "language", Code.UNSUPPORTED_LANGUAGE),
        ({"language": 7}, "language", Code.INVALID_FIELD),
        ({"colour": SECRET_WORDS}, "colour", Code.UNKNOWN_FIELD),
        ({"status": "completed"}, "status", Code.UNKNOWN_FIELD),
        ({f"{SECRET_WORDS}!": 1}, "(a name that is not repeated here)", Code.UNKNOWN_FIELD),
    ],
)
def test_a_bad_field_is_named_with_its_code(
    app: flask.Flask, changes: dict[str, object], field: str, code: Code
) -> None:
    if changes.get("duration_seconds") == float("inf"):
        data = json.dumps(GOOD | {"duration_seconds": 0}).replace(": 0", ": 1e999").encode()
        assert [error.code for error in _refused(app, bodies.NewRequest, data).errors] == [code]
        return
    assert list(_codes(app, bodies.NewRequest, GOOD | changes)) == [(field, code)]


def test_one_fault_gives_its_own_code_and_several_are_all_named(app: flask.Flask) -> None:
    assert _refused(app, bodies.NewRequest, json.dumps(GOOD | {"language": "fr"}).encode()).code == (
        Code.UNSUPPORTED_LANGUAGE
    )
    problem = _refused(app, bodies.NewRequest, b'{"query": "", "colour": 1}')
    assert problem.code is Code.INVALID_FIELD
    assert [(error.field, error.code) for error in problem.errors] == [
        ("query", Code.EMPTY_QUERY),
        ("grade_level", Code.MISSING_FIELD),
        ("colour", Code.UNKNOWN_FIELD),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.BODY_NOT_JSON),
        (b"{", Code.BODY_NOT_JSON),
        (b"null", Code.BODY_NOT_JSON),
        (b"[]", Code.BODY_NOT_JSON),
        (b'"text"', Code.BODY_NOT_JSON),
        (b'{"a": 1} {"b": 2}', Code.BODY_NOT_JSON),
        (b'{"query": "abc", "query": "def", "grade_level": 8}', Code.BODY_NOT_JSON),
        (b'{"query": {"a": 1, "a": 2}}', Code.BODY_NOT_JSON),
        (b'{"query": "abc", "grade_level": NaN}', Code.BODY_NOT_JSON),
        (b'{"query": "abc", "grade_level": -Infinity}', Code.BODY_NOT_JSON),
        (b'{"grade_level": ' + b"9" * 5000 + b"}", Code.BODY_NOT_JSON),
        (b'{"query": ' + b"[" * 8000 + b"]" * 8000 + b"}", Code.BODY_NOT_JSON),
        (b'\xef\xbb\xbf{"query": "abc"}', Code.BODY_NOT_JSON),
        (b'{"query": "\xff\xfe"}', Code.BODY_NOT_UTF8),
        (b'{"query": "\xed\xa0\x80"}', Code.BODY_NOT_UTF8),
        ('{"query": "für"}'.encode("latin-1"), Code.BODY_NOT_UTF8),
        ('{"query": "abc"}'.encode("utf-16"), Code.BODY_NOT_UTF8),
        (b'{"query": "half \\ud83d a pair", "grade_level": 8}', Code.BODY_NOT_UTF8),
        (b'{"\\udc00": 1}', Code.BODY_NOT_UTF8),
        (b'{"query": "' + b"x" * BODY_BYTES + b'"}', Code.BODY_TOO_LARGE),
    ],
)
def test_a_body_that_is_no_json_object_in_utf8_is_refused(app: flask.Flask, data: bytes, code: Code) -> None:
    assert _refused(app, bodies.NewRequest, data).code is code


def test_a_body_without_a_length_is_bounded_too(app: flask.Flask) -> None:
    class Endless:
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= BODY_BYTES + 1, "the whole body would be taken in"
            self.read_bytes += size
            return b" " * size

    stream = Endless()
    chunked = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    with (
        app.test_request_context("/", method="POST", content_type="application/json", environ_overrides=chunked),
        pytest.raises(Problem) as raised,
    ):
        read_body(flask.request, bodies.NewRequest)
    assert raised.value.code is Code.BODY_TOO_LARGE
    assert stream.read_bytes <= 2 * (BODY_BYTES + 1)


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "text/plain"},
        {"content_type": None},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/json; charset=latin-1"},
        {"headers": {"Content-Encoding": "gzip"}},
    ],
)
def test_only_plain_json_in_utf8_is_read(app: flask.Flask, options: dict[str, Any]) -> None:
    assert _refused(app, bodies.NewRequest, b"{}", **options).code is Code.UNSUPPORTED_MEDIA_TYPE


def test_json_in_utf8_may_say_so(app: flask.Flask) -> None:
    data = json.dumps(GOOD).encode()
    assert _read(app, bodies.NewRequest, data, content_type="Application/JSON; charset=UTF-8").grade_level == 8


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.none() | st.text(max_size=8) | st.floats() | st.lists(st.integers())))
def test_whatever_is_sent_is_answered_with_a_problem(value: dict[str, Any]) -> None:
    assert _refused(ANY_APP, bodies.Answers, json.dumps(value).encode()).status in (400, 422)


def test_answers_may_be_written_short(app: flask.Flask) -> None:
    short = _read(app, bodies.Answers, b'{"answers": {"q1": "cells", "q2": "all"}}')
    long = _read(
        app,
        bodies.Answers,
        b'{"answers": [{"question_id": "q1", "text": "cells"}, {"question_id": "q2", "text": "all"}]}',
    )
    assert short == long


@pytest.mark.parametrize(
    ("answers", "field", "code"),
    [
        ([], "answers", Code.INVALID_FIELD),
        ({}, "answers", Code.INVALID_FIELD),
        (SECRET_WORDS, "answers", Code.INVALID_FIELD),
        ([{"question_id": "q1"}], "answers.0.text", Code.MISSING_FIELD),
        ([{"question_id": "q1", "text": " \u200b"}], "answers.0.text", Code.MISSING_FIELD),
        ([{"text": "cells"}], "answers.0.question_id", Code.MISSING_FIELD),
        ([{"question_id": "q1", "text": "x" * 501}], "answers.0.text", Code.INVALID_FIELD),
        ([{"question_id": "q1", "text": "a", "score": 1}], "answers.0.score", Code.UNKNOWN_FIELD),
        ([{"question_id": "q1", "text": "a"}, {"question_id": "q1", "text": "b"}], "answers", Code.INVALID_FIELD),
        ({"q1": 5}, "answers.0.text", Code.INVALID_FIELD),
        ([{"question_id": str(n), "text": "a"} for n in range(11)], "answers", Code.INVALID_FIELD),
    ],
)
def test_answers_that_say_nothing_are_refused(app: flask.Flask, answers: object, field: str, code: Code) -> None:
    assert list(_codes(app, bodies.Answers, {"answers": answers})) == [(field, code)]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "different_interest"},
        {"kind": "different_interest", "interest": "  "},
        {"kind": "simpler", "interest": "chess"},
        {"kind": "helpful", "interest": "chess"},
    ],
)
def test_an_interest_goes_with_a_different_interest_alone(app: flask.Flask, body: object) -> None:
    assert list(_codes(app, bodies.Feedback, body)) == [("interest", Code.INVALID_FIELD)]


@pytest.mark.parametrize("email", ["", "x", "@", "a@", "@b", "a b@c", "a@b\u0000c", "a" * 250 + "@b.cd", "a@b@c"])
def test_an_address_looks_like_one(app: flask.Flask, email: str) -> None:
    assert list(_codes(app, bodies.Login, {"email": email, "password": "x"})) == [("email", Code.INVALID_FIELD)]


def _query(app: flask.Flask, model: Any, query: str) -> Any:
    with app.test_request_context(f"/?{query}"):
        return read_query(flask.request, model)


def test_a_cursor_leads_back_to_its_position(app: flask.Flask) -> None:
    position = Position(datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC), UUID(int=5))
    assert _query(app, bodies.PageQuery, f"cursor={encode_cursor(position)}").cursor == position


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=", Code.INVALID_CURSOR),
        ("cursor=!!", Code.INVALID_CURSOR),
        ("cursor=abcd", Code.INVALID_CURSOR),
        ("cursor=MTIz", Code.INVALID_CURSOR),
        ("cursor=%F0%9F%98%80", Code.INVALID_CURSOR),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA", Code.INVALID_CURSOR),
        ("limit=0", Code.INVALID_FIELD),
        ("limit=101", Code.INVALID_FIELD),
        ("limit=ten", Code.INVALID_FIELD),
        ("limit=5&limit=6", Code.INVALID_FIELD),
        ("status=generating", Code.INVALID_FIELD),
        ("offset=3", Code.UNKNOWN_FIELD),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(app: flask.Flask, query: str, code: Code) -> None:
    with pytest.raises(Problem) as raised:
        _query(app, bodies.RequestsQuery, query)
    assert raised.value.code is code

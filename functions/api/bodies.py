"""What callers send: bodies and query strings. A field that is not named here is refused.

Own errors carry a `Code` as their type; `reading.py` turns them and Pydantic's into problems.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from functions.api.problems import KINDS, Code
from shared.db.views import Position
from shared.enums import ContentRequestStatus, FeedbackKind, LessonStyle, Modality
from shared.questions.normalise import clean
from shared.security.passwords import MAXIMUM_CHARACTERS as PASSWORD_CHARACTERS

QUERY_CHARACTERS: Final = (3, 500)
INTEREST_CHARACTERS: Final = 60
ANSWER_CHARACTERS: Final = 500
DURATION_SECONDS: Final = (30, 300)
LANGUAGES: Final = ("en",)
PAGE_LIMIT: Final = 100
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"([0-9]{1,17}):([0-9a-f]{32})")


def refusal(code: Code, detail: str = "", *, field: str = "") -> PydanticCustomError:
    """An error of one of our own codes, for validators to raise; those of a whole model name the field at fault."""
    return PydanticCustomError(code.value, "{detail}", {"detail": detail or KINDS[code].detail, "field": field})


class Incoming(BaseModel):
    """Base of all that callers send."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _query(text: str) -> str:
    cleaned = clean(text)
    shortest, longest = QUERY_CHARACTERS
    if not cleaned:
        raise refusal(Code.EMPTY_QUERY)
    if len(cleaned) < shortest:
        raise refusal(Code.QUERY_TOO_SHORT)
    if len(cleaned) > longest:
        raise refusal(Code.QUERY_TOO_LONG)
    return cleaned


def _cleaned(longest: int) -> Callable[[str], str]:
    def validate(text: str) -> str:
        cleaned = clean(text)
        if len(cleaned) > longest:
            raise refusal(Code.INVALID_FIELD, f"This field has at most {longest} characters.")
        return cleaned

    return validate


def _duration(seconds: int) -> int:
    if not DURATION_SECONDS[0] <= seconds <= DURATION_SECONDS[1]:
        raise refusal(Code.UNSUPPORTED_DURATION)
    return seconds


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise refusal(Code.UNSUPPORTED_LANGUAGE)
    return language


def _email(address: str) -> str:
    stripped = address.strip()
    if len(stripped) > 254 or re.fullmatch(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+", stripped) is None:
        raise refusal(Code.INVALID_FIELD, "This is not an e-mail address.")
    return stripped


def _schema(kind: str, description: str, **constraints: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description, **constraints})


Query = Annotated[
    str,
    AfterValidator(_query),
    _schema(
        "string",
        "The question. Invisible characters and outer spaces do not count.",
        minLength=QUERY_CHARACTERS[0],
        maxLength=QUERY_CHARACTERS[1],
    ),
]
Interest = Annotated[
    str,
    AfterValidator(_cleaned(INTEREST_CHARACTERS)),
    _schema(
        "string", "What the student likes; the lesson draws its comparisons from it.", maxLength=INTEREST_CHARACTERS
    ),
]
Duration = Annotated[
    int,
    Field(strict=True),
    AfterValidator(_duration),
    _schema("integer", "Seconds.", minimum=DURATION_SECONDS[0], maximum=DURATION_SECONDS[1]),
]
Language = Annotated[str, AfterValidator(_language), _schema("string", "ISO 639-1.", enum=list(LANGUAGES))]
Grade = Annotated[int, Field(strict=True, ge=1, le=13, description="School year, as a whole number.")]


class Login(Incoming):
    """Who signs in."""

    email: Annotated[str, AfterValidator(_email), _schema("string", "Address of the account.", maxLength=254)]
    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_CHARACTERS)]


class NewRequest(Incoming):
    """A lesson is asked for."""

    query: Query
    grade_level: Grade
    interest: Interest = ""
    style: LessonStyle = LessonStyle.BALANCED
    duration_seconds: Duration = 90
    modality: Modality = Modality.VIDEO
    language: Language = "en"


class GivenAnswer(Incoming):
    """The answer to one question: an option of it, or the student's own words."""

    question_id: Annotated[str, Field(min_length=1, max_length=100)]
    option_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    text: Annotated[
        str,
        AfterValidator(_cleaned(ANSWER_CHARACTERS)),
        _schema(
            "string", "Own words; the id or the label of an option chooses that option.", maxLength=ANSWER_CHARACTERS
        ),
    ] = ""

    @model_validator(mode="after")
    def _says_something(self) -> "GivenAnswer":
        if self.option_id is None and not self.text:
            raise refusal(Code.MISSING_FIELD, "An answer has an option_id or a text.", field="text")
        return self


def _listed(answers: object) -> object:
    """Read the short form {"q1": "text"} as the list that it stands for."""
    if isinstance(answers, dict):
        return [{"question_id": question, "text": text} for question, text in answers.items()]
    return answers


def _each_once(answers: list[GivenAnswer]) -> list[GivenAnswer]:
    if len({answer.question_id for answer in answers}) < len(answers):
        raise refusal(Code.INVALID_FIELD, "A question is answered twice.")
    return answers


class Answers(Incoming):
    """What the student answers to the open questions.

    The short form {"answers": {"<question id>": "<text>"}} is understood too.
    """

    answers: Annotated[
        list[GivenAnswer], BeforeValidator(_listed), Field(min_length=1, max_length=10), AfterValidator(_each_once)
    ]


class Feedback(Incoming):
    """What the student says of a finished lesson."""

    kind: FeedbackKind
    interest: Annotated[
        str,
        AfterValidator(_cleaned(INTEREST_CHARACTERS)),
        _schema("string", "The new interest; required with `different_interest`.", maxLength=INTEREST_CHARACTERS),
    ] = ""

    @model_validator(mode="after")
    def _names_the_interest(self) -> "Feedback":
        if (self.kind is FeedbackKind.DIFFERENT_INTEREST) != bool(self.interest):
            detail = "An interest goes with the kind different_interest, and only with it."
            raise refusal(Code.INVALID_FIELD, detail, field="interest")
        return self


class Nothing(Incoming):
    """No field at all."""


def encode_cursor(position: Position) -> str:
    """Return the cursor that goes on after this position."""
    microseconds = (position.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}:{position.id.hex}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: object) -> Position:
    try:
        text = str(cursor)
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise refusal(Code.INVALID_CURSOR) from error
    match = _CURSOR.fullmatch(plain)
    if match is None:
        raise refusal(Code.INVALID_CURSOR)
    return Position(_EPOCH + timedelta(microseconds=int(match[1])), UUID(match[2]))


Cursor = Annotated[
    Position, BeforeValidator(_decode_cursor), _schema("string", "`next_cursor` of the page before; opaque.")
]
Limit = Annotated[int, Field(ge=1, le=PAGE_LIMIT, description="Most items of the page.")]


class PageQuery(Incoming):
    """Which page of a list."""

    cursor: Cursor | None = None
    limit: Limit = 20


class RequestsQuery(PageQuery):
    """Which of the caller's requests."""

    status: ContentRequestStatus | None = None


class OperatedQuery(PageQuery):
    """Which requests, of all."""

    status: ContentRequestStatus | None = None
    error_code: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")] | None = None
    student_id: UUID | None = None


class AssetQuery(Incoming):
    """What makes a link good."""

    expires: Annotated[str, Field(max_length=12, description="Seconds since 1970.")]
    signature: Annotated[str, Field(max_length=128, description="HMAC-SHA256 over name and expiry, in hexadecimal.")]

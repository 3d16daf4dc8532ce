"""What becomes of every way in which Vertex AI can fail to answer."""

import json
from collections.abc import Iterator

import httpx2
import pytest
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from google.genai import errors
from google.oauth2.credentials import Credentials

from shared import usage
from shared.adapters import vertex_client
from shared.adapters.gemini import GeminiWriter, Patience
from shared.errors import PermanentError, PipelineError, TransientError
from tests import writer_cases
from tests.counterparts import vertex
from tests.counterparts.http_fake import Answer, HttpFake

BRIEF = writer_cases.brief(writer_cases.NEWTON)
GOOD = vertex.said_json(writer_cases.good(writer_cases.NEWTON))


@pytest.fixture(scope="module")
def gemini() -> Iterator[vertex.Gemini]:
    with vertex.Gemini().serving() as models:
        yield models


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex_client, "FIRST_PAUSE", 0.01)


def writer(endpoint: str, *, seconds: float = 5.0, credentials: Credentials = vertex.CREDENTIALS) -> GeminiWriter:
    return GeminiWriter(
        vertex.MODEL,
        project_id=vertex.PROJECT,
        location=vertex.LOCATION,
        endpoint=endpoint,
        credentials=credentials,
        patience=Patience(writing=seconds, lesson=2 * seconds, revision=seconds, wording=seconds),
    )


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes_costs_a_try(gemini: vertex.Gemini, status: int) -> None:
    gemini.will(vertex.refusal(status, "UNAVAILABLE"), GOOD)
    assert writer(gemini.http.url).storyboard(BRIEF) == writer_cases.storyboard(writer_cases.NEWTON)
    assert len(gemini.bodies) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_stays_is_left_to_the_queue(gemini: vertex.Gemini, status: int) -> None:
    gemini.will(*[vertex.refusal(status, "UNAVAILABLE")] * 9)
    with pytest.raises(TransientError):
        writer(gemini.http.url).storyboard(BRIEF)
    assert len(gemini.bodies) == vertex_client.TRIES


def test_a_request_that_the_api_rejects_is_our_fault_and_not_repeated(gemini: vertex.Gemini) -> None:
    gemini.will(*[vertex.refusal(400, "INVALID_ARGUMENT", "the schema about Newton is too complex")] * 3)
    with pytest.raises(PermanentError) as rejected:
        writer(gemini.http.url).storyboard(BRIEF)
    assert rejected.value.code == "model_rejected"
    assert len(gemini.bodies) == 1


@pytest.mark.parametrize(("status", "name"), [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND")])
def test_a_fault_of_the_deployment_is_named_and_left_to_the_queue(
    gemini: vertex.Gemini, status: int, name: str
) -> None:
    gemini.will(*[vertex.refusal(status, name)] * 3)
    with pytest.raises(TransientError, match="deployment"):
        writer(gemini.http.url).storyboard(BRIEF)
    assert len(gemini.bodies) == 1


@pytest.mark.parametrize("status", [204, 409, 499])
def test_other_statuses_are_left_to_the_queue(gemini: vertex.Gemini, status: int) -> None:
    gemini.will(*[Answer(status=status)] * 3)
    with pytest.raises(TransientError):
        writer(gemini.http.url).storyboard(BRIEF)
    assert len(gemini.bodies) == 1


def test_an_answer_that_is_late_is_not_waited_for(gemini: vertex.Gemini) -> None:
    gemini.will(*[vertex.said("{}", delay=5.0)] * 3)
    with pytest.raises(TransientError, match="Timeout"):
        writer(gemini.http.url, seconds=0.4).storyboard(BRIEF)
    assert len(gemini.bodies) == 1


def test_a_server_that_never_answers_is_not_waited_for(gemini: vertex.Gemini) -> None:
    gemini.will(*[Answer(hang=True)] * 3)
    with pytest.raises(TransientError, match="Timeout"):
        writer(gemini.http.url, seconds=0.4).storyboard(BRIEF)
    assert gemini.http.was_left()


def test_tries_end_with_the_time_that_they_have_together(gemini: vertex.Gemini) -> None:
    gemini.will(*[vertex.refusal(503, "UNAVAILABLE")] * 2, vertex.said("{}", delay=5.0))
    with pytest.raises(TransientError, match="Timeout"):
        writer(gemini.http.url, seconds=0.6).storyboard(BRIEF)
    assert len(gemini.bodies) == 3


def test_a_connection_that_breaks_in_the_answer_costs_a_try(gemini: vertex.Gemini) -> None:
    gemini.will(Answer(body=GOOD.body, cut=100), GOOD)
    assert writer(gemini.http.url).storyboard(BRIEF).scenes


def test_connections_that_go_on_breaking_are_left_to_the_queue(gemini: vertex.Gemini) -> None:
    gemini.will(*[Answer(body=GOOD.body, cut=100)] * 9)
    with pytest.raises(TransientError):
        writer(gemini.http.url).storyboard(BRIEF)
    assert len(gemini.bodies) == vertex_client.TRIES


def test_nobody_there_is_left_to_the_queue() -> None:
    with HttpFake(lambda asked: Answer()).serving() as gone:
        endpoint = gone.url
    with pytest.raises(TransientError):
        writer(endpoint).storyboard(BRIEF)


NO_ANSWERS = {
    "empty": Answer(),
    "a page": Answer(body=b"<html>Sorry</html>", headers={"content-type": "text/html"}),
    "not text": Answer(body=b"\xff\xfe\x00"),
    "not what it says": Answer(body=b"plain", headers={"content-encoding": "gzip"}),
    "cut JSON": Answer(body=GOOD.body[:200]),
    "nested without end": Answer(body=b"[" * 200_000),
    "a list": Answer.of([]),
    "null": Answer.of(None),
    "other fields": Answer.of({"hello": 1}),
    "candidates of another kind": Answer.of({"candidates": "x"}),
    "parts of another kind": Answer.of({"candidates": [{"finishReason": "STOP", "content": {"parts": 5}}]}),
    "no candidate": Answer.of({"candidates": []}),
    "no reason": Answer.of({"candidates": [{"content": {"parts": [{"text": "{}"}]}}]}),
    "an unknown reason": vertex.said("{}", finish="TEA_TIME"),
    "another reason": vertex.said("{}", finish="OTHER"),
    "text nested without end": vertex.said("[" * 50_000),
}


@pytest.mark.filterwarnings("ignore:.*is not a valid FinishReason")
@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_left_to_the_queue(gemini: vertex.Gemini, answer: Answer) -> None:
    gemini.will(answer, answer)
    with pytest.raises(TransientError):
        writer(gemini.http.url).storyboard(BRIEF)
    assert len(gemini.bodies) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TransportError("no network"), "TransportError"),
        (RefreshError("revoked"), "deployment"),
        (DefaultCredentialsError("none"), "deployment"),
    ],
)
def test_credentials_that_cannot_be_had_are_left_to_the_queue(
    gemini: vertex.Gemini, error: Exception, said: str
) -> None:
    class Failing(Credentials):
        def refresh(self, request: object) -> None:
            raise error

    gemini.will(GOOD)
    with pytest.raises(TransientError, match=said):
        writer(gemini.http.url, credentials=Failing(None)).storyboard(BRIEF)  # type: ignore[no-untyped-call]
    assert gemini.bodies == []


def answered(status: int) -> errors.APIError:
    return errors.APIError(status, {"error": {"message": "canary"}})


ROWS: list[tuple[Exception, type[PipelineError]]] = [
    *[(answered(status), TransientError) for status in (401, 403, 404, 408, 409, 429, 499, 500, 502, 503, 504)],
    (answered(400), PermanentError),
    (answered(501), PermanentError),
    (httpx2.ConnectError("canary"), TransientError),
    (httpx2.ConnectTimeout("canary"), TransientError),
    (httpx2.ReadTimeout("canary"), TransientError),
    (httpx2.PoolTimeout("canary"), TransientError),
    (httpx2.RemoteProtocolError("canary"), TransientError),
    (httpx2.DecodingError("canary"), TransientError),
    (httpx2.TooManyRedirects("canary"), TransientError),
    (json.JSONDecodeError("canary", "", 0), TransientError),
    (errors.UnknownApiResponseError("canary"), TransientError),
    (RecursionError("canary"), TransientError),
    (TransportError("canary"), TransientError),
    (RefreshError("canary"), TransientError),
    (DefaultCredentialsError("canary"), TransientError),
]


@pytest.mark.parametrize(
    ("raised", "kind"), ROWS, ids=lambda value: f"{type(value).__name__}{getattr(value, 'code', '')}"
)
def test_each_error_of_the_library_has_its_row(raised: Exception, kind: type[PipelineError]) -> None:
    with pytest.raises(kind) as caught, vertex_client.vertex_errors("writing"):
        raise raised
    assert type(caught.value) is kind
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        vertex.refusal(400, "INVALID_ARGUMENT", "Explain Newton's third law"),
        vertex.refusal(403, "PERMISSION_DENIED", "Explain Newton's third law"),
        vertex.said("Explain Newton's third law"),
        vertex.blocked_prompt("SAFETY"),
        Answer(body=b"Explain Newton's third law"),
    ],
)
def test_errors_hold_no_words_of_the_student_or_the_model(gemini: vertex.Gemini, answer: Answer) -> None:
    gemini.will(answer, answer)
    with pytest.raises(PipelineError) as raised:
        writer(gemini.http.url).storyboard(BRIEF)
    details = getattr(raised.value, "details", {})
    assert "newton" not in f"{raised.value} {details}".casefold()
    assert vertex.CREDENTIALS.token not in f"{raised.value} {details}"


def test_tokens_are_counted_for_answers_of_no_use_as_well(gemini: vertex.Gemini) -> None:
    good = vertex.said_json(writer_cases.good(writer_cases.NEWTON), tokens=(1000, 300, 50))
    gemini.will(vertex.said("no script", tokens=(900, 10, 5)), good)
    with usage.metered() as meter:
        writer(gemini.http.url).storyboard(BRIEF)
    assert meter.quantities == {f"{vertex.MODEL}/input_tokens": 1900, f"{vertex.MODEL}/output_tokens": 365}


def test_tokens_are_counted_for_refused_answers_as_well(gemini: vertex.Gemini) -> None:
    gemini.will(vertex.blocked_answer("SAFETY"))
    with usage.metered() as meter, pytest.raises(PermanentError):
        writer(gemini.http.url).storyboard(BRIEF)
    assert meter.quantities == {f"{vertex.MODEL}/input_tokens": 900}


def test_every_client_of_a_process_is_made_once(gemini: vertex.Gemini) -> None:
    named = {"project_id": vertex.PROJECT, "location": vertex.LOCATION, "credentials": vertex.CREDENTIALS}
    one = vertex_client.client(**named, endpoint=gemini.http.url)  # type: ignore[arg-type]
    assert vertex_client.client(**named, endpoint=gemini.http.url) is one  # type: ignore[arg-type]
    assert vertex_client.client(**named, endpoint="http://127.0.0.1:9") is not one  # type: ignore[arg-type]


def test_the_requests_of_a_lesson_fit_into_the_stage_that_makes_them() -> None:
    patience = Patience()
    assert patience.writing < patience.lesson
    assert patience.lesson + patience.revision < 180 - 10
    assert patience.wording <= 3

"""What every embedding model has to keep to, and what is Vertex AI's own: requests, bills and failures."""

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from google.auth import exceptions as auth
from google.oauth2.credentials import Credentials

from shared.adapters import vertex_client
from shared.adapters.minilm import MiniLmEmbeddings
from shared.adapters.vertex_embeddings import MOST_BYTES, MOST_CHARACTERS, MOST_TEXTS, VertexEmbeddings
from shared.books import EMBEDDING_DIMENSIONS
from shared.enums import Port
from shared.errors import PermanentError, PipelineError, TransientError
from shared.services import Embeddings
from shared.usage import metered
from tests.counterparts.http_fake import Answer
from tests.counterparts.vertex_embeddings import EmbeddingModels, refusal, tokens
from tests.fakes import HashEmbeddings

pytestmark = pytest.mark.port(Port.EMBEDDINGS)

GEMINI = "gemini-embedding-001"
EARLIER = "text-embedding-005"


@pytest.fixture
def models() -> Iterator[EmbeddingModels]:
    with EmbeddingModels().serving() as models:
        yield models


def vertex(models: EmbeddingModels, model: str = GEMINI, **changes: Any) -> VertexEmbeddings:
    options: dict[str, Any] = {"endpoint": models.http.url, "credentials": Credentials("token")} | changes  # type: ignore[no-untyped-call]
    return VertexEmbeddings(model, project_id="a-project", location="europe-west1", **options)


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbeddings:
    return MiniLmEmbeddings()


@pytest.fixture(params=["fake", "minilm", GEMINI, "gemini-embedding-2", EARLIER])
def embeddings(request: pytest.FixtureRequest, models: EmbeddingModels, minilm: MiniLmEmbeddings) -> Embeddings:
    match request.param:
        case "fake":
            return HashEmbeddings()
        case "minilm":
            return minilm
        case model:
            return vertex(models, model)


def near(one: list[float], other: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def test_one_vector_of_unit_length_a_text_in_order(embeddings: Embeddings) -> None:
    texts = ["plants turn light into sugar", "a ball falls", "plants turn light into sugar"]

    vectors = embeddings.embed(texts)

    assert [len(vector) for vector in vectors] == [EMBEDDING_DIMENSIONS] * 3
    assert all(near(vector, vector) == pytest.approx(1, abs=1e-5) for vector in vectors)
    assert vectors[0] == vectors[2] != vectors[1]
    assert near(embeddings.embed([texts[1]])[0], vectors[1]) == pytest.approx(1, abs=1e-5)


def test_texts_that_are_alike_are_near(embeddings: Embeddings) -> None:
    light, again, ball = embeddings.embed(["plants turn light into sugar", "light becomes sugar in plants", "a ball"])

    assert near(light, again) > near(light, ball) + 0.2


def test_no_texts_have_no_vectors(embeddings: Embeddings) -> None:
    assert embeddings.embed([]) == []


@pytest.mark.parametrize("text", ["x" * 20_000, "nul \0 byte", "日本語 🎓", "line\nbreak"])
def test_odd_texts_have_vectors_too(embeddings: Embeddings, text: str) -> None:
    [vector] = embeddings.embed([text])

    assert near(vector, vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "  ", "half \ud83d surrogate"])
def test_texts_that_the_api_refuses_are_not_sent_as_they_are(models: EmbeddingModels, text: str) -> None:
    [vector] = vertex(models).embed([text])

    assert near(vector, vector) == pytest.approx(1, abs=1e-5)
    assert models.batches in ([["."]], [["half  surrogate"]])


def test_vectors_of_another_model_have_another_name(models: EmbeddingModels, minilm: MiniLmEmbeddings) -> None:
    names = {HashEmbeddings().model, minilm.model, vertex(models).model, vertex(models, EARLIER).model}

    assert len(names) == 4
    assert str(EMBEDDING_DIMENSIONS) in vertex(models).model


@pytest.mark.parametrize("model", [GEMINI, EARLIER])
def test_many_texts_go_in_requests_that_the_api_takes(models: EmbeddingModels, model: str) -> None:
    texts = [f"passage {number} " + "word " * (number % 7 * 100) for number in range(300)] + ["passage 0 "]

    vectors = vertex(models, model).embed(texts)

    assert len(vectors) == 301
    assert list(chain(*models.batches)) == list(dict.fromkeys(text[:16_384] for text in texts))
    assert max(map(len, models.batches)) <= MOST_TEXTS
    assert max(sum(len(text.encode()) for text in batch) for batch in models.batches) <= MOST_BYTES
    assert vectors[300] == vectors[0]
    for number in (0, 150, 299):
        assert vectors[number] == vertex(models, model).embed([texts[number]])[0]


@pytest.mark.parametrize("status", [400, 404, 501])
def test_where_batches_are_refused_each_text_goes_alone(models: EmbeddingModels, status: int) -> None:
    """The API has taken one text at a time for long, and may still do so for a model or in a region."""
    texts = ["plants turn light into sugar", "a ball falls", "light becomes sugar"]
    whole = vertex(models).embed(texts)
    models.single = status
    models.http.asked.clear()
    embeddings = vertex(models)

    with metered() as meter:
        assert embeddings.embed(texts) == whole
        assert embeddings.embed(list(reversed(texts))) == list(reversed(whole))

    methods = [asked.path.rpartition(":")[2] for asked in models.http.asked]
    assert methods == ["batchEmbedContents", *["embedContent"] * 6]
    assert meter.quantities == {f"{GEMINI}/input_tokens": 2 * sum(map(tokens, texts))}


def test_a_text_that_is_refused_alone_is_refused(models: EmbeddingModels) -> None:
    refused = refusal(400, "INVALID_ARGUMENT")
    models.http.script = [refused, refused]
    embeddings = vertex(models)
    with pytest.raises(PermanentError):
        embeddings.embed(["one text", "another"])

    embeddings.embed(["one text", "another"])
    assert models.batches == [["one text", "another"]], "it is no sign that batches are not taken"


def test_what_is_billed_is_counted(models: EmbeddingModels) -> None:
    texts = ["plants turn light", "into sugar"]
    with metered() as gemini:
        vertex(models).embed(texts)
        vertex(models).embed(["a ball"])
    with metered() as earlier:
        vertex(models, EARLIER).embed(texts)

    assert gemini.quantities == {f"{GEMINI}/input_tokens": 5 + 3 + 2}
    assert earlier.quantities == {f"{EARLIER}/characters": len("plantsturnlight" + "intosugar")}


def test_where_an_answer_does_not_tell_the_bill_is_estimated(models: EmbeddingModels) -> None:
    values = [1.0] * EMBEDDING_DIMENSIONS
    models.http.script = [
        Answer.of({"embedding": {"values": values}}),
        Answer.of({"predictions": [{"embeddings": {"values": values}}]}),
    ]
    with metered() as meter:
        vertex(models).embed(["twelve chars"])
        vertex(models, EARLIER).embed(["twelve chars"])

    assert meter.quantities == {f"{GEMINI}/input_tokens": 3, f"{EARLIER}/characters": 12}


def embedded(*vectors: Any) -> Answer:
    return Answer.of({"embeddings": [{"values": values} for values in vectors]})


WHOLE = [1.0] * EMBEDDING_DIMENSIONS


@pytest.mark.parametrize(
    ("answer", "expected", "tries"),
    [
        # Two: what is refused to a batch is asked for a single text.
        (refusal(400, "INVALID_ARGUMENT", "canary"), PermanentError, 2),
        (refusal(401, "UNAUTHENTICATED", "canary"), TransientError, 1),
        (refusal(403, "PERMISSION_DENIED", "canary"), TransientError, 1),
        (refusal(404, "NOT_FOUND", "canary"), TransientError, 2),
        (refusal(429, "RESOURCE_EXHAUSTED", "canary"), TransientError, vertex_client.TRIES),
        (refusal(500, "INTERNAL", "canary"), TransientError, vertex_client.TRIES),
        (refusal(503, "UNAVAILABLE", "canary"), TransientError, vertex_client.TRIES),
        (Answer(body=b"<html>canary</html>"), TransientError, 1),
        (Answer(body=embedded(WHOLE, WHOLE).body[:100]), TransientError, 1),
        (Answer(body=embedded(WHOLE, WHOLE).body, cut=100), TransientError, vertex_client.TRIES),
        (Answer.of({}), TransientError, 1),
        (embedded(WHOLE), TransientError, 1),
        (embedded(WHOLE, WHOLE, WHOLE), TransientError, 1),
        (embedded(WHOLE, []), TransientError, 1),
        (embedded(WHOLE, [0.0] * EMBEDDING_DIMENSIONS), TransientError, 1),
        (embedded(WHOLE, [float("nan")] * EMBEDDING_DIMENSIONS), TransientError, 1),
        (embedded(WHOLE, [float("inf")] * EMBEDDING_DIMENSIONS), TransientError, 1),
        (embedded(WHOLE, ["canary"] * EMBEDDING_DIMENSIONS), TransientError, 1),
        (embedded(WHOLE, WHOLE[:-1]), PermanentError, 1),
        (embedded(WHOLE * 8, WHOLE * 8), PermanentError, 1),
    ],
)
def test_each_failure_is_told_as_what_has_to_happen_next(
    models: EmbeddingModels,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    expected: type[PipelineError],
    tries: int,
) -> None:
    monkeypatch.setattr(vertex_client, "FIRST_PAUSE", 0.0)
    models.http.script = [answer] * vertex_client.TRIES

    with pytest.raises(PipelineError) as raised:
        vertex(models).embed(["one text", "another"])

    assert type(raised.value) is expected
    assert len(models.http.asked) == tries
    assert "canary" not in str(raised.value)


def test_a_model_that_does_not_answer_is_given_up(models: EmbeddingModels) -> None:
    models.http.script = [Answer(hang=True)]

    with pytest.raises(TransientError):
        vertex(models, call_seconds=0.3).embed(["text"])
    assert models.http.was_left()


def test_an_answer_that_is_late_is_not_waited_for(models: EmbeddingModels) -> None:
    models.http.script = [Answer.of({"embedding": {"values": WHOLE}}, delay=20.0)]

    with pytest.raises(TransientError):
        vertex(models, call_seconds=0.3).embed(["text"])


def test_of_a_text_no_more_is_sent_than_is_read(models: EmbeddingModels) -> None:
    vertex(models).embed(["x" * 20_000])
    assert models.batches == [["x" * MOST_CHARACTERS]]


def test_a_model_that_is_not_there_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex_client, "FIRST_PAUSE", 0.0)
    with EmbeddingModels().serving() as gone:
        pass

    with pytest.raises(TransientError):
        vertex(gone).embed(["text"])


class Refused(Credentials):
    """Credentials that cannot be had."""

    def refresh(self, request: Any) -> None:
        raise auth.RefreshError("canary")  # type: ignore[no-untyped-call]


def test_credentials_that_cannot_be_had_are_the_deployments(models: EmbeddingModels) -> None:
    with pytest.raises(TransientError, match="the deployment lacks") as raised:
        vertex(models, credentials=Refused(None)).embed(["text"])  # type: ignore[no-untyped-call]
    assert "canary" not in str(raised.value)

"""The embedding model that packages carry: unit vectors, repeatable, near for near meanings."""

import math

import pytest

from shared.adapters import minilm
from shared.adapters.minilm import MiniLmEmbeddings
from shared.books import EMBEDDING_DIMENSIONS
from shared.errors import PermanentError


@pytest.fixture(scope="module")
def embeddings() -> MiniLmEmbeddings:
    return MiniLmEmbeddings()


def _cosine(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def test_vectors_have_unit_length_and_the_columns_width(embeddings: MiniLmEmbeddings) -> None:
    for vector in embeddings.embed(["Newton's first law", "", "x" * 5000, "nul \0 byte", "日本語 🎓"]):
        assert len(vector) == EMBEDDING_DIMENSIONS
        assert _cosine(vector, vector) == pytest.approx(1, abs=1e-5)


def test_a_text_has_the_same_vector_in_any_company(embeddings: MiniLmEmbeddings) -> None:
    alone = embeddings.embed(["What is inertia?"])
    among = embeddings.embed(["A much longer text about plants and light.", "What is inertia?", "Short.", "Short."])
    assert among[1] == alone[0]
    assert among[2] == among[3]


def test_like_meanings_are_near(embeddings: MiniLmEmbeddings) -> None:
    bus, inertia, photosynthesis = embeddings.embed(
        [
            "Why am I thrown forward when the bus brakes?",
            "Inertia is the tendency of a moving body to keep moving.",
            "Plants turn light into sugar in chloroplasts.",
        ]
    )
    assert _cosine(bus, inertia) > _cosine(bus, photosynthesis) + 0.1


def test_nothing_is_loaded_for_nothing() -> None:
    embeddings = MiniLmEmbeddings()
    assert embeddings.embed([]) == []
    assert embeddings._loaded is None


def test_a_missing_package_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_MODEL_FILE", ("no_such_package", "model.onnx"))
    with pytest.raises(PermanentError, match="not installed"):
        MiniLmEmbeddings().embed(["a"])

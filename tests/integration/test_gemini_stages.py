"""generate_script with the Gemini writer on a stand-in for Vertex AI, on the ingested sample book."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from functions.generate_script.main import handle
from shared import objects, usage
from shared.adapters.gemini import GeminiWriter
from shared.books.ingest import ingest
from shared.books.search import module_passages
from shared.enums import ContentRequestStatus, LessonStyle, Modality
from shared.errors import ContentRefused, InvalidStoryboard, TransientError
from shared.lesson.storyboard import Storyboard
from shared.services import Services
from shared.work import Advance, Request
from tests import writer_cases
from tests.conftest import ROOT
from tests.counterparts import vertex
from tests.fakes import FakeServices, HashEmbeddings

MODULES = {writer_cases.NEWTON: "vf0203", writer_cases.PHOTOSYNTHESIS: "vf0502"}


@dataclass
class StandingWork:
    """A stage's hold without a runtime."""

    services: Services
    labels: list[str] = field(default_factory=list)

    def progress(self, percentage: int, label: str, *, eta_seconds: int | None = None) -> None:
        self.labels.append(label)

    def checkpoint(self) -> None:
        pass

    def begin_lesson(self, storyboard_digest: str) -> None:
        pass


@pytest.fixture(scope="module")
def books(shared_database: sa.Engine) -> sa.Engine:
    ingest(ROOT / "local" / "sample_book", shared_database, HashEmbeddings())
    return shared_database


@pytest.fixture(scope="module")
def gemini() -> Iterator[vertex.Gemini]:
    with vertex.Gemini().serving() as models:
        yield models


@pytest.fixture
def work(books: sa.Engine, gemini: vertex.Gemini) -> Iterator[StandingWork]:
    writer = GeminiWriter(
        vertex.MODEL,
        project_id=vertex.PROJECT,
        location=vertex.LOCATION,
        endpoint=gemini.http.url,
        credentials=vertex.CREDENTIALS,
    )
    yield StandingWork(services=FakeServices(engine=books, writer=writer))
    assert gemini.faults == []


def request(name: str, books: sa.Engine, **changes: Any) -> Request:
    """A request whose passages were retrieved, as the brief of a good answer has it."""
    brief = writer_cases.brief(name)
    with books.connect() as connection:
        passages = module_passages(connection, [MODULES[name]])
    return Request(
        id=uuid4(),
        correlation_id=uuid4(),
        student_id=uuid4(),
        query=brief.query,
        topic=brief.topic,
        grade_level=brief.grade_level,
        interest=brief.interest,
        style=LessonStyle.BALANCED,
        language="en",
        modality=changes.pop("modality", Modality.VIDEO),
        duration_seconds=brief.duration_seconds,
        status=ContentRequestStatus.GENERATING_SCRIPT,
        attempt=1,
        content_key="key",
        storyboard_digest=None,
        metadata={"module_ids": [MODULES[name]], "passage_ids": [passage.passage_id for passage in passages]},
        **changes,
    )


@pytest.mark.parametrize("modality", [Modality.VIDEO, Modality.TEXT])
@pytest.mark.parametrize("name", [writer_cases.NEWTON, writer_cases.PHOTOSYNTHESIS])
def test_a_good_answer_is_stored_as_a_lesson(
    work: StandingWork, books: sa.Engine, gemini: vertex.Gemini, name: str, modality: Modality
) -> None:
    gemini.will(vertex.said_json(writer_cases.good(name)))

    with usage.metered() as meter:
        outcome = handle(request(name, books, modality=modality), work)

    assert isinstance(outcome, Advance)
    stored = work.services.objects.read(objects.lesson(outcome.columns["storyboard_digest"], objects.STORYBOARD))
    storyboard = Storyboard.model_validate_json(stored)
    assert [scene.narration for scene in storyboard.scenes[:-1]] == [
        scene["narration"] for scene in writer_cases.good(name)["scenes"]
    ]
    assert storyboard.degraded == list(outcome.degraded) == []
    assert outcome.output["supported_share"] == 1.0
    assert meter.quantities[f"{vertex.MODEL}/input_tokens"] > 0
    assert len(gemini.bodies) == 1


def test_a_script_that_breaks_rules_is_revised_once(
    work: StandingWork, books: sa.Engine, gemini: vertex.Gemini
) -> None:
    [twisted] = writer_cases.answers(writer_cases.case("number_twisted"))
    gemini.will(twisted, vertex.said_json(writer_cases.good(writer_cases.NEWTON)))

    outcome = handle(request(writer_cases.NEWTON, books), work)

    assert isinstance(outcome, Advance)
    assert outcome.output["supported_share"] == 1.0
    assert outcome.degraded == ()
    assert len(gemini.bodies) == 2
    stored = work.services.objects.read(objects.lesson(outcome.columns["storyboard_digest"], objects.STORYBOARD))
    assert b"7.5 meters" not in stored


def test_what_a_revision_leaves_wrong_is_left_out(work: StandingWork, books: sa.Engine, gemini: vertex.Gemini) -> None:
    [twisted] = writer_cases.answers(writer_cases.case("number_twisted"))
    gemini.will(twisted, twisted)

    outcome = handle(request(writer_cases.NEWTON, books), work)

    assert isinstance(outcome, Advance)
    assert outcome.output["supported_share"] == 1.0
    assert len(gemini.bodies) == 2
    stored = work.services.objects.read(objects.lesson(outcome.columns["storyboard_digest"], objects.STORYBOARD))
    assert b"7.5 meters" not in stored


def test_a_refusal_ends_the_request_with_its_code(work: StandingWork, books: sa.Engine, gemini: vertex.Gemini) -> None:
    gemini.will(vertex.blocked_answer("SAFETY"))
    with pytest.raises(ContentRefused) as refused:
        handle(request(writer_cases.NEWTON, books), work)
    assert refused.value.code == "model_safety"
    assert work.services.objects.list("") == []


def test_two_answers_of_no_use_end_the_request(work: StandingWork, books: sa.Engine, gemini: vertex.Gemini) -> None:
    gemini.will(vertex.said("{}"), vertex.said("[]"))
    with pytest.raises(InvalidStoryboard):
        handle(request(writer_cases.NEWTON, books), work)
    assert work.services.objects.list("") == []


def test_an_overloaded_model_is_tried_again_later(work: StandingWork, books: sa.Engine, gemini: vertex.Gemini) -> None:
    gemini.will(*[vertex.refusal(429, "RESOURCE_EXHAUSTED")] * 9)
    with pytest.raises(TransientError):
        handle(request(writer_cases.NEWTON, books), work)
    assert work.services.objects.list("") == []

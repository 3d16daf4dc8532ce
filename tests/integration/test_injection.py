"""Texts that try to command the system: whatever they say, they become a refusal, a question back, or a lesson.

They come as questions, as interests, as answers to questions back, and inside textbooks. The parts are real: the api,
the database with its books, the search, the stages, the composer.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from functions.generate_script.main import handle as generate_script
from functions.retrieve_content.main import handle as retrieve_content
from functions.validate_request.main import handle as validate_request
from local.functions import ROOT
from shared import objects, runtime
from shared.adapters.extractive import ExtractiveWriter
from shared.adapters.gemini import GeminiWriter
from shared.adapters.minilm import MiniLmEmbeddings
from shared.books.ingest import ingest
from shared.books.search import passages_by_id
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.lesson.drafting import requests
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.rules import check
from shared.lesson.storyboard import Storyboard
from shared.messages import RequestMessage
from shared.pipeline import GENERATE_SCRIPT, RETRIEVE_CONTENT, VALIDATE_REQUEST, Topic
from shared.services import LessonBrief
from tests import factories, writer_cases
from tests.book_files import write_book
from tests.counterparts import vertex
from tests.fakes import FakeServices
from tests.integration.api_client import caller
from tests.integration.conftest import serving
from tests.integration.injections import (
    ANSWERS,
    CANARY,
    DOCUMENTS,
    INTERESTS,
    MARKS,
    OWN,
    QUESTIONS,
    VOLCANOES,
    changed,
    counts,
    name_of,
    only_books,
    poisoned,
)

EMBEDDINGS = MiniLmEmbeddings()
REFUSALS = {
    "prompt_injection", "off_topic", "content_not_found", "personal_data", "unsafe_content", "harmful_instructions",
    "academic_dishonesty",
}  # fmt: skip


@dataclass
class Watched(ExtractiveWriter):
    """The composer, keeping what it was given."""

    briefs: list[LessonBrief] = field(default_factory=list)

    def storyboard(self, brief: LessonBrief) -> Storyboard:
        self.briefs.append(brief)
        return super().storyboard(brief)


@pytest.fixture(scope="module")
def books(shared_database: sa.Engine) -> sa.Engine:
    ingest(ROOT / "local" / "sample_book", shared_database, EMBEDDINGS)
    return shared_database


@pytest.fixture(autouse=True)
def nothing_runs() -> Iterator[None]:
    """No text created the file that some of them name."""
    places = (Path.cwd(), ROOT, Path("/tmp"))
    yield
    assert [place for place in places if (place / CANARY).exists()] == []


@pytest.fixture
def services(books: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    yield from serving(FakeServices(engine=books, embeddings=EMBEDDINGS, writer=Watched()), monkeypatch)


@dataclass
class Asked:
    """A request that was made through the api, and what became of it."""

    id: uuid.UUID | None  # None: the api did not take it
    status: Status | None = None
    code: str = ""
    storyboard: Storyboard | None = None


def _ask(services: FakeServices, *, query: str, interest: str = "", answer: str | None = None) -> Asked:
    """Send the texts as a student, let the stages work, and see that nothing else changed."""
    before = counts(services.engine)
    student = caller(services)
    sent = student.post("/v1/requests", {"query": query, "grade_level": 10, "interest": interest, "modality": "text"})
    if sent.status_code != 202:
        assert (sent.status_code, bool(sent.json["code"])) == (422, True)
        assert changed(before, counts(services.engine)) <= OWN
        return Asked(None, code=sent.json["code"])
    request_id = uuid.UUID(sent.json["id"])
    _validated(services, request_id)
    row = factories.row(services.engine, request_id)
    if answer is not None and row["status"] == Status.PENDING:
        asked = row["request_metadata"]["clarification"]["questions"][0]
        told = student.post(
            f"/v1/requests/{request_id}/clarification", {"answers": [{"question_id": asked["id"], "text": answer}]}
        )
        assert told.status_code in {200, 202, 422}, told.json
        if told.status_code != 422:
            _validated(services, request_id)
    found = _written(services, request_id)
    told = student.get(f"/v1/requests/{request_id}").json
    assert told["status"] == found.status
    if found.status is Status.FAILED:
        assert (told["error"]["code"], told["error"]["stage"]) == (found.code, VALIDATE_REQUEST.name)
        assert len(told["error"]["message"]) > 40
        assert query not in told["error"]["message"]
    _only_references(services)
    assert changed(before, counts(services.engine)) <= OWN
    return found


def _validated(services: FakeServices, request_id: uuid.UUID) -> None:
    runtime.run(VALIDATE_REQUEST, validate_request, factories.event(request_id), services)
    # Each text stands alone: an equal lesson is made anew.
    factories.update(services.engine, request_id, content_key=uuid.uuid4().hex)


def _written(services: FakeServices, request_id: uuid.UUID) -> Asked:
    """Lead a request that was understood through the stages that write; tell what became of it."""
    row = factories.row(services.engine, request_id)
    if row["status"] == Status.VALIDATING:
        runtime.run(RETRIEVE_CONTENT, retrieve_content, factories.event(request_id), services)
        runtime.run(GENERATE_SCRIPT, generate_script, factories.event(request_id), services)
        row = factories.row(services.engine, request_id)
    status = Status(row["status"])
    match status:
        case Status.FAILED:
            assert row["error_code"] in REFUSALS, row["error_details"]
            assert services.objects.data == {}
            return Asked(request_id, status, row["error_code"])
        case Status.PENDING:
            asked = row["request_metadata"]["clarification"]
            _only_sections(services.engine, asked["questions"])
            return Asked(request_id, status)
        case _:
            assert status is Status.GENERATING_SCRIPT
            return Asked(request_id, status, storyboard=_harmless(services, row))


def _only_sections(engine: sa.Engine, questions: Sequence[Mapping[str, Any]]) -> None:
    """What is offered is what is in the books."""
    with engine.connect() as connection:
        known = {module for (module,) in connection.execute(sa.text("SELECT module_id FROM modules"))}
    assert {option["module_id"] for question in questions for option in question["options"]} <= known


def _only_references(services: FakeServices) -> None:
    """Messages hold ids and nothing else, on topics of ours."""
    for topic, data, _ in services.bus.messages:
        assert topic in set(Topic)
        assert set(json.loads(data)) == set(json.loads(RequestMessage.decode(data).encode()))


def _harmless(services: FakeServices, row: Mapping[str, Any]) -> Storyboard:
    """The lesson is one of the books, its files lie where its content says, and it holds nothing of the texts."""
    digest = row["storyboard_digest"]
    names = {objects.lesson(digest, name) for name in (objects.STORYBOARD, objects.TRANSCRIPT)}
    assert set(services.objects.data) == names
    storyboard = Storyboard.model_validate_json(services.objects.read(objects.lesson(digest, objects.STORYBOARD)))
    assert storyboard.digest() == digest
    brief = services.writer.briefs[-1]
    assert check(storyboard, brief.passages) == []
    with services.engine.connect() as connection:
        stored = passages_by_id(connection, [cited for scene in storyboard.scenes for cited in scene.citations])
    assert {cited for scene in storyboard.scenes for cited in scene.citations} <= {one.passage_id for one in stored}
    only_books(storyboard, {one.url for one in stored})
    text = storyboard.model_dump_json().casefold()
    assert [mark for mark in MARKS if mark in text] == []
    return storyboard


def test_there_are_enough_texts_of_many_kinds() -> None:
    everything = [*QUESTIONS, *INTERESTS, *ANSWERS, *DOCUMENTS]
    assert len({case["text"] for case in everything}) >= 200
    assert len(QUESTIONS) >= 100
    assert len({case["kind"] for case in everything}) >= 15


@pytest.mark.parametrize("case", QUESTIONS, ids=name_of)
def test_a_question_commands_nothing(services: FakeServices, case: dict[str, str]) -> None:
    _ask(services, query=case["text"])


@pytest.mark.parametrize("case", INTERESTS, ids=name_of)
def test_an_interest_commands_nothing(services: FakeServices, case: dict[str, str]) -> None:
    _ask(services, query="Explain Newton's third law", interest=case["text"])


@pytest.mark.parametrize("case", ANSWERS, ids=name_of)
def test_an_answer_commands_nothing(services: FakeServices, case: dict[str, str]) -> None:
    _ask(services, query="Tell me about science", answer=case["text"])


def test_a_models_orders_do_not_change_with_the_students_words(services: FakeServices) -> None:
    """The request to a model: orders in one part, all that others wrote as one JSON document in another; no tools."""
    _ask(services, query="Explain Newton's third law", interest="basketball")
    brief = services.writer.briefs[-1]
    plain = requests.storyboard(brief, Excerpts.of(brief))

    for case in (*QUESTIONS, *ANSWERS):
        changed = replace(brief, query=case["text"])
        prompt = requests.storyboard(changed, Excerpts.of(changed))
        assert (prompt.system, prompt.task) == (plain.system, plain.task)
        data = prompt.data.removeprefix("<data>\n").removesuffix("\n</data>")
        assert "<" not in data
        assert json.loads(data).keys() == {"topic", "question", "interest", "passages"}


def test_a_models_request_has_no_tools(books: sa.Engine) -> None:
    brief = replace(writer_cases.brief(writer_cases.NEWTON), query=QUESTIONS[0]["text"])
    with vertex.Gemini().serving() as gemini:
        writer = GeminiWriter(
            vertex.MODEL,
            project_id=vertex.PROJECT,
            location=vertex.LOCATION,
            endpoint=gemini.http.url,
            credentials=vertex.CREDENTIALS,
        )
        gemini.will(vertex.said_json(writer_cases.good(writer_cases.NEWTON)))
        writer.storyboard(brief)
        assert len(gemini.bodies) == 1
        body = gemini.bodies[0]
    assert not {"tools", "toolConfig", "cachedContent"} & set(body)
    assert QUESTIONS[0]["text"] not in json.dumps(body["systemInstruction"])


def test_poisoned_books_are_taught_from_like_any_other(services: FakeServices, tmp_path: Path) -> None:
    """In the database, through every stage that writes; in CNXML and in Markdown."""
    inside = [case for case in DOCUMENTS if case["where"] in {"paragraph", "definition", "caption", "summary"}]
    modules = {f"m{number}": poisoned(case) for number, case in enumerate(inside[:6])}
    write_book(tmp_path / "volcanoes", modules, slug="volcanoes", title="A Book of Volcanoes")
    text = "\n\n".join([VOLCANOES[0], *(case["text"] for case in inside), VOLCANOES[1]])
    markdown = tmp_path / "craters.md"
    markdown.write_text(f"---\ntitle: Craters\nlicence: CC BY 4.0\n---\n# Craters\n\n## Lava\n\n{text}\n", "utf-8")
    for book in (tmp_path / "volcanoes", markdown):
        ingest(book, services.engine, EMBEDDINGS)
    before = counts(services.engine)

    for query in ("How does lava flow from a volcano?", "What is the crater of a volcano?"):
        request_id = factories.add_request(services.engine, query=query, modality=Modality.TEXT, interest="")
        services.objects.data.clear()
        _validated(services, request_id)
        found = _written(services, request_id)
        assert found.status in {Status.GENERATING_SCRIPT, Status.PENDING}

    assert changed(before, counts(services.engine)) <= OWN

"""Where a request stands: whose it is, what it shows, and waiting for news of it."""

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from functions.api import eta, waiting
from shared import objects
from shared.books.book import Book, Draft, Module
from shared.db.ingested import Indexed, replace_source
from shared.enums import ContentRequestStatus as Status
from shared.enums import DegradedReason, Modality, PassageKind, StageRunState
from shared.errors import AttemptsExhausted
from shared.pipeline import GENERATE_SCRIPT, GENERATE_VIDEO, STAGES
from shared.services import ObjectStore
from tests import factories
from tests.fakes import FakeServices, HashEmbeddings
from tests.integration.api_client import Caller, problem

PROMISED = {
    "id",
    "status",
    "progress_percentage",
    "current_stage",
    "eta_seconds",
    "assets",
    "citations",
    "degraded",
    "timeline",
    "timings",
    "cost_usd",
    "links",
}


def _storyboard(digest: str, store: ObjectStore, *cited: list[str]) -> None:
    scenes = [{"id": f"scene-{number:02}", "citations": ids} for number, ids in enumerate(cited, start=1)]
    data = json.dumps({"scenes": scenes}).encode()
    store.write(objects.lesson(digest, objects.STORYBOARD), data, content_type="application/json")


def _book(engine: sa.Engine) -> list[str]:
    """A book of one module with two passages, ingested; their ids."""
    drafts = tuple(
        Draft(kind=PassageKind.EXPLANATION, section=section, text=f"Passage {position}", structure={"heading": section})
        for position, section in enumerate(["", "The third law"])
    )
    book = Book(
        slug=f"book-{uuid.uuid4().hex[:6]}",
        title="Physics",
        language="en",
        licence="CC BY 4.0",
        licence_url="",
        attribution="Physics by Somebody",
        url="https://book.test",
        modules=(
            Module(
                module_id=f"m{uuid.uuid4().hex[:6]}",
                title="Newton’s laws",
                number="4.2",
                url="https://book.test/4-2",
                drafts=drafts,
            ),
        ),
    )
    passages = list(book.passages())
    vectors = HashEmbeddings().embed([passage.text for passage in passages])
    with engine.begin() as connection:
        replace_source(
            connection,
            book,
            content_hash=book.content_hash(),
            embedding_model=HashEmbeddings.model,
            changed=passages,
            indexed={
                passage.passage_id: Indexed(text=passage.text, hash="h", vector=vector)
                for passage, vector in zip(passages, vectors, strict=True)
            },
            removed=[],
        )
    return [passage.passage_id for passage in passages]


def test_a_new_request_shows_all_that_is_promised(student: Caller) -> None:
    request_id = student.ask(interest="chess")
    answer = student.get(f"/v1/requests/{request_id}")
    body = answer.get_json()
    assert body.keys() >= PROMISED
    assert not body.keys() & {"clarification", "error", "history"}
    assert (body["status"], body["progress_percentage"], body["interest"]) == (Status.PENDING, 0, "chess")
    assert (body["assets"], body["citations"], body["degraded"], body["timings"]) == ({}, [], [], {})
    assert [entry["status"] for entry in body["timeline"]] == [Status.PENDING]
    assert body["timeline"][0].keys() == {"status", "at", "progress_percentage"}


@pytest.mark.parametrize("headers", [{}, {"Prefer": "wait=1"}, {"If-None-Match": '"1.1"'}])
def test_what_is_somebody_elses_is_not_there(
    student: Caller, stranger: Callable[[], Caller], headers: dict[str, str]
) -> None:
    request_id = student.ask()
    for path in (request_id, uuid.uuid4(), "no-uuid", "1", f"{request_id}'--", "%00"):
        answer = stranger().call("GET", f"/v1/requests/{path}", headers=headers)
        assert problem(answer) == (404, "not_found")


def test_admins_do_not_read_students_questions_either(student: Caller, admin: Caller) -> None:
    assert problem(admin.get(f"/v1/requests/{student.ask()}")) == (404, "not_found")


def test_the_timeline_tells_every_status_in_order(student: Caller) -> None:
    request_id = student.request(status=Status.COMPLETED)
    timeline = student.get(f"/v1/requests/{request_id}").get_json()["timeline"]
    assert [entry["status"] for entry in timeline] == [
        Status.PENDING,
        *(stage.during for stage in STAGES),
        Status.COMPLETED,
    ]
    assert timeline == sorted(timeline, key=lambda entry: entry["at"])


def _run(
    engine: sa.Engine, request_id: uuid.UUID, stage: str, attempt: int, state: StageRunState, **columns: object
) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
                INSERT INTO request_stages (request_id, stage, attempt, state, started_at, finished_at, error_code)
                VALUES (:id, :stage, :attempt, :state, :started, :finished, :code)
            """),
            {
                "id": request_id,
                "stage": stage,
                "attempt": attempt,
                "state": state,
                "started": None,
                "finished": None,
                "code": None,
            }
            | columns,
        )


def _at(second: int) -> datetime:
    return datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)


def test_timings_add_up_the_runs_of_a_stage(system: FakeServices, student: Caller) -> None:
    request_id = student.request(status=Status.COMPLETED, attempt=4)
    script, video = GENERATE_SCRIPT.name, GENERATE_VIDEO.name
    _run(system.engine, request_id, script, 1, StageRunState.FAILED, started=_at(0), finished=_at(2))
    _run(system.engine, request_id, script, 2, StageRunState.FINISHED, started=_at(3), finished=_at(8))
    _run(system.engine, request_id, video, 3, StageRunState.RUNNING, started=_at(9))  # killed without a word
    _run(system.engine, request_id, video, 4, StageRunState.FINISHED, started=_at(10), finished=_at(20))
    assert student.get(f"/v1/requests/{request_id}").get_json()["timings"] == {script: 7.0, video: 10.0}


def test_a_failed_request_says_why_and_what_was_tried(system: FakeServices, student: Caller) -> None:
    request_id = student.request(status=Status.FAILED)
    factories.update(
        system.engine,
        request_id,
        error_code=AttemptsExhausted.code,
        error_stage=GENERATE_VIDEO.name,
        error_message="Something kept going wrong.",
        error_details={"reason": "for operators alone"},
    )
    _run(
        system.engine,
        request_id,
        GENERATE_VIDEO.name,
        1,
        StageRunState.FAILED,
        started=_at(0),
        finished=_at(2),
        code="x",
    )
    answer = student.get(f"/v1/requests/{request_id}")
    assert answer.get_json()["error"] == {
        "code": AttemptsExhausted.code,
        "message": "Something kept going wrong.",
        "stage": GENERATE_VIDEO.name,
        "retryable": True,
    }
    assert [(run["stage"], run["state"], run["error_code"]) for run in answer.get_json()["history"]] == [
        (GENERATE_VIDEO.name, StageRunState.FAILED, "x")
    ]
    assert "operators" not in answer.text


def test_a_lesser_lesson_says_how(system: FakeServices, student: Caller) -> None:
    request_id = student.request(status=Status.COMPLETED)
    factories.update(system.engine, request_id, degraded=[DegradedReason.SHORTER])
    [reason] = student.get(f"/v1/requests/{request_id}").get_json()["degraded"]
    assert reason["code"] == DegradedReason.SHORTER
    assert "shorter" in reason["message"]


def test_open_questions_are_shown_while_the_request_waits(system: FakeServices, student: Caller) -> None:
    request_id = student.parked()
    asked = student.get(f"/v1/requests/{request_id}").get_json()["clarification"]
    assert asked.keys() == {"questions", "reasoning", "round", "requested_at"}
    assert asked["questions"][0]["options"][0] == {"id": "a", "label": "Motion", "module_id": "m1"}
    factories.update(system.engine, request_id, clarification_requested_at=None)
    assert "clarification" not in student.get(f"/v1/requests/{request_id}").get_json()


ALL = {
    "storyboard": objects.STORYBOARD,
    "transcript": objects.TRANSCRIPT,
    "audio": objects.NARRATION,
    "captions": objects.CAPTIONS,
    "video": objects.VIDEO,
    "thumbnail": objects.POSTER,
    "hls": objects.HLS_PLAYLIST,
}


def test_an_asset_is_shown_as_soon_as_it_is_stored(system: FakeServices, student: Caller) -> None:
    digest = uuid.uuid4().hex
    request_id = student.request(status=Status.GENERATING_VIDEO, storyboard_digest=digest)
    shown: set[str] = set()
    for kind, name in ALL.items():
        body = student.get(f"/v1/requests/{request_id}").get_json()
        assert body["assets"].keys() == shown
        data = b'{"scenes": []}' if kind == "storyboard" else b"x"
        system.objects.write(objects.lesson(digest, name), data, content_type="")
        shown.add(kind)
    assets = student.get(f"/v1/requests/{request_id}").get_json()["assets"]
    assert assets.keys() == ALL.keys()
    assert assets["video"] == f"http://objects.test/lessons/{digest}/video.mp4"
    # A playlist is served by the api wherever objects lie: its references have to be signed.
    assert assets["hls"].startswith(f"{system.settings.public_url}/v1/assets/lessons/{digest}/{objects.HLS_PLAYLIST}?")


@pytest.mark.parametrize(
    ("modality", "kinds"),
    [
        (Modality.TEXT, {"storyboard", "transcript"}),
        (Modality.AUDIO, {"storyboard", "transcript", "audio", "captions"}),
    ],
)
def test_only_what_was_asked_for_is_shown(
    system: FakeServices, student: Caller, modality: Modality, kinds: set[str]
) -> None:
    digest = uuid.uuid4().hex
    for name in ALL.values():
        system.objects.write(objects.lesson(digest, name), b'{"scenes": []}', content_type="")
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest, modality=modality)
    assert student.get(f"/v1/requests/{request_id}").get_json()["assets"].keys() == kinds


def test_citations_name_book_section_and_scenes(system: FakeServices, student: Caller) -> None:
    first, second = _book(system.engine)
    digest = uuid.uuid4().hex
    _storyboard(digest, system.objects, [second], [first, second], [str(uuid.uuid4())])
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest)
    citations = student.get(f"/v1/requests/{request_id}").get_json()["citations"]
    assert [(c["passage_id"], c["section"], c["scene_ids"]) for c in citations] == [
        (second, "The third law", ["scene-01", "scene-02"]),
        (first, "Newton’s laws", ["scene-02"]),
    ]
    assert (citations[0]["book"], citations[0]["licence"]) == ("Physics", "CC BY 4.0")
    assert citations[0]["url"] == "https://book.test/4-2"
    assert citations[0].keys() == {"passage_id", "module_id", "book", "section", "scene_ids", "url", "licence"}


def test_the_answer_tells_how_far_the_lesson_is_backed(system: FakeServices, student: Caller) -> None:
    digest = uuid.uuid4().hex
    written = {"scenes": [], "supported_share": 0.95, "claims": 20}
    system.objects.write(
        objects.lesson(digest, objects.STORYBOARD), json.dumps(written).encode(), content_type="application/json"
    )
    request_id = student.request(status=Status.COMPLETED, storyboard_digest=digest)

    assert student.get(f"/v1/requests/{request_id}").get_json()["grounding"] == {"supported_share": 0.95, "claims": 20}
    unwritten = student.request(status=Status.RETRIEVING)
    assert "grounding" not in student.get(f"/v1/requests/{unwritten}").get_json()


def test_a_citation_leads_to_the_text_of_its_passage(system: FakeServices, student: Caller) -> None:
    _, passage_id = _book(system.engine)
    body = student.get(f"/v1/passages/{passage_id}").get_json()
    assert body["text"] == "Passage 1"
    assert (body["book"], body["module_title"], body["section"], body["number"]) == (
        "Physics",
        "Newton’s laws",
        "The third law",
        "4.2",
    )
    assert (body["kind"], body["attribution"]) == (PassageKind.EXPLANATION, "Physics by Somebody")
    assert "embedding" not in body


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "no-uuid", "%00"])
def test_a_passage_that_is_not_there_is_not_found(student: Caller, name: str) -> None:
    assert problem(student.get(f"/v1/passages/{name}")) == (404, "not_found")


def test_who_has_seen_the_answer_is_told_that_nothing_changed(system: FakeServices, student: Caller) -> None:
    request_id = student.ask()
    path = f"/v1/requests/{request_id}"
    tag = student.get(path).headers["ETag"]
    again = student.get(path, If_None_Match=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert student.get(path, If_None_Match=f"W/{tag}").status_code == 304
    factories.update(system.engine, request_id, progress_percentage=1)
    changed = student.get(path, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize("tag", ["*", '"x"', "1", '"1"', '"1.2.3"', '"-1.0"', '"' + "9" * 400 + '.1"'])
def test_a_tag_that_is_none_of_ours_counts_as_unseen(student: Caller, tag: str) -> None:
    assert student.get(f"/v1/requests/{student.ask()}", If_None_Match=tag).status_code == 200


def test_an_answer_whose_links_are_about_to_end_is_sent_again(student: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/v1/requests/{student.ask()}"
    tag = student.get(path).headers["ETag"]
    version, _, window = tag.strip('"').partition(".")
    answer = student.get(path, If_None_Match=f'"{version}.{int(window) - 1}"', Prefer="wait=25")
    assert (answer.status_code, answer.headers["ETag"]) == (200, tag)


def test_a_long_poll_answers_when_the_version_changes(system: FakeServices, student: Caller) -> None:
    request_id = student.ask()
    path = f"/v1/requests/{request_id}"
    tag = student.get(path).headers["ETag"]
    later = threading.Timer(0.4, factories.update, [system.engine, request_id], {"progress_percentage": 7})
    later.start()
    answer = student.get(path, If_None_Match=tag, Prefer="wait=25")
    later.join()
    assert (answer.status_code, answer.get_json()["progress_percentage"]) == (200, 7)
    assert answer.headers["Preference-Applied"] == "wait=25"


def test_a_renewed_lease_is_no_news(system: FakeServices, student: Caller) -> None:
    request_id = student.ask()
    path = f"/v1/requests/{request_id}"
    tag = student.get(path).headers["ETag"]
    later = threading.Timer(0.3, factories.update, [system.engine, request_id], {"lease_until": sa.func.now()})
    later.start()
    assert student.get(path, If_None_Match=tag, Prefer="wait=1").status_code == 304
    later.join()


def test_without_a_tag_a_long_poll_waits_for_the_end(system: FakeServices, student: Caller) -> None:
    request_id = student.ask()

    def make() -> None:
        factories.update(system.engine, request_id, status=Status.VALIDATING)
        factories.update(system.engine, request_id, status=Status.COMPLETED)

    later = threading.Timer(0.4, make)
    later.start()
    answer = student.get(f"/v1/requests/{request_id}", Prefer="wait=25")
    later.join()
    assert answer.get_json()["status"] == Status.COMPLETED


def test_what_waits_for_the_student_is_not_waited_for(student: Caller) -> None:
    body = student.get(f"/v1/requests/{student.parked()}", Prefer="wait=25").get_json()
    assert body["clarification"]["round"] == 1


def test_a_long_poll_without_news_answers_all_the_same(student: Caller) -> None:
    answer = student.get(f"/v1/requests/{student.ask()}", Prefer="wait=1")
    assert answer.get_json()["status"] == Status.PENDING


def test_a_long_poll_holds_no_connection_while_it_waits(system: FakeServices, student: Caller) -> None:
    """As many wait as there are connections, and everybody else still is served."""
    request_id = student.ask()
    tag = student.get(f"/v1/requests/{request_id}").headers["ETag"]
    pollers = [
        threading.Thread(
            target=student.get, args=[f"/v1/requests/{request_id}"], kwargs={"If_None_Match": tag, "Prefer": "wait=2"}
        )
        for _ in range(8)
    ]
    for poller in pollers:
        poller.start()
    for _ in range(10):
        assert student.get("/healthz").status_code == 200
    for poller in pollers:
        poller.join()


def test_who_finds_no_place_to_wait_is_answered_at_once(student: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_places", threading.BoundedSemaphore(1))
    waiting._places.acquire()
    request_id = student.ask()
    tag = student.get(f"/v1/requests/{request_id}").headers["ETag"]
    assert student.get(f"/v1/requests/{request_id}", If_None_Match=tag, Prefer="wait=25").status_code == 304


def test_the_expected_time_comes_from_what_lessons_took(system: FakeServices, student: Caller) -> None:
    now = datetime.now(UTC)
    for stage in STAGES:
        done = student.request(status=Status.COMPLETED)
        _run(system.engine, done, stage.name, 1, StageRunState.FINISHED, started=now, finished=now)
    eta._typical._entries.clear()
    assert student.get(f"/v1/requests/{student.ask()}").get_json()["eta_seconds"] == 0
    assert student.get(f"/v1/requests/{student.parked()}").get_json()["eta_seconds"] is None
    assert student.get(f"/v1/requests/{done}").get_json()["eta_seconds"] is None


def test_notifications_are_the_students_own(
    system: FakeServices, student: Caller, stranger: Callable[[], Caller]
) -> None:
    other = stranger()
    for owner, topic, channel in (
        (student, "Cells", "in_app"),
        (student, "Motion", "email"),
        (other, "Heat", "in_app"),
    ):
        request_id = owner.request(status=Status.COMPLETED, topic=topic)
        with system.engine.begin() as connection:
            connection.execute(
                sa.text("""
                    INSERT INTO notifications (request_id, channel, student_id, message_id, sent_at)
                    VALUES (:id, :channel, :student, 'x', now())
                """),
                {"id": request_id, "channel": channel, "student": owner.id},
            )
    [item] = student.get("/v1/notifications").get_json()["items"]
    assert (item["text"], item["status"]) == ("Your lesson on Cells is ready.", Status.COMPLETED)
    assert item["links"]["self"] == f"/v1/requests/{item['request_id']}"

"""The api's own small parts: memory, waiting preference, expected time, wording."""

import uuid
from datetime import UTC, datetime
from typing import Any

import flask
import pytest

from functions.api import auth, wording
from functions.api.eta import estimate, stages_of
from functions.api.remembered import ENTRIES, Remembered
from functions.api.waiting import LONGEST_SECONDS, preferred_seconds
from shared.db.views import RequestView
from shared.enums import ContentRequestStatus as Status
from shared.enums import DegradedReason, LessonStyle, Modality, StageRunState
from shared.errors import AttemptsExhausted, ContentNotFound, ContentRefused, InvalidMedia
from shared.pipeline import GENERATE_SCRIPT, GENERATE_VIDEO, NOTIFY_STUDENT, PROCESS_VIDEO, STAGES, VALIDATE_REQUEST


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_memory_forgets_by_age_and_by_number() -> None:
    clock = Clock()
    memory: Remembered[int] = Remembered(seconds=10, clock=clock)
    memory.keep("a", 1)
    assert memory.get("a") == 1
    clock.now += 10
    assert memory.get("a") is None
    for number in range(ENTRIES + 1):
        memory.keep(str(number), number)
    assert memory.get("0") is None
    assert memory.get(str(ENTRIES)) == ENTRIES


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], 0),
        ([("Prefer", "wait=7")], 7),
        ([("Prefer", "wait = 7")], 7),
        ([("Prefer", 'respond-async, wait="9"; x=1')], 9),
        ([("Prefer", "return=minimal"), ("Prefer", "wait=3")], 3),
        ([("Prefer", "wait=600")], LONGEST_SECONDS),
        ([("Prefer", "wait=-1")], 0),
        ([("Prefer", "wait=soon")], 0),
        ([("Prefer", "wait=99999999999999999999")], 0),
    ],
)
def test_the_preference_to_wait_is_bounded(headers: list[tuple[str, str]], seconds: int) -> None:
    with flask.Flask("test").test_request_context("/", headers=headers):
        assert preferred_seconds(flask.request) == seconds


@pytest.mark.parametrize(
    ("forwarded", "behind_proxy", "address"),
    [
        ("1.1.1.1", False, "9.9.9.9"),
        ("", True, "9.9.9.9"),
        ("1.1.1.1", True, "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1", True, "1.1.1.1"),
        ("x" * 500, True, "x" * 64),
    ],
)
def test_the_address_is_the_one_that_the_front_end_saw(forwarded: str, behind_proxy: bool, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    with flask.Flask("test").test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "9.9.9.9"}):
        assert auth.client_address(flask.request, behind_proxy=behind_proxy) == address


def _view(**changes: Any) -> RequestView:
    sound: dict[str, Any] = dict.fromkeys(RequestView.__slots__)
    sound |= {
        "id": uuid.UUID(int=1),
        "status": Status.PENDING,
        "modality": Modality.VIDEO,
        "style": LessonStyle.BALANCED,
        "waiting": False,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "runs": [],
    }
    return RequestView(**sound | changes)


TYPICAL = {stage.name: 10.0 for stage in STAGES}


def test_a_request_that_waits_takes_all_its_stages() -> None:
    assert estimate(_view(), TYPICAL) == 60
    assert estimate(_view(modality=Modality.AUDIO), TYPICAL) == 50
    assert estimate(_view(modality=Modality.TEXT), TYPICAL) == 40


def test_what_a_stage_has_spent_is_taken_off() -> None:
    run = {"stage": GENERATE_SCRIPT.name, "state": StageRunState.RUNNING, "seconds": 4.0}
    at_work = _view(status=Status.GENERATING_SCRIPT, runs=[run])
    assert estimate(at_work, TYPICAL) == 6 + 30
    overdue = _view(status=Status.GENERATING_SCRIPT, runs=[run | {"seconds": 400.0}])
    assert estimate(overdue, TYPICAL) == 1 + 30
    finished = _view(status=Status.GENERATING_SCRIPT, runs=[run | {"state": StageRunState.FINISHED}])
    assert estimate(finished, TYPICAL) == 30


def test_a_stage_that_counts_its_own_work_is_believed() -> None:
    assert estimate(_view(status=Status.GENERATING_VIDEO, eta_seconds=25), TYPICAL) == 25 + 20
    later = {PROCESS_VIDEO.name: 5.0, NOTIFY_STUDENT.name: 1.0}
    assert estimate(_view(status=Status.GENERATING_VIDEO, eta_seconds=25), later) == 31


def test_nothing_is_told_where_nothing_is_known() -> None:
    assert estimate(_view(), {}) is None
    assert estimate(_view(status=Status.NOTIFYING), {}) is None


def test_a_request_goes_through_the_stages_of_its_modality() -> None:
    assert list(stages_of(Modality.VIDEO)) == list(STAGES)
    assert GENERATE_VIDEO not in stages_of(Modality.TEXT)
    assert PROCESS_VIDEO not in stages_of(Modality.AUDIO)


@pytest.mark.parametrize("reason", DegradedReason)
def test_every_way_of_being_lesser_is_told_in_a_sentence(reason: DegradedReason) -> None:
    assert wording.degraded(reason) == wording.DEGRADED[reason]
    assert wording.degraded(reason).endswith(".")


def test_an_unknown_reason_still_is_a_sentence() -> None:
    assert wording.degraded("something_new").endswith(".")


@pytest.mark.parametrize(
    ("code", "stage", "again"),
    [
        (AttemptsExhausted.code, VALIDATE_REQUEST.name, True),
        (InvalidMedia.code, PROCESS_VIDEO.name, True),
        (ContentRefused.code, VALIDATE_REQUEST.name, False),
        ("unsafe_content", VALIDATE_REQUEST.name, False),
        (ContentNotFound.code, GENERATE_SCRIPT.name, False),
    ],
)
def test_only_what_may_go_away_is_worth_another_try(code: str, stage: str, again: bool) -> None:
    assert wording.retryable(code, stage) is again

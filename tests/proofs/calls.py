"""What students do, over the api, beside the model; and what can happen in the midst of anything."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from shared.crash_points import Step
from shared.db.actions import RETRIES
from shared.enums import ContentRequestStatus as Status
from shared.enums import FeedbackKind, LessonStyle, Role
from shared.messages import RequestMessage
from shared.pipeline import LEASE_SECONDS, TERMINAL, VALIDATE_REQUEST, Stage, Topic
from shared.security import tokens
from tests.fakes import SETTINGS
from tests.integration.api_client import application
from tests.proofs.expected_state import Asked, Entry, Lesson
from tests.proofs.plans import MIRROR_DELETE, Crash, Event, Meanwhile, Plan
from tests.proofs.post import Letter
from tests.proofs.workers import QUESTION, Workers
from tests.proofs.world import Frame

GOOD: Final = Plan()
REDUCED: Final = 2  # grades that "simpler" goes down where the style is the simple one


@dataclass(frozen=True)
class Said:
    """An answer of the api."""

    status: int
    body: Any


class Students(Workers):
    """The same with the calls of its students."""

    def begin(self) -> None:
        super().begin()
        self._tokens: dict[UUID, str] = {}
        self._mirror_deletes: Callable[[], None] = lambda: None

    # Calls

    def _call(
        self, student: UUID, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> Said | None:
        """One call; None when the process died."""
        if student not in self._tokens:
            bearer = tokens.Bearer(account_id=student, role=Role.STUDENT)
            self._tokens[student] = tokens.issue(SETTINGS.secret_key, bearer, minutes=60)
        headers = {"Authorization": f"Bearer {self._tokens[student]}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = application().test_client().open(path, method=method, data=data, headers=headers)
        except Crash:
            return None
        assert answer.status_code < 500, answer.text
        return Said(answer.status_code, answer.get_json())

    def _known(self, student: UUID, said: Said | None) -> bool:
        """Whether the caller has an account; else the answer has to say so."""
        if student in self.expected.accounts:
            return True
        assert said is None or said.status == 401
        return False

    def submit(self, student: UUID, asked: Asked, key: str | None, plan: Plan) -> None:
        """A question is sent in."""
        body = {"query": asked.query, "grade_level": asked.grade, "modality": asked.modality, "style": asked.style}
        with self.operation(plan) as frame:
            entry = self._expect_submission(frame, student, asked, key, meaning=asked)
            had_account = student in self.expected.accounts
            said = self._call(student, "POST", "/v1/requests", body, key=key)
            if said is None:
                return
            if not had_account:
                assert said.status == 401
                return
            self._check_entry(frame, entry, said)

    def _expect_submission(
        self, frame: Frame, student: UUID, asked: Asked, key: str | None, *, meaning: object, rounds: int = 0
    ) -> list[tuple[Entry, UUID | None]]:
        """Tell the model of what SUBMIT commits; the list holds what came of it."""
        found: list[tuple[Entry, UUID | None]] = []

        def submitted() -> None:
            if student not in self.expected.accounts:
                return
            entry, request_id = self.expected.submit(student, key, meaning)
            if entry is Entry.ACCEPTED:
                request_id = self._newest()
                self.expected.made(request_id, student, asked, key, meaning, rounds)
                frame.handed.append(VALIDATE_REQUEST.listens)
            found.append((entry, request_id))

        frame.committed[Step.SUBMIT] = submitted
        return found

    def _newest(self) -> UUID:
        rows = self.look.ask("SELECT id FROM content_requests")
        (request_id,) = {row[0] for row in rows} - self.expected.requests.keys()
        return UUID(str(request_id))

    def _check_entry(self, frame: Frame, found: list[tuple[Entry, UUID | None]], said: Said) -> None:
        if not found:
            # Erased while it was under way.
            assert said.status in (401, 429)
            return
        ((entry, request_id),) = found
        match entry:
            case Entry.ACCEPTED | Entry.REPEATED:
                assert (said.status, said.body["id"]) == (202, str(request_id))
            case Entry.KEY_REUSED:
                assert (said.status, said.body["code"]) == (409, "idempotency_key_reused")
            case Entry.QUOTA_SPENT:
                assert (said.status, said.body["code"]) == (429, "quota_exceeded")
        self._check_published(frame)

    def _check_published(self, frame: Frame) -> None:
        if not frame.refused:
            assert sorted(frame.published) == sorted(frame.handed)

    def _act(self, lesson: Lesson, what: str, plan: Plan, step: Step, effect: Callable[[Frame], bool]) -> None:
        """A call that either changes a request or is refused with 409; `effect` says whether the model agrees."""
        with self.operation(plan) as frame:
            done: list[bool] = []
            frame.committed[step] = lambda: done.append(effect(frame))
            had_account = lesson.student in self.expected.accounts
            body = {"answers": [{"question_id": QUESTION["id"], "option_id": "a"}]} if what == "clarification" else None
            said = self._call(lesson.student, "POST", f"/v1/requests/{lesson.id}/{what}", body)
            if said is None:
                return
            if not had_account:
                assert said.status == 401
            elif lesson.id not in self.expected.requests and not done:
                assert said.status in (401, 404)
            elif said.status == 202:
                assert done == [True]
                self._check_published(frame)
            else:
                assert said.status == 409, said
                assert done == []
                # Nothing can have come between the look and the answer: the model has to refuse as well.
                assert not self._possible(self.expected.requests[lesson.id], what)

    def _possible(self, lesson: Lesson, what: str) -> bool:
        match what:
            case "clarification":
                return lesson.parked_at is not None
            case "cancel":
                return lesson.status not in TERMINAL
            case _:
                return lesson.status is Status.FAILED and lesson.retries < RETRIES

    def answer(self, lesson: Lesson, plan: Plan) -> None:
        """The student answers what was asked, or what was not."""

        def effect(frame: Frame) -> bool:
            frame.handed.append(VALIDATE_REQUEST.listens)
            return self.expected.answer(lesson.id)

        self._act(lesson, "clarification", plan, Step.ANSWER, effect)

    def cancel(self, lesson: Lesson, plan: Plan) -> None:
        """The student has enough."""

        def effect(frame: Frame) -> bool:
            handed = self.expected.cancel(lesson.id)
            frame.handed += handed or []
            return handed is not None

        self._act(lesson, "cancel", plan, Step.CANCEL, effect)

    def retry(self, lesson: Lesson, plan: Plan) -> None:
        """The student tries again."""

        def effect(frame: Frame) -> bool:
            frame.handed.append(VALIDATE_REQUEST.listens)
            return self.expected.retry(lesson.id)

        self._act(lesson, "retry", plan, Step.RETRY, effect)

    def feedback(self, lesson: Lesson, kind: FeedbackKind, key: str | None, plan: Plan) -> None:
        """The student says what the lesson is worth, or wants it told anew."""
        asked = lesson.asked
        if asked.style is not LessonStyle.SIMPLE:
            told = replace(asked, style=LessonStyle.SIMPLE)
        else:
            told = replace(asked, grade=max(1, asked.grade - REDUCED))
        meaning = (lesson.id, kind)
        with self.operation(plan) as frame:
            entry = self._expect_submission(frame, lesson.student, told, key, meaning=meaning, rounds=lesson.rounds)
            if lesson.student not in self.expected.accounts:
                return
            path = f"/v1/requests/{lesson.id}/feedback"
            said = self._call(lesson.student, "POST", path, {"kind": kind}, key=key)
            if said is None:
                return
            if lesson.id not in self.expected.requests and not entry:
                assert said.status in (200, 401, 404, 429)
            elif lesson.status is not Status.COMPLETED or (
                kind is FeedbackKind.SIMPLER and asked.style is LessonStyle.SIMPLE and asked.grade == 1
            ):
                assert said.status == 409
            elif kind is FeedbackKind.SIMPLER:
                self._check_entry(frame, entry, said)
            else:
                assert said.status == 200

    def erase(self, student: UUID, plan: Plan) -> None:
        """The student leaves."""
        withdrawn: list[None] = []

        def cancelled() -> None:
            """Tell the model which requests have been cancelled so far."""
            rows = self.look.ask("SELECT id FROM content_requests WHERE status = 'cancelled'")
            for (request_id,) in rows:
                if self.expected.requests[request_id].student == student:
                    frame.handed += self.expected.cancel(request_id) or []

        def deleting() -> None:
            # The first time all was withdrawn; the second time the rows are gone too.
            if not withdrawn and student in self.expected.accounts:
                cancelled()
                self.expected.withdraw(student)
            withdrawn.append(None)

        def removed() -> None:
            left = self.look.ask("SELECT id FROM users WHERE id = %s", student)
            if student in self.expected.accounts and not left:
                self.expected.erased(student)

        with self.operation(plan) as frame:
            places = {MIRROR_DELETE: deleting, "before_publish": cancelled, "before_announce": cancelled}
            frame.before_place |= places
            frame.committed[Step.ERASE] = removed
            had_account = student in self.expected.accounts
            with self.in_order():
                said = self._call(student, "DELETE", f"/v1/students/{student}/data")
            if said is not None:
                assert said.status == (202 if had_account else 401)

    # In the midst of anything

    def stray(self, lesson: Lesson, stage: Stage, plan: Plan) -> None:
        """A message that nobody sent, or that stands for one of long ago."""
        message = RequestMessage(request_id=lesson.id, correlation_id=lesson.id)
        letter = Letter(stage.listens, message.encode(), message.attributes(), lesson.id, waiting=False)
        self.deliver(letter, plan)

    def letter(self, pick: int, *, waiting: bool) -> Letter | None:
        """One of the messages of stages: the next that wait, or any that ever was."""
        letters = [one for one in self.post.letters if one.topic is not Topic.STATUS_CHANGED]
        if waiting:
            letters = [one for one in letters if one.waiting]
        return letters[pick % len(letters)] if letters else None

    def request(self, pick: int, *which: Status, parked: bool | None = None) -> Lesson | None:
        """One of the requests, of those that stand so where there are any."""
        requests = list(self.expected.requests.values())
        fitting = [
            lesson
            for lesson in requests
            if (not which or lesson.status in which) and (parked is None or (lesson.parked_at is not None) == parked)
        ]
        chosen = fitting or requests
        return chosen[pick % len(chosen)] if chosen else None

    def happen(self, planned: Meanwhile, letter: Letter | None) -> None:
        pick = planned.pick
        about = self.expected.requests.get(letter.request_id) if letter else None
        lesson = about if about is not None and pick % 4 else self.request(pick)
        match planned.event:
            case Event.WAIT:
                self.wait(LEASE_SECONDS + 1)
            case Event.AGAIN if letter is not None:
                self.deliver(letter, GOOD)
            case Event.TAKE_OVER | Event.TAKEN if letter is not None:
                self.wait(LEASE_SECONDS + 1)
                self.deliver(letter, GOOD if planned.event is Event.TAKE_OVER else Plan(dies_at=f"after_{Step.CLAIM}"))
            case Event.NEXT:
                following = self.letter(pick, waiting=True)
                if following is not None:
                    self.deliver(following, GOOD)
            case Event.SUBMIT:
                asked = lesson.asked if lesson else Asked("why is the sky blue")
                self.submit(self.students[pick % len(self.students)], asked, None, GOOD)
            case Event.SWEEP:
                self.sweep(GOOD)
            case Event.ERASE:
                self.erase(lesson.student if lesson else self.students[0], GOOD)
            case Event.DEAD_LETTER:
                lost = self.letter(pick, waiting=True)
                if lost is not None:
                    self.dead_letter(lost, GOOD)
            case Event.ANSWER if lesson is not None:
                self.answer(lesson, GOOD)
            case Event.CANCEL if lesson is not None:
                self.cancel(lesson, GOOD)
            case Event.RETRY if lesson is not None:
                self.retry(lesson, GOOD)

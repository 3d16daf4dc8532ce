"""The students of a run: they ask, answer what they are asked back, cancel, and try again what failed.

All through the api, over HTTP. A call that broke off is made again, as a page would; a submission with its own key.
"""

import asyncio
import json
import random
import time
import uuid
from collections import Counter
from typing import Any, Final
from uuid import UUID

from shared.enums import ContentRequestStatus as Status
from shared.enums import Role
from shared.security import tokens
from tests.chaos.database import Reader
from tests.chaos.fleet import Worker
from tests.chaos.http_client import Answer, Connection
from tests.chaos.questions import Kind, Question
from tests.chaos.worker import SECRET

STUDENTS: Final = 20
# Codes of failures that are not the question's fault: its student tries again.
TRIED_AGAIN: Final = frozenset({"attempts_exhausted", "abandoned", "first_life"})
LIVES: Final = 8  # of one request
CALL_SECONDS: Final = 20.0
WATCH_SECONDS: Final = 0.2
ANSWERED_TWICE: Final = 0.3  # share of the questions back that are answered by two calls at once
AT_ONCE: Final = 8  # calls under way; more would wait for the api's threads

_WATCHED: Final = f"""
    SELECT id, status, clarification_requested_at IS NOT NULL AS waiting, error_code FROM content_requests
    WHERE clarification_requested_at IS NOT NULL OR status = '{Status.FAILED}'
"""


class Students:
    """All students of a run, and what they know of their requests."""

    def __init__(self, apis: list[Worker], *, seed: int) -> None:
        self._apis = apis
        self._chance = random.Random(f"students {seed}")
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tokens: list[str] = []
        self._owners: dict[UUID, int] = {}
        self._calling: set[UUID] = set()
        self._lives: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self.asked: dict[UUID, Question] = {}  # what the api has accepted
        self.accepted: dict[UUID, float] = {}  # and when
        self.cancelled: dict[UUID, bool] = {}  # whether the api granted the cancellation
        self.retried: Counter[str] = Counter()  # by the code of the failure
        self.calls: Counter[str] = Counter()

    def enrol(self, reader: Reader) -> None:
        """Make the accounts."""
        for number in range(STUDENTS):
            account = uuid.uuid4()
            reader.certainly(
                "INSERT INTO users (id, email, password_hash, role) VALUES (:id, :email, 'none', :role) RETURNING id",
                id=account, email=f"student-{number}@school.test", role=Role.STUDENT,
            )  # fmt: skip
            bearer = tokens.Bearer(account_id=account, role=Role.STUDENT)
            self._tokens.append(tokens.issue(SECRET, bearer, minutes=600))

    async def ask(self, questions: list[Question], seconds: float) -> None:
        """Send every question at its time; return when all are accepted."""
        began = time.monotonic()
        await asyncio.gather(*(self._ask(question, began + question.arrives * seconds) for question in questions))

    async def watch(self, reader: Reader) -> None:
        """Answer what is asked back and try again what failed, for ever."""
        while True:
            for row in await asyncio.to_thread(reader.rows, _WATCHED):
                if row["id"] in self.asked and row["id"] not in self._calling:
                    self._attend(row["id"], waiting=row["waiting"], code=row["error_code"])
            await asyncio.sleep(WATCH_SECONDS)

    def gives_up(self, request_id: UUID, code: str) -> bool:
        """Whether a failed request stays as it is."""
        undecided = self.asked[request_id].kind is Kind.CANCELLED and request_id not in self.cancelled
        return code not in TRIED_AGAIN or self._lives[request_id] >= LIVES or undecided

    async def close(self) -> None:
        """Stop calling."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, question: Question, when: float) -> None:
        await asyncio.sleep(max(0.0, when - time.monotonic()))
        owner = question.number % STUDENTS
        body = {"query": question.text, "grade_level": 8, "modality": question.modality}
        while True:
            answer = await self._call("POST", "/v1/requests", owner, body, key=f"question-{question.number}")
            if answer.status == 202:
                break
            if 400 <= answer.status < 500:
                raise RuntimeError(f"the api refuses a question: {answer.status} {answer.body[:300]!r}")
            await asyncio.sleep(self._chance.uniform(0.05, 0.4))
        request_id = UUID(answer.json["id"])
        self._owners[request_id] = owner
        self.asked[request_id] = question
        self.accepted[request_id] = time.time()
        if question.kind is Kind.CANCELLED:
            await asyncio.sleep(question.cancelled_after)
            await self._cancel(request_id)

    async def _cancel(self, request_id: UUID) -> None:
        while request_id not in self.cancelled:
            answer = await self._call("POST", f"/v1/requests/{request_id}/cancel", self._owners[request_id])
            if answer.status == 202:
                self.cancelled[request_id] = True
            elif answer.status == 409:
                # An earlier call of ours may have been granted though its answer was lost.
                self.cancelled[request_id] = answer.json.get("current_status") == Status.CANCELLED
            else:
                await asyncio.sleep(self._chance.uniform(0.05, 0.4))

    def _attend(self, request_id: UUID, *, waiting: bool, code: str | None) -> None:
        if waiting:
            twice = self._chance.random() < ANSWERED_TWICE
            for _ in range(2 if twice else 1):
                self._begin(request_id, self._answer(request_id))
        elif code is not None and not self.gives_up(request_id, code):
            self._begin(request_id, self._retry(request_id, code))

    def _begin(self, request_id: UUID, call: Any) -> None:
        self._calling.add(request_id)
        task = asyncio.ensure_future(call)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._calling.discard(request_id))

    async def _answer(self, request_id: UUID) -> None:
        body = {"answers": [{"question_id": "part", "option_id": "first"}]}
        answer = await self._call("POST", f"/v1/requests/{request_id}/clarification", self._owners[request_id], body)
        self.calls[f"answered {answer.status}"] += 1

    async def _retry(self, request_id: UUID, code: str) -> None:
        answer = await self._call("POST", f"/v1/requests/{request_id}/retry", self._owners[request_id])
        if answer.status == 202:
            self._lives[request_id] += 1
            self.retried[code] += 1

    async def _call(self, method: str, path: str, owner: int, body: Any = None, *, key: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {self._tokens[owner]}"} | ({"Idempotency-Key": key} if key else {})
        data = b"" if body is None else json.dumps(body).encode()
        async with self._places:
            connection = Connection(self._chance.choice(self._apis).port)
            try:
                # `wait_for` may swallow a cancellation in this release of Python.
                async with asyncio.timeout(CALL_SECONDS):
                    return await connection.call(method, path, data, headers | {"Connection": "close"})
            except TimeoutError:
                return Answer(0)
            finally:
                connection.close()

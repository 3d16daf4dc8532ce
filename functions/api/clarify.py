"""The student answers what the first stage asked; the same request goes on."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import flask
import sqlalchemy as sa

from functions.api import handoff
from functions.api.bodies import Answers, GivenAnswer
from functions.api.call import Call
from functions.api.idempotency import key_of
from functions.api.ownership import conflict, own
from functions.api.problems import KINDS, Code, FieldProblem, Problem
from functions.api.submit import accepted
from shared.crash_points import Step, around
from shared.db import actions, submissions
from shared.db.engine import single_statement
from shared.db.submissions import IdempotencyKey


def clarify(call: Call) -> flask.Response:
    """Store the answers to the open questions and let the request go on; answering twice lets it go on once."""
    request_id, student_id = call.identifier("request_id"), call.caller.id
    body: Answers = call.body
    key = key_of(call, f"clarify {request_id}", body)
    with around(Step.ANSWER), single_statement(call.services.engine) as connection:
        if _done_before(connection, student_id, key):
            return accepted(request_id)
        found = own(connection, request_id, student_id)
        correlation_id = None
        if found.waiting:
            correlation_id = actions.store_answers(
                connection,
                request_id,
                student_id,
                answers=_resolved(body.answers, found.clarification),
                asked=found.clarification["round"],
                idempotency=key,
            )
        if correlation_id is None:
            # Nothing waits, or another call was faster. With the same key it was this very call.
            if _done_before(connection, student_id, key):
                return accepted(request_id)
            raise conflict(own(connection, request_id, student_id).status, "The request does not wait for an answer.")
    handoff.begin(call.services, request_id, correlation_id)
    return accepted(request_id)


def _done_before(connection: sa.Connection, student_id: UUID, key: IdempotencyKey | None) -> bool:
    earlier = submissions.recall(connection, student_id, key) if key else None
    if isinstance(earlier, submissions.KeyReused):
        raise Problem(Code.IDEMPOTENCY_KEY_REUSED)
    return earlier is not None


def _resolved(answers: Sequence[GivenAnswer], clarification: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the answers as they are stored; raise a Problem for those that answer nothing that was asked."""
    asked = {question["id"]: question.get("options", []) for question in clarification["questions"]}
    stored, errors = [], []
    for index, answer in enumerate(answers):
        options = asked.get(answer.question_id)
        if options is None:
            errors.append((f"answers.{index}.question_id", Code.UNKNOWN_QUESTION))
            continue
        chosen = answer.option_id or _meant(answer.text, options)
        if chosen and chosen not in {option["id"] for option in options}:
            errors.append((f"answers.{index}.option_id", Code.UNKNOWN_OPTION))
        stored.append({"question_id": answer.question_id, "option_id": chosen or "", "text": answer.text})
    if errors:
        code = errors[0][1]
        raise Problem(code, errors=[FieldProblem(name, fault, KINDS[fault].detail) for name, fault in errors])
    return [{name: value for name, value in answer.items() if value} for answer in stored]


def _meant(text: str, options: Sequence[Mapping[str, Any]]) -> str | None:
    """The option that a text names, by its id or its label."""
    words = text.casefold()
    return next((o["id"] for o in options if words in (o["id"].casefold(), o["label"].casefold())), None)

"""A vague question is asked back, and the answer resumes the same request."""

import time
from typing import Any, Final

from local.acceptance.checklist import Checklist, Failure, expect
from local.client import Client
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import TERMINAL

VAGUE: Final = "Tell me about science"
ANSWER: Final = "the scientific method: hypothesis, experiment, conclusion"
ASKED_WITHIN: Final = 5.0
DONE_WITHIN: Final = 180.0


def run(checklist: Checklist, client: Client) -> None:
    """Ask, be asked, answer, wait."""
    checklist.part = "clarification"
    found: dict[str, Any] = {}

    def asked_back() -> str:
        began = time.monotonic()
        fields = {"query": VAGUE, "grade_level": 10, "interest": "basketball"}
        found["id"] = client.submit(fields)["id"]
        while (seconds := time.monotonic() - began) < ASKED_WITHIN:
            state = client.ask("GET", f"/v1/requests/{found['id']}")
            expect(Status(state["status"]) not in TERMINAL, f"{state['status']}: {state.get('error')}")
            if state["status"] == Status.PENDING and state.get("clarification"):
                found["clarification"] = state["clarification"]
                count = len(state["clarification"]["questions"])
                expect(count > 0, "no question")
                return f"pending with {count} question(s) after {time.monotonic() - began:.1f} s"
            time.sleep(0.1)
        raise Failure(f"no question within {seconds:.1f} s")

    if not checklist.check(f"“{VAGUE}” is asked back within {ASKED_WITHIN:.0f} s", asked_back):
        return
    checklist.check("its questions have text and options", lambda: _questions(found["clarification"]))
    checklist.check("the answer is taken", lambda: _answer(client, found["id"], found["clarification"]))
    checklist.check("the same request completes", lambda: _completes(client, found["id"]))


def _questions(clarification: dict[str, Any]) -> str:
    for question in clarification["questions"]:
        expect(bool(question["text"].strip()), "a question without text")
        for option in question["options"]:
            expect(bool(option["label"].strip()), "an option without a label")
    return "; ".join(f"{len(question['options'])} options" for question in clarification["questions"])


def _answer(client: Client, request_id: str, clarification: dict[str, Any]) -> str:
    answers = [{"question_id": question["id"], "text": ANSWER} for question in clarification["questions"]]
    answer = client.ask("POST", f"/v1/requests/{request_id}/clarification", {"answers": answers})
    expect(answer["id"] == request_id, "the answer names another request")
    return "same id"


def _completes(client: Client, request_id: str) -> str:
    began = time.monotonic()
    for state in client.watch(request_id):
        seconds = time.monotonic() - began
        if Status(state["status"]) in TERMINAL:
            expect(state["status"] == Status.COMPLETED, f"{state['status']}: {state.get('error')}")
            return f"completed {seconds:.1f} s after the answer"
        expect(not state.get("clarification"), "asked back again")
        expect(seconds < DONE_WITHIN, f"{state['status']} after {seconds:.0f} s")
    raise Failure("the request cannot be watched")

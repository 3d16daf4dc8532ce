"""What stands in for the work of the stages and for the world outside: cheap, deterministic, and noted.

A stage's stand-in decides what the stage could decide: settle, ask back, refuse, fail for now or for good, go on. What
it makes is stored under names of content, as the real stages do. `notify_student` needs none: it does its own work
through ports that note what they were given.
"""

import fcntl
import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared import objects
from shared.errors import ContentRefused, InvalidStoryboard, PermanentError, TransientError
from shared.pipeline import (
    GENERATE_SCRIPT,
    GENERATE_VIDEO,
    NOTIFY_STUDENT,
    PROCESS_VIDEO,
    RETRIEVE_CONTENT,
    VALIDATE_REQUEST,
    Stage,
)
from shared.services import Mail
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle, Work
from tests.chaos.questions import Kind, Question, read
from tests.chaos.records import Notes

FLAKINESS: Final = 0.25  # share of a flaky question's runs that fail for now
REPORTING: Final = 0.3  # share of runs that report progress
PIECES: Final = 3  # a stage's work is done in so many pieces, with a check between
QUESTION: Final = {
    "id": "part",
    "text": "Which part of it?",
    "options": [{"id": "first", "label": "The first", "module_id": "m1"}],
}
# What each stage stores of a lesson.
MADE: Final[Mapping[str, str]] = {
    GENERATE_SCRIPT.name: objects.STORYBOARD,
    GENERATE_VIDEO.name: objects.NARRATION,
    PROCESS_VIDEO.name: objects.VIDEO,
}


def digest_of(content_key: str) -> str:
    """The storyboard digest of a lesson: the same question always has the same lesson."""
    return hashlib.sha256(f"lesson of {content_key}".encode()).hexdigest()[:32]


def made(name: str, digest: str) -> bytes:
    """An artefact of a lesson."""
    return f"{name} of {digest}".encode()


def key_of(question: Question, modality: str) -> str:
    """The content key of a question."""
    return f"{question.run}:{question.about}:{modality}"


class StageWork:
    """The stand-in of one stage: its `handle`."""

    def __init__(self, stage: Stage, notes: Notes, *, seconds: float, seed: str) -> None:
        self._stage = stage
        self._notes = notes
        self._seconds = seconds
        self._seed = seed

    def __call__(self, request: Request, work: Work) -> Outcome:
        """Take a while, and decide."""
        question = read(request.query)
        chance = random.Random(f"{self._seed} {request.id} {self._stage.name} {request.attempt}")
        self._take_a_while(work, chance)
        if question.kind is Kind.FLAKY and chance.random() < FLAKINESS:
            raise TransientError("the stand-in fails for now")
        outcome = _DECISIONS[self._stage.name](request, question, work)
        work.checkpoint()
        return outcome

    def _take_a_while(self, work: Work, chance: random.Random) -> None:
        report = chance.random() < REPORTING if self._seconds else False
        for piece in range(PIECES):
            if self._seconds:
                time.sleep(chance.expovariate(PIECES / self._seconds))
            if report and piece == 1:
                work.progress(self._stage.progress + 1, "half way")
            else:
                work.checkpoint()


def _validate(request: Request, question: Question, work: Work) -> Outcome:
    if question.kind is Kind.REFUSED:
        raise ContentRefused("the stand-in refuses it")
    if question.kind is Kind.ASKING and not request.metadata.get("clarification", {}).get("answers"):
        return AskStudent(questions=(QUESTION,), reasoning="the stand-in finds it vague")
    return Settle(
        content_key=key_of(question, request.modality),
        topic=question.about,
        metadata=_signed(VALIDATE_REQUEST, request),
    )


def _retrieve(request: Request, question: Question, work: Work) -> Outcome:
    if question.kind is Kind.MENDED and request.attempt <= 2:
        raise PermanentError("the stand-in's first life ends here", code="first_life")
    return Advance(metadata=_signed(RETRIEVE_CONTENT, request))


def _script(request: Request, question: Question, work: Work) -> Outcome:
    if question.kind is Kind.HOPELESS:
        raise InvalidStoryboard("the stand-in's script passes no check")
    digest = digest_of(key_of(question, request.modality))
    work.begin_lesson(digest)
    _store(GENERATE_SCRIPT, digest, work)
    return Advance(columns={"storyboard_digest": digest}, metadata=_signed(GENERATE_SCRIPT, request))


def _further(stage: Stage, before: str) -> Callable[[Request, Question, Work], Outcome]:
    def decide(request: Request, question: Question, work: Work) -> Outcome:
        digest = request.storyboard_digest or ""
        work.services.objects.read(objects.lesson(digest, before))
        _store(stage, digest, work)
        return Advance(metadata=_signed(stage, request))

    return decide


_DECISIONS: Final[Mapping[str, Callable[[Request, Question, Work], Outcome]]] = {
    VALIDATE_REQUEST.name: _validate,
    RETRIEVE_CONTENT.name: _retrieve,
    GENERATE_SCRIPT.name: _script,
    GENERATE_VIDEO.name: _further(GENERATE_VIDEO, objects.STORYBOARD),
    PROCESS_VIDEO.name: _further(PROCESS_VIDEO, objects.NARRATION),
}


def _signed(stage: Stage, request: Request) -> dict[str, Any]:
    """What shows afterwards which run's outcome stands in the record."""
    return {stage.name: request.attempt}


def _store(stage: Stage, digest: str, work: Work) -> None:
    name = MADE[stage.name]
    work.services.objects.write(
        objects.lesson(digest, name), made(name, digest), content_type=objects.content_type(name)
    )


class NotedWork:
    """A stage's `handle`, stand-in or real, whose runs are noted as they begin and as they are done."""

    def __init__(self, stage: Stage, handle: Handle, notes: Notes, during: Callable[[], None]) -> None:
        self._stage = stage
        self._handle = handle
        self._notes = notes
        self._during = during

    def __call__(self, request: Request, work: Work) -> Outcome:
        """Do the work."""
        self._notes.add("began", request=str(request.id), stage=self._stage.name, attempt=request.attempt)
        self._during()
        outcome = self._handle(request, work)
        self._notes.add("worked", request=str(request.id), stage=self._stage.name, attempt=request.attempt)
        return outcome


def handle_of(stage: Stage, real: Handle, notes: Notes, *, seconds: float, seed: str) -> Handle:
    """What a stage does in a chaos run."""
    return real if stage is NOTIFY_STUDENT else StageWork(stage, notes, seconds=seconds, seed=seed)


class NotedMessenger:
    """Mailer and webhook: each message that is accepted is noted before the call returns, as a server would keep it."""

    def __init__(self, notes: Notes, *, failing: float, seed: str) -> None:
        self._notes = notes
        self._failing = failing
        self._chance = random.Random(f"messenger {seed}")

    def send(self, mail: Mail) -> None:
        """Accept an e-mail, or be away for now."""
        self._be_there()
        self._notes.add("sent", channel="email", message_id=mail.message_id, recipient=mail.recipient)

    def post(self, event_id: str, body: Mapping[str, Any]) -> None:
        """Accept a webhook's event, or be away for now."""
        self._be_there()
        self._notes.add("sent", channel="webhook", message_id=event_id, recipient=str(body.get("request_id")))

    def _be_there(self) -> None:
        if self._chance.random() < self._failing:
            raise TransientError("the stand-in is away for now")


class FileMirror:
    """A StatusMirror of one file a request, which outlives the processes that write it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def write(self, request_id: str, snapshot: Mapping[str, Any], version: int) -> bool:
        """Keep the snapshot unless a later one is there; the same one again adds nothing."""
        path = self._folder / request_id
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read()
            # A line that a killed process did not end is none.
            whole = (line for line in reversed(text.split("\n")[:-1]) if line.endswith("}"))
            last, line = next(whole, None), json.dumps({"version": version, **snapshot}, default=str)
            if last is not None and json.loads(last)["version"] > version:
                return False
            if line != last:
                torn = "" if text.endswith("\n") or not text else "\n"
                os.write(file.fileno(), f"{torn}{line}\n".encode())
            return True

    def delete(self, request_ids: Sequence[str]) -> None:
        """Forget these."""
        for request_id in request_ids:
            (self._folder / request_id).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all that was kept."""
        return sum(entry.stat().st_size for entry in os.scandir(self._folder))

    def shown(self) -> dict[str, list[dict[str, Any]]]:
        """Every snapshot that was kept, by request, oldest first."""
        return {
            path.name: [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
            for path in self._folder.iterdir()
        }

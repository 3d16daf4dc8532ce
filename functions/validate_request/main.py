"""Check the question, find what it is about, and ask the student where that is not clear."""

import functions_framework
import sqlalchemy as sa
from cloudevents.http import CloudEvent

from shared import bootstrap, runtime
from shared.books.search import module_passages
from shared.db.book_search import corpus_version
from shared.db.engine import single_statement
from shared.errors import ContentNotFound, ContentRefused
from shared.pipeline import VALIDATE_REQUEST
from shared.questions import dialogue, safety
from shared.questions.content_key import content_key, focus
from shared.questions.dialogue import Dialogue
from shared.questions.resolve import Clear, NotCovered, Vague
from shared.questions.understand import Understanding, understand
from shared.services import Clarification, ClarificationBrief, Services, Writer
from shared.work import Outcome, Request, Settle, Work

bootstrap.check(VALIDATE_REQUEST)

MOST_BOOKS_NAMED = 5


def handle(request: Request, work: Work) -> Outcome:
    """Settle on sections of the books and on the content key, or ask; raise ContentRefused or ContentNotFound."""
    said = Dialogue.of(request.metadata)
    for text in (request.query, request.interest, *said.texts):
        safety.check(text)
    work.progress(9, "Looking your question up in the textbooks")
    with single_statement(work.services.engine) as connection:
        found = _resolved(request, said, connection, work.services)
    if isinstance(found, Settle):
        return found
    # With the connection given back: a model may take its time for the words.
    return dialogue.ask(found, rounds=said.rounds, wording=_wording(found, request, said, work.services.writer))


def _resolved(request: Request, said: Dialogue, connection: sa.Connection, services: Services) -> Settle | Vague:
    understood = understand(connection, services.embeddings, request.query, said)
    match understood.resolution:
        case Clear(module_ids=module_ids, topic=topic, confidence=confidence):
            key = content_key(
                module_ids=module_ids,
                focus=focus(understood.question, module_passages(connection, module_ids)),
                interest=request.interest,
                grade=request.grade_level,
                style=request.style,
                language=request.language,
                modality=request.modality,
                duration_seconds=request.duration_seconds,
                corpus_version=corpus_version(connection),
                writer=f"{services.settings.writer} {services.settings.writer_model}".strip(),
            )
            resolution = {"confidence": confidence, "rounds": said.rounds, "chosen": bool(said.chosen)}
            return Settle(
                content_key=key,
                topic=topic,
                metadata={"module_ids": list(module_ids), "resolution": resolution},
            )
        case Vague() as vague if understood.books:
            return vague
        case NotCovered(foreign=True) if understood.books:
            raise _off_topic(understood)
        case _:
            raise ContentNotFound("no section of the books fits the question", books=len(understood.books))


def _wording(vague: Vague, request: Request, said: Dialogue, writer: Writer) -> Clarification | None:
    """How the writer asks; None where there is nothing to choose from."""
    if not vague.options:
        return None
    return writer.clarification(
        ClarificationBrief(
            query=said.spoken(request.query),
            grade_level=request.grade_level,
            language=request.language,
            text=vague.text,
            options=tuple(option.title for option in vague.options),
        )
    )


def _off_topic(understood: Understanding) -> ContentRefused:
    named = ", ".join(understood.books[:MOST_BOOKS_NAMED])
    return ContentRefused(
        "the question is of no subject of the books",
        code="off_topic",
        message=f"This is not a subject of the books here. Ask about something from: {named}.",
    )


@functions_framework.cloud_event
def validate_request(event: CloudEvent) -> None:
    """Entry point: a message on the topic that VALIDATE_REQUEST listens to."""
    runtime.run(VALIDATE_REQUEST, handle, event, bootstrap.services(VALIDATE_REQUEST))

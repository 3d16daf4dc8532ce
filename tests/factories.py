"""Rows and events for tests, each with sound defaults."""

import base64
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from shared.books import EMBEDDING_DIMENSIONS
from shared.db.models import content_requests, users
from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality, Role
from shared.messages import RequestMessage
from shared.pipeline import STAGES


@dataclass
class Event:
    """A Pub/Sub CloudEvent as functions-framework hands it over."""

    data: Any


def event(request_id: uuid.UUID, attributes: dict[str, str] | None = None) -> Event:
    """A delivery of a request's message."""
    data = RequestMessage(request_id=request_id, correlation_id=request_id).encode()
    return raw_event(data, attributes)


def raw_event(data: bytes, attributes: dict[str, str] | None = None) -> Event:
    """A delivery of any bytes."""
    return Event({"message": {"data": base64.b64encode(data).decode(), "attributes": attributes or {}}})


def add_user(engine: sa.Engine, *, role: Role = Role.STUDENT, email: str | None = None) -> uuid.UUID:
    """An account without a usable password."""
    user_id = uuid.uuid4()
    with engine.begin() as connection:
        connection.execute(
            users.insert().values(
                id=user_id, email=email or f"{user_id.hex[:12]}@school.test", password_hash="none", role=role
            )
        )
    return user_id


# The shortest legal way into each status.
_WAYS: dict[Status, list[Status]] = {Status.PENDING: []}
for _stage in STAGES:
    _WAYS[_stage.during] = [stage.during for stage in STAGES[: STAGES.index(_stage) + 1]]
_WAYS[Status.COMPLETED] = [stage.during for stage in STAGES] + [Status.COMPLETED]
_WAYS[Status.FAILED] = [Status.FAILED]
_WAYS[Status.CANCELLED] = [Status.CANCELLED]


def add_request(
    engine: sa.Engine, *, student_id: uuid.UUID | None = None, status: Status = Status.PENDING, **columns: Any
) -> uuid.UUID:
    """A request led through legal moves into `status`, waiting for its next stage."""
    request_id = uuid.uuid4()
    values = {
        "id": request_id,
        "correlation_id": uuid.uuid4(),
        "student_id": student_id or add_user(engine),
        "query": "Explain how photosynthesis works in plants",
        "grade_level": 10,
        "interest": "basketball",
        "style": LessonStyle.BALANCED,
        "language": "en",
        "modality": Modality.VIDEO,
        "duration_seconds": 90,
    } | columns
    with engine.begin() as connection:
        connection.execute(content_requests.insert().values(**values))
        for step in _WAYS[status]:
            connection.execute(content_requests.update().where(content_requests.c.id == request_id).values(status=step))
    return request_id


def add_passage(engine: sa.Engine, passage_id: uuid.UUID) -> None:
    """A passage of a small book, unless it is there; nothing is found by its empty words and vector."""
    book = f"book-{passage_id.hex[:8]}"
    values = {
        "passage": passage_id,
        "book": book,
        "module": f"{book}-m1",
        "vector": "[" + ",".join(["0"] * EMBEDDING_DIMENSIONS) + "]",
    }
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO sources (slug, title, language, licence, attribution, content_hash, embedding_model) "
            "VALUES (:book, 'A book', 'en', 'CC BY 4.0', 'Somebody', 'h', 'm') ON CONFLICT DO NOTHING",
            "INSERT INTO modules (module_id, source, title, position) VALUES (:module, :book, 'A section', 1) "
            "ON CONFLICT DO NOTHING",
            "INSERT INTO passages (passage_id, module_id, position, kind, text, structure, content_hash, index_hash, "
            "lexemes, embedding) VALUES (:passage, :module, 1, 'explanation', 'Text.', '{}', 'h', 'h', '', "
            "CAST(:vector AS vector)) ON CONFLICT DO NOTHING",
        ):
            connection.execute(sa.text(statement), values)


def keep_lesson(engine: sa.Engine, digest: str, *, content_key: str, made_by: uuid.UUID) -> None:
    """Put a lesson into the cache, unless that key has one."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
                INSERT INTO lessons (content_key, storyboard_digest, title, modality, made_by)
                VALUES (:key, :digest, 't', 'video', :id) ON CONFLICT DO NOTHING
            """),
            {"key": content_key, "digest": digest, "id": made_by},
        )


def update(engine: sa.Engine, request_id: uuid.UUID, **columns: Any) -> None:
    """Change columns by hand."""
    with engine.begin() as connection:
        connection.execute(content_requests.update().where(content_requests.c.id == request_id).values(**columns))


def row(engine: sa.Engine, request_id: uuid.UUID) -> sa.RowMapping:
    """The request as it stands."""
    with engine.begin() as connection:
        return connection.execute(content_requests.select().where(content_requests.c.id == request_id)).mappings().one()


def history(engine: sa.Engine, request_id: uuid.UUID) -> list[Status]:
    """The statuses that the request went through, in order."""
    with engine.begin() as connection:
        statuses = connection.execute(
            sa.text("SELECT to_status FROM request_events WHERE request_id = :id ORDER BY id"), {"id": request_id}
        ).scalars()
        return [Status(status) for status in statuses]

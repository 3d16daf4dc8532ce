"""How a request enters the record: once for each idempotency key, never beyond the student's quota, nor too fast."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from shared.db import pace
from shared.db.pace import TooFast
from shared.enums import LessonStyle, Modality

QUEUED_LABEL = "Waiting to begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A checked question, about to become a request."""

    id: UUID
    correlation_id: UUID
    student_id: UUID
    query: str
    grade_level: int
    interest: str
    style: LessonStyle
    language: str
    modality: Modality
    duration_seconds: int
    derived_from: UUID | None = None
    clarification: Mapping[str, Any] | None = None  # answers that the question was given before


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What tells a repeat of a call from a new one."""

    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request of this id was recorded."""

    request_id: UUID


@dataclass(frozen=True, slots=True)
class Repeated:
    """The call was made before, with this outcome."""

    request_id: UUID


class KeyReused:
    """The key belongs to another call."""


@dataclass(frozen=True, slots=True)
class QuotaSpent:
    """Nothing was recorded: the student has asked for as many lessons as a day allows."""

    retry_seconds: int  # until the next day begins, in UTC


# The account's row is locked first, so that calls of one student follow each other: quota and pace are then exact, and
# a key is taken only together with its request. Foreign keys are checked at the statement's end.
_SUBMIT = sa.text(f"""
    WITH today AS (
        SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS day
    ), account AS (
        SELECT id, CASE WHEN quota_day = today.day THEN quota_used ELSE 0 END AS used, {pace.PACE}
        FROM users, today WHERE id = CAST(:student_id AS uuid) FOR UPDATE OF users
    ), keyed AS (
        INSERT INTO idempotency_keys (student_id, key, body_hash, request_id)
        SELECT id, CAST(:key AS text), CAST(:body_hash AS text), CAST(:id AS uuid) FROM account
        WHERE used < CAST(:quota AS integer) AND {pace.IN_TIME} AND CAST(:key AS text) IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING key
    ), charged AS (
        UPDATE users SET quota_day = today.day, quota_used = account.used + 1, pace_until = {pace.ASKED}
        FROM account, today
        WHERE users.id = account.id AND account.used < CAST(:quota AS integer) AND {pace.IN_TIME}
          AND (CAST(:key AS text) IS NULL OR EXISTS (SELECT FROM keyed))
        RETURNING users.id
    )
    INSERT INTO content_requests (
        id, correlation_id, student_id, query, grade_level, interest, style, language, modality, duration_seconds,
        current_stage, derived_from, request_metadata
    )
    SELECT CAST(:id AS uuid), CAST(:correlation_id AS uuid), charged.id, :query, CAST(:grade_level AS smallint),
        :interest, :style, :language, :modality, CAST(:duration_seconds AS smallint), :label,
        CAST(:derived_from AS uuid), CAST(:metadata AS jsonb)
    FROM charged
    RETURNING id
""")

_SECONDS_LEFT = sa.text("""
    SELECT ceil(extract(epoch FROM date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day'
        - (clock_timestamp() AT TIME ZONE 'UTC')))::integer
""")

_SPENT = sa.text("""
    SELECT quota_day = (clock_timestamp() AT TIME ZONE 'UTC')::date AND quota_used >= CAST(:quota AS integer)
    FROM users WHERE id = :student_id
""")


def submit(
    connection: sa.Connection,
    submission: Submission,
    *,
    quota: int,
    per_minute: int | None = None,
    idempotency: IdempotencyKey | None,
) -> Accepted | Repeated | KeyReused | QuotaSpent | TooFast:
    """Record a request in one statement, or say why not. Each statement commits by itself.

    `per_minute` is how often in a minute the student may ask; None: as often as the quota allows.
    """
    metadata = {} if submission.clarification is None else {"clarification": dict(submission.clarification)}
    values = {
        "id": submission.id,
        "correlation_id": submission.correlation_id,
        "student_id": submission.student_id,
        "query": submission.query,
        "grade_level": submission.grade_level,
        "interest": submission.interest,
        "style": submission.style,
        "language": submission.language,
        "modality": submission.modality,
        "duration_seconds": submission.duration_seconds,
        "label": QUEUED_LABEL,
        "derived_from": submission.derived_from,
        "metadata": json.dumps(metadata),
        "quota": quota,
        "step": pace.step(per_minute),
        "key": idempotency.key if idempotency else None,
        "body_hash": idempotency.body_hash if idempotency else None,
    }
    if connection.execute(_SUBMIT, values).scalar_one_or_none() is not None:
        return Accepted(submission.id)
    if idempotency and (earlier := recall(connection, submission.student_id, idempotency)):
        return earlier
    if connection.execute(_SPENT, {"student_id": submission.student_id, "quota": quota}).scalar_one_or_none():
        return QuotaSpent(connection.execute(_SECONDS_LEFT).scalar_one())
    # It may be in time by now, or the account be gone: the next call shows.
    return pace.wait(connection, submission.student_id, per_minute) or TooFast(1)


def recall(connection: sa.Connection, student_id: UUID, idempotency: IdempotencyKey) -> Repeated | KeyReused | None:
    """What became of the call that took this key; None when the key is free."""
    statement = sa.text("SELECT request_id, body_hash FROM idempotency_keys WHERE student_id = :id AND key = :key")
    row = connection.execute(statement, {"id": student_id, "key": idempotency.key}).one_or_none()
    if row is None:
        return None
    return Repeated(row.request_id) if row.body_hash == idempotency.body_hash else KeyReused()

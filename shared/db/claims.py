"""How a stage takes and holds a request: claim, renew, report progress, release. Each is one guarded statement.

The fence is (status, attempt): a change applies only while both are as the claim left them. The database's own
triggers refuse illegal moves, raise `version` and write `request_events` in the same statement.
"""

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from shared.db.ledger import ADDED_UP, NOTED, NOTHING, Used, parameters
from shared.enums import ContentRequestStatus as Status
from shared.enums import LessonStyle, Modality, StageRunState
from shared.pipeline import LEASE_SECONDS, Stage
from shared.work import Request


class Standing(Enum):
    """Why a claim was not granted."""

    HELD = auto()  # another run works on it
    FINISHED = auto()  # this stage has finished; its message may have been lost
    ELSEWHERE = auto()  # ended, further along, waiting for an answer, following another, or unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A granted claim: the request, and how many runs of this stage failed before."""

    request: Request
    failures: int


# What `Request` holds.
_READ: Final = """id, correlation_id, student_id, query, topic, grade_level, interest, style, language, modality,
        duration_seconds, status, attempt, content_key, storyboard_digest, request_metadata"""


def as_request(row: sa.RowMapping) -> Request:
    """Read a row of content_requests."""
    return Request(
        id=row["id"],
        correlation_id=row["correlation_id"],
        student_id=row["student_id"],
        query=row["query"],
        topic=row["topic"],
        grade_level=row["grade_level"],
        interest=row["interest"],
        style=LessonStyle(row["style"]),
        language=row["language"],
        modality=Modality(row["modality"]),
        duration_seconds=row["duration_seconds"],
        status=Status(row["status"]),
        attempt=row["attempt"],
        content_key=row["content_key"],
        storyboard_digest=row["storyboard_digest"],
        metadata=row["request_metadata"],
    )


_CLAIM = sa.text(f"""
    WITH claimed AS (
        UPDATE content_requests SET
            status = CAST(:during AS content_request_status),
            attempt = attempt + 1,
            lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS integer)),
            started_at = coalesce(started_at, clock_timestamp()),
            current_stage = :label,
            progress_percentage = greatest(progress_percentage, CAST(:progress AS smallint)),
            eta_seconds = NULL
        WHERE id = :id
          AND (
            (lease_until IS NULL AND status || ':' || modality = ANY (CAST(:takes AS text[]))
                AND clarification_requested_at IS NULL AND follows IS NULL)
            OR (status = CAST(:during AS content_request_status) AND lease_until <= clock_timestamp())
          )
        RETURNING *
    ), run AS (
        -- Begun with the lease: the statement itself may have begun earlier, and waited for the row.
        INSERT INTO request_stages (request_id, stage, attempt, state, started_at)
        SELECT id, :stage, attempt, '{StageRunState.RUNNING}',
               lease_until - make_interval(secs => CAST(:lease AS integer)) FROM claimed
    )
    SELECT {_READ}, (
        SELECT count(*) FROM request_stages s
        WHERE s.request_id = claimed.id AND s.stage = :stage AND s.state <> '{StageRunState.FINISHED}'
          AND s.attempt > claimed.attempts_from
    ) AS failures
    FROM claimed
""")

_STANDING = sa.text("""
    SELECT status = CAST(:during AS content_request_status) AND lease_until IS NULL
               AND clarification_requested_at IS NULL AND follows IS NULL AS finished,
           status = CAST(:during AS content_request_status) AND lease_until IS NOT NULL AS held,
           lease_until IS NULL AND status || ':' || modality = ANY (CAST(:takes AS text[]))
               AND clarification_requested_at IS NULL AND follows IS NULL AS waiting,
           modality
    FROM content_requests WHERE id = :id
""")


def takes(stage: Stage) -> str:
    """What the stage takes, as an array of `status:modality` in the database's own spelling."""
    taken = (f"{status}:{modality}" for status, modalities in stage.takes.items() for modality in modalities)
    return f"{{{','.join(taken)}}}"


def claim(connection: sa.Connection, request_id: UUID, stage: Stage) -> Claim | tuple[Standing, Modality | None]:
    """Take a waiting or abandoned request for one run of `stage`, or say how it stands and what was asked for."""
    parameters = {"id": request_id, "during": stage.during, "takes": takes(stage)}
    row = (
        connection.execute(
            _CLAIM,
            parameters
            | {"stage": stage.name, "label": stage.label, "progress": stage.progress, "lease": LEASE_SECONDS},
        )
        .mappings()
        .one_or_none()
    )
    if row is not None:
        return Claim(request=as_request(row), failures=row["failures"])
    standing = connection.execute(_STANDING, parameters).mappings().one_or_none()
    if standing is None:
        return Standing.ELSEWHERE, None
    modality = Modality(standing["modality"])
    if standing["finished"]:
        return Standing.FINISHED, modality
    # Waiting now though it was not a moment ago: let the next delivery take it.
    return (Standing.HELD if standing["held"] or standing["waiting"] else Standing.ELSEWHERE), modality


_RENEW = sa.text("""
    UPDATE content_requests
    SET lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS integer))
    WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
      AND lease_until IS NOT NULL
""")


def renew(connection: sa.Connection, request: Request) -> bool:
    """Hold the request for another lease; False when it is no longer ours."""
    return connection.execute(_RENEW, fence(request) | {"lease": LEASE_SECONDS}).rowcount == 1


_PROGRESS = sa.text("""
    UPDATE content_requests SET
        progress_percentage = greatest(progress_percentage, CAST(:progress AS smallint)),
        current_stage = :label,
        eta_seconds = CAST(:eta AS integer),
        lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS integer))
    WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
      AND lease_until IS NOT NULL
""")


def record_progress(connection: sa.Connection, request: Request, percentage: int, label: str, eta: int | None) -> bool:
    """Record how far the work is, and renew the lease; False when it is no longer ours."""
    values = {"progress": percentage, "label": label, "eta": eta, "lease": LEASE_SECONDS}
    return connection.execute(_PROGRESS, fence(request) | values).rowcount == 1


def release(connection: sa.Connection, request: Request, stage: Stage, code: str, used: Used = NOTHING) -> bool:
    """Give the request up after a transient error: abandoned at once, for the next delivery to take.

    False when it is no longer ours; what the run used is then not recorded either.
    """
    statement = sa.text(f"""
        WITH released AS (
            UPDATE content_requests SET lease_until = clock_timestamp(), {ADDED_UP}
            WHERE id = :id AND status = CAST(:during AS content_request_status) AND attempt = :attempt
              AND lease_until IS NOT NULL
            RETURNING id, attempt
        ), run AS (
            UPDATE request_stages s
            SET state = '{StageRunState.FAILED}', finished_at = clock_timestamp(), error_code = :code, {NOTED}
            FROM released r WHERE s.request_id = r.id AND s.stage = :stage AND s.attempt = r.attempt
        )
        SELECT count(*) FROM released
    """)
    values = {**fence(request), **parameters(stage, used), "code": code}
    return bool(connection.execute(statement, values).scalar_one())


def close_run(
    connection: sa.Connection,
    request_id: UUID,
    attempt: int,
    *,
    code: str,
    reason: str | None = None,
    used: Used | None = None,
) -> None:
    """Note that the run of an attempt has failed, if it was still at work when its request was ended.

    A statement of its own, after the one that ended the request: that one does not see a run which was begun while it
    waited for the row. `used` is what the run used, where it is the run itself that ends its request.
    """
    noted = "" if used is None else f", {NOTED}"
    statement = sa.text(f"""
        UPDATE request_stages
        SET state = '{StageRunState.FAILED}', finished_at = clock_timestamp(),
            error_code = :code, error_message = CAST(:reason AS text) {noted}
        WHERE request_id = :id AND attempt = :attempt AND state = '{StageRunState.RUNNING}'
    """)
    values: dict[str, Any] = {"id": request_id, "attempt": attempt, "code": code, "reason": reason}
    connection.execute(statement, values if used is None else values | {"used": json.dumps(dict(used))})


def fence(request: Request) -> dict[str, Any]:
    """Parameters that tie a statement to the run that claimed the request."""
    return {"id": request.id, "during": request.status, "attempt": request.attempt}

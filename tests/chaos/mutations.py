"""Invariants broken on purpose, in the workers alone, so that the harness is known to see what it looks for.

Nothing of this is reachable but through `Options.mutation`, which only tests set.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import sqlalchemy as sa

from shared import publishing, runtime
from shared.db import claims, flights, outcomes
from shared.pipeline import NOTIFY_STUDENT, Function, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One broken invariant."""

    seen_as: frozenset[str]  # the checks of which one has to find it
    breaks: Callable[[Function, ModuleType], None]
    database: str = ""  # what is broken in the database


def apply(name: str, function: Function, module: ModuleType) -> None:
    """Break the invariant of this name; nothing where there is none."""
    if name:
        MUTATIONS[name].breaks(function, module)


def _replaced(statement: sa.TextClause, old: str, new: str) -> sa.TextClause:
    if old not in statement.text:
        raise AssertionError(f"the statement holds no {old!r} any more")
    return sa.text(statement.text.replace(old, new))


def _claim_ignores_leases(function: Function, module: ModuleType) -> None:
    claims._CLAIM = _replaced(claims._CLAIM, "AND lease_until <= clock_timestamp()", "AND lease_until IS NOT NULL")


def _claim_takes_the_finished(function: Function, module: ModuleType) -> None:
    claims._CLAIM = _replaced(
        claims._CLAIM,
        "AND lease_until <= clock_timestamp()",
        "AND (lease_until IS NULL OR lease_until <= clock_timestamp())",
    )


def _claim_takes_any_status(function: Function, module: ModuleType) -> None:
    taken = "status || ':' || modality = ANY (CAST(:takes AS text[]))"
    claims._CLAIM = _replaced(
        claims._CLAIM, taken, f"({taken} OR status NOT IN ('completed', 'failed', 'cancelled', 'pending'))"
    )


def _finish_without_a_fence(function: Function, module: ModuleType) -> None:
    fence = " AND attempt = :attempt\n"
    if fence not in outcomes._FINISH:
        raise AssertionError("the statement has no fence any more")
    outcomes._FINISH = outcomes._FINISH.replace(fence, "\n")


def _publish_before_the_commit(function: Function, module: ModuleType) -> None:
    record = runtime._record

    def early(stage: Stage, request: Any, outcome: Any, services: Any, used: Any) -> Any:
        topic = stage.then[request.modality]
        if topic is not None:
            publishing.publish(services.bus, topic, request_id=request.id, correlation_id=request.correlation_id)
        return record(stage, request, outcome, services, used)

    runtime._record = early


def _leases_for_ever(function: Function, module: ModuleType) -> None:
    setattr(claims, "LEASE_SECONDS", 3600)  # noqa: B010 - another module's constant


def _released_as_finished(function: Function, module: ModuleType) -> None:
    release = claims.release

    def to_null(connection: sa.Connection, request: Any, stage: Stage, code: str, used: Any) -> bool:
        released = release(connection, request, stage, code, used)
        connection.execute(
            sa.text("UPDATE content_requests SET lease_until = NULL WHERE id = :id AND attempt = :attempt"),
            {"id": request.id, "attempt": request.attempt},
        )
        return released

    setattr(claims, "release", to_null)  # noqa: B010 - another module's function


def _what_was_sent_is_forgotten(function: Function, module: ModuleType) -> None:
    if function is not NOTIFY_STUDENT:
        return
    recipients = module.recipients

    def forgetful(connection: sa.Connection, request_id: Any) -> Any:
        return [
            dataclasses.replace(one, **{name: frozenset() for name in ("sent", "settled") if hasattr(one, name)})
            for one in recipients(connection, request_id)
        ]

    setattr(module, "recipients", forgetful)  # noqa: B010


def _nobody_is_followed(function: Function, module: ModuleType) -> None:
    outcomes._LEADER = _replaced(outcomes._LEADER, "follows IS NULL", "follows IS NULL AND false")


def _followers_are_left_behind(function: Function, module: ModuleType) -> None:
    complete = flights.complete_followers

    def without(leader: str) -> str:
        return complete(leader).replace("f.follows = l.id AND", "false AND")

    setattr(outcomes, "complete_followers", without)  # noqa: B010 - another module's function


def _nothing(function: Function, module: ModuleType) -> None:
    """The database alone is broken."""


def _mutation(seen_as: str, breaks: Callable[[Function, ModuleType], None], database: str = "") -> Mutation:
    return Mutation(seen_as=frozenset(seen_as.split()), breaks=breaks, database=database)


MUTATIONS: Final[Mapping[str, Mutation]] = {
    "claim ignores leases": _mutation("stale_writes", _claim_ignores_leases),
    "claim takes the finished": _mutation("double_completed", _claim_takes_the_finished),
    "claim takes any status": _mutation(
        # The stage that is run again is also one that was finished.
        "illegal_moves double_completed",
        _claim_takes_any_status,
        database="ALTER TABLE content_requests DISABLE TRIGGER content_requests_guard",
    ),
    "finish without a fence": _mutation("stale_writes", _finish_without_a_fence),
    "publish before the commit": _mutation("early_publishes", _publish_before_the_commit),
    "leases for ever": _mutation("stuck", _leases_for_ever),
    "released as finished": _mutation("incomplete", _released_as_finished),
    "what was sent is forgotten": _mutation("double_notified", _what_was_sent_is_forgotten),
    "nobody is followed": _mutation("double_completed", _nobody_is_followed),
    # The sweep frees them one by one, and each makes the lesson anew.
    "followers are left behind": _mutation("stuck double_completed", _followers_are_left_behind),
    "no history": _mutation(
        "illegal_moves",
        _nothing,
        database="ALTER TABLE content_requests DISABLE TRIGGER content_requests_history",
    ),
}

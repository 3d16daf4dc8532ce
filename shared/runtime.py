"""The steps that every stage shares: decode, claim, work under a heartbeat, finish, publish.

Raising makes the bus deliver again; returning acknowledges. See DESIGN "Claim, work, hand off".
"""

import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared import log, machine_time, prices, usage
from shared.containment import contained, place_of
from shared.crash_points import Step, around
from shared.db import claims, failures, ledger, outcomes
from shared.db.engine import single_statement, transaction
from shared.db.ledger import NOTHING, Used
from shared.enums import Modality
from shared.errors import AttemptsExhausted, PermanentError, PipelineError, RequestBusy, WorkSuperseded
from shared.messages import Event, RequestMessage, message_data
from shared.pipeline import Stage, Topic
from shared.publishing import announce, hand_on, publish
from shared.runs import NOT_OURS, Run
from shared.services import Services
from shared.usage import Meter
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle


def run(stage: Stage, handle: Handle, event: Event, services: Services) -> None:
    """Take one delivery of a stage's message through claim, work, finish and publish."""
    with contained(stage):
        message = RequestMessage.decode(message_data(event))
        asked = time.monotonic()
        with around(Step.CLAIM), single_statement(services.engine) as connection:
            claimed = claims.claim(connection, message.request_id, stage)
        if isinstance(claimed, claims.Claim):
            with usage.metered() as meter:
                _run(stage, handle, claimed, services, meter, asked)
        else:
            _not_claimed(stage, message, claimed, services)


def _run(stage: Stage, handle: Handle, claimed: claims.Claim, services: Services, meter: Meter, asked: float) -> None:
    request = claimed.request
    announce(services.bus, request.id, request.correlation_id)
    _log("stage began", request, stage)
    try:
        if claimed.failures >= stage.attempts:
            raise AttemptsExhausted(f"{stage.name} failed {claimed.failures} times")
        last = claimed.failures + 1 >= stage.attempts
        with (
            machine_time.counted(prices.machine(services.settings)),
            Run(request, stage, services, claimed=asked, last_attempt=last) as work,
        ):
            outcome = handle(request, work)
            work.checkpoint()
        topic, followers, freed = _record(stage, request, outcome, services, meter.quantities)
    except WorkSuperseded:
        _spend(stage, request, services, meter.quantities)
        _log("stage superseded", request, stage)
        return
    except PermanentError as error:
        used = meter.quantities
        if not fail(services, request.id, error=error, stage=stage.name, run=request, used=used):
            _spend(stage, request, services, used)
        _log("stage failed", request, stage, code=error.code)
        return
    except Exception as error:
        # Transient, or unforeseen and treated as such: abandoned at once, delivered again, bounded by `attempts`.
        _release(stage, request, services, error, meter.quantities)
        raise
    if topic is not None:
        # The next stage announces itself as it begins; until then nothing that is shown has changed.
        publish(services.bus, topic, request_id=request.id, correlation_id=request.correlation_id)
    else:
        announce(services.bus, request.id, request.correlation_id)
        for follower in followers:
            announce(services.bus, follower, follower)
    if freed is not None:
        hand_on(services.bus, freed)
    _log("stage finished", request, stage)


def _not_claimed(
    stage: Stage,
    message: RequestMessage,
    standing: tuple[claims.Standing, Modality | None],
    services: Services,
) -> None:
    match standing:
        case (claims.Standing.HELD, _):
            raise RequestBusy(f"{stage.name} is at work on this request")
        case (claims.Standing.FINISHED, Modality() as modality):
            # A crash between finish and publish: the message is all that was lost.
            topic = stage.then[modality]
            if topic is not None:
                publish(services.bus, topic, request_id=message.request_id, correlation_id=message.correlation_id)
            announce(services.bus, message.request_id, message.correlation_id)
        case _:
            # It may have ended or been parked with its announcement lost.
            announce(services.bus, message.request_id, message.correlation_id)
            log.event("nothing to do for message", request_id=message.request_id, stage=stage.name)


def _record(
    stage: Stage, request: Request, outcome: Outcome, services: Services, used: Used
) -> tuple[Topic | None, Sequence[UUID], UUID | None]:
    """Record the outcome and what it took, under the fence.

    Return the topic that now has to hear of it, the requests that were completed with this one, and the follower that
    leads its flight from now on.
    """
    followers: Sequence[UUID] | None = ()
    freed: UUID | None = None
    # What takes more than one statement needs them in one transaction; the others are spared its round trips.
    last = isinstance(outcome, Advance) and stage.then[request.modality] is None
    opened = transaction if last or isinstance(outcome, Settle | AskStudent) else single_statement
    with around(Step.FINISH), opened(services.engine) as connection:
        match outcome:
            case Advance() if last:
                followers = outcomes.complete(connection, request, stage, outcome, used)
                recorded, topic = followers is not None, None
            case Advance():
                recorded = outcomes.finish(connection, request, stage, outcome, used)
                topic = stage.then[request.modality]
            case Settle():
                settlement = outcomes.settle(connection, request, outcome, used)
                recorded = settlement is not outcomes.Settlement.SUPERSEDED
                topic = stage.then[request.modality] if settlement is outcomes.Settlement.GO_ON else None
            case AskStudent():
                parked = outcomes.ask(connection, request, stage, outcome, used)
                recorded, topic, freed = parked is not None, None, parked.freed if parked else None
    if not recorded:
        raise WorkSuperseded(NOT_OURS)
    return topic, followers or (), freed


def fail(
    services: Services,
    request_id: UUID,
    *,
    error: PermanentError,
    stage: str | None,
    run: Request | None = None,
    needing: Stage | None = None,
    used: Used = NOTHING,
) -> bool:
    """Fail a request that has not ended and hand its flight on; False when there was nothing to fail.

    With `run`, only while the request is still that run's; `used` is what the run used. With `needing`, only while
    that stage has yet to take it or is at it.
    """
    with around(Step.FAIL), transaction(services.engine) as connection:
        failure = failures.fail(connection, request_id, error=error, stage=stage, run=run, needing=needing, used=used)
    if failure is None:
        return False
    if failure.freed is not None:
        hand_on(services.bus, failure.freed)
    announce(services.bus, request_id, failure.correlation_id)
    return True


def _release(stage: Stage, request: Request, services: Services, error: Exception, used: Used) -> None:
    _log(
        "stage will be tried again",
        request,
        stage,
        level=logging.WARNING,
        error_type=type(error).__name__,
        where=place_of(error),
    )
    try:
        with around(Step.RELEASE), single_statement(services.engine) as connection:
            released = claims.release(connection, request, stage, type(error).__name__, used)
    except PipelineError:
        # The database is what failed: the lease runs out by itself.
        _log("lease left to run out", request, stage, level=logging.WARNING)
        return
    if not released:
        _spend(stage, request, services, used)


def _spend(stage: Stage, request: Request, services: Services, used: Used) -> None:
    """Record what a run used that lost its request; not worth a failure where that cannot be done."""
    try:
        with around(Step.SPEND), single_statement(services.engine) as connection:
            ledger.spend(connection, request, stage, used)
    except PipelineError:
        _log("use of a superseded run not recorded", request, stage, level=logging.WARNING)


def _log(message: str, request: Request, stage: Stage, *, level: int = logging.INFO, **fields: Any) -> None:
    log.event(
        message,
        level=level,
        request_id=request.id,
        correlation_id=request.correlation_id,
        stage=stage.name,
        attempt=request.attempt,
        **fields,
    )

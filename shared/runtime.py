"""The steps that every stage shares: decode, claim, work under a heartbeat, finish, publish.

Raising makes the bus deliver again; returning acknowledges. See DESIGN "Claim, work, hand off".
"""

import base64
import binascii
import logging
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Protocol, Self
from uuid import UUID

from shared import log, machine_time, prices, usage
from shared.crash_points import Step, around
from shared.db import claims, ledger, lesson_objects, outcomes
from shared.db.engine import single_statement, transaction
from shared.db.ledger import NOTHING, Used
from shared.enums import Modality
from shared.errors import (
    AttemptsExhausted,
    MalformedMessage,
    PermanentError,
    PipelineError,
    RequestBusy,
    TransientError,
    WorkSuperseded,
)
from shared.messages import RequestMessage
from shared.pipeline import HEARTBEAT_SECONDS, LEASE_SECONDS, Function, Stage, Topic
from shared.services import MessageBus, Services
from shared.usage import Meter
from shared.work import Advance, AskStudent, Handle, Outcome, Request, Settle

_NOT_OURS: Final = "the request is no longer this run's"
PROGRESS_EVERY_SECONDS = 1.0  # least time between two reports of the same run that are written


class Event(Protocol):
    """What the runtime reads of a CloudEvent."""

    data: Any


def message_data(event: Event) -> bytes:
    """Return the bytes of a Pub/Sub CloudEvent; raise MalformedMessage."""
    body = event.data
    message = body.get("message") if isinstance(body, Mapping) else None
    data = message.get("data") if isinstance(message, Mapping) else None
    if not isinstance(data, str | bytes):
        raise MalformedMessage("event without message data")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedMessage("message data is not base64") from error


def message_attributes(event: Event) -> dict[str, str]:
    """Return the attributes of a Pub/Sub CloudEvent."""
    message = event.data.get("message") if isinstance(event.data, Mapping) else None
    attributes = message.get("attributes") if isinstance(message, Mapping) else None
    if not isinstance(attributes, Mapping):
        return {}
    return {str(name): str(value) for name, value in attributes.items()}


def publish(bus: MessageBus, topic: Topic, *, request_id: UUID, correlation_id: UUID) -> None:
    """Publish a reference to a request and wait until the bus has it."""
    message = RequestMessage(request_id=request_id, correlation_id=correlation_id)
    with around(Step.ANNOUNCE if topic is Topic.STATUS_CHANGED else Step.PUBLISH):
        bus.publish(topic, message.encode(), message.attributes())


def announce(bus: MessageBus, request_id: UUID, correlation_id: UUID) -> None:
    """Say that a request changed, for the mirror. The mirror is a view: losing this loses nothing."""
    try:
        publish(bus, Topic.STATUS_CHANGED, request_id=request_id, correlation_id=correlation_id)
    except TransientError:
        log.event("status change not announced", level=logging.WARNING, request_id=request_id)


class Run:
    """One run of a stage on one request: renews the lease beside the work and reports progress."""

    def __init__(
        self, request: Request, stage: Stage, services: Services, *, claimed: float, last_attempt: bool = False
    ) -> None:
        self._request = request
        self._last_attempt = last_attempt
        self._stage = stage
        self._services = services
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"heartbeat-{stage.name}", daemon=True)
        self._began = self._renewed = claimed  # by the monotonic clock, read before the lease was asked for
        self._reported = -PROGRESS_EVERY_SECONDS

    @property
    def services(self) -> Services:
        """The ports."""
        return self._services

    @property
    def last_attempt(self) -> bool:
        """Whether the stage is not run again should this run fail."""
        return self._last_attempt

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._heart.join(timeout=HEARTBEAT_SECONDS)

    def _beat(self) -> None:
        # Past its budget the work may hang for ever: the lease runs out, and the next delivery takes over.
        while not self._stop.wait(HEARTBEAT_SECONDS) and not self._lost.is_set() and not self._late():
            try:
                self._renew()
            except PipelineError as error:
                # The lease outlives two missed beats; a longer silence lets another run take over.
                log.event(
                    "lease not renewed",
                    level=logging.WARNING,
                    request_id=self._request.id,
                    stage=self._stage.name,
                    error_type=type(error).__name__,
                )

    def _renew(self) -> None:
        asked = time.monotonic()
        with around(Step.RENEW), single_statement(self._services.engine) as connection:
            if not claims.renew(connection, self._request):
                self._lost.set()
        self._renewed = asked

    def _late(self) -> bool:
        return time.monotonic() - self._began > self._stage.budget

    def checkpoint(self) -> None:
        """Raise WorkSuperseded when the request was taken over or ended; TransientError past the budget."""
        if self._lost.is_set():
            raise WorkSuperseded(_NOT_OURS)
        if self._late():
            raise TransientError(f"{self._stage.name} passed its budget of {self._stage.budget} s")
        if time.monotonic() - self._renewed > LEASE_SECONDS:
            # The process was frozen, or its heart is cut off: the lease has run out, and may be another's by now.
            self._renew()
            if self._lost.is_set():
                raise WorkSuperseded(_NOT_OURS)

    def progress(self, percentage: int, label: str, *, eta_seconds: int | None = None) -> None:
        """Record where the work stands; reports that follow each other too fast are dropped."""
        self.checkpoint()
        now = time.monotonic()
        if now - self._reported < PROGRESS_EVERY_SECONDS:
            return
        self._reported = now
        within = max(self._stage.progress, min(percentage, self._stage.progress_end))
        with around(Step.PROGRESS), single_statement(self._services.engine) as connection:
            if not claims.record_progress(connection, self._request, within, label, eta_seconds):
                self._lost.set()
        self.checkpoint()
        announce(self._services.bus, self._request.id, self._request.correlation_id)

    def begin_lesson(self, storyboard_digest: str) -> None:
        """Refer to a lesson in the record before any of its objects is written: no object is without a row."""
        self.checkpoint()
        with around(Step.BEGIN_LESSON), single_statement(self._services.engine) as connection:
            if not lesson_objects.refer(connection, self._request, storyboard_digest):
                self._lost.set()
        self.checkpoint()


@contextmanager
def contained(function: Function) -> Iterator[None]:
    """Let no error out but ours, and without what it arose from: the platform logs what is raised.

    The text of another's error may quote what it was given, a student's words among it.
    """
    try:
        yield
    except PipelineError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001 - raised again, in words of ours
        name, where = type(error).__name__, _where(error)
        log.event("unforeseen error", level=logging.WARNING, function=function.name, error_type=name, where=where)
        raise TransientError(f"unforeseen {name} in {function.name}") from None


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
        raise WorkSuperseded(_NOT_OURS)
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
        failure = outcomes.fail(connection, request_id, error=error, stage=stage, run=run, needing=needing, used=used)
    if failure is None:
        return False
    if failure.freed is not None:
        hand_on(services.bus, failure.freed)
    announce(services.bus, request_id, failure.correlation_id)
    return True


def hand_on(bus: MessageBus, freed: UUID) -> None:
    """Wake the request that leads its flight from now on; `sweep` is the net should this be lost."""
    # The message's correlation id serves only announcements; the stage reads the row's own.
    publish(bus, Topic.REQUEST_VALIDATED, request_id=freed, correlation_id=freed)


def _release(stage: Stage, request: Request, services: Services, error: Exception, used: Used) -> None:
    _log(
        "stage will be tried again",
        request,
        stage,
        level=logging.WARNING,
        error_type=type(error).__name__,
        where=_where(error),
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


def _where(error: Exception) -> str:
    """The place where an error arose; its text is never logged."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"


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

"""One run of a stage on one request: its lease, its budget, and what it reports while it works."""

import logging
import threading
import time
from types import TracebackType
from typing import Final, Self

from shared import log
from shared.crash_points import Step, around
from shared.db import claims, lesson_objects
from shared.db.engine import single_statement
from shared.errors import PipelineError, TransientError, WorkSuperseded
from shared.pipeline import HEARTBEAT_SECONDS, LEASE_SECONDS, Stage
from shared.publishing import announce
from shared.services import Services
from shared.work import Request

NOT_OURS: Final = "the request is no longer this run's"
PROGRESS_EVERY_SECONDS = 1.0  # least time between two reports of the same run that are written


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
            raise WorkSuperseded(NOT_OURS)
        if self._late():
            raise TransientError(f"{self._stage.name} passed its budget of {self._stage.budget} s")
        if time.monotonic() - self._renewed > LEASE_SECONDS:
            # The process was frozen, or its heart is cut off: the lease has run out, and may be another's by now.
            self._renew()
            if self._lost.is_set():
                raise WorkSuperseded(NOT_OURS)

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

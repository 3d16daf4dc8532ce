"""Runs a chaos run from its beginning to its report, and leaves nothing behind."""

import asyncio
import logging
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from local import postgres
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import (
    API,
    HANDLE_DEAD_LETTER,
    LEASE_SECONDS,
    MIRROR_STATUS,
    STAGES,
    SWEEP,
    SWEEP_SUCCESSOR_SECONDS,
    TERMINAL,
)
from tests.chaos import faults, questions
from tests.chaos.broker import Broker
from tests.chaos.database import Cluster, Reader
from tests.chaos.faults import Dooms, Faults
from tests.chaos.fleet import Fleet, LauncherProcess, Worker
from tests.chaos.messages import Disorder
from tests.chaos.mutations import MUTATIONS
from tests.chaos.observed import Observed, Record
from tests.chaos.options import Options
from tests.chaos.processor import Processor
from tests.chaos.records import NOTES, Notes
from tests.chaos.report import Report
from tests.chaos.stand_ins import FileMirror
from tests.chaos.students import Students
from tests.chaos.times import scaled

REFUSALS: Final = 0.005  # share of publishes that the bus refuses for now, under faults
API_PROCESSES: Final = 2
API_THREADS: Final = 4
MIRROR_PROCESSES: Final = 2
MIRROR_THREADS: Final = 2
LOOK_SECONDS: Final = 0.2
MACHINE_SECONDS: Final = 20.0  # a busy machine may stand still for so long
ENDING_SECONDS: Final = 20.0  # for the workers to be gone
DEADLINE_SECONDS: Final = 600.0  # beside duration and settling: the longest that a run may take

_ENDED: Final = ", ".join(f"'{status}'" for status in TERMINAL)
# One row that changes whenever anything does.
_MOVING: Final = f"""
    SELECT count(*) AS requests, sum(version) AS versions, sum(extract(epoch FROM lease_until)) AS leases,
           count(*) FILTER (WHERE status NOT IN ({_ENDED})) AS unended
    FROM content_requests
"""

Say = Callable[[str], None]


class Ground:
    """What several runs share: a folder, a PostgreSQL, and the launcher with the functions loaded."""

    def __init__(self, folder: Path, cluster: Cluster, launcher: LauncherProcess, scale: Fraction) -> None:
        self.folder = folder
        self.cluster = cluster
        self.launcher = launcher
        self.scale = scale
        self._runs = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, scale: Fraction) -> "AsyncIterator[Ground]":
        """All of it, for as long as the block lasts."""
        folder = Path(tempfile.mkdtemp(prefix="vividly-chaos-"))
        folder.chmod(0o755)  # PostgreSQL may run as another user
        cluster = launcher = None
        try:
            launcher = await LauncherProcess.start(scale, folder / "workers.log")
            cluster = await asyncio.to_thread(Cluster, folder / "postgres")
            yield cls(folder, cluster, launcher, scale)
        finally:
            if launcher is not None:
                await launcher.close()
            if cluster is not None:
                cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)

    async def run(self, options: Options, say: Say = lambda text: None) -> Report:
        """One run, with a database of its own."""
        if options.scale != self.scale:
            raise ValueError("the functions were loaded with times of another scale")
        self._runs += 1
        folder = self.folder / f"run-{self._runs}"
        folder.mkdir()
        with self.cluster.database(f"run_{self._runs}") as url:
            if options.mutation and (broken := MUTATIONS[options.mutation].database):
                postgres.execute(url, broken)
            return await Run(options, self, folder, url, say).go()


class Run:
    """One run."""

    def __init__(self, options: Options, ground: Ground, folder: Path, url: str, say: Say) -> None:
        self._options = options
        self._ground = ground
        self._folder = folder
        self._url = url
        self._say = say
        self._reader = Reader(url)
        self._watching = Reader(url)
        self._freezes: list[tuple[float, int]] = []
        # The pool tells of every session that the run takes from it.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)

    async def go(self) -> Report:
        """Do it, and report."""
        options, functions = self._options, (*STAGES, SWEEP, HANDLE_DEAD_LETTER, MIRROR_STATUS)
        disorder = Disorder(
            again=options.again, duplicates=options.duplicates, reorder=options.reorder, losses=options.lost,
            refusals=0.0 if options.calm else REFUSALS, forgotten=options.forgotten,
        )  # fmt: skip
        self._broker = Broker(functions, scale=options.scale, disorder=disorder, seed=options.seed)
        self._dealt = Dooms(options)
        self._fleet = await self._manned(functions)
        listening = asyncio.ensure_future(self._ground.launcher.listen())
        await self._fleet.started()
        self._students = Students(self._fleet.of(API.name), seed=options.seed)
        await asyncio.to_thread(self._students.enrol, self._reader)
        self._faults = Faults(
            options, cluster=self._ground.cluster, reader=self._reader, fleet=self._fleet, broker=self._broker,
            dealt=self._dealt, notes=Notes(self._folder / NOTES),
        )  # fmt: skip
        beside: list[asyncio.Future[None]] = [
            asyncio.ensure_future(self._students.watch(self._watching)),
            asyncio.ensure_future(faults.tick(self._broker, options)),
        ]
        processor = Processor.of(self._fleet, self._ground)
        began = time.time()
        happening = asyncio.ensure_future(self._happen())
        longest = options.duration + self._patience() + DEADLINE_SECONDS
        helpers = {listening, *beside}
        try:
            done, _ = await asyncio.wait({happening, *helpers}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()  # what broke the harness itself is no finding
            if not done:
                self._say("the deadline has passed, and the run has not come to its end")
            spent = processor.spent()
        finally:
            happening.cancel()
            await self._end([happening, *beside], listening)
        return await asyncio.to_thread(self._report, began, spent)

    async def _manned(self, functions: tuple[Any, ...]) -> Fleet:
        options = self._options
        job = {
            "database_url": self._url,
            "broker": await self._broker.listen(),
            "folder": str(self._folder),
            "work_seconds": options.working,
            "refused": options.refused,
            "mutation": options.mutation,
        }

        def ready(worker: Worker) -> None:
            self._broker.serve(worker.function, worker.name, worker.port, connections=worker.threads)

        def frozen(worker: Worker) -> None:
            self._freezes.append((time.time(), worker.process))
            self._faults.thaw_later(worker)

        fleet = Fleet(self._ground.launcher, job, seed=options.seed, doom=self._dealt.next, ready=ready, frozen=frozen)
        processes, threads = options.crew
        for stage in STAGES:
            fleet.add(stage, processes=processes, threads=threads)
        fleet.add(API, processes=API_PROCESSES, threads=API_THREADS)
        fleet.add(SWEEP, processes=1, threads=1)
        fleet.add(HANDLE_DEAD_LETTER, processes=1, threads=1)
        fleet.add(MIRROR_STATUS, processes=MIRROR_PROCESSES, threads=MIRROR_THREADS)
        return fleet

    async def _happen(self) -> None:
        options = self._options
        asked = questions.asked(options.requests, options.seed, kinds=options.asked)
        self._say(f"{len(asked)} questions over {options.duration:.0f} s, {options.kills} kills")
        await asyncio.gather(self._students.ask(asked, options.duration), self._faults.run(options.duration))
        self._broker.lose_nothing()
        self._dealt.clear()
        self._say("no further faults: waiting for what is under way")
        await self._settled()

    async def _settled(self) -> None:
        """Wait until everything has ended, or nothing has moved for a long time."""
        last, since = None, time.monotonic()
        while True:
            moving = await asyncio.to_thread(self._reader.rows, _MOVING)
            state = moving, len(self._students.cancelled), FileMirror(self._folder / "mirror").size()
            if state != last:
                last, since = state, time.monotonic()
            elif time.monotonic() - since > self._patience():
                self._say(f"nothing moves any more; {self._broker.unsettled()} messages are not acknowledged")
                return
            if moving and not moving[0]["unended"] and not self._broker.unsettled():
                rows = await asyncio.to_thread(self._reader.rows, "SELECT id, status, error_code FROM content_requests")
                if rows and self._ended(rows) and self._shown(rows):
                    return
            await asyncio.sleep(LOOK_SECONDS)

    def _ended(self, rows: list[dict[str, Any]]) -> bool:
        for row in rows:
            if row["status"] == Status.FAILED:
                if row["id"] in self._students.asked and not self._students.gives_up(row["id"], row["error_code"]):
                    return False
            elif row["status"] not in (Status.COMPLETED, Status.CANCELLED):
                return False
        return True

    def _shown(self, rows: list[dict[str, Any]]) -> bool:
        """Whether the mirror shows how every request has ended; a sweep repairs what a crash kept from it."""
        shown = FileMirror(self._folder / "mirror").shown()
        return all(shown.get(str(row["id"]), [{"status": None}])[-1]["status"] == row["status"] for row in rows)

    def _patience(self) -> float:
        """Longer than the slowest of what may still bring something about: lease, a sweep, and one more."""
        if self._options.settle_seconds is not None:
            return scaled(self._options.settle_seconds, self._options.scale)
        slowest = LEASE_SECONDS + SWEEP_SUCCESSOR_SECONDS + 2 * faults.SWEEP_SECONDS
        return scaled(slowest, self._options.scale) + MACHINE_SECONDS

    async def _end(self, beside: Sequence["asyncio.Future[None]"], listening: "asyncio.Future[None]") -> None:
        for task in (*beside, *self._faults.thaws):
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await self._students.close()
        self._fleet.close()
        await asyncio.wait({listening}, timeout=ENDING_SECONDS)
        if listening.done():
            listening.exception()  # of a launcher that was ended with us: nobody else asks for it
        await self._broker.close()

    def _report(self, began: float, spent: dict[str, float]) -> Report:
        options = self._options
        seen = Observed(
            record=Record.read(self._reader),
            folder=self._folder,
            lease_seconds=scaled(LEASE_SECONDS, options.scale),
            asked=self._students.asked,
            cancelled=self._students.cancelled,
            deliveries=self._broker.deliveries,
            published=self._broker.published,
            lost=self._broker.lost,
            deaths=self._fleet.deaths,
            freezes=self._freezes,
            away=self._faults.restarts,
            drops=self._faults.drops,
        )
        self._reader.close()
        self._watching.close()
        return Report.of(
            options, seen, began=began, accepted=self._students.accepted, retried=self._students.retried,
            counts=self._broker.counts, spent=spent,
        )  # fmt: skip


async def _alone(options: Options, say: Say) -> Report:
    async with Ground.opened(options.scale) as ground:
        return await ground.run(options, say)


def run(options: Options, say: Say) -> Report:
    """One run on a ground of its own; SIGTERM and SIGHUP end it as Ctrl-C does."""

    async def guarded() -> Report:
        task = asyncio.ensure_future(_alone(options, say))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(guarded())

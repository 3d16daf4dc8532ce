"""What is done to a run: which process ends where, which one freezes, when the database goes down."""

import asyncio
import itertools
import random
import signal
import threading
import time
from collections import defaultdict
from typing import Any, Final

from shared.crash_points import Step
from shared.db.engine import APPLICATION
from shared.pipeline import API, LEASE_SECONDS, NOTIFY_STUDENT, STAGES, SWEEP, Function, Stage, Topic
from tests.chaos import dooms
from tests.chaos.broker import Broker
from tests.chaos.database import Cluster, Reader
from tests.chaos.dooms import Doom
from tests.chaos.fleet import Fleet, Worker
from tests.chaos.options import RESTART_SECONDS, Options
from tests.chaos.records import Notes
from tests.chaos.times import scaled

BEFORE_FINISH: Final = f"before_{Step.FINISH}"
SWEEP_SECONDS: Final = 60.0  # declared; Cloud Scheduler's period
# Where a process freezes: above all where it has checked its lease for the last time.
FREEZING: Final = (
    BEFORE_FINISH,
    BEFORE_FINISH,
    *dooms.places((Step.FINISH, Step.PUBLISH)),
    "after_claim",
    dooms.IN_WORK,
)
LONGEST_FROZEN: Final = 8.0  # leases
DROPS_SECONDS: Final = 8.0  # declared; mean time between two drops of connections
FROM_WITHIN: Final = 0.6  # share of the kills that strike at a chosen place of the code
TICKS_A_KILL: Final = 4
BESIDE: Final = 10  # one kill of api and sweep for so many of the stages


class Dooms:
    """Deals out what befalls each process as it is made, until the plan is done."""

    def __init__(self, options: Options) -> None:
        self._chance = random.Random(f"dooms {options.seed}")
        self._options = options
        self._plans: defaultdict[str, list[Doom]] = defaultdict(list)
        for stage, kills in zip(STAGES, options.kills_of_each_stage, strict=True):
            planned = self._kills(self._of(stage), round(kills * FROM_WITHIN), deliveries=4)
            self._plans[stage.name] = planned
        for number in range(options.frozen):
            stage = STAGES[number % len(STAGES)]
            place = self._chance.choice(FREEZING)
            self._plans[stage.name].append(Doom(place=place, sign=signal.SIGSTOP))
        beside = options.kills // BESIDE // 2
        self._plans[API.name] = self._kills(dooms.places(dooms.OF_THE_API), beside, deliveries=12)
        # It comes every minute: killed at more than some of its ticks, it would sweep nothing.
        ticks = int(options.duration / scaled(SWEEP_SECONDS, options.scale))
        swept = min(beside, ticks // TICKS_A_KILL)
        self._plans[SWEEP.name] = self._kills(dooms.places(dooms.OF_THE_SWEEP), swept, deliveries=2 * TICKS_A_KILL)
        for plan in self._plans.values():
            self._chance.shuffle(plan)
        for name, doom in reversed(options.planned):
            self._plans[name].append(doom)

    def next(self, function: Function) -> Doom | None:
        """What befalls the next process of a function."""
        plan = self._plans[function.name]
        return plan.pop() if plan else None

    def left(self, function: str) -> int:
        """How much of a function's plan is not dealt out yet."""
        return len(self._plans[function])

    def clear(self) -> None:
        """Deal out no more."""
        self._plans.clear()

    def _of(self, stage: Stage) -> list[str]:
        steps = dooms.OF_NOTIFYING if stage is NOTIFY_STUDENT else dooms.OF_EVERY_RUN
        return [*dooms.places(steps), dooms.IN_WORK, dooms.IN_WORK, dooms.ANY_MOMENT, *dooms.places(dooms.NOW_AND_THEN)]

    def _kills(self, places: list[str], number: int, *, deliveries: int) -> list[Doom]:
        """Every place in turn, in an order of chance, so that none is left out."""
        shuffled = self._chance.sample(places, len(places))
        return [
            Doom(
                place=place,
                # A run announces itself twice: as it begins, and when it is done.
                nth=self._chance.choice((1, 2)) if place.endswith(Step.ANNOUNCE) else 1,
                deliveries=self._chance.randint(1, deliveries),
                patience=max(0.01, 1.5 * self._options.working),
            )
            for place in itertools.islice(itertools.cycle(shuffled), number)
        ]


class Faults:
    """Everything that happens to a run from outside, while requests arrive."""

    def __init__(
        self,
        options: Options,
        *,
        cluster: Cluster,
        reader: Reader,
        fleet: Fleet,
        broker: Broker,
        dealt: Dooms,
        notes: Notes,
    ) -> None:
        self._options = options
        self._cluster = cluster
        self._reader = reader
        self._fleet = fleet
        self._broker = broker
        self._dealt = dealt
        self._notes = notes
        self._began: dict[int, dict[str, Any]] = {}  # what each process began last
        self._following = threading.Lock()
        self._chance = random.Random(f"faults {options.seed}")
        self._ended = asyncio.Event()
        self.restarts: list[tuple[float, float]] = []  # (when, seconds that the database was away)
        self.drops: list[float] = []  # when a session was ended
        self.thaws: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float) -> None:
        """Do it all, over so many seconds and for as long as it takes."""
        ends = time.monotonic() + seconds
        await asyncio.gather(self._kill(ends), self._restart(ends), self._drop(ends))

    def thaw_later(self, worker: Worker) -> None:
        """A worker froze: let it go on when another one has taken over what it held, and is at work on it."""
        task = asyncio.ensure_future(self._thaw(worker, worker.process))
        self.thaws.add(task)
        task.add_done_callback(self.thaws.discard)

    async def _thaw(self, worker: Worker, process: int) -> None:
        lease = scaled(LEASE_SECONDS, self._options.scale)
        ends = time.monotonic() + LONGEST_FROZEN * lease
        await asyncio.sleep(1.1 * lease)
        while time.monotonic() < ends and not await asyncio.to_thread(self._taken_over, process):
            await asyncio.sleep(0.1)
        await asyncio.sleep(self._chance.uniform(0.0, self._options.waking * self._options.working))
        if worker.process == process:
            self._fleet.signal(worker, signal.SIGCONT)

    def _taken_over(self, process: int) -> bool:
        """Whether what a process began last is another run's by now."""
        with self._following:
            self._began |= {note["process"]: note for note in self._notes.further() if note["kind"] == "began"}
            began = self._began.get(process)
        if began is None:
            return False
        statement = "SELECT attempt FROM content_requests WHERE id = CAST(:id AS uuid)"
        rows = self._reader.rows(statement, id=began["request"])
        return bool(rows) and rows[0]["attempt"] > began["attempt"]

    async def _kill(self, ends: float) -> None:
        """Kill at random moments, at work where anything is at work, as often as each stage still needs it."""
        wanted = {stage.name: kills for stage, kills in zip(STAGES, self._options.kills_of_each_stage, strict=True)}
        while True:
            now = time.monotonic()
            # Those from within come by themselves; when time is up, whatever is missing is made up for.
            missing = {
                name: kills - self._fleet.kills[name] - (self._dealt.left(name) if now < ends else 0)
                for name, kills in wanted.items()
            }
            due = [name for name, kills in missing.items() if kills > 0]
            if not due and now >= ends:
                return
            left = sum(kills for kills in missing.values() if kills > 0)
            pause = self._chance.expovariate(left / max(ends - now, 1e-3)) if due and now < ends else 0.02
            await asyncio.sleep(min(pause, max(0.02, ends - now)))
            if due:
                await self._kill_one(self._chance.choice(due))

    async def _kill_one(self, function: str) -> None:
        for _ in range(50):
            alive = [worker for worker in self._fleet.of(function) if worker.process]
            busy = [worker for worker in alive if self._broker.under_way[worker.name]]
            if busy:
                worker = self._chance.choice(busy)
                await asyncio.sleep(self._chance.uniform(0.0, max(0.01, self._options.working)))
                break
            await asyncio.sleep(0.02)
        else:
            if not alive:
                return
            worker = self._chance.choice(alive)
        before = self._fleet.kills[function]
        self._fleet.signal(worker, signal.SIGKILL)
        for _ in range(200):
            if self._fleet.kills[function] > before:
                return
            await asyncio.sleep(0.005)

    async def _restart(self, ends: float) -> None:
        """Bring the database down as often as was asked for, never sooner than the shortest time after the last."""
        least = scaled(RESTART_SECONDS[0], self._options.scale)
        most = scaled(RESTART_SECONDS[1], self._options.scale)
        for done in range(self._options.restarts):
            left = max(0.0, ends - time.monotonic()) / (self._options.restarts - done)
            await asyncio.sleep(min(most, max(least, self._chance.uniform(0.5, 1.4) * left)))
            began = time.time()
            away = await asyncio.to_thread(self._cluster.restart, self._chance)
            self.restarts.append((began, away))

    async def _drop(self, ends: float) -> None:
        """End some of the functions' database sessions now and then."""
        statement = (
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity "
            "WHERE application_name = :ours AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2) AS picked"
        )
        while self._options.restarts and time.monotonic() < ends:
            await asyncio.sleep(scaled(self._chance.expovariate(1 / DROPS_SECONDS), self._options.scale))
            dropped = await asyncio.to_thread(self._reader.rows, statement, ours=APPLICATION)
            self.drops += [time.time()] * len(dropped)


async def tick(broker: Broker, options: Options) -> None:
    """The scheduler: the sweeper's minute, scaled."""
    while True:
        broker.publish(Topic.SWEEP_DUE, '{"schema": 1}', {}, "scheduler")
        await asyncio.sleep(scaled(SWEEP_SECONDS, options.scale))

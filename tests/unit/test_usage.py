"""What is used is counted for the run that uses it, in whichever thread, and for nobody else."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared import machine_time, usage
from shared.machine_time import SharedClock
from shared.usage import Measure


def test_uses_of_one_unit_add_up() -> None:
    with usage.metered() as meter:
        usage.count("gemini", Measure.INPUT_TOKENS, 100)
        usage.count("gemini", Measure.INPUT_TOKENS, 50)
        usage.count("gemini", Measure.OUTPUT_TOKENS, 7)
    assert meter.quantities == {"gemini/input_tokens": 150, "gemini/output_tokens": 7}


def test_outside_a_run_nothing_is_counted_and_nothing_fails() -> None:
    usage.count("gemini", Measure.INPUT_TOKENS, 100)
    with usage.metered() as meter:
        pass
    usage.count("gemini", Measure.INPUT_TOKENS, 100)
    assert meter.quantities == {}


def test_what_a_run_used_before_it_failed_is_known() -> None:
    def fail() -> None:
        usage.count("gemini", Measure.IMAGES, 1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), usage.metered() as meter:
        fail()
    assert meter.quantities == {"gemini/images": 1}


def test_a_run_within_a_run_pays_for_itself() -> None:
    with usage.metered() as outer:
        usage.count("voice", Measure.CHARACTERS, 1)
        with usage.metered() as inner:
            usage.count("voice", Measure.CHARACTERS, 10)
        usage.count("voice", Measure.CHARACTERS, 100)
    assert (outer.quantities, inner.quantities) == ({"voice/characters": 101}, {"voice/characters": 10})


def test_another_thread_counts_for_the_run_that_it_is_part_of() -> None:
    def use(times: int) -> None:
        for _ in range(times):
            usage.count("voice", Measure.CHARACTERS, 1)

    with ThreadPoolExecutor(max_workers=8) as pool:
        with usage.metered() as first:
            work = [pool.submit(usage.in_this_run(use), 500) for _ in range(16)]
        with usage.metered() as second:
            work.append(pool.submit(usage.in_this_run(use), 3))
            work.append(pool.submit(use, 1000))  # part of no run
        for one in work:
            one.result(10)
    assert first.quantities == {"voice/characters": 8000}
    assert second.quantities == {"voice/characters": 3}


def test_runs_beside_each_other_do_not_count_for_one_another() -> None:
    together = threading.Barrier(2)
    found: dict[int, dict[str, float]] = {}

    def run(size: int) -> None:
        with usage.metered() as meter:
            together.wait(10)
            for _ in range(100):
                usage.count("voice", Measure.CHARACTERS, size)
        found[size] = dict(meter.quantities)

    threads = [threading.Thread(target=run, args=(size,)) for size in (1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == {1: {"voice/characters": 100}, 7: {"voice/characters": 700}}


class Clock:
    """Moves by hand."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def processor() -> Clock:
    return Clock(50.0)


@pytest.fixture
def wall() -> Clock:
    return Clock(9000.0)


@pytest.fixture
def clock(processor: Clock, wall: Clock) -> SharedClock:
    return SharedClock(processor, wall)


def test_a_run_alone_takes_all_that_passes(clock: SharedClock, processor: Clock, wall: Clock) -> None:
    with usage.metered() as meter, machine_time.counted("cloud_run", clock=clock, processors=2):
        processor.now += 3
        wall.now += 10
    processor.now += 100
    wall.now += 100
    assert meter.quantities == {"cloud_run/cpu_seconds": 3, "cloud_run/vcpu_seconds": 20}


def test_what_passes_while_several_runs_are_at_work_is_split_and_none_of_it_twice(
    clock: SharedClock, processor: Clock, wall: Clock
) -> None:
    def pass_by(seconds: float) -> None:
        processor.now += seconds
        wall.now += 2 * seconds

    first = clock.begin()
    pass_by(4)
    second = clock.begin()
    pass_by(6)
    third = clock.begin()
    pass_by(9)
    clock.end(first)
    pass_by(2)
    clock.end(third)
    pass_by(1)
    clock.end(second)
    assert [share.processor for share in (first, second, third)] == [4 + 3 + 3, 3 + 3 + 1 + 1, 3 + 1]
    assert sum(share.wall for share in (first, second, third)) == 2 * (4 + 6 + 9 + 2 + 1)


def test_time_of_a_run_that_failed_is_counted(clock: SharedClock, processor: Clock) -> None:
    def fail() -> None:
        processor.now += 2
        raise ValueError("broken")

    with usage.metered() as meter:
        with pytest.raises(ValueError, match="broken"), machine_time.counted("local", clock=clock):
            fail()
        next_one = clock.begin()
        processor.now += 1
        clock.end(next_one)
    assert meter.quantities == {"local/cpu_seconds": 2}
    assert next_one.processor == 1


def test_the_processor_time_of_work_is_real() -> None:
    def work() -> int:
        return sum(number * number for number in range(200_000))

    def metered(function: Callable[[], object]) -> dict[str, float]:
        with usage.metered() as meter, machine_time.counted("local"):
            function()
        return dict(meter.quantities)

    assert metered(work)["local/cpu_seconds"] > 0

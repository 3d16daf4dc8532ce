"""The local bus keeps the declared times, on a clock that is moved by hand, and its own promises about its end."""

import threading

import pytest

from local.bus import WORKERS, LocalBus
from shared.errors import TransientError
from shared.pipeline import (
    FUNCTIONS,
    GENERATE_VIDEO,
    HANDLE_DEAD_LETTER,
    MAX_DELIVERY_ATTEMPTS,
    RETRIEVE_CONTENT,
    RETRY_MAXIMUM_SECONDS,
    RETRY_MINIMUM_SECONDS,
    VALIDATE_REQUEST,
    Topic,
)

PATIENCE = 20.0


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Counter:
    """Counts pushes, and answers with the next of `answers`, or the last of them for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.count = 0
        self.changed = threading.Condition()
        self.error: Exception | None = None

    def __call__(self, function, path, body) -> int:
        with self.changed:
            self.count += 1
            self.changed.notify_all()
        if self.error is not None:
            raise self.error
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def reaches(self, count: int, patience: float = PATIENCE) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.count >= count, patience)


def test_back_off_doubles_from_the_minimum_to_the_maximum():
    clock, counter = Clock(), Counter(500)
    bus = LocalBus(counter, clock=clock)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    assert counter.reaches(1)

    expected = RETRY_MINIMUM_SECONDS
    for delivery in range(2, 8):
        _settle(bus, counter, delivery - 1)
        clock.seconds += expected * 0.99
        bus.wake()
        assert not counter.reaches(delivery, 0.02), f"delivery {delivery} came before its back-off was over"
        clock.seconds += expected * 0.011
        bus.wake()
        assert counter.reaches(delivery), f"delivery {delivery} did not come after {expected} s"
        expected = min(expected * 2, RETRY_MAXIMUM_SECONDS)
    bus.close()


def _settle(bus: LocalBus, counter: Counter, deliveries: int) -> None:
    """Wait until the answer of the last delivery has been taken note of."""
    deadline = threading.Event()
    for _ in range(2000):
        with bus._changed:
            (queue,) = [found for found in bus._queues.values() if found.unsettled]
            # The last plan of the message is its back-off, not the deadline of a delivery under way.
            if counter.count == deliveries and queue.due[0][3].turn == 2 * deliveries + 1:
                return
        deadline.wait(0.005)
    raise AssertionError("the answer was not taken note of")


def test_unanswered_delivery_is_made_again_after_the_deadline_and_a_late_answer_settles_it():
    clock, release, begun = Clock(), threading.Event(), threading.Semaphore(0)

    def answer(function, path, body) -> int:
        begun.release()
        release.wait(PATIENCE)
        return 200

    bus = LocalBus(answer, clock=clock)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    assert begun.acquire(timeout=PATIENCE)

    clock.seconds += VALIDATE_REQUEST.ack_deadline - 1
    bus.wake()
    assert not begun.acquire(timeout=0.02)
    clock.seconds += 1
    bus.wake()
    assert begun.acquire(timeout=PATIENCE), "the deadline passed and nothing was delivered again"
    release.set()

    assert bus.drain(PATIENCE)
    assert bus.close(PATIENCE)


def test_function_that_never_answers_is_dead_lettered_too():
    clock, letters, release = Clock(), threading.Semaphore(0), threading.Event()

    def answer(function, path, body) -> int:
        if function is HANDLE_DEAD_LETTER:
            letters.release()
            return 200
        release.wait(0.001)
        raise TimeoutError

    bus = LocalBus(answer, clock=clock, factor=0.0)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})

    assert letters.acquire(timeout=PATIENCE)
    assert bus.drain(PATIENCE)
    bus.close()


def test_dead_letter_that_cannot_be_handled_is_not_thrown_away():
    counter = Counter(*[500] * (MAX_DELIVERY_ATTEMPTS + 5), 200)
    bus = LocalBus(counter, factor=0.0)
    bus.publish(Topic.DEAD_LETTER, b"x", {})

    assert bus.drain(PATIENCE)
    assert counter.count >= MAX_DELIVERY_ATTEMPTS + 6
    bus.close()


def test_function_that_crashes_gets_its_message_again_and_the_next_one():
    counter = Counter(200)
    counter.error = RuntimeError("crash")
    bus = LocalBus(counter, factor=0.0)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    assert counter.reaches(3)
    counter.error = None
    bus.publish(VALIDATE_REQUEST.listens, b"y", {})

    assert bus.drain(PATIENCE)
    assert bus.close(PATIENCE)


def test_heavy_stages_are_limited():
    begun, release = threading.Semaphore(0), threading.Event()

    def answer(function, path, body) -> int:
        begun.release()
        release.wait(PATIENCE)
        return 200

    bus = LocalBus(answer)
    for _ in range(WORKERS[GENERATE_VIDEO.name] + 2):
        bus.publish(GENERATE_VIDEO.listens, b"x", {})
    for _ in range(WORKERS[GENERATE_VIDEO.name]):
        assert begun.acquire(timeout=PATIENCE)

    assert not begun.acquire(timeout=0.1), "more lessons are encoded at once than the limit"
    release.set()
    assert bus.drain(PATIENCE)
    bus.close()


def test_work_that_hangs_in_one_function_does_not_stop_another():
    release, other = threading.Event(), threading.Event()

    def answer(function, path, body) -> int:
        if function is RETRIEVE_CONTENT:
            other.set()
        else:
            release.wait(PATIENCE)
        return 200

    bus = LocalBus(answer)
    for _ in range(20):
        bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    bus.publish(RETRIEVE_CONTENT.listens, b"x", {})

    assert other.wait(PATIENCE)
    release.set()
    bus.close(PATIENCE)


def test_drain_tells_that_work_is_left():
    release = threading.Event()
    bus = LocalBus(lambda function, path, body: 200 if release.wait(PATIENCE) else 500)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})

    assert not bus.drain(0.01)
    assert bus.waiting() == {VALIDATE_REQUEST.name: 1}
    release.set()
    assert bus.drain(PATIENCE)
    assert bus.waiting() == {}
    bus.close()


def test_closed_bus_refuses_messages_and_begins_no_more_work():
    counter = Counter(200)
    bus = LocalBus(counter)
    assert bus.close()

    with pytest.raises(TransientError):
        bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    assert counter.count == 0


def test_close_does_not_wait_for_ever_and_says_what_it_left():
    begun, release = threading.Event(), threading.Event()

    def answer(function, path, body) -> int:
        begun.set()
        release.wait(PATIENCE)
        return 200

    bus = LocalBus(answer)
    bus.publish(VALIDATE_REQUEST.listens, b"x", {})
    assert begun.wait(PATIENCE)

    assert not bus.close(timeout=0.01)
    release.set()


def test_every_topic_has_a_queue():
    bus = LocalBus(Counter(200))
    names = {queue.function.name for queue in bus._queues.values()}
    assert names == {function.name for function in FUNCTIONS if function.listens is not None}
    assert set(bus._queues) == set(Topic)

"""A client is built once in a process, whoever asks first, and again in each child."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared import bootstrap
from shared.adapters.per_process import PerProcess
from shared.enums import Port
from shared.settings import Settings

PATIENCE = 20.0


def test_nothing_is_built_before_it_is_asked_for() -> None:
    built: list[int] = []
    made = PerProcess(lambda: built.append(1))
    assert built == []
    made.get()
    assert built == [1]


def test_threads_that_ask_at_once_share_one() -> None:
    together = threading.Barrier(32, timeout=PATIENCE)
    built: list[object] = []

    def build() -> object:
        built.append(object())
        time.sleep(0.1)  # the others get their turn: any that builds as well begins now
        return built[-1]

    made = PerProcess(build)

    def ask(_: int) -> object:
        together.wait()
        return made.get()

    with ThreadPoolExecutor(max_workers=32) as pool:
        assert {id(one) for one in pool.map(ask, range(32))} == {id(one) for one in built}
    assert len(built) == 1


def test_a_port_is_filled_once_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(16, timeout=PATIENCE)
    built: list[object] = []

    def build(settings: Settings) -> object:
        built.append(object())
        time.sleep(0.1)
        return built[-1]

    monkeypatch.setattr(bootstrap, "BUILDERS", {(Port.WRITER, "extractive"): build})
    parts = bootstrap.Parts(Settings())

    def ask(_: int) -> object:
        together.wait()
        return parts.get(Port.WRITER)

    with ThreadPoolExecutor(max_workers=16) as pool:
        found = list(pool.map(ask, range(16)))
    assert len(built) == 1
    assert all(one is built[0] for one in found)


def test_what_could_not_be_built_is_built_when_asked_again() -> None:
    answers = iter([RuntimeError("not yet"), None])

    def build() -> str:
        if (error := next(answers)) is not None:
            raise error
        return "made"

    made = PerProcess(build)
    with pytest.raises(RuntimeError):
        made.get()
    assert made.get() == "made"


def test_what_is_forgotten_is_built_anew_but_nothing_newer_is_forgotten() -> None:
    made = PerProcess(object)
    assert made.forget() is None
    first = made.get()
    assert made.forget(first) is first
    second = made.get()
    assert second is not first
    assert made.forget(first) is None
    assert made.get() is second
    assert made.forget() is second


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_builds_its_own_even_when_it_was_forked_while_the_parent_built() -> None:
    building, go_on = threading.Event(), threading.Event()

    def build() -> int:
        if os.getpid() == parent:
            building.set()
            go_on.wait(PATIENCE)
        return os.getpid()

    parent = os.getpid()
    made = PerProcess(build)
    asking = threading.Thread(target=made.get)
    asking.start()
    assert building.wait(PATIENCE)
    child = os.fork()
    if child == 0:
        # A lock that the parent held would never be let go of here: the system ends that.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(PATIENCE))
        os._exit(0 if made.get() == os.getpid() else 1)
    go_on.set()
    asking.join(PATIENCE)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert made.get() == parent

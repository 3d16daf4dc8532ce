"""How long a recovery took is told from what a run left behind."""

from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid4

from shared.enums import ContentRequestStatus as Status
from shared.pipeline import RETRIEVE_CONTENT, SWEEP, VALIDATE_REQUEST
from tests.chaos.messages import Delivery
from tests.chaos.observed import Observed, Record
from tests.chaos.recoveries import Recoveries, recoveries

REQUEST = uuid4()


def push(began: float, ended: float, status: int, origin: str = VALIDATE_REQUEST.name) -> Delivery:
    return Delivery(
        function=RETRIEVE_CONTENT.name, worker="any", request=str(REQUEST), message=1, origin=origin, attempt=1,
        began=began, ended=ended, status=status,
    )  # fmt: skip


def told(folder: Path, *deliveries: Delivery, claims: list[float], lost: tuple[float, ...] = ()) -> Recoveries:
    runs = {REQUEST: [{"started_at": at} for at in claims]}
    events = {REQUEST: [{"to_status": Status.COMPLETED, "at": 1000.0}]}
    none: dict[UUID, list[dict[str, object]]] = {}
    return recoveries(
        Observed(
            record=Record(requests={}, runs=runs, events=events, notifications=none, lessons={}),
            folder=folder,
            lease_seconds=15.0,
            asked={},
            cancelled={},
            deliveries=deliveries,
            published=(),
            lost=[(at, RETRIEVE_CONTENT.listens, str(REQUEST)) for at in lost],
            deaths=(),
            freezes=(),
            away=(),
        )
    )


def test_it_lasts_from_the_broken_push_to_the_next_claim(tmp_path: Path) -> None:
    found = told(tmp_path, push(9.0, 10.0, 0), push(33.9, 35.0, 200), claims=[9.5, 34.0])

    assert (found.by_redelivery, found.by_sweep, found.interrupted) == ([24.0], [], 0)


def test_who_is_hit_again_before_that_waits_anew(tmp_path: Path) -> None:
    found = told(tmp_path, push(9.0, 10.0, 0), push(19.0, 20.0, 0), push(33.9, 35.0, 200), claims=[9.5, 34.0])

    assert (found.by_redelivery, found.interrupted) == ([14.0], 1)


def test_what_a_sweeps_message_brought_about_is_its_own(tmp_path: Path) -> None:
    found = told(tmp_path, push(9.0, 10.0, 0), push(69.9, 71.0, 200, SWEEP.name), claims=[9.5, 70.0])

    assert (found.by_redelivery, found.by_sweep) == ([], [60.0])


def test_a_lost_message_is_told_apart(tmp_path: Path) -> None:
    found = told(tmp_path, claims=[9.5, 70.0], lost=(10.0,))

    assert (found.by_redelivery, found.by_sweep, found.lost_messages) == ([], [], [60.0])


def test_figures_tell_seconds_as_they_passed_and_as_they_are_declared() -> None:
    figures = Recoveries(by_redelivery=[1.0, 2.0, 4.0]).figures(Fraction(1, 5))

    assert (figures["recovery_p50_s"], figures["recovery_p50_declared_s"]) == (2.0, 10.0)
    assert (figures["recovery_by_sweep_p95_s"], figures["recovery_by_sweep_p95_declared_s"]) == (None, None)

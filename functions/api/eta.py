"""How long a request will still take, told by how long such requests took of late."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from functions.api.remembered import Remembered
from shared.db import operations
from shared.db.engine import single_statement
from shared.db.views import RequestView
from shared.enums import Modality, StageRunState
from shared.pipeline import STAGE_BY_STATUS, STAGES, TERMINAL, VALIDATE_REQUEST, Stage
from shared.services import Services

_typical: Final[Remembered[Mapping[str, float]]] = Remembered(seconds=60)


def eta_seconds(services: Services, view: RequestView) -> int | None:
    """Seconds until the request is completed; None when it has ended, waits for answers, or nothing is known."""
    if view.status in TERMINAL or view.waiting:
        return None
    return estimate(view, _medians(services, view.modality))


def estimate(view: RequestView, typical: Mapping[str, float]) -> int | None:
    """The rest of the stage that works now, and the typical time of those to come.

    A stage that counts its own work knows its rest better than the medians do.
    """
    path = stages_of(view.modality)
    current = STAGE_BY_STATUS.get(view.status)
    ahead = path if current is None else path[path.index(current) + 1 :]
    if any(stage.name not in typical for stage in ahead):
        return None
    rest = 0.0 if current is None else _rest(current, view, typical)
    return None if rest is None else math.ceil(rest + sum(typical[stage.name] for stage in ahead))


def stages_of(modality: Modality) -> Sequence[Stage]:
    """The stages that a request goes through."""
    path = [VALIDATE_REQUEST]
    while (topic := path[-1].then[modality]) is not None:
        path.append(next(stage for stage in STAGES if stage.listens is topic))
    return path


def _rest(stage: Stage, view: RequestView, typical: Mapping[str, float]) -> float | None:
    if view.eta_seconds is not None:
        return view.eta_seconds
    runs = [run for run in view.runs if run["stage"] == stage.name]
    if runs and runs[-1]["state"] == StageRunState.FINISHED:
        return 0.0
    if stage.name not in typical:
        return None
    spent = (runs[-1]["seconds"] or 0.0) if runs else 0.0
    return max(1.0, typical[stage.name] - spent)


def _medians(services: Services, modality: Modality) -> Mapping[str, float]:
    known = _typical.get(modality)
    if known is None:
        with single_statement(services.engine) as connection:
            known = operations.typical_seconds(connection, modality)
        _typical.keep(modality, known)
    return known

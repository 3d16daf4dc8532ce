"""A request's way through the six stages when no stage has anything to do, beside the same statements in a bare loop.

Ours: bus, HTTP, functions-framework, CloudEvent, claim, heartbeat thread, finish, publish, status changes mirrored.
Peer: the claims and finishes alone, one after another on one connection.
"""

import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

from local import accounts
from local.benchmark import Comparison, in_turn
from local.console import Console
from local.environment import ROOT
from local.functions import FunctionHost
from local.state import State
from local.system import Record
from shared.db import claims, outcomes
from shared.db.accounts import credentials
from shared.db.engine import single_statement, transaction
from shared.db.submissions import Accepted, Submission, submit
from shared.enums import LessonStyle, Modality, Role
from shared.pipeline import MIRROR_STATUS, STAGES, Topic
from shared.publishing import publish
from shared.services import Services
from shared.work import Advance

PATIENCE = 60.0
FUNCTION = """
import functions_framework
from shared import bootstrap, runtime
from shared.pipeline import STAGES
from shared.work import Advance

STAGE = next(stage for stage in STAGES if stage.name == "{name}")

@functions_framework.cloud_event
def {name}(event):
    runtime.run(STAGE, lambda request, work: Advance(), event, bootstrap.services(STAGE))
"""


def measure(state: State, console: Console) -> Comparison:
    """Time both, in turn."""
    with tempfile.TemporaryDirectory() as place:
        host = FunctionHost(_functions(Path(place)))
        return _measure(state, console, host)


def _measure(state: State, console: Console, host: FunctionHost) -> Comparison:
    with Record(state, console, host=host) as record:
        services = record.services
        student = _student(services, state.folder)
        ours, peers = in_turn(
            lambda: _through_the_bus(record, _request(services, student)),
            lambda: _in_a_loop(services, _request(services, student)),
        )
    return Comparison(
        what="six stages with nothing to do, over the bus",
        peer="their claims and finishes in a loop",
        ours=ours,
        peers=peers,
    )


def _functions(folder: Path) -> Path:
    for stage in STAGES:
        (folder / stage.name).mkdir()
        (folder / stage.name / "main.py").write_text(FUNCTION.format(name=stage.name))
    (folder / MIRROR_STATUS.name).symlink_to(ROOT / "functions" / MIRROR_STATUS.name)
    return folder


def _student(services: Services, folder: Path) -> UUID:
    email = accounts.ensure(services.engine, folder, "student", Role.STUDENT).email
    with single_statement(services.engine) as connection:
        found = credentials(connection, email)
    assert found is not None
    return found.account.id


def _request(services: Services, student: UUID) -> UUID:
    submission = Submission(
        id=uuid4(), correlation_id=uuid4(), student_id=student, query="Explain nothing", grade_level=10, interest="",
        style=LessonStyle.BALANCED, language="en", modality=Modality.VIDEO, duration_seconds=90,
    )  # fmt: skip
    with single_statement(services.engine) as connection:
        answer = submit(connection, submission, quota=10**6, idempotency=None)
    assert isinstance(answer, Accepted)
    return submission.id


def _through_the_bus(record: Record, request_id: UUID) -> float:
    began = time.perf_counter()
    publish(record.bus, Topic.REQUEST_CREATED, request_id=request_id, correlation_id=request_id)
    assert record.bus.drain(PATIENCE)
    return time.perf_counter() - began


def _in_a_loop(services: Services, request_id: UUID) -> float:
    began = time.perf_counter()
    for stage in STAGES:
        with single_statement(services.engine) as connection:
            claimed = claims.claim(connection, request_id, stage)
            assert isinstance(claimed, claims.Claim)
        with transaction(services.engine) as connection:
            if stage.then[Modality.VIDEO] is None:
                outcomes.complete(connection, claimed.request, stage, Advance())
            else:
                assert outcomes.finish(connection, claimed.request, stage, Advance())
    return time.perf_counter() - began

"""The one declaration is whole and consistent, and nothing else spells what it declares."""

import ast
import json
import re
from pathlib import Path

import pytest

from shared import pipeline
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality
from shared.pipeline import FUNCTIONS, MOVES, STAGES, TERMINAL, Function, Stage, Topic
from tests.conftest import ROOT

CODE = sorted(path for folder in ("functions", "shared", "local") for path in (ROOT / folder).rglob("*.py"))
DECLARING = {ROOT / "shared/enums.py", ROOT / "shared/pipeline.py"}


def test_the_ten_statuses() -> None:
    assert [status.value for status in Status] == [
        "pending",
        "validating",
        "retrieving",
        "generating_script",
        "generating_video",
        "processing_video",
        "notifying",
        "completed",
        "failed",
        "cancelled",
    ]


@pytest.mark.parametrize("modality", list(Modality))
def test_every_modality_leads_from_the_api_to_completion(modality: Modality) -> None:
    topic: Topic | None = Topic.REQUEST_CREATED
    status, visited = Status.PENDING, []
    while topic is not None:
        stage = pipeline.listener(topic)
        assert isinstance(stage, Stage)
        assert modality in stage.takes[status], f"{stage.name} does not take {status}"
        assert (status, stage.during) in MOVES
        status, topic = stage.during, stage.then[modality]
        visited.append(stage)
    assert (status, Status.COMPLETED) in MOVES
    assert visited[-1] is pipeline.NOTIFY_STUDENT


def test_every_topic_wakes_one_function_and_every_function_has_its_folder() -> None:
    listens = [function.listens for function in FUNCTIONS if function.listens]
    assert sorted(listens) == sorted(Topic)
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert folders == {function.name for function in FUNCTIONS}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_the_entry_point_is_named_for_its_function(function: Function) -> None:
    tree = ast.parse((ROOT / "functions" / function.name / "main.py").read_text())
    decorated = {
        node.name: ast.unparse(node.decorator_list[0])
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    expected = "functions_framework.http" if function.listens is None else "functions_framework.cloud_event"
    assert decorated == {function.name: expected}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_limits_are_ordered(function: Function) -> None:
    assert function.budget < function.timeout < function.ack_deadline <= pipeline.ACK_DEADLINE_LIMIT_SECONDS
    assert function.timeout <= pipeline.EVENT_FUNCTION_LIMIT_SECONDS


def test_busy_deliveries_cannot_reach_the_delivery_limit() -> None:
    longest = max(stage.budget for stage in STAGES) + pipeline.LEASE_SECONDS
    # As if the back-off did not grow at all for twenty seconds; it has grown after six.
    busy = 20 / pipeline.RETRY_MINIMUM_SECONDS + longest / pipeline.RETRY_MAXIMUM_SECONDS
    assert busy + pipeline.STAGE_ATTEMPTS <= pipeline.MAX_DELIVERY_ATTEMPTS


def test_a_lease_outlives_two_missed_heartbeats() -> None:
    assert pipeline.LEASE_SECONDS >= 3 * pipeline.HEARTBEAT_SECONDS


def test_progress_rises_from_stage_to_stage() -> None:
    bounds = [bound for stage in STAGES for bound in (stage.progress, stage.progress_end)]
    assert bounds == sorted(bounds)
    assert bounds[0] > 0
    assert bounds[-1] < 100


def test_terminal_statuses_are_left_by_a_retry_alone() -> None:
    assert {(before, after) for before, after in MOVES if before in TERMINAL} == {(Status.FAILED, Status.PENDING)}


def test_the_committed_declaration_is_current() -> None:
    committed = json.loads((ROOT / "terraform/pipeline.json").read_text())
    assert committed == json.loads(json.dumps(pipeline.as_dict())), "run ./run.sh generate"


def _strings(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_status_and_no_topic_is_spelled_outside_the_declaration(path: Path) -> None:
    if path in DECLARING:
        return
    distinctive = {status.value for status in Status if "_" in status.value or status.value.endswith("ing")}
    distinctive = (distinctive - {"pending"}) | {Status.CANCELLED.value} | {topic.value for topic in Topic}
    strings = _strings(ast.parse(path.read_text()))
    assert not strings & distinctive
    # In SQL a status stands in quotes; "pending" is a word of prose otherwise.
    quoted = re.compile(r"'(" + "|".join(status.value for status in Status) + r")'")
    assert [text for text in strings if quoted.search(text)] == []

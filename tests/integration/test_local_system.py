"""A whole local system with the real api, bus and record; its stages have no work of their own here."""

import argparse
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local import environment
from local.client import Client, Refused
from local.commands import request
from local.console import Console
from local.errors import PortInUse
from local.functions import FunctionHost
from local.state import State
from local.system import LocalSystem
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import FUNCTIONS, STAGES, Stage

STAGE = """
import functions_framework
from shared import bootstrap, runtime
from shared.errors import ContentRefused, TransientError
from shared.pipeline import STAGES, VALIDATE_REQUEST, PROCESS_VIDEO
from shared.work import Advance, AskStudent

STAGE = next(stage for stage in STAGES if stage.name == "{name}")
OPTION = {{"id": "a", "label": "The Scientific Method", "module_id": "vf0101"}}
FAILED = set()

def handle(request, work):
    if STAGE is VALIDATE_REQUEST:
        answered = (request.metadata.get("clarification") or {{}}).get("answers")
        if "science" in request.query and not answered:
            question = {{"id": "q1", "text": "Which part of science?", "options": [OPTION]}}
            return AskStudent(questions=(question,), reasoning="vague")
        if "forbidden" in request.query:
            raise ContentRefused("refused")
    if STAGE is PROCESS_VIDEO and "stumble" in request.query and request.id not in FAILED:
        FAILED.add(request.id)
        raise TransientError("once")
    work.progress(STAGE.progress_end, STAGE.label)
    return Advance()

@functions_framework.cloud_event
def {name}(event):
    runtime.run(STAGE, handle, event, bootstrap.services(STAGE))
"""


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("functions")
    for function in FUNCTIONS:
        if isinstance(function, Stage):
            (folder / function.name).mkdir()
            (folder / function.name / "main.py").write_text(STAGE.format(name=function.name))
        else:
            (folder / function.name).symlink_to(environment.ROOT / "functions" / function.name)
    return folder


@pytest.fixture(scope="module")
def state_folder() -> Iterator[Path]:
    """Not below pytest's own folder: that is closed to the user as whom root runs PostgreSQL."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place) / "state"


@pytest.fixture(scope="module")
def system(state_folder: Path, functions: Path) -> Iterator[LocalSystem]:
    before = dict(os.environ)
    os.environ.pop("DATABASE_URL", None)
    state = State.hold(state_folder, purpose="the tests")
    try:
        with LocalSystem(state, Console(), host=FunctionHost(functions), with_sample_book=False) as made:
            yield made
    finally:
        state.close()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def client(system: LocalSystem) -> Client:
    client = Client(system.url)
    client.login(system.student.email, system.student.password)
    return client


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    request.add_arguments(parser)
    return parser.parse_args(list(words))


def ask(client: Client, folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = request.ask(client, arguments(*words, "--json"), Console(), folder)
    return code, json.loads(capsys.readouterr().out)


def test_request_goes_through_every_status_in_order(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Explain photosynthesis", "--interest", "basketball")

    assert code == 0
    assert [entry["status"] for entry in made["history"]] == [
        Status.PENDING,
        *(stage.during for stage in STAGES),
        Status.COMPLETED,
    ]
    assert {
        "id",
        "status",
        "history",
        "clarification",
        "assets",
        "citations",
        "degraded",
        "timings",
        "cost_usd",
    } <= set(made)
    assert {"video", "captions", "thumbnail", "storyboard", "transcript", "hls"} <= set(made["assets"])


def test_vague_question_exits_with_2_and_its_questions(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Tell me about science")

    assert (code, made["status"]) == (2, Status.PENDING)
    assert made["clarification"]["questions"][0]["text"] == "Which part of science?"


def test_answer_of_the_command_line_resumes_the_same_request(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Tell me about science", "--answer", "The Scientific Method")

    assert (code, made["status"]) == (0, Status.COMPLETED)
    statuses = [entry["status"] for entry in made["history"]]
    assert statuses[:4] == [Status.PENDING, Status.VALIDATING, Status.PENDING, Status.VALIDATING]


def test_refused_question_exits_with_3(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Explain something forbidden")

    assert (code, made["status"], made["error"]["code"]) == (3, Status.FAILED, "content_refused")


def test_question_that_the_api_refuses_exits_with_3_and_names_the_field(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Explain photosynthesis", "--grade", "99")

    assert (code, made["id"], made["error"]["code"]) == (3, None, "invalid_field")


def test_stage_that_fails_once_is_delivered_again(client, state_folder, capsys):
    code, made = ask(client, state_folder, capsys, "Explain how to stumble")

    assert (code, made["status"]) == (0, Status.COMPLETED)


def test_two_students_lessons_are_made_at_once(client, system, state_folder):
    ends: list[str] = []

    def follow() -> None:
        made = client.submit({"query": f"Explain {uuid4().hex}", "grade_level": 10})
        for state in client.watch(made["id"]):
            if state["status"] == Status.COMPLETED:
                ends.append(state["status"])
                return

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == [Status.COMPLETED] * 4


def test_accounts_are_a_student_and_an_admin_with_passwords_of_their_own(system, state_folder):
    kept = json.loads((state_folder / "accounts.json").read_text())
    assert {name: entry["role"] for name, entry in kept.items()} == {"student": "student", "admin": "admin"}
    assert len({entry["password"] for entry in kept.values()}) == 2
    assert (state_folder / "accounts.json").stat().st_mode & 0o077 == 0
    admin = Client(system.url)
    admin.login(system.admin.email, system.admin.password)
    assert admin.call("GET", "/v1/ops/summary").status == 200


def test_student_is_no_admin(client):
    with pytest.raises(Refused) as caught:
        client.ask("GET", "/v1/ops/summary")
    assert caught.value.status in (403, 404)


def test_second_system_on_the_port_is_told_so(system, tmp_path, functions):
    state = State.hold(tmp_path, purpose="the tests")
    port = int(system.url.rpartition(":")[2])
    try:
        with pytest.raises(PortInUse), LocalSystem(state, Console(), port=port):
            pass
        assert not (tmp_path / "postgres").exists()
    finally:
        state.close()

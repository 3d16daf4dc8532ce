"""Functions are served by functions-framework and get real CloudEvents."""

import json
import sys
import threading
from pathlib import Path

import pytest
from werkzeug.test import Client

from local.bus import LocalBus
from local.functions import FunctionHost, Scheduler
from shared.errors import TransientError
from shared.pipeline import API, HANDLE_DEAD_LETTER, MIRROR_STATUS, SWEEP, Topic

PATIENCE = 20.0
EVENT_FUNCTION = """
import json
import functions_framework
from cloudevents.http import CloudEvent

@functions_framework.cloud_event
def {name}(event: CloudEvent) -> None:
    if event.data["message"]["attributes"].get("fail"):
        raise RuntimeError("refused")
    with open({log!r}, "a") as log:
        log.write(json.dumps({{
            "class": type(event).__module__ + "." + type(event).__name__,
            "type": event["type"],
            "source": event["source"],
            "data": event.data["message"]["data"],
            "attributes": event.data["message"]["attributes"],
            "function": "{name}",
        }}) + "\\n")
"""
HTTP_FUNCTION = """
import functions_framework

@functions_framework.http
def api(request):
    return {"path": request.path, "method": request.method}, 202
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for function in (SWEEP, MIRROR_STATUS):
        (tmp_path / function.name).mkdir()
        source = EVENT_FUNCTION.format(name=function.name, log=str(tmp_path / "log"))
        (tmp_path / function.name / "main.py").write_text(source)
    (tmp_path / API.name).mkdir()
    (tmp_path / API.name / "main.py").write_text(HTTP_FUNCTION)
    return tmp_path


def log(folder: Path) -> list[dict]:
    path = folder / "log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_bus_delivers_a_cloud_event_with_topic_data_and_attributes(folder):
    bus = LocalBus(FunctionHost(folder).push)
    bus.publish(Topic.SWEEP_DUE, b"tick", {"n": "1"})

    assert bus.drain(PATIENCE)
    bus.close()
    assert log(folder) == [
        {
            "class": "cloudevents.http.event.CloudEvent",
            "type": "google.cloud.pubsub.topic.v1.messagePublished",
            "source": "//pubsub.googleapis.com/projects/local/topics/sweep-due",
            "data": "dGljaw==",
            "attributes": {"n": "1"},
            "function": SWEEP.name,
        }
    ]


def test_function_that_raises_is_no_acknowledgement(folder):
    host = FunctionHost(folder)
    body = json.dumps({"message": {"data": "", "attributes": {"fail": "yes"}, "messageId": "1"}, "subscription": "s"})

    assert host.push(SWEEP, "/projects/local/topics/sweep-due", body.encode()) == 500
    assert host.push(SWEEP, "/projects/local/topics/sweep-due", b"no push") >= 400


def test_functions_of_one_process_keep_apart(folder):
    """Their modules are all called `main`."""
    host = FunctionHost(folder)
    before = list(sys.path)
    body = json.dumps({"message": {"data": "eA==", "attributes": {}, "messageId": "1"}, "subscription": "s"}).encode()
    for function in (SWEEP, MIRROR_STATUS, SWEEP):
        assert host.push(function, "/", body) == 200

    assert [entry["function"] for entry in log(folder)] == [SWEEP.name, MIRROR_STATUS.name, SWEEP.name]
    assert sys.path == before


def test_host_serves_the_api(folder):
    answer = Client(FunctionHost(folder)).delete("/v1/requests/7")

    assert answer.status_code == 202
    assert answer.json == {"path": "/v1/requests/7", "method": "DELETE"}


def test_function_that_is_not_there_is_delivered_again_not_lost(folder):
    host, tried = FunctionHost(folder), threading.Semaphore(0)

    def push(function, path, body) -> int:
        tried.release()
        return host.push(function, path, body)

    bus = LocalBus(push, factor=0.0)
    bus.publish(HANDLE_DEAD_LETTER.listens, b"x", {})
    for _ in range(3):
        assert tried.acquire(timeout=PATIENCE)
    bus.close(PATIENCE)


def test_scheduler_ticks_at_once_and_again_until_it_is_closed():
    class Bus:
        def __init__(self) -> None:
            self.ticks = threading.Semaphore(0)

        def publish(self, topic, data, attributes) -> None:
            assert topic is Topic.SWEEP_DUE
            self.ticks.release()

    bus = Bus()
    scheduler = Scheduler(bus, period=0.001)
    scheduler.start()
    for _ in range(3):
        assert bus.ticks.acquire(timeout=PATIENCE)
    scheduler.close()


def test_scheduler_ends_with_the_bus():
    class Closed:
        def publish(self, topic, data, attributes) -> None:
            raise TransientError("the bus is closed")

    scheduler = Scheduler(Closed(), period=1000)
    scheduler.start()
    scheduler._thread.join(PATIENCE)
    assert not scheduler._thread.is_alive()

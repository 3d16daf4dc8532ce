"""A deployed function whose settings are wrong does not start, and says which; everywhere else it just loads."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.pipeline import FUNCTIONS, GENERATE_SCRIPT, Function
from tests.conftest import ROOT

SETTINGS = {
    "ENVIRONMENT": "prod",
    "MESSAGE_BUS": "pubsub",
    "OBJECT_STORE": "gcs",
    "MAILER": "none",
    "WEBHOOK": "none",
    "PROJECT_ID": "p",
    "MEDIA_BUCKET": "m",
    "SOURCES_BUCKET": "s",
    "DATABASE_URL": "postgresql://user:hidden-password@127.0.0.1:1/nothing",
    "DATABASE_OWNER_URL": "postgresql://owner:hidden-password@127.0.0.1:1/nothing",
    "SECRET_KEY": "hidden-" + "k" * 32,
}
# Loads every function, and tells what became of each and which threads and sockets that left behind.
LOAD = f"""
import importlib, json, threading
found = {{}}
for name in {[function.name for function in FUNCTIONS]!r}:
    try:
        importlib.import_module(f"functions.{{name}}.main")
        found[name] = ""
    except RuntimeError as error:
        found[name] = str(error)
from shared import bootstrap
print(json.dumps([found, threading.active_count(), bootstrap._parts is None]))
"""


def environment(*, deployed: bool, **settings: str) -> dict[str, str]:
    """What a process needs to run at all, and these settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "PATH", "TMPDIR")}
    return kept | settings | {"PYTHONPATH": str(ROOT)} | ({"K_SERVICE": "a-function"} if deployed else {})


def serve(function: Function, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Start the function's server as the cloud does, and wait until it has ended by itself."""
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "functions-framework"),
            f"--target={function.name}",
            f"--source={ROOT / 'functions' / function.name / 'main.py'}",
            f"--signature-type={'http' if function.listens is None else 'cloudevent'}",
            "--host=127.0.0.1",
            "--port=0",
        ],
        env=environment(deployed=True, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def load(**settings: str) -> tuple[dict[str, str], int, bool]:
    """What became of each function's module, how many threads run, and whether no part was built."""
    ended = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=ROOT,
        env=environment(deployed="K_SERVICE" in settings, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found, threads, unbuilt = json.loads(ended.stdout.splitlines()[-1])
    return found, threads, unbuilt


def test_a_server_with_wrong_settings_ends_at_once_and_names_them_without_their_values() -> None:
    ended = serve(
        GENERATE_SCRIPT,
        {"SECRET_KEY": "hidden-short", "WRITER": "gemini", "DATABASE_POOL_SIZE": "hidden", "VERTEX_LOCATION": "x"},
    )
    assert ended.returncode != 0
    assert "environment variables not set: DATABASE_URL, PROJECT_ID, WRITER_MODEL" in ended.stderr
    assert "with an unusable value: SECRET_KEY" in ended.stderr
    assert "not a whole number: DATABASE_POOL_SIZE" in ended.stderr
    assert "for one's own machine, set or by default: ENVIRONMENT, MESSAGE_BUS, OBJECT_STORE" in ended.stderr
    assert "hidden" not in ended.stderr + ended.stdout


def test_every_deployed_function_checks_what_it_needs_as_it_is_loaded() -> None:
    found, _, _ = load(K_SERVICE="a-function")
    needed = {name: "DATABASE_OWNER_URL" if name == "maintain" else "DATABASE_URL" for name in found}
    assert found.keys() == {function.name for function in FUNCTIONS}
    assert [name for name, text in found.items() if f"not set: {needed[name]}" not in text] == []


@pytest.mark.parametrize("settings", [{}, {"K_SERVICE": "a-function", **SETTINGS}], ids=["elsewhere", "deployed"])
def test_loading_a_function_with_its_settings_or_elsewhere_builds_nothing(settings: dict[str, str]) -> None:
    found, threads, unbuilt = load(**settings)
    assert set(found.values()) == {""}
    assert (threads, unbuilt) == (1, True)


def test_a_model_without_a_known_price_is_warned_of_and_no_reason_to_stop() -> None:
    settings = {
        **SETTINGS,
        "K_SERVICE": "a-function",
        "WRITER": "gemini",
        "WRITER_MODEL": "gemini-99-ultra",
        "VERTEX_LOCATION": "global",
    }
    ended = subprocess.run(
        [sys.executable, "-c", "import functions.generate_script.main"],
        cwd=ROOT,
        env=environment(deployed=True, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    line = json.loads(ended.stderr)
    assert (line["severity"], line["function"], line["setting"]) == ("WARNING", GENERATE_SCRIPT.name, "WRITER_MODEL")
    assert "gemini-99-ultra" not in ended.stderr

"""Imports point one way, heavy libraries stay where they are used, the environment is read in one place."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from shared.enums import Port
from shared.pipeline import FUNCTIONS, Function
from tests.conftest import ROOT

CODE = sorted(path for folder in ("functions", "shared", "local") for path in (ROOT / folder).rglob("*.py"))
PROVIDER_SDKS = ("google.cloud", "google.genai", "google.pubsub_v1", "google.api_core", "google.auth")
# The SDKs that a port's part of production loads.
SDKS = {
    Port.RECORD: ("google.cloud.sql", "google.cloud.sqladmin_v1beta4", "aiohttp"),
    Port.SCHEMA: ("google.cloud.sql", "google.cloud.sqladmin_v1beta4", "aiohttp"),
    Port.BUS: ("google.pubsub_v1",),
    Port.OBJECTS: ("google.cloud.storage",),
    Port.SOURCES: ("google.cloud.storage",),
    Port.WRITER: ("google.genai",),
    Port.EMBEDDINGS: ("google.genai",),
    Port.ILLUSTRATOR: ("google.genai",),
    Port.SPEECH: ("google.cloud.texttospeech_v1beta1",),
    Port.MIRROR: ("google.cloud.firestore", "google.cloud.firestore_v1"),
    Port.MAILER: ("smtplib",),
}
# What several of Google's packages share, and what the framework brings, empty, for the first generation's functions.
SHARED_BY_SDKS = (
    *(f"google.cloud.{name}" for name in ("_helpers", "_http", "client", "exceptions", "location", "version")),
    *("google.cloud.functions", "google.cloud.functions_v1"),
)
LIGHT = ("api", "notify_student", "mirror_status", "handle_dead_letter", "sweep")
HEAVY = ("av", "numpy", "onnxruntime", "piper", "PIL", "resvg_py", "ziamath", "lxml", "tokenizers")


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _below(names: set[str], *packages: str) -> set[str]:
    return {name for name in names if any(name == package or name.startswith(package + ".") for package in packages)}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    relative = path.relative_to(ROOT)
    names = _imports(path)
    if relative.parts[0] == "shared":
        assert _below(names, "functions", "local") == set()
    if relative.parts[0] == "functions" and len(relative.parts) > 2:
        others = [f"functions.{function.name}" for function in FUNCTIONS if function.name != relative.parts[1]]
        assert _below(names, "local", "shared.adapters", "shared.builders", *others) == set()
    if relative.parts[:2] != ("shared", "adapters") and relative.name != "bootstrap.py":
        assert _below(names, *PROVIDER_SDKS) == set()


DEPLOYED = [path for path in CODE if path.relative_to(ROOT).parts[0] != "local"]  # local commands start processes


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_environment_is_read_by_the_settings_alone(path: Path) -> None:
    if path.name == "settings.py":
        return
    used = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not used & {"os.environ", "os.getenv"}


@cache
def loaded(name: str) -> dict[str, Any]:
    """What a fresh interpreter has loaded with a function: by its import alone, and with its parts of production."""
    # Nothing of the caller's environment: no account, no emulator, and no search for either.
    environment = {"PATH": os.environ["PATH"], "NO_GCE_CHECK": "true"}
    command = [sys.executable, "-m", "bench._imported", name]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_importing_a_function_loads_no_sdk(function: Function) -> None:
    modules = set(loaded(function.name)["imported"]["modules"])
    found = _below(modules, *PROVIDER_SDKS, "google.auth", "grpc", *chain.from_iterable(SDKS.values()))
    # The framework brings an empty package of this name for functions of the first generation.
    assert found - _below(found, "google.cloud.functions", "google.cloud.functions_v1") <= {"google.cloud"}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_building_a_function_s_parts_loads_no_other_port_s_sdk_and_starts_nothing(function: Function) -> None:
    modules = set(loaded(function.name)["ready"]["modules"])
    own = {sdk for port in function.uses for sdk in SDKS.get(port, ())}
    sdks = _below(modules, "google.cloud", "google.genai", *chain.from_iterable(SDKS.values())) - {"google.cloud"}
    assert sdks - _below(sdks, *own, *SHARED_BY_SDKS) == set()
    assert own - modules == set(), "an SDK that nobody loads guards nothing"
    assert loaded(function.name)["threads"] == 1


@pytest.mark.parametrize("sdk", sorted(set(chain.from_iterable(SDKS.values()))))
def test_an_sdk_that_is_looked_for_is_installed_under_that_name(sdk: str) -> None:
    assert find_spec(sdk) is not None


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_function_loads_nothing_heavy(name: str) -> None:
    assert set(loaded(name)["ready"]["modules"]) & set(HEAVY) == set()

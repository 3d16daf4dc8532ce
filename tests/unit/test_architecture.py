"""Imports point one way, heavy libraries stay where they are used, the environment is read in one place."""

import ast
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from shared import log
from shared.pipeline import FUNCTIONS
from tests.conftest import ROOT

CODE = sorted(path for folder in ("functions", "shared", "local") for path in (ROOT / folder).rglob("*.py"))
PROVIDER_SDKS = ("google.cloud", "google.genai")
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
        assert _below(names, "local", *others) == set()
    if relative.parts[:2] != ("shared", "adapters") and relative.name != "bootstrap.py":
        assert _below(names, *PROVIDER_SDKS) == set()


DEPLOYED = [path for path in CODE if path.relative_to(ROOT).parts[0] != "local"]  # local commands start processes


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_environment_is_read_by_the_settings_alone(path: Path) -> None:
    if path.name == "settings.py":
        return
    used = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not used & {"os.environ", "os.getenv"}


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_function_imports_nothing_heavy(name: str) -> None:
    script = (
        f"import json, sys\nimport functions.{name}.main\nprint(json.dumps(sorted(set(sys.modules) & set({HEAVY!r}))))"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == []


def test_a_log_line_carries_known_fields_alone(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="query"):
        log.event("something", query="a student's words")


def test_a_log_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("vividly")
    handlers, logger.handlers = logger.handlers, []
    try:
        log.configure("INFO")
        log.event("stage began", stage="x", attempt=2)
    finally:
        logger.handlers = handlers
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["stage"], line["attempt"]) == ("stage began", "x", 2)

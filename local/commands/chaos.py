"""`chaos`: kill, freeze and cut off the functions' processes, and see that nothing is lost or done twice.

The harness is part of the tests: the command is for a checkout, and says so where the tests are not there.
"""

import argparse
import importlib
from types import ModuleType

from local import environment
from local.console import Console
from local.errors import LocalProblem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    if _is_there():
        _command().add_arguments(parser)
    else:
        parser.epilog = "Not here: the harness lies in tests/chaos, which this copy of the project lacks."


def run(arguments: argparse.Namespace, console: Console) -> int:
    """One run."""
    if not _is_there():
        raise LocalProblem("The chaos harness is in tests/chaos, and this copy has no tests.", code="no_tests")
    code: int = _command().run(arguments, console)
    return code


def _is_there() -> bool:
    return (environment.ROOT / "tests" / "chaos").is_dir()


def _command() -> ModuleType:
    return importlib.import_module("tests.chaos.command")

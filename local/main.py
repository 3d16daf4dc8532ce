"""`./run.sh`: reads the command line, runs one command, turns what goes wrong into one line and an exit code."""

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn

from local.console import Console
from local.errors import LocalProblem
from shared.errors import PermanentError, PipelineError
from shared.settings import SettingsError

FAILED: Final = 1
INTERRUPTED: Final = 130  # as shells count: 128 + the signal's number

# (what is typed, what it does); the module is local.commands.<first word>
COMMANDS: Final = (
    ("demo", "one request through every stage, with its history and files (what ./run.sh does by itself)"),
    ("serve", "the whole system with its web page, until Ctrl-C"),
    ("request", "one question of yours; the lesson's files"),
    ("ingest", "take in an OpenStax book, Markdown or plain text"),
    ("eval", "how well questions find their sections"),
    ("check", "the acceptance check against a running system"),
    ("user", "add an account"),
    ("bench", "the benchmarks, each beside its peer"),
    ("chaos", "kill and cut off the functions' processes; nothing may be lost or done twice"),
    ("generate", "write the generated files"),
    ("reset", "empty the state folder"),
    ("help", "this list"),
)
NAMES: Final = tuple(name for name, _ in COMMANDS)


class Parser(argparse.ArgumentParser):
    """Usage errors exit with 1: 2 means that a request awaits clarification."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line."""
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")


def main(words: Sequence[str]) -> int:
    """Run the command that `words` name; return the exit code."""
    _take_signals()
    console = Console()
    name = words[0] if words else "demo"
    if name in ("help", "-h", "--help"):
        _help(console)
        return 0
    if name not in NAMES:
        console.problem(f"There is no command {name!r}: ./run.sh help lists them.")
        return FAILED
    command = importlib.import_module(f"local.commands.{name}")
    parser = Parser(prog=f"./run.sh {name}", description=dict(COMMANDS)[name])
    command.add_arguments(parser)
    arguments = parser.parse_args(list(words[1:]))
    try:
        return int(command.run(arguments, console))
    except LocalProblem as error:
        return _failed(console, arguments, error.code, str(error))
    except SettingsError as error:
        return _failed(console, arguments, "invalid_settings", str(error))
    except PermanentError as error:
        return _failed(console, arguments, error.code, f"{error.message} ({error})")
    except PipelineError as error:
        return _failed(console, arguments, "unavailable", f"{error.__cause__ or error}")
    except KeyboardInterrupt:
        console.say("\nStopped.")
        return INTERRUPTED
    except BrokenPipeError:  # who read the results has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _failed(console: Console, arguments: argparse.Namespace, code: str, message: str) -> int:
    console.problem(message)
    if getattr(arguments, "json", False):
        console.json({"error": {"code": code, "message": message}})
    return FAILED


def _help(console: Console) -> None:
    console.result("\n[bold]Vividly[/bold]: a question becomes a short narrated lesson, grounded in open textbooks.\n")
    for name, summary in COMMANDS:
        console.result(f"  ./run.sh [bold]{name:<10}[/bold] {summary}")
    console.result(
        "\nEach takes --help. VIVIDLY_STATE names another state folder, DATABASE_URL a PostgreSQL of yours.\n"
    )


def _take_signals() -> None:
    """Have both signals unwind the stack. A shell starts what it puts in the background with SIGINT ignored."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def leave(code: int) -> NoReturn:
    """End the process. A thread that is still encoding would be torn from under native code by a normal exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.active_count() > 1:
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    try:
        exit_code = main(sys.argv[1:])
    except SystemExit as stopped:  # by a signal, or by the parser
        exit_code = stopped.code if isinstance(stopped.code, int) else FAILED
    leave(exit_code)

"""`generate`: writes the files that are made from the code; with `--check`, says which are stale."""

import argparse

from local import generated
from local.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write them, or look."""
    stale = []
    for path, content in generated.files().items():
        if path.exists() and path.read_text(encoding="utf-8") == content:
            continue
        stale.append(path)
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    for path in stale:
        verb = "is stale: ./run.sh generate" if arguments.check else "written"
        console.result(f"{path.relative_to(generated.ROOT)} {verb}")
    return 1 if stale and arguments.check else 0

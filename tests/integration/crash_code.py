"""Reads the code: where it commits and publishes, and whether it says so by places before and after."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

WRITES = re.compile(r"\bINSERT INTO\b|\bDELETE FROM\b|(?<!FOR )(?<!DO )\bUPDATE [a-z_]+\b")
DATABASE = ROOT / "shared" / "db"
# Who commits and need not be followed through a crash, and why.
BESIDE = {
    "functions/api/throttle.py": "counts failed sign-ins; no request knows of it",
    "functions/maintain/main.py": "deployment calls it, sees its answer, and calls again",
    "functions/api/erase.py": "several commits, of which the last is its place: the same call does them all again",
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _code() -> list[Path]:
    """Whatever can have places: the functions, and the modules that they share, at the top of `shared`."""
    return [*sorted((ROOT / "shared").glob("*.py")), *sorted((ROOT / "functions").rglob("*.py"))]


def _modules() -> list[Path]:
    return [path for path in _code() if str(path.relative_to(ROOT)) not in BESIDE]


@cache
def writers() -> frozenset[str]:
    """The functions of `shared/db` whose statements change rows, as `module.function`."""
    uses: dict[str, set[str]] = {}
    writing = set()
    for path in sorted(DATABASE.glob("*.py")):
        for node in _tree(path).body:
            for name in _defined(node):
                full = f"{path.stem}.{name}"
                uses[full] = {f"{path.stem}.{used}" for used in _names(node)} | _imported(path, _names(node))
                if any(WRITES.search(text) for text in _texts(node)):
                    writing.add(full)
    while more := {name for name, used in uses.items() if used & writing} - writing:
        writing |= more
    return frozenset(writing)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _texts(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


@cache
def _imports(path: Path) -> dict[str, str]:
    """What a module calls something of `shared/db`, and what it is called there."""
    known = {}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("shared.db"):
            module = node.module.removeprefix("shared.db").removeprefix(".")
            for alias in node.names:
                known[alias.asname or alias.name] = f"{module}.{alias.name}" if module else alias.name
    return known


def _imported(path: Path, names: set[str]) -> set[str]:
    return {full for name, full in _imports(path).items() if name in names}


def unguarded() -> list[str]:
    """Every commit and publish that has no places around it."""
    return [
        f"{path.relative_to(ROOT)}:{call.lineno}: {what}"
        for path in _modules()
        for call, what, blocks in _effects(path)
        if not any(_guards(block) for block in blocks)
    ]


def _effects(path: Path) -> Iterator[tuple[ast.Call, str, list[ast.With]]]:
    """Calls that write or publish, with the `with` statements that they stand in."""

    def walk(node: ast.AST, blocks: list[ast.With]) -> Iterator[tuple[ast.Call, str, list[ast.With]]]:
        if isinstance(node, ast.Call) and (what := _effect(path, node)):
            yield node, what, blocks
        inside = [*blocks, node] if isinstance(node, ast.With) else blocks
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    return walk(_tree(path), [])


def _effect(path: Path, call: ast.Call) -> str:
    """What a call does to the outside: the name of the writer, or a publish to the bus itself."""
    called, known = call.func, _imports(path)
    if isinstance(called, ast.Attribute) and called.attr == "publish":
        owner = called.value
        if (isinstance(owner, ast.Name) and owner.id == "bus") or (
            isinstance(owner, ast.Attribute) and owner.attr == "bus"
        ):
            return "bus.publish"
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in known:
        full = f"{known[called.value.id]}.{called.attr}"
    elif isinstance(called, ast.Name) and called.id in known:
        full = known[called.id]
    else:
        return ""
    return full if full in writers() else ""


def _guards(block: ast.With) -> bool:
    """Whether a `with` begins with `around(…)`: reached before all else in it, and after all else is left."""
    first = block.items[0].context_expr
    return isinstance(first, ast.Call) and isinstance(first.func, ast.Name) and first.func.id == "around"


def uses_of_steps() -> Counter[str]:
    """How often each step is named in the code."""
    return Counter(
        node.attr
        for path in _code()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Step"
    )

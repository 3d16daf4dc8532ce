"""The threat model is no prose: every proof that it names is a test, and every kind and actor has its lines."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODEL = ROOT / "docs" / "threat-model.md"
HERE = ROOT / "tests" / "security"
STRIDE = {"S", "T", "R", "I", "D", "E"}


@cache
def text() -> str:
    return MODEL.read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The lines of the tables of threats: kind, threat, actor, defence, proof."""
    found = [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in text().splitlines()]
    return [row for row in found if len(row) == 5 and row[0] in STRIDE]


def proofs() -> list[str]:
    """Everything that is named as a test: a file, or a test in it."""
    return sorted(set(re.findall(r"`((?:tests/)?[a-z_/]*test_[a-z0-9_]+\.py(?:::test_\w+)?)`", text())))


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("proof", proofs())
def test_every_proof_is_a_test(proof: str) -> None:
    place, _, name = proof.partition("::")
    path = ROOT / place if place.startswith("tests/") else HERE / place
    assert path.is_file(), proof
    assert not name or name in names_in(path), proof


def test_every_threat_has_a_kind_an_actor_a_defence_and_a_proof() -> None:
    section = text().partition("## Threats")[2].partition("## What is not defended")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| | ")]
    assert len(lines) == len(rows()) > 40
    for row in rows():
        assert all(row), row
        assert "`" in row[4], row


def test_every_kind_of_threat_and_every_actor_occurs() -> None:
    actors = {
        line.strip("|").split("|")[0].strip()
        for line in text().partition("## Who\n")[2].partition("## Where")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| Actor")
    }
    assert {row[0] for row in rows()} == STRIDE
    assert {row[2] for row in rows()} == actors


def test_every_test_of_this_folder_stands_for_a_threat() -> None:
    """A proof that nobody knows of is soon nobody's."""
    named = {proof.partition("::")[0] for proof in proofs()}
    assert {path.name for path in HERE.glob("test_*.py")} <= named | {MODEL_TEST}


MODEL_TEST = Path(__file__).name

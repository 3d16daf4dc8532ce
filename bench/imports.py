"""How long each function takes to be imported by a fresh interpreter, beside the libraries that any of them needs.

The ratio is of `api`: alone, as its process starts. In the table, `ready` has the parts of production on top, which
the first request loads.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from bench._imported import PEER
from local.benchmark import RUNS, Comparison
from local.console import Console
from local.environment import ROOT
from local.state import State
from shared.pipeline import API, FUNCTIONS

PEER_EVERY = 3  # functions between two imports of the peer: load that comes and goes falls on both


def measure(state: State, console: Console) -> Comparison:
    """Import peer and functions in turn, round after round; the first round warms the disk's cache."""
    rounds = []
    for number in range(RUNS + 1):
        with console.step("round", f"{number} of {RUNS}"):
            rounds.append(_round())
    del rounds[0]
    found = {name: [each[name] for each in rounds] for name in rounds[0]}
    return Comparison(
        what="importing the function api",
        peer="functions-framework, SQLAlchemy, pg8000 and google-cloud-pubsub alone",
        ours=tuple(own["imported"]["seconds"] for _, own in found[API.name]),
        peers=tuple(peer["seconds"] for peer, _ in found[API.name]),
        details={"peer_modules": len(found[API.name][0][0]["modules"])},
        rows=tuple(_row(name, pairs) for name, pairs in found.items()),
    )


def _round() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each function once, with the peer's last import before it."""
    found = {}
    for place, function in enumerate(FUNCTIONS):
        if place % PEER_EVERY == 0:
            peer = imported(PEER)["imported"]
        found[function.name] = (peer, imported([function.name]))
    return found


def imported(names: Sequence[str]) -> dict[str, Any]:
    """What a fresh interpreter tells of importing a function, or of several modules."""
    done = subprocess.run(
        [sys.executable, "-m", "bench._imported", *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _row(name: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    peers = [peer["seconds"] for peer, _ in pairs]
    alone = [own["imported"]["seconds"] for _, own in pairs]
    ready = [own["imported"]["seconds"] + own["ready"]["seconds"] for _, own in pairs]
    first = pairs[0][1]
    return {
        "function": name,
        "import_ms": round(median(alone) * 1000),
        "ratio": _ratio(alone, peers),
        "modules": len(first["imported"]["modules"]),
        "ready_ms": round(median(ready) * 1000),
        "ready_ratio": _ratio(ready, peers),
        "ready_modules": len(first["ready"]["modules"]),
    }


def _ratio(ours: Sequence[float], peers: Sequence[float]) -> float:
    return round(median(own / peer for own, peer in zip(ours, peers, strict=True)), 2)

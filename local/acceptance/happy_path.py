"""A clear question becomes a lesson, through every status in order, whose every artefact is opened."""

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

from local import hls
from local.acceptance import artefacts
from local.acceptance.checklist import Checklist, Failure, expect
from local.client import Client, fetch
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import TERMINAL

QUESTION: Final = (
    "Explain how photosynthesis works in plants, including the light-dependent and light-independent reactions"
)
DONE_WITHIN: Final = 120.0
DURATION_TOLERANCE: Final = 2.0  # seconds between the end of the video and that of its captions
POLL_SECONDS: Final = 0.25
TRIES: Final = 4  # at a question that was not asked before: one that was comes from the cache, through no stage
INTERESTS: Final = ("basketball", "music", "cooking", "soccer", "art", "space")
IN_ORDER: Final = [status for status in Status if status not in (Status.FAILED, Status.CANCELLED)]


@dataclass(slots=True)
class Visit:
    """What was seen of one request."""

    id: str
    seconds: float
    state: dict[str, Any]  # as it was last given
    progress: list[int] = field(default_factory=list)


def run(checklist: Checklist, client: Client, other: Client | None) -> None:
    """Ask, watch, open everything. `other` is another student, signed in."""
    checklist.part = "happy path"
    found: list[Visit] = []

    def completes() -> str:
        visit = _fresh(client)
        found.append(visit)
        expect(visit.state["status"] == Status.COMPLETED, f"{visit.state['status']}: {visit.state.get('error')}")
        expect(visit.seconds <= DONE_WITHIN, f"{visit.seconds:.1f} s")
        return f"{visit.seconds:.1f} s"

    completed = checklist.check(f"a clear question completes within {DONE_WITHIN:.0f} s", completes)
    if not found:
        return
    visit = found[0]
    checklist.check("through every status in order", lambda: _statuses(visit))
    checklist.check("progress never falls", lambda: _progress(visit))
    checklist.check("strangers get 404", lambda: _stranger(other, visit.id))
    if completed:
        with tempfile.TemporaryDirectory() as folder:
            _open_all(checklist, client, visit.state, Path(folder))


def _fresh(client: Client) -> Visit:
    """A lesson that was not made before, if need be by asking for another length."""
    for _ in range(TRIES):
        visit = _visit(client)
        if len(visit.state["timeline"]) > 3:  # pending, validating, completed: it came from the cache
            return visit
    raise Failure(f"came from the cache {TRIES} times, so that no stage was seen at work")


def _visit(client: Client) -> Visit:
    chance = random.SystemRandom()
    fields = {
        "query": QUESTION,
        "grade_level": chance.randint(9, 12),
        "interest": chance.choice(INTERESTS),
        "duration_seconds": chance.randint(80, 100),
    }
    began = time.monotonic()
    visit = Visit(str(client.submit(fields)["id"]), 0.0, {})
    while True:
        visit.state = client.ask("GET", f"/v1/requests/{visit.id}")
        visit.seconds = time.monotonic() - began
        visit.progress.append(visit.state["progress_percentage"])
        expect(not visit.state.get("clarification"), "asked back")
        if Status(visit.state["status"]) in TERMINAL or visit.seconds > DONE_WITHIN + 30:
            return visit
        time.sleep(POLL_SECONDS)


def _statuses(visit: Visit) -> str:
    seen = [status for status, _ in groupby(entry["status"] for entry in visit.state["timeline"])]
    expect(seen == [status.value for status in IN_ORDER], " → ".join(seen))
    times = [entry["at"] for entry in visit.state["timeline"]]
    expect(times == sorted(times), "times out of order")
    return f"{len(seen)} statuses"


def _progress(visit: Visit) -> str:
    for what in (visit.progress, [entry["progress_percentage"] for entry in visit.state["timeline"]]):
        falls = [f"{before} to {after}" for before, after in pairwise(what) if after < before]
        expect(not falls, f"fell from {', '.join(falls)}")
    expect(visit.progress[-1] == 100, f"ended at {visit.progress[-1]}")
    return f"{len(visit.progress)} looks, {len(set(visit.progress))} different"


def _stranger(other: Client | None, request_id: str) -> str:
    if other is None or other.token is None:
        raise Failure("not looked at: no second student (--other-email, --other-password)")
    codes = []
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/retry")):
        answer = other.call(method, f"/v1/requests/{request_id}{path}", {} if method == "POST" else None)
        expect(answer.status == 404, f"{method} {path}: {answer.status}")
        codes.append(answer.json()["code"])
    listed = other.ask("GET", "/v1/requests")["items"]
    expect(request_id not in [item["id"] for item in listed], "the request is in a stranger's list")
    return f"404 {codes[0]}"


def _open_all(checklist: Checklist, client: Client, state: dict[str, Any], folder: Path) -> None:
    ends: dict[str, float] = {}

    def video() -> str:
        path = folder / "video.mp4"
        size = client.download(state["assets"]["video"], path)
        film = artefacts.film(path)
        expect(film.loudest > 0.02, "the sound is silence")
        expect(abs(film.sound_seconds - film.seconds) < DURATION_TOLERANCE, f"sound lasts {film.sound_seconds:.1f} s")
        ends["video"] = film.seconds
        asked = f"{film.seconds:.1f} s ({state['duration_seconds']} s asked)"
        return f"{asked}, {film.width}×{film.height}, {film.pictures} pictures, {size / 2**20:.1f} MB"

    def captions() -> str:
        cues = artefacts.captions(_get(state["assets"]["captions"]))
        ends["captions"] = max(cue.end for cue in cues)
        return f"{len(cues)} cues to {ends['captions']:.1f} s"

    def together() -> str:
        apart = abs(ends["video"] - ends["captions"])
        expect(apart <= DURATION_TOLERANCE, f"{apart:.2f} s apart")
        return f"{apart:.2f} s apart"

    looks: dict[str, Callable[[], str]] = {
        "the video opens, with pictures and sound": video,
        "the captions parse": captions,
        f"captions end within {DURATION_TOLERANCE:.0f} s of the video": together,
        "the poster opens": lambda: "{}×{}".format(*artefacts.poster(_get(state["assets"]["thumbnail"]))),
        "the stream plays": lambda: _stream(state["assets"]["hls"], folder),
        "the transcript is text": lambda: f"{len(_get(state['assets']['transcript']).decode().split())} words",
        "every scene cites": lambda: _scenes(state),
        "every citation resolves": lambda: _citations(client, state),
        "a changed link is refused": lambda: _changed_link(state["assets"]["video"]),
    }
    for name, look in looks.items():
        checklist.check(name, look)


def _get(url: str) -> bytes:
    answer = fetch(url)
    expect(answer.status == 200, f"status {answer.status}")
    expect(bool(answer.data), "empty")
    return answer.data


def _stream(url: str, folder: Path) -> str:
    master = hls.download(url, folder / "hls")
    variants = [name for name in hls.references(master.read_text()) if name.endswith(hls.PLAYLIST)]
    expect(bool(variants), "no rendition")
    film = artefacts.film(folder / "hls" / variants[0])
    return f"{len(variants)} renditions; the first {film.width}×{film.height}, {film.seconds:.1f} s"


def _scenes(state: dict[str, Any]) -> str:
    board = artefacts.storyboard(_get(state["assets"]["storyboard"]))
    cited = {citation for scene in board["scenes"] for citation in scene["citations"]}
    shown = {citation["passage_id"] for citation in state["citations"]}
    expect(cited <= shown, f"{len(cited - shown)} citations are not shown")
    return f"{len(board['scenes'])} scenes, {len(cited)} passages"


def _citations(client: Client, state: dict[str, Any]) -> str:
    expect(bool(state["citations"]), "no citation")
    for citation in state["citations"]:
        passage = client.ask("GET", f"/v1/passages/{citation['passage_id']}")
        expect(passage["passage_id"] == citation["passage_id"], "another passage")
        expect(passage["module_id"] == citation["module_id"], "a passage of another section")
        for name in ("text", "book", "licence", "attribution"):
            expect(bool(passage[name].strip()), f"a passage without {name}")
    return f"{len(state['citations'])} passages of {len({c['book'] for c in state['citations']})} book(s)"


def _changed_link(url: str) -> str:
    answer = fetch(url[:-1] + ("0" if url[-1] != "0" else "1"))
    expect(answer.status in (401, 403, 404), f"status {answer.status}")
    return str(answer.status)

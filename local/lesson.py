"""One lesson from question to files, over HTTP like any client."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

from local import hls
from local.client import Client, Refused, Unreachable
from shared import objects
from shared.enums import ContentRequestStatus as Status
from shared.pipeline import TERMINAL

# Each asset of the API, and the file that it becomes. `audio` is part of the video, and a file where it was asked for.
FILES: Final[Mapping[str, str]] = {
    "video": objects.VIDEO,
    "captions": objects.CAPTIONS,
    "thumbnail": objects.POSTER,
    "storyboard": objects.STORYBOARD,
    "transcript": objects.TRANSCRIPT,
    "audio": objects.NARRATION,
    "hls": objects.HLS_PLAYLIST,
}
PROMISED: Final = ("video", "captions", "thumbnail", "storyboard", "transcript", "hls")  # always named in the JSON


class Display(Protocol):
    """Shows how a lesson gets on."""

    def show(self, state: Mapping[str, Any]) -> None:
        """The request's state as the API gives it."""


# Gives the student's answer to open questions; None where there is none.
Answerer = Callable[[Mapping[str, Any]], str | None]


@dataclass(slots=True)
class Lesson:
    """How a request ended, or where it waits."""

    state: Mapping[str, Any]
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Where the request stands."""
        return Status(self.state["status"])

    @property
    def history(self) -> list[dict[str, str]]:
        """The statuses that it went through."""
        return [{"status": entry["status"], "at": entry["at"]} for entry in self.state["timeline"]]

    def spans(self) -> Iterator[tuple[str, datetime, float | None]]:
        """Each status with when it began and the seconds that it lasted; None for the last."""
        entries = [(entry["status"], datetime.fromisoformat(entry["at"])) for entry in self.state["timeline"]]
        for (status, at), (_, after) in pairwise(entries):
            yield status, at, (after - at).total_seconds()
        for status, at in entries[-1:]:
            yield status, at, None

    @property
    def seconds(self) -> float:
        """From the first entry of the history to the last."""
        entries = [datetime.fromisoformat(entry["at"]) for entry in self.state["timeline"]]
        return (entries[-1] - entries[0]).total_seconds() if entries else 0.0

    def as_json(self) -> dict[str, Any]:
        """What `--json` promises."""
        files = {name: str(path) for name, path in self.files.items()}
        return {
            "id": self.state["id"],
            "status": self.state["status"],
            "history": self.history,
            "clarification": self.state.get("clarification"),
            "assets": dict.fromkeys(PROMISED) | files,
            "citations": self.state["citations"],
            "grounding": self.state.get("grounding"),
            "degraded": self.state["degraded"],
            "timings": {**self.state["timings"], "total": round(self.seconds, 3)},
            "cost_usd": self.state.get("cost_usd"),
            "error": self.state.get("error"),
        }


def make(client: Client, fields: Mapping[str, Any], display: Display, answerer: Answerer) -> Lesson:
    """Ask for a lesson and follow it until it ended, or waits for an answer that nobody has.

    Interrupted, it takes the request back, so that nothing goes on working for nobody.
    """
    request_id = str(client.submit(fields)["id"])
    try:
        return _follow(client, request_id, display, answerer)
    except (KeyboardInterrupt, SystemExit):
        with contextlib.suppress(Refused, Unreachable):
            client.ask("POST", f"/v1/requests/{request_id}/cancel", {})
        raise


def _follow(client: Client, request_id: str, display: Display, answerer: Answerer) -> Lesson:
    answered = 0  # the last round of questions that got an answer
    for state in client.watch(request_id):
        display.show(state)
        if Status(state["status"]) in TERMINAL:
            return Lesson(state)
        clarification = state.get("clarification")
        if clarification and clarification["round"] > answered:
            text = answerer(clarification)
            if text is None:
                return Lesson(state)
            client.answer_clarification(request_id, text, clarification)
            answered = clarification["round"]
    raise AssertionError("watching a request has no end of its own")


def download(client: Client, lesson: Lesson, folder: Path, names: Sequence[str] = tuple(FILES)) -> None:
    """Fetch the lesson's assets into `folder`, by their signed links."""
    for name in names:
        url = lesson.state["assets"].get(name)
        if not url:
            continue
        path = folder / FILES[name]
        if name == "hls":
            lesson.files[name] = hls.download(url, path.parent)
        else:
            client.download(url, path)
            lesson.files[name] = path

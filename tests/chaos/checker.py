"""Reads the history of a run and finds what must never be.

Each check returns its violations as lines of text. Nothing here knows how the system works, only what it promises.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

from shared import objects
from shared.enums import ContentRequestStatus as Status
from shared.enums import Modality, NotificationChannel, StageRunState
from shared.pipeline import MOVES, NOTIFY_STUDENT, STAGES, TERMINAL, VALIDATE_REQUEST, Stage, listener
from tests.chaos import stand_ins
from tests.chaos.notified import repeated
from tests.chaos.observed import Observed, Row

CLOCK_SECONDS: Final = 0.01  # two readings of one clock within a statement


def path_of(modality: Modality) -> list[Stage]:
    """The stages that make a lesson of this kind, in order."""
    path = [VALIDATE_REQUEST]
    while (topic := path[-1].then[modality]) is not None:
        following = listener(topic)
        assert isinstance(following, Stage)
        path.append(following)
    return path


def lost(seen: Observed) -> Iterator[str]:
    """Accepted by the api, and not there, or ended as it should not have."""
    for request_id, question in seen.asked.items():
        row = seen.record.requests.get(request_id)
        if row is None:
            yield f"{request_id} was accepted and is not in the record"
            continue
        if row["status"] not in TERMINAL:
            continue  # stuck, which is another's to say
        ends = question.ends
        if request_id in seen.cancelled:
            ends = frozenset({Status.CANCELLED if seen.cancelled[request_id] else Status.COMPLETED})
        if row["status"] not in ends:
            yield f"{request_id} ({question.kind}) ended as {row['status']} ({row['error_code']})"


def incomplete(seen: Observed) -> Iterator[str]:
    """Completed without the work: a stage that was passed over, an artefact that is not there, nobody told."""
    worked = {(note["request"], note["stage"], note["attempt"]) for note in seen.notes("worked")}
    for request_id, row in seen.record.requests.items():
        if row["status"] != Status.COMPLETED:
            continue
        modality = Modality(row["modality"])
        told = {note["channel"]: note["sent_at"] for note in seen.record.notifications.get(request_id, ())}
        if told.get(NotificationChannel.IN_APP) is None:
            yield f"{request_id} was completed and its student was not told"
        for stage in path_of(modality):
            made = stand_ins.MADE.get(stage.name)
            if made and not _stored(seen, row, made):
                yield f"{request_id} was completed without its {made}"
        if row["request_metadata"].get("cached"):
            continue
        runs = [run for run in seen.record.runs.get(request_id, ()) if run["attempt"] > row["attempts_from"]]
        finished = {run["stage"]: run["attempt"] for run in runs if run["state"] == StageRunState.FINISHED}
        for stage in path_of(modality):
            if stage.name not in finished:
                yield f"{request_id} was completed without {stage.name}"
            elif (str(request_id), stage.name, finished[stage.name]) not in worked:
                yield f"{request_id}: {stage.name} is recorded as finished, and its work was not done"
        tried = sum(run["stage"] == NOTIFY_STUDENT.name for run in runs)
        for channel in (NotificationChannel.EMAIL, NotificationChannel.WEBHOOK):
            given_up = channel in told and tried >= NOTIFY_STUDENT.attempts
            if told.get(channel) is None and not given_up:
                yield f"{request_id} was completed without {channel}"


def _stored(seen: Observed, row: Row, name: str) -> bool:
    digest = row["storyboard_digest"] or "none"
    path = seen.folder / "objects" / objects.lesson(digest, name)
    return path.exists() and path.read_bytes() == stand_ins.made(name, digest)


def double_completed(seen: Observed) -> Iterator[str]:
    """Completed twice, made twice though it was there, or a stage recorded twice where it was entered once."""
    makers: defaultdict[str, list[UUID]] = defaultdict(list)
    for request_id, events in seen.record.events.items():
        completions = sum(event["to_status"] == Status.COMPLETED for event in events)
        if completions > 1:
            yield f"{request_id} was completed {completions} times"
        if any((event["from_status"], event["to_status"]) == (Status.NOTIFYING, Status.COMPLETED) for event in events):
            makers[seen.record.requests[request_id]["content_key"]].append(request_id)
        yield from _finished_twice(request_id, events, seen.record.runs.get(request_id, ()))
    for key, made_by in makers.items():
        if len(made_by) > 1:
            yield f"the lesson of {key} was made by {len(made_by)} requests"


def _finished_twice(request_id: UUID, events: Sequence[Row], runs: Sequence[Row]) -> Iterator[str]:
    for stage in STAGES:
        entered = [event["attempt"] for event in events if event["to_status"] == stage.during]
        finished = [
            run["attempt"] for run in runs if run["stage"] == stage.name and run["state"] == StageRunState.FINISHED
        ]
        times = Counter(max((start for start in entered if start <= attempt), default=0) for attempt in finished)
        for start, count in times.items():
            if count > 1:
                yield f"{request_id}: {stage.name} finished {count} times after attempt {start}"


def double_notified(seen: Observed) -> Iterator[str]:
    """Told twice where nothing that happened explains it."""
    yield from repeated(seen).violations


def illegal_moves(seen: Observed) -> Iterator[str]:
    """Moves that are not legal, that do not follow from the last, and progress that falls."""
    for request_id in seen.record.requests.keys() - seen.record.events.keys():
        yield f"{request_id} has no history"
    for request_id, events in seen.record.events.items():
        first = events[0]
        if (first["from_status"], first["to_status"]) != (None, Status.PENDING):
            yield f"{request_id} began as {first['to_status']}"
        for before, after in pairwise(events):
            if after["from_status"] != before["to_status"]:
                yield f"{request_id} moved from {after['from_status']} when it was {before['to_status']}"
            if (after["from_status"], after["to_status"]) not in MOVES:
                yield f"{request_id} moved from {after['from_status']} to {after['to_status']}"
            fell = after["progress_percentage"] < before["progress_percentage"]
            if fell and after["to_status"] != Status.PENDING:
                yield f"{request_id}: progress fell as it moved to {after['to_status']}"
        row = seen.record.requests.get(request_id)
        if row is not None and row["status"] != events[-1]["to_status"]:
            yield f"{request_id} is {row['status']} and its history ends with {events[-1]['to_status']}"


def stale_writes(seen: Observed) -> Iterator[str]:
    """What a run wrote that was not the holder any more, and claims of what was held."""
    for request_id, events in seen.record.events.items():
        for before, after in pairwise(events):
            if after["version"] <= before["version"] or after["attempt"] < before["attempt"]:
                yield f"{request_id}: version or attempt did not grow with the move to {after['to_status']}"
    for request_id, runs in seen.record.runs.items():
        row = seen.record.requests[request_id]
        for before, after in pairwise(runs):
            ended = before["finished_at"]
            if before["state"] == StageRunState.FINISHED and ended > after["started_at"]:
                yield f"{request_id}: attempt {before['attempt']} was recorded after {after['attempt']} had begun"
            held_until = before["started_at"] + seen.lease_seconds
            given_up = ended is not None and ended <= after["started_at"]
            if (
                not given_up
                and after["started_at"] < held_until - CLOCK_SECONDS
                and not _moved(request_id, before, seen)
            ):
                yield f"{request_id}: attempt {after['attempt']} was claimed while {before['attempt']} held it"
        if row["status"] == Status.COMPLETED:
            yield from _unsigned(request_id, row, runs)


def _moved(request_id: UUID, run: Row, seen: Observed) -> bool:
    """Whether the request was ended under this run: cancelled, failed by the dead letters or the sweep."""
    return any(
        event["attempt"] == run["attempt"] and event["to_status"] in (Status.CANCELLED, Status.FAILED)
        for event in seen.record.events.get(request_id, ())
    )


def _unsigned(request_id: UUID, row: Row, runs: Sequence[Row]) -> Iterator[str]:
    """Results in the record that are not those of the run that is recorded to have finished."""
    for stage in STAGES:
        if stage is NOTIFY_STUDENT:
            continue
        finished = [
            run["attempt"] for run in runs if run["stage"] == stage.name and run["state"] == StageRunState.FINISHED
        ]
        signed = row["request_metadata"].get(stage.name)
        if finished and signed != max(finished):
            yield f"{request_id}: attempt {max(finished)} finished {stage.name}, the results are of {signed}"


def stuck(seen: Observed) -> Iterator[str]:
    """What has not ended, what is held for ever, who follows nobody that makes anything."""
    for request_id, row in seen.record.requests.items():
        status = row["status"]
        if status not in TERMINAL:
            held = row["lease_until"] is not None and row["lease_until"] - row["now"]
            where = f"held for {held:.0f} s" if held else "not held"
            yield f"{request_id} is {status} ({where}, follows {row['follows']}, swept {row['sweeps']} times)"
        elif row["lease_until"] is not None or row["follows"] is not None or row["parked"]:
            yield f"{request_id} is {status} and still held, following or parked"
        if row["lease_until"] is not None and row["lease_until"] > row["now"] + seen.lease_seconds + CLOCK_SECONDS:
            yield f"{request_id} is held for longer than a lease"


def early_publishes(seen: Observed) -> Iterator[str]:
    """Messages that told of what was not committed yet."""
    finished: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for request_id, runs in seen.record.runs.items():
        for run in runs:
            if run["state"] == StageRunState.FINISHED:
                finished[str(request_id), run["stage"]].append(run["finished_at"])
    handing_on = {(stage.name, topic) for stage in STAGES for topic in stage.then.values() if topic}
    for when, topic, request, origin in seen.published:
        if (origin, topic) in handing_on and not any(at <= when for at in finished[request, origin]):
            yield f"{request}: {origin} published {topic} before it had finished"


def behind(seen: Observed) -> Iterator[str]:
    """What the mirror shows otherwise than the record, and snapshots that went back."""
    shown = stand_ins.FileMirror(seen.folder / "mirror").shown()
    for request_id, row in seen.record.requests.items():
        snapshots = shown.get(str(request_id), [])
        if any(after["version"] < before["version"] for before, after in pairwise(snapshots)):
            yield f"{request_id}: the mirror went back"
        if not snapshots or snapshots[-1]["status"] != row["status"]:
            last = snapshots[-1]["status"] if snapshots else "nothing"
            yield f"{request_id} is {row['status']} and the mirror shows {last}"


Check = Callable[[Observed], Iterator[str]]
CHECKS: Final[Mapping[str, Check]] = {
    "lost": lost,
    "incomplete": incomplete,
    "double_completed": double_completed,
    "double_notified": double_notified,
    "illegal_moves": illegal_moves,
    "stale_writes": stale_writes,
    "early_publishes": early_publishes,
    "stuck": stuck,
    "mirror_behind": behind,
}


def violations(seen: Observed) -> dict[str, list[str]]:
    """Everything that was found, by check; a check that found nothing has an empty list."""
    return {name: list(check(seen)) for name, check in CHECKS.items()}

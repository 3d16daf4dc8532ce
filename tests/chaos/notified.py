"""Who was told how often, and whether a repeat is one of those that cannot be excluded.

An e-mail server or a webhook's receiver accepts a message, and only then can the acceptance be recorded. What befalls
the process or the database between the two makes the next run say it again, with the same id. So does a process that
freezes between its last look at the lease and the call, or that a busy machine lets wait for longer than its lease. A
repeat is allowed only where the record did not hold the first acceptance when the repeating run began, and such a
thing did happen in between.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

from shared.enums import NotificationChannel, StageRunState
from shared.pipeline import NOTIFY_STUDENT
from tests.chaos.observed import Observed, Row

SENT: Final = (NotificationChannel.EMAIL, NotificationChannel.WEBHOOK)
NOTICE_SECONDS: Final = 2.0  # within which a broken session or a death is noticed and told


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """What was said more than once."""

    violations: list[str]
    allowed: int


def repeated(seen: Observed) -> Repeats:
    """Look at everything that was sent."""
    sends: defaultdict[str, list[Row]] = defaultdict(list)
    for note in seen.notes("sent"):
        sends[note["message_id"]].append(note)
    recorded = {row["message_id"]: row["sent_at"] for rows in seen.record.notifications.values() for row in rows}
    run_of = _senders(seen)
    violations, allowed = list(_misnamed(sends, seen)), 0
    for message_id, notes in sends.items():
        for first, again in pairwise(notes):
            repeating, known = run_of(again, message_id), recorded.get(message_id)
            if known is not None and repeating is not None and known < repeating["at"]:
                violations.append(f"{message_id} was sent again by a run that began after it had been recorded")
            elif not _explained(seen, first, again) and not _taken_over(seen, run_of(first, message_id)):
                violations.append(f"{message_id} was sent twice and nothing had happened")
            else:
                allowed += 1
    return Repeats(violations=violations, allowed=allowed)


def _misnamed(sends: Mapping[str, Sequence[Row]], seen: Observed) -> Iterator[str]:
    """Messages whose id is not that of a request and its channel: a repeat of them could not be seen to be one."""
    for message_id, notes in sends.items():
        request, _, channel = message_id.rpartition(".")
        if channel not in SENT or any(note["channel"] != channel for note in notes):
            yield f"{message_id} is no id of a notification by {notes[0]['channel']}"
        elif UUID(request) not in seen.record.requests:
            yield f"{message_id} is about no request"


def _senders(seen: Observed) -> Callable[[Row, str], Row | None]:
    """The run that sent something, as it began: its process's last one of a request with the same content key."""
    keys = {str(request_id): row["content_key"] for request_id, row in seen.record.requests.items()}
    runs: defaultdict[tuple[int, str | None], list[Row]] = defaultdict(list)
    for note in seen.notes("began"):
        if note["stage"] == NOTIFY_STUDENT.name:
            runs[note["process"], keys.get(note["request"])].append(note)

    def run_of(send: Row, message_id: str) -> Row | None:
        key = keys.get(message_id.rpartition(".")[0])
        before = [run for run in runs[send["process"], key] if run["at"] <= send["at"]]
        return max(before, key=lambda run: float(run["at"]), default=None)

    return run_of


def _taken_over(seen: Observed, run: Row | None) -> bool:
    """Whether a run neither finished nor gave up, and another one was granted its claim: its lease had run out."""
    if run is None:
        return False
    runs = [row for row in seen.record.runs.get(UUID(run["request"]), ()) if row["stage"] == NOTIFY_STUDENT.name]
    left = any(row["attempt"] == run["attempt"] and row["state"] == StageRunState.RUNNING for row in runs)
    return left and any(row["attempt"] > run["attempt"] for row in runs)


def _explained(seen: Observed, first: Row, again: Row) -> bool:
    """Whether the first sender died or froze, or the database was away, before it could tell the record."""
    since, until = first["at"] - NOTICE_SECONDS, again["at"]
    process = first["process"]
    died = any(death.process == process and since <= death.at <= until + NOTICE_SECONDS for death in seen.deaths)
    froze = any(frozen == process and when <= until for when, frozen in seen.freezes)
    away = any(when - NOTICE_SECONDS <= until and since <= when + gone for when, gone in seen.away)
    dropped = any(since <= when <= until + NOTICE_SECONDS for when in seen.drops)
    return died or froze or away or dropped

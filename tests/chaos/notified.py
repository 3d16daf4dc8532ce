"""Who was told how often, and whether a repeat is one of those that cannot be excluded.

An e-mail server or a webhook's receiver accepts a message, and only then can the acceptance be recorded. What befalls
the process or the database between the two makes the next run say it again, with the same id. So does a process that
freezes between its last look at the lease and the call. A repeat is allowed only where the record did not hold the
first acceptance when the repeating run began, and such a thing did happen in between.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

from shared.enums import NotificationChannel
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
    began = _beginnings(seen)
    violations, allowed = list(_misnamed(sends, seen)), 0
    for message_id, notes in sends.items():
        for first, again in pairwise(notes):
            run_began = began(again, message_id)
            known = recorded.get(message_id)
            if known is not None and run_began is not None and known < run_began:
                violations.append(f"{message_id} was sent again by a run that began after it had been recorded")
            elif not _explained(seen, first, again):
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


def _beginnings(seen: Observed) -> Callable[[Row, str], float | None]:
    """When the run began that sent something: the sender's last run of a request with the recipient's content key."""
    keys = {str(request_id): row["content_key"] for request_id, row in seen.record.requests.items()}
    runs: defaultdict[tuple[int, str | None], list[float]] = defaultdict(list)
    for note in seen.notes("began"):
        if note["stage"] == NOTIFY_STUDENT.name:
            runs[note["process"], keys.get(note["request"])].append(note["at"])

    def began(send: Row, message_id: str) -> float | None:
        key = keys.get(message_id.rpartition(".")[0])
        return max((at for at in runs[send["process"], key] if at <= send["at"]), default=None)

    return began


def _explained(seen: Observed, first: Row, again: Row) -> bool:
    """Whether the first sender died or froze, or the database was away, before it could tell the record."""
    since, until = first["at"] - NOTICE_SECONDS, again["at"]
    process = first["process"]
    died = any(death.process == process and since <= death.at <= until + NOTICE_SECONDS for death in seen.deaths)
    froze = any(frozen == process and when <= until for when, frozen in seen.freezes)
    away = any(when - NOTICE_SECONDS <= first["at"] <= when + gone + NOTICE_SECONDS for when, gone in seen.away)
    dropped = any(when - NOTICE_SECONDS <= first["at"] <= when + NOTICE_SECONDS for when in seen.drops)
    return died or froze or away or dropped

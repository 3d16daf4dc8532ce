"""Every function that a topic wakes, given poison: it ends in one delivery or with the dead letters, never for ever.

Nothing changes in the record, but that a request fails whose own message for that stage cannot be read.
"""

import base64
import io
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import pytest
import sqlalchemy as sa

from local import bus, postgres
from shared import bootstrap, log, pushes
from shared.db.engine import engine_for
from shared.enums import ContentRequestStatus as Status
from shared.messages import RequestMessage
from shared.pipeline import (
    FUNCTIONS,
    HANDLE_DEAD_LETTER,
    INGEST_SOURCE,
    MAX_DELIVERY_ATTEMPTS,
    STAGES,
    SWEEP,
    Function,
    Stage,
)
from tests import factories
from tests.fakes import FakeServices
from tests.proofs.poison_kinds import CANARY, KINDS, NOBODY, PUBSUB_LIMIT, Kind, Subject
from tests.proofs.poison_system import DEAD_LETTER, MARK, ONCE, PATIENCE, WOKEN, Outcome, Poisoned

TRIES: Final = 5  # the fewest that Pub/Sub can be told
UNREAD: Final = (SWEEP, HANDLE_DEAD_LETTER, INGEST_SOURCE)  # acknowledge whatever the data are


@pytest.fixture(scope="module")
def poisoned(postgres_url: str, template: str) -> Iterator[Poisoned]:
    """The system, and a record of its own."""
    name = f"poison_{uuid.uuid4().hex[:12]}"
    with postgres.database(postgres_url, name, template=template) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bus, "MAX_DELIVERY_ATTEMPTS", TRIES)
        engine = engine_for(url, pool_size=24)
        system = Poisoned(engine)
        bootstrap.build_with(lambda function: system.services)
        # Deliveries go on between tests, when nothing captures what they log.
        with log.written_to(io.StringIO()):
            yield system
            system.bus.close()
        bootstrap.build_with(None)
        engine.dispose()


@pytest.fixture(scope="module")
def outcome(poisoned: Poisoned) -> Outcome:
    """All kinds through the bus to all functions, once for all tests."""
    poisoned.prepare()
    before = poisoned.record()
    with poisoned.lines.listening():
        poisoned.publish_all()
    lines = list(poisoned.lines.written)
    return Outcome(poisoned, before, poisoned.record(), lines)


def ends_once(kind: Kind, function: Function) -> bool:
    """Whether a delivery is to be acknowledged at once; else it goes to the dead letters."""
    if function is HANDLE_DEAD_LETTER:
        return True  # there is nobody to leave it to
    if not kind.framed or function is SWEEP:  # which reads no message
        return kind.framed
    return kind.ingested if function is INGEST_SOURCE else kind.readable


def fails(kind: Kind, function: Function) -> bool:
    """Whether the request fails that the message names: its stage cannot be told what to do."""
    return isinstance(function, Stage) and kind.subject is Subject.WAITING and not kind.readable


def test_there_are_enough_kinds() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 30
    assert {kind.subject for kind in KINDS} == set(Subject)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_poison_ends(kind: Kind, outcome: Outcome) -> None:
    for function in WOKEN:
        ending = outcome.system.endings[kind.name, function.name]
        if ends_once(kind, function):
            assert (len(ending.answers), ending.letters) == (1, []), function.name
            assert 200 <= ending.answers[0] < 300, function.name
        else:
            assert len(ending.answers) == TRIES, function.name
            assert not [status for status in ending.answers if status < 400], function.name
            assert len(ending.letters) == 1, function.name
            assert 200 <= ending.letters[0] < 300, function.name


def test_a_request_fails_whose_stage_cannot_read_its_message_and_no_other(outcome: Outcome) -> None:
    system = outcome.system
    failed = {
        system.subjects[kind.name, function.name]: function.name
        for kind in KINDS
        for function in WOKEN
        if fails(kind, function)
    }
    assert len(failed) > len(STAGES) * 10
    for request_id, stage in failed.items():
        row = factories.row(system.engine, request_id)
        assert (row["status"], row["error_code"], row["error_stage"]) == (Status.FAILED, "malformed_message", stage)
    for table, before in outcome.before.items():
        changed = [row for row in before ^ outcome.after[table] if not _about(row, failed)]
        assert changed == [], table


def _about(row: str, requests: dict[UUID, str]) -> bool:
    return any(str(request_id) in row for request_id in requests)


def test_no_log_holds_what_poison_said(outcome: Outcome) -> None:
    heard = {line.partition(" ")[0] for line in outcome.lines}
    assert {"vividly", STAGES[0].name} <= heard, "nothing was listened to"
    assert [line for line in outcome.lines if CANARY in line] == []


def test_the_record_keeps_nothing_of_what_poison_said(outcome: Outcome) -> None:
    assert [row for rows in outcome.after.values() for row in rows if CANARY in row] == []


# What no push of Pub/Sub looks like: somebody else calls, who was let in.
def envelope(**message: object) -> bytes:
    """A push of this message."""
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


DATA: Final = base64.b64encode(RequestMessage(request_id=NOBODY, correlation_id=NOBODY).encode()).decode()
EVENT: Final = {"ce-id": "1", "ce-source": "//elsewhere", "ce-specversion": "1.0", "ce-type": "com.example.else"}
CALLS: Final[dict[str, tuple[bytes, dict[str, Any]]]] = {
    "GET": (b"", {"method": "GET"}),
    "PUT": (envelope(data=DATA), {"method": "PUT"}),
    "no body": (b"", {}),
    "bytes": (bytes(range(256)) + CANARY.encode(), {"content_type": "application/octet-stream"}),
    "invalid UTF-8": (b'{"message": "\xff' + CANARY.encode() + b'"}', {}),
    "a form": (b"message=" + CANARY.encode(), {"content_type": "application/x-www-form-urlencoded"}),
    "null": (b"null", {}),
    "a list": (json.dumps([CANARY]).encode(), {}),
    "a message that is a text": (json.dumps({"message": CANARY, "subscription": "s"}).encode(), {}),
    "a message that is null": (b'{"message": null, "subscription": "s"}', {}),
    "attributes that are a list": (envelope(data=DATA, attributes=[CANARY]), {}),
    "attributes that are numbers": (envelope(data=DATA, attributes={"a": 1, "note": None}), {}),
    "nested 100,000 deep": (b'{"message":' + b"[" * 100_000, {}),
    "a topic that is not there": (envelope(data=DATA), {"path": "/projects/p/topics/nothing"}),
    "no topic": (envelope(data=DATA), {"path": "/"}),
    "an event of another type": (json.dumps({"note": CANARY}).encode(), {"headers": EVENT}),
    "an event without data": (b"", {"headers": EVENT}),
    "an event half spelled": (json.dumps({"specversion": "1.0", "id": CANARY}).encode(), {}),
    "an event in one piece": (
        json.dumps({name[3:]: value for name, value in EVENT.items()} | {"data": {"note": CANARY}}).encode(),
        {"content_type": "application/cloudevents+json"},
    ),
    "an event with a message": (envelope(data=DATA), {"headers": EVENT}),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_no_push_is_answered_and_changes_nothing(call: str, outcome: Outcome) -> None:
    system, (body, request) = outcome.system, CALLS[call]
    with system.lines.listening():
        answers = {function.name: system.post(function, body, **request) for function in WOKEN}
    print(f"{call}: " + ", ".join(f"{name} {status}" for name, status in answers.items()))
    assert system.record() == outcome.after
    assert system.lines.telling() == []


@pytest.mark.parametrize("function", WOKEN, ids=lambda function: function.name)
def test_a_push_is_answered_however_long_it_is(function: Function, outcome: Outcome) -> None:
    """Refused before it is read, or read and refused; a dead letter and what reads no data are taken."""
    system = outcome.system
    answers = []
    for size in (pushes.LONGEST * 7 // 10, PUBSUB_LIMIT):
        text = (CANARY * (size // len(CANARY) + 1))[:size]
        body = envelope(data=base64.b64encode(text.encode()).decode(), attributes={}, messageId="1")
        with system.lines.listening():
            answers.append(system.post(function, body))
    assert answers == [200 if function in UNREAD else 500, 204 if function is HANDLE_DEAD_LETTER else 413]
    assert system.lines.telling() == []
    assert system.record() == outcome.after


def test_ten_megabytes_end_with_the_dead_letters(outcome: Outcome) -> None:
    system, stage = outcome.system, STAGES[0]
    marked = {MARK: f"ten megabytes/{stage.name}"}
    system.bus.publish(stage.listens, CANARY.encode() * (PUBSUB_LIMIT // len(CANARY)), marked)
    assert system.bus.drain(PATIENCE)
    ending = system.endings["ten megabytes", stage.name]
    assert (ending.answers, ending.letters) == (TRIES * [413], [204])
    assert system.record() == outcome.after


def test_a_dead_letter_of_attributes_alone_waits_for_a_record_that_is_away(outcome: Outcome) -> None:
    system = outcome.system
    away = FakeServices(engine=engine_for("postgresql+pg8000://nobody@127.0.0.1:1/nothing", pool_size=1))
    named = {"request_id": str(NOBODY), "CloudPubSubDeadLetterSourceSubscription": STAGES[0].name}
    letter = envelope(attributes=named, messageId="1")
    bootstrap.build_with(lambda function: away)
    try:
        refused = system.post(HANDLE_DEAD_LETTER, letter)
    finally:
        bootstrap.build_with(lambda function: system.services)
    assert (refused, system.post(HANDLE_DEAD_LETTER, letter)) == (500, 204)


@pytest.mark.parametrize("function", WOKEN, ids=lambda function: function.name)
def test_with_as_many_tries_as_in_production_it_ends_too(
    function: Function, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "MAX_DELIVERY_ATTEMPTS", MAX_DELIVERY_ATTEMPTS)
    system, mark = outcome.system, "every try"
    assert function.listens is not None
    system.bus.publish(function.listens, b"[]", {MARK: f"{mark}/{function.name}"})
    assert system.bus.drain(PATIENCE)
    tries = 1 if function in UNREAD else MAX_DELIVERY_ATTEMPTS
    assert len(system.endings[mark, function.name].answers) == tries
    assert system.record() == outcome.after


def test_the_table_of_how_each_kind_ended(outcome: Outcome) -> None:
    """Printed for who reads the figures: of each kind, in how many functions it ended so, and how many requests."""
    system = outcome.system
    with system.engine.connect() as connection:
        statement = sa.text("SELECT id FROM content_requests WHERE status = :failed")
        failed = set(connection.scalars(statement, {"failed": Status.FAILED}))
    totals: Counter[str] = Counter()
    print(f"\n{'kind':56} {'once':>5} {DEAD_LETTER:>12} {'failed':>7}")
    for kind in KINDS:
        ways = Counter(system.endings[kind.name, function.name].said for function in WOKEN)
        assert ways.keys() <= {ONCE, DEAD_LETTER}
        ways["failed"] = sum(system.subjects.get((kind.name, function.name)) in failed for function in WOKEN)
        totals += ways
        print(f"{kind.name:56} {ways[ONCE]:5} {ways[DEAD_LETTER]:12} {ways['failed']:7}")
    print(f"{f'{len(KINDS)} kinds, {len(WOKEN)} of {len(FUNCTIONS)} functions':56} ", end="")
    print(f"{totals[ONCE]:5} {totals[DEAD_LETTER]:12} {totals['failed']:7}")
    assert totals[ONCE] + totals[DEAD_LETTER] == len(KINDS) * len(WOKEN)

"""The data map is whole: whatever can hold something of a student is classified, and nothing that is not there.

Every list is derived from the code. The classes mean something: what operators, logs, messages, the mirror and
webhooks carry is compared with them.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import Final

import pytest
import sqlalchemy as sa

import shared.db.books as books
from functions.api.answers import Outgoing
from functions.api.operator_answers import OperatedItem, OperatedPage, OperatedTrace, OperationsSummary
from functions.api.throttle import WINDOW_SECONDS
from functions.notify_student.main import _tell
from shared import objects
from shared.db.models import metadata
from shared.db.notifications import Recipient
from shared.db.snapshots import snapshot
from shared.enums import NotificationChannel
from shared.log import ALLOWED_FIELDS
from shared.messages import RequestMessage
from shared.pipeline import CLARIFICATION_DAYS, IDEMPOTENCY_DAYS, LESSON_QUIET_SECONDS, SCENE_DAYS
from shared.services import ClarificationBrief, LessonBrief, Mail
from shared.settings import Settings
from tests import factories
from tests.conftest import ROOT
from tests.fakes import FakeServices

CLASSES: Final = {"personal", "derived", "pseudonym", "secret", "none"}
ANY: Final = "any"


@cache
def sections() -> dict[str, list[list[str]]]:
    """The rows of each section's tables, a list of cells each."""
    found: dict[str, list[list[str]]] = {}
    title = ""
    for line in (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("|---"):
            found.setdefault(title, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {title: rows[1:] for title, rows in found.items()}  # without the heads


def names(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell) or [cell]


def classified(section: str, *, by: bool = False) -> dict[str, str]:
    """The class of each name of a section; `by`: the first cell is a part of the name."""
    found: dict[str, str] = {}
    for row in sections()[section]:
        owner, cell, kind = (names(row[0])[0], row[1], row[2]) if by else ("", row[0], row[1])
        assert kind in CLASSES, row
        for name in names(cell):
            whole = f"{owner}.{name}" if by else name
            assert whole not in found, f"{whole} is there twice"
            found[whole] = kind
    return found


def assert_same(found: Iterable[str], there: Iterable[str]) -> None:
    """Nothing is missing, and nothing is left over."""
    assert sorted(set(there) - set(found)) == [], "not classified in docs/privacy.md"
    assert sorted(set(found) - set(there)) == [], "in docs/privacy.md, and not there any more"


def test_every_column_is_classified() -> None:
    assert books.passages.metadata is metadata
    columns = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    assert_same(classified("The record", by=True), columns)


def test_the_record_has_no_other_tables(shared_database: sa.Engine) -> None:
    """The map is of the models; what a migration made beside them would be overlooked."""
    statement = sa.text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    with shared_database.connect() as connection:
        there = set(connection.scalars(statement))
    assert there == {table.name for table in metadata.sorted_tables} | {"alembic_version"}


def test_every_object_is_classified() -> None:
    names_of_objects = {
        value
        for name, value in vars(objects).items()
        if name.isupper() and isinstance(value, str) and not value.endswith("/")
    }
    prefixes = {value for name, value in vars(objects).items() if name.isupper() and str(value).endswith("/")}
    there = {f"{objects.lesson('', '').rstrip('/')}/.{name}" for name in names_of_objects}
    assert_same(classified("Objects", by=True), there | {f"{prefix}.{ANY}" for prefix in prefixes})


def test_every_field_of_a_log_line_is_classified() -> None:
    assert_same(classified("Logs"), ALLOWED_FIELDS)


def test_what_the_platform_logs_by_itself_is_told_of() -> None:
    """Ids alone are in our lines; whose machine called is in those of the server before ours."""
    found = classified("The platform's log")
    assert {name for name, kind in found.items() if kind == "personal"} == {"remoteIp", "userAgent"}
    assert not found.keys() & ALLOWED_FIELDS - {"status"}


def test_every_field_of_a_message_is_classified() -> None:
    message = RequestMessage(request_id=uuid.uuid4(), correlation_id=uuid.uuid4())
    there = {field.name for field in fields(message)} | message.attributes().keys() | {"schema"}
    assert_same(classified("Messages"), there)


def test_every_field_of_the_mirror_is_classified(shared_database: sa.Engine) -> None:
    request_id = factories.add_request(shared_database)
    with shared_database.connect() as connection:
        shown = snapshot(connection, request_id)
    assert shown is not None
    assert_same(classified("Mirror"), shown.fields.keys() | {"version"})


def test_every_field_of_a_mail_is_classified() -> None:
    assert_same(classified("E-mail"), {field.name for field in fields(Mail)})


def test_every_field_of_a_webhook_is_classified(shared_database: sa.Engine) -> None:
    services = FakeServices(engine=shared_database)
    recipient = Recipient(
        request_id=uuid.uuid4(),
        student_id=uuid.uuid4(),
        email="a@b.test",
        topic="t",
        sent=frozenset(),
        given_up=frozenset(),
    )
    assert _tell(recipient, NotificationChannel.WEBHOOK, services) is None
    ((_, body),) = services.outbox.events
    assert_same(classified("Webhook"), body)


def test_every_field_that_a_model_is_given_is_classified() -> None:
    there = {f"writes a lesson.{field.name}" for field in fields(LessonBrief)}
    there |= {f"words a question back.{field.name}" for field in fields(ClarificationBrief)}
    assert_same(classified("Models", by=True), there)


def test_every_setting_is_classified() -> None:
    found = classified("Settings")
    secrets = {name for name, kind in found.items() if kind == "secret"}
    assert secrets == {field.name.upper() for field in fields(Settings) if field.metadata["secret"]}
    assert found["all others"] == "none"


# What the classes are good for


def personal() -> set[str]:
    """The names of all that is a student's own words or address."""
    columns = {name.partition(".")[2] for name, kind in classified("The record", by=True).items() if kind == "personal"}
    assert columns >= {"query", "interest", "email", "request_metadata"}
    return columns


@pytest.mark.parametrize("section", ["Logs", "Messages", "Mirror", "Webhook"])
def test_nothing_personal_is_carried_elsewhere(section: str) -> None:
    found = classified(section)
    assert not {name for name, kind in found.items() if kind in ("personal", "secret")}
    assert not found.keys() & personal()


@pytest.mark.parametrize("answer", [OperationsSummary, OperatedPage, OperatedTrace])
def test_operators_are_shown_nothing_personal(answer: type[Outgoing]) -> None:
    shown = field_names(answer)
    assert shown
    assert not shown & (personal() | {"password_hash", "topic", "clarification", "answers"})
    assert "student_id" in field_names(OperatedItem)


def field_names(model: type[Outgoing]) -> set[str]:
    """The fields of an answer, and of all that it holds."""
    schema = model.model_json_schema()
    found = set(schema["properties"])
    for part in schema.get("$defs", {}).values():
        found |= set(part.get("properties", {}))
    return found


def test_a_student_is_asked_for_nothing_more() -> None:
    """No name, no birthday, no telephone: what is not kept cannot be lost."""
    columns = {column.name for column in metadata.tables["users"].columns}
    assert columns == {
        "id",
        "email",
        "password_hash",
        "role",
        "quota_day",
        "quota_used",
        "pace_until",
        "created_at",
    }


def test_the_times_that_it_tells_are_those_of_the_code() -> None:
    rows = {row[0]: row[1] for row in sections()["How long"]}
    settings = Settings()

    def told(what: str) -> str:
        return next(time for name, time in rows.items() if name.startswith(what))

    assert f"`RETENTION_DAYS` ({settings.retention_days})" in told("a finished request")
    assert f"{CLARIFICATION_DAYS} days" in told("a question back")
    assert f"{LESSON_QUIET_SECONDS // 60} minutes more" in told("a lesson's files")
    assert f"{SCENE_DAYS} days" in told("pieces of scenes")
    assert f"{IDEMPOTENCY_DAYS} days" in told("an Idempotency-Key")
    assert f"{WINDOW_SECONDS // 60} minutes" in told("counts of failed sign-ins")
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert f"for at most {SCENE_DAYS} days" in text

"""Bring the database in step with the code, from inside the network, before the code serves. Deployment calls it.

One call does everything, in order, and can be repeated: migrate, grant, the enum gate, accounts.
"""

import logging

import flask
import functions_framework
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import bootstrap, log
from shared.db import gate, grants, migrate
from shared.db.accounts import add_account, set_password
from shared.db.books import ingested_books
from shared.db.engine import single_statement, transaction
from shared.enums import Role
from shared.errors import PipelineError
from shared.pipeline import MAINTAIN
from shared.security import passwords
from shared.services import Services

bootstrap.check(MAINTAIN)


class Wanted(BaseModel):
    """An account that has to exist; with `renew` it gets a new password in any case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$")
    role: Role = Role.STUDENT
    renew: bool = False


class Order(BaseModel):
    """What a deployment asks for. `look` changes nothing: it tells where the database stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: bool = False
    users: list[str] = Field(default_factory=list, max_length=50)  # IAM users of the functions
    accounts: list[Wanted] = Field(default_factory=list, max_length=10)


def handle(order: Order, services: Services) -> dict[str, object]:
    """Carry the order out; `differences` is empty when the code may serve."""
    engine = services.schema
    with single_statement(engine) as connection:
        before = migrate.current(connection)
    made: dict[str, str] = {}
    # The database of a newer release is left alone: the gate says so, and code that does not know it does not serve.
    if not order.look and (before is None or migrate.knows(before)):
        migrate.upgrade(engine)
        with transaction(engine) as connection:
            grants.grant(connection, order.users)
    with single_statement(engine) as connection:
        schema, differences = migrate.current(connection), gate.differences(connection)
        books = ingested_books(connection) if before or not order.look else []
    if not order.look and not differences:
        for wanted in order.accounts:
            made |= _account(services, wanted)
    log.event("record maintained", version=migrate.head(), count=len(differences))
    return {
        "schema_before": before,
        "schema": schema,
        "newest": migrate.head(),
        "differences": differences,
        "books": books,
        "passwords": made,
    }


def _account(services: Services, wanted: Wanted) -> dict[str, str]:
    """Make the account, or renew its password; {address: password} of what was made."""
    password = passwords.generate()
    kept = passwords.hashed(password)
    with single_statement(services.schema) as connection:
        if add_account(connection, email=wanted.email, password_hash=kept, role=wanted.role) is not None:
            return {wanted.email: password}
        if wanted.renew and set_password(connection, email=wanted.email, password_hash=kept):
            return {wanted.email: password}
    return {}


@functions_framework.http
def maintain(request: flask.Request) -> tuple[dict[str, object], int]:
    """Entry point: POST an Order as JSON; only the deployer's identity is let through to here."""
    if request.method != "POST":
        return {"error": "POST an order"}, 405
    try:
        order = Order.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        wrong = sorted({".".join(map(str, detail["loc"])) or "body" for detail in error.errors(include_input=False)})
        return {"error": f"not an order: {', '.join(wrong)}"}, 400
    try:
        answer = handle(order, bootstrap.services(MAINTAIN))
    except PipelineError as error:
        log.event("record not maintained", level=logging.ERROR, error_type=type(error).__name__)
        return {"error": str(error)}, 503
    return answer, 409 if answer["differences"] and not order.look else 200

"""The accounts of a local system: one student and one admin, made like any other, with generated passwords."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from local.state import read_json, write_private
from shared.db.accounts import add_account, credentials
from shared.db.engine import single_statement
from shared.enums import Role
from shared.security import passwords

FILE: Final = "accounts.json"
DOMAIN: Final = "vividly.local"
SECOND: Final = "second-student"  # the account that must see nothing of the first one's


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account's address and password."""

    email: str
    password: str
    created: bool = False  # just now: the password is to be shown


def add(engine: Engine, email: str, role: Role) -> SignIn | None:
    """Add an account with a generated password; None when the address is taken."""
    password = passwords.generate()
    with single_statement(engine) as connection:
        added = add_account(connection, email=email, password_hash=passwords.hashed(password), role=role)
    return SignIn(email, password, created=True) if added else None


def ensure(engine: Engine, folder: Path, name: str, role: Role) -> SignIn:
    """Return the account that the state folder knows by `name`, made where the database has none."""
    path = folder / FILE
    known = read_json(path)
    entry = known.get(name)
    if entry is not None and _exists(engine, entry["email"]):
        return SignIn(entry["email"], entry["password"])
    # Somebody else's database may have an account of this address, whose password is not ours to know.
    made = add(engine, f"{name}@{DOMAIN}", role)
    while made is None:
        made = add(engine, f"{name}-{secrets.token_hex(3)}@{DOMAIN}", role)
    known[name] = {"email": made.email, "password": made.password, "role": role.value}
    write_private(path, json.dumps(known, indent=2) + "\n")
    return made


def _exists(engine: Engine, email: str) -> bool:
    with single_statement(engine) as connection:
        return credentials(connection, email) is not None

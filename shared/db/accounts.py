"""Accounts: who may sign in, and as what."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from shared.enums import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may use the system."""

    id: UUID
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a sign-in is checked against."""

    account: Account
    password_hash: str


def account(connection: sa.Connection, account_id: UUID) -> Account | None:
    """The account as it is now; None when it was removed."""
    statement = sa.text("SELECT role FROM users WHERE id = :id")
    role = connection.execute(statement, {"id": account_id}).scalar_one_or_none()
    return None if role is None else Account(id=account_id, role=Role(role))


def credentials(connection: sa.Connection, email: str) -> Credentials | None:
    """What the account with this address signs in with, whatever the case of its letters; None when there is none."""
    statement = sa.text("SELECT id, role, password_hash FROM users WHERE lower(email) = lower(:email)")
    row = connection.execute(statement, {"email": email}).one_or_none()
    if row is None:
        return None
    return Credentials(account=Account(id=row.id, role=Role(row.role)), password_hash=row.password_hash)


def set_password(connection: sa.Connection, *, email: str, password_hash: str) -> bool:
    """Replace an account's password; False when there is no such account."""
    statement = sa.text("UPDATE users SET password_hash = :password_hash WHERE lower(email) = lower(:email)")
    return connection.execute(statement, {"email": email, "password_hash": password_hash}).rowcount > 0


def add_account(connection: sa.Connection, *, email: str, password_hash: str, role: Role) -> UUID | None:
    """Add an account and return its id; None when the address is taken."""
    statement = sa.text("""
        INSERT INTO users (id, email, password_hash, role) VALUES (:id, :email, :password_hash, :role)
        ON CONFLICT DO NOTHING RETURNING id
    """)
    values = {"id": uuid4(), "email": email, "password_hash": password_hash, "role": role}
    added: UUID | None = connection.execute(statement, values).scalar_one_or_none()
    return added

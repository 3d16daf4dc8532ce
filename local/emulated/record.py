"""The record of an emulated system: an empty PostgreSQL of its own, and a user of it for each function."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from local import postgres
from local.database import NAME
from shared.enums import Port
from shared.pipeline import FUNCTIONS, Function, resource_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`owner_url` is the tables' owner's; `users` are the functions' names in the database, `urls` their own."""

    owner_url: str
    users: Mapping[str, str]
    urls: Mapping[str, str]


@contextmanager
def record(folder: Path, environment: str, project_id: str) -> Iterator[Record]:
    """Start PostgreSQL, without a table so far; what it holds ends with the context."""
    users = {
        function.name: user_of(function, environment, project_id)
        for function in FUNCTIONS
        if Port.RECORD in function.uses
    }
    with postgres.start(folder, durable=False) as server:
        passwords = {name: secrets.token_urlsafe(24) for name in users}
        made = [f"CREATE ROLE \"{user}\" LOGIN PASSWORD '{passwords[name]}'" for name, user in users.items()]
        postgres.execute(server.url, f'CREATE DATABASE "{NAME}"', *made)
        parts = urlsplit(server.url)._replace(path=f"/{NAME}")
        urls = {
            name: urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{passwords[name]}@127.0.0.1:{server.port}"))
            for name, user in users.items()
        }
        yield Record(owner_url=urlunsplit(parts), users=users, urls=urls)


def user_of(function: Function, environment: str, project_id: str) -> str:
    """The database user of a function's service account, as Cloud SQL names it."""
    return f"{resource_name(environment, function.name)}@{project_id}.iam"

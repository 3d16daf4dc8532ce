"""The URL of a database on Cloud SQL: `cloudsql://[user:password@]project:region:instance/name[?ip_type=private]`."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

SCHEME: Final = "cloudsql://"
IP_TYPES: Final = ("private", "public", "psc")  # the first is taken where the URL says none

_WORD: Final = r"[a-z](?:[a-z0-9-]*[a-z0-9])?"
# Old projects carry a domain: `example.com:project`.
_INSTANCE: Final = re.compile(rf"(?:[a-z0-9.-]+\.[a-z]+:)?{_WORD}:{_WORD}:{_WORD}")
_DATABASE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSqlAddress:
    """A database, the way to it, and who signs in. Without a password the sign-in is by IAM."""

    instance: str  # project:region:instance
    database: str
    ip_type: str
    user: str = ""
    password: str = field(default="", repr=False)


def parse(url: str) -> CloudSqlAddress:
    """Take a URL apart; ValueError says what is wrong with it and shows nothing of it."""
    if not url.startswith(SCHEME):
        raise ValueError(f"does not begin with {SCHEME}")
    head, _, query = url.removeprefix(SCHEME).partition("?")
    place, _, database = head.partition("/")
    account, signs_in, instance = place.rpartition("@")
    user, _, password = account.partition(":")
    if not _INSTANCE.fullmatch(instance):
        raise ValueError("the instance is not project:region:instance")
    if not _DATABASE.fullmatch(database):
        raise ValueError("the database's name is missing or unusable")
    if signs_in and not (user and password):
        raise ValueError("the sign-in is not user:password")
    name, _, ip_type = query.partition("=")
    if query and (name != "ip_type" or ip_type not in IP_TYPES):
        raise ValueError(f"the query may only say ip_type={'|'.join(IP_TYPES)}")
    return CloudSqlAddress(
        instance=instance,
        database=database,
        ip_type=ip_type or IP_TYPES[0],
        user=unquote(user),
        password=unquote(password),
    )


def is_sound(url: str) -> bool:
    """Tell whether `parse` takes the URL."""
    try:
        parse(url)
    except ValueError:
        return False
    return True


def names_a_user(url: str) -> bool:
    """Tell whether `parse` takes the URL, and the URL says who signs in."""
    return is_sound(url) and bool(parse(url).user)

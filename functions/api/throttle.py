"""How many failed sign-ins are borne: by account, and by the address that they come from.

The counts are in the record, so that they hold over all instances. What this cannot stop, a slow password hash makes
expensive.
"""

import hashlib
import hmac
import ipaddress
from enum import IntEnum
from typing import Final

import sqlalchemy as sa

from functions.api.problems import Code, Problem
from shared.db import login_tries
from shared.db.engine import single_statement
from shared.services import Services

WINDOW_SECONDS: Final = 15 * 60
FAILURES_PER_ACCOUNT: Final = 10
FAILURES_PER_ADDRESS: Final = 100  # a whole school may share one
BUCKETS: Final = 2**20  # of each kind; a million names at once share none but by chance
_NETWORK_BITS: Final = 64  # of an IPv6 address: what a household or a machine is given whole


class Kind(IntEnum):
    """What is counted by; the place of its buckets among all."""

    ACCOUNT = 0
    ADDRESS = 1


_LIMITS: Final = {Kind.ACCOUNT: FAILURES_PER_ACCOUNT, Kind.ADDRESS: FAILURES_PER_ADDRESS}


class Throttle:
    """The tries of one sign-in: counted before the password is looked at, taken back when it was right."""

    def __init__(self, services: Services, account: str, address: str) -> None:
        self._services = services
        self._account = bucket(services.settings.secret_key, Kind.ACCOUNT, account)
        self._address = bucket(services.settings.secret_key, Kind.ADDRESS, network(address))

    def admit(self) -> None:
        """Count the try, or raise the Problem that there were too many."""
        with single_statement(self._services.engine) as connection:
            wait = _take(connection, self._address, Kind.ADDRESS)
            if not wait:
                wait = _take(connection, self._account, Kind.ACCOUNT)
                if wait:
                    login_tries.take_back(connection, self._address)
        if wait:
            raise Problem(Code.TOO_MANY_ATTEMPTS, headers={"Retry-After": str(wait)})

    def succeeded(self) -> None:
        """The password was right: the account counts from nothing again, and the address was not to blame."""
        with single_statement(self._services.engine) as connection:
            login_tries.forget(connection, self._account)
            login_tries.take_back(connection, self._address)


def _take(connection: sa.Connection, number: int, kind: Kind) -> int:
    return login_tries.take(connection, number, limit=_LIMITS[kind], window_seconds=WINDOW_SECONDS)


def bucket(secret_key: str, kind: Kind, name: str) -> int:
    """The number that tries of this name are counted under; without the key nobody can tell which it is."""
    text = f"login-tries\n{kind.name}\n{name}"
    digest = hmac.new(secret_key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).digest()
    return kind * BUCKETS + int.from_bytes(digest[:8], "big") % BUCKETS


def network(address: str) -> str:
    """What an address is counted as: of IPv6 the network, or whoever has one could take another for every try."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))

"""Passwords: kept as Argon2id hashes, made by us when an account is added.

Parameters: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html (19 MiB, 2 passes,
1 lane), chosen because a function has little memory; two checks at once use 38 MiB.
"""

import secrets
import threading
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAXIMUM_CHARACTERS: Final = 200
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"  # no two that are mistaken for each other
GENERATED_CHARACTERS: Final = 16  # 90 bits

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each check takes 19 MiB: an onslaught of sign-ins waits instead of filling the memory.
_AT_ONCE: Final = threading.BoundedSemaphore(2)


def generate() -> str:
    """Return a new password, to be shown once."""
    return "".join(secrets.choice(ALPHABET) for _ in range(GENERATED_CHARACTERS))


def hashed(password: str) -> str:
    """Return what to keep of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Tell whether the password is the one that `kept` was made of.

    None stands for an account that does not exist: it takes as long as a wrong password, and never matches.
    """
    with _AT_ONCE:
        nobodys = _nobodys()  # made by the first check of all, of whichever account it is
        try:
            _HASHER.verify(nobodys if kept is None else kept, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


@cache
def _nobodys() -> str:
    """The hash of a password that nobody has, for accounts that do not exist."""
    return _HASHER.hash(secrets.token_urlsafe(32))

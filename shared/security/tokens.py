"""Access tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256 under SECRET_KEY."""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import jwt

from shared.enums import Role

ALGORITHM: Final = "HS256"  # the only one that is ever accepted: a token does not choose how it is checked
ISSUER: Final = "vividly"
AUDIENCE: Final = "vividly-api"
LEEWAY_SECONDS: Final = 10  # how far two machines' clocks may differ
MAXIMUM_CHARACTERS: Final = 2000  # ours have about 300
REQUIRED: Final = ["iss", "aud", "exp", "iat", "sub", "role"]


class TokenRefused(Exception):
    """The token is not one of ours, was changed, or is not valid yet."""


class TokenExpired(TokenRefused):
    """The token was good once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom a token names. The role is what it was at sign-in; what counts is the one in the record."""

    account_id: UUID
    role: Role


def issue(secret_key: str, bearer: Bearer, *, minutes: int, now: float | None = None) -> str:
    """Return a token for an account that has just proved who it is, good for so many minutes."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(bearer.account_id),
        "role": bearer.role.value,
        "iat": issued,
        "exp": issued + minutes * 60,
    }
    return jwt.encode(claims, secret_key, algorithm=ALGORITHM)


def read(secret_key: str, token: str) -> Bearer:
    """Return whom the token names; raise TokenExpired, or TokenRefused for any other fault."""
    if len(token) > MAXIMUM_CHARACTERS:
        raise TokenRefused("too long for a token")
    try:
        claims = jwt.decode(
            token,
            secret_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
        return Bearer(account_id=UUID(claims["sub"]), role=Role(claims["role"]))
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired("the token has expired") from error
    except (jwt.InvalidTokenError, ValueError) as error:
        # ValueError: a subject that is no UUID, a role that does not exist, characters outside ASCII.
        raise TokenRefused(type(error).__name__) from error

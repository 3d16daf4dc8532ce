"""Who calls: sign-in by password, and the access token that every other call carries."""

from typing import Final

import flask

from functions.api.answers import AccessToken
from functions.api.bodies import Login
from functions.api.call import Call, reply
from functions.api.problems import Code, Problem
from functions.api.throttle import Throttle
from shared.db import accounts
from shared.db.engine import single_statement
from shared.security import passwords, tokens
from shared.services import Services

LOCAL: Final = "local"  # the environment in which nothing stands between caller and server


def login(call: Call) -> flask.Response:
    """Give an access token to whoever knows the password; the answer never tells whether the account exists."""
    body: Login = call.body
    settings = call.services.settings
    with single_statement(call.services.engine) as connection:
        known = accounts.credentials(connection, body.email)
    # By the account, not by how its address was written: the record and this program may fold letters differently.
    name = str(known.account.id) if known else body.email.lower()
    address = client_address(call.request, behind_proxy=settings.environment != LOCAL)
    tries = Throttle(call.services, name, address)
    tries.admit()
    if not passwords.matches(known.password_hash if known else None, body.password) or known is None:
        raise Problem(Code.LOGIN_FAILED, headers={"WWW-Authenticate": "Bearer"})
    tries.succeeded()
    bearer = tokens.Bearer(account_id=known.account.id, role=known.account.role)
    token = tokens.issue(settings.secret_key, bearer, minutes=settings.access_token_minutes)
    return reply(
        AccessToken(access_token=token, token_type="Bearer", expires_in=settings.access_token_minutes * 60)  # noqa: S106
    )


def signed_in(request: flask.Request, services: Services) -> accounts.Account:
    """Return the account that the token names, with the role that it has now; raise a Problem."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorised(Code.TOKEN_MISSING)
    try:
        bearer = tokens.read(services.settings.secret_key, token.strip())
    except tokens.TokenExpired:
        raise _unauthorised(Code.TOKEN_EXPIRED) from None
    except tokens.TokenRefused:
        raise _unauthorised(Code.TOKEN_INVALID) from None
    with single_statement(services.engine) as connection:
        account = accounts.account(connection, bearer.account_id)
    if account is None:
        raise _unauthorised(Code.TOKEN_INVALID)
    return account


def client_address(request: flask.Request, *, behind_proxy: bool) -> str:
    """Return the address that the call came from.

    In the cloud the front end appends it to X-Forwarded-For; what stands before it, the caller may have made up.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if behind_proxy and forwarded:
        return forwarded[:64]
    return request.remote_addr or "unknown"


def _unauthorised(code: Code) -> Problem:
    challenge = "Bearer" if code is Code.TOKEN_MISSING else 'Bearer error="invalid_token"'
    return Problem(code, headers={"WWW-Authenticate": challenge})

"""Tokens that are none of ours: one and the same answer to all, and no word of them in any log."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.enums import Role
from shared.security import tokens
from tests import factories
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import Caller, caller, problem
from tests.integration.watched_system import Watch

KEY: Final = SETTINGS.secret_key
STRANGERS_KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCOUNT: Final = uuid.UUID(int=77)


@pytest.fixture(autouse=True)
def _account(system: FakeServices) -> None:
    """Somebody whom the tokens name: an admin, so that nothing but the token is in the way."""
    with system.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO users (id, email, password_hash, role) VALUES (:id, 'named@school.test', 'none', 'admin') "
                "ON CONFLICT DO NOTHING"
            ),
            {"id": ACCOUNT},
        )


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says, with changes; None takes a claim out."""
    now = int(time.time())
    sound = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": str(ACCOUNT),
        "role": "admin",
        "iat": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


def part(value: object) -> str:
    """One part of a token."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def made(header: object = None, body: object = None, *, key: str = KEY, digest: str = "sha256") -> str:
    """A token signed by hand, with whatever header and body."""
    signed = f"{part(header or {'alg': 'HS256', 'typ': 'JWT'})}.{part(claims() if body is None else body)}"
    return f"{signed}.{part(hmac.new(key.encode(), signed.encode(), digest).digest())}"


def good(**changes: Any) -> str:
    """A token that would be good but for these claims."""
    return jwt.encode(claims(**changes), KEY, algorithm="HS256")


def swapped(**changes: Any) -> str:
    """The signature of one token under the claims of another."""
    header, _, signature = good().split(".")
    return f"{header}.{part(claims(**changes))}.{signature}"


def rs256(**header: Any) -> str:
    return jwt.encode(claims(), STRANGERS_KEY, algorithm="RS256", headers=header or None)


def _jwk() -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(STRANGERS_KEY.public_key()))
    return numbers


def _public_pem() -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return STRANGERS_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


LATER: Final = int(time.time()) + 7200
FORGED: Final[Mapping[str, Callable[[], str]]] = {
    # The algorithm
    "alg none": lambda: f"{part({'alg': 'none'})}.{part(claims())}.",
    "alg None": lambda: f"{part({'alg': 'None'})}.{part(claims())}.",
    "alg NONE, with a signature": lambda: made({"alg": "NONE"}),
    "alg empty": lambda: made({"alg": ""}),
    "no alg": lambda: made({"typ": "JWT"}),
    "alg a list": lambda: made({"alg": ["HS256"]}),
    "alg hs256": lambda: made({"alg": "hs256"}),
    "HS384 with our key": lambda: made({"alg": "HS384"}, digest="sha384"),
    "HS512 with our key": lambda: made({"alg": "HS512"}, digest="sha512"),
    "RS256 of a stranger": rs256,
    "RS256 said, HS256 done": lambda: made({"alg": "RS256"}),
    "HS256 under a public key": lambda: made(key=_public_pem()),
    # The key
    "another key": lambda: made(key="x" * 32),
    "no key": lambda: made(key=""),
    "a key that begins like ours": lambda: made(key=KEY[:-1]),
    "kid that leads to an empty file": lambda: made({"alg": "HS256", "kid": "../../../../dev/null"}, key=""),
    "kid that is SQL": lambda: made({"alg": "HS256", "kid": "' UNION SELECT 'x' --"}, key="x"),
    "jku of a stranger": lambda: rs256(jku="https://keys.example/jwks.json"),
    "x5u of a stranger": lambda: rs256(x5u="https://keys.example/chain.pem"),
    "jwk of a stranger": lambda: rs256(jwk=_jwk()),
    "jwk of a secret that signs": lambda: made(
        {"alg": "HS256", "jwk": {"kty": "oct", "k": part(b"x" * 32)}}, key="x" * 32
    ),
    "x5c of a stranger": lambda: rs256(x5c=["AAAA"]),
    "alg twice": lambda: part(b'{"alg": "HS256", "alg": "none"}') + f".{part(claims())}.",
    "alg twice, the other way": lambda: part(b'{"alg": "none", "alg": "HS256"}') + f".{part(claims())}.",
    "header a list": lambda: made(["HS256"]),
    "header no JSON": lambda: made(b"\xff\xfe"),
    "a critical extension": lambda: made({"alg": "HS256", "crit": ["exp"], "exp": LATER}),
    "an unencoded payload": lambda: made({"alg": "HS256", "b64": False, "crit": ["b64"]}),
    # The claims, signed by us
    "not valid yet": lambda: good(nbf=LATER),
    "not valid for a minute": lambda: good(nbf=int(time.time()) + 60),
    "issued a minute later": lambda: good(iat=int(time.time()) + 60),
    "issued later": lambda: good(iat=LATER, exp=LATER + 600),
    "another issuer": lambda: good(iss="vividly-staging"),
    "no issuer": lambda: good(iss=None),
    "another audience": lambda: good(aud="vividly-web"),
    "no audience": lambda: good(aud=None),
    "issuer a list": lambda: made(body=claims(iss=[tokens.ISSUER])),
    "audience an object": lambda: made(body=claims(aud={tokens.AUDIENCE: True})),
    "no expiry": lambda: good(exp=None),
    "expiry no number": lambda: made(body=claims(exp="tomorrow")),
    "expiry without end": lambda: made(body=json.dumps(claims()).replace(f"{claims()['exp']}", "Infinity").encode()),
    "no time of issue": lambda: good(iat=None),
    "no subject": lambda: good(sub=None),
    "subject no id": lambda: good(sub="named@school.test"),
    "subject a number": lambda: made(body=claims(sub=77)),
    "subject an object": lambda: made(body=claims(sub={"id": str(ACCOUNT)})),
    "subject twice, signed once": lambda: (
        f"{good().split('.')[0]}."
        + part(json.dumps(claims()).replace('"sub"', f'"sub": "{uuid.UUID(int=78)}", "sub"').encode())
        + f".{good().split('.')[2]}"
    ),
    "subject SQL": lambda: good(sub="' OR '1'='1"),
    "subject of nobody": lambda: good(sub=str(uuid.uuid4())),
    "role unknown": lambda: good(role="root"),
    "role a list": lambda: made(body=claims(role=["admin"])),
    "no role": lambda: good(role=None),
    "claims a list": lambda: made(body=[claims()]),
    "claims no JSON": lambda: made(body=b"\xff\xfe"),
    "claims deep": lambda: made(body=("[" * 600 + "]" * 600).encode()),
    # The signature of something else
    "subject swapped": lambda: swapped(sub=str(uuid.UUID(int=78))),
    "role swapped": lambda: swapped(role="student"),
    "expiry swapped": lambda: swapped(exp=LATER),
    "signature of another purpose": lambda: (
        f"{good().rpartition('.')[0]}." + part(hmac.new(KEY.encode(), b"object-link\n1\nx", hashlib.sha256).digest())
    ),
    # The form
    "cut by one": lambda: good()[:-1],
    "cut in half": lambda: good()[: len(good()) // 2],
    "without signature": lambda: good().rpartition(".")[0],
    "signature empty": lambda: good().rpartition(".")[0] + ".",
    "a dot more": lambda: good() + ".",
    "a part more": lambda: good() + ".e30",
    "five parts, as if encrypted": lambda: f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..AA.AA.AA",
    "dots alone": lambda: "..",
    "a dot first": lambda: "." + good(),
    "parts empty": lambda: f".{part(claims())}.",
    "not base64": lambda: "!.@.#",
    "not ASCII": lambda: "höder.bödy.sïg",
    "a word": lambda: "token",
    "our own key": lambda: KEY,
    "huge": lambda: good() + "a" * 100_000,
    "huge and well-formed": lambda: good(padding="x" * 3000),
    "a space inside": lambda: good().replace(".", ". ", 1),
    "two tokens": lambda: f"{good()},{good()}",
    "scheme twice": lambda: f"Bearer {good()}",
    "in quotes": lambda: f'"{good()}"',
    "escaped": lambda: good().replace(".", "%2E"),
}


def call(system: FakeServices, value: str) -> tuple[int, str, dict[str, Any], str]:
    """Make a call that an admin alone may make: status, code, body without its occurrence, challenge."""
    answer = Caller(system).call("GET", "/v1/ops/summary", headers={"Authorization": value})
    status, code = problem(answer)
    return status, code, answer.get_json() | {"instance": ""}, answer.headers["WWW-Authenticate"]


def test_the_token_that_the_others_are_made_from_is_good(system: FakeServices) -> None:
    for token in (good(), made()):
        answer = Caller(system, token=token).get("/v1/ops/summary")
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", FORGED)
def test_a_token_that_is_not_ours_is_refused_like_any_other(
    system: FakeServices, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    token, watch = FORGED[kind](), Watch()
    expected = call(system, "Bearer x.y.z")
    with watch.listening():
        found = call(system, f"Bearer {token}")
    watch.note("printed", *capfd.readouterr())
    assert found == expected
    assert found[:2] == (401, "token_invalid")
    assert "log vividly" in watch.places
    words = {word.casefold() for word in (token, *token.split(".")) if len(word) > 8}
    assert watch.found(words) == []


def test_there_are_more_than_twenty_kinds() -> None:
    assert len(FORGED) > 20
    assert len({build() for build in FORGED.values()}) == len(FORGED)


def test_a_removed_accounts_token_is_one_of_them(system: FakeServices) -> None:
    who = caller(system, role=Role.ADMIN)
    with system.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM users WHERE id = :id"), {"id": who.id})
    assert call(system, f"Bearer {who.token}") == call(system, "Bearer x.y.z")


def test_only_who_held_a_good_token_hears_that_it_expired(system: FakeServices) -> None:
    past = int(time.time()) - 3600
    assert call(system, f"Bearer {good(iat=past - 600, exp=past)}")[:2] == (401, "token_expired")
    lately = int(time.time()) - 60  # beyond what two clocks may differ by
    assert call(system, f"Bearer {good(iat=lately - 600, exp=lately)}")[:2] == (401, "token_expired")
    forged = made(body=claims(iat=past - 600, exp=past), key="x" * 32)
    assert call(system, f"Bearer {forged}") == call(system, "Bearer x.y.z")


def test_a_role_in_a_token_makes_nobody_an_admin(system: FakeServices) -> None:
    student = factories.add_user(system.engine)
    answer = Caller(system, token=good(sub=str(student), role="admin")).get("/v1/ops/summary")
    assert problem(answer) == (403, "forbidden")


@pytest.mark.parametrize(
    "value", ["", " ", "Bearer", "Bearer ", "Bearer\t", "Token {}", "Basic {}", "Bearer: {}", "JWT {}", "{}", "bearer"]
)
def test_without_the_scheme_there_is_no_token(system: FakeServices, value: str) -> None:
    assert call(system, value.format(good()))[:2] == (401, "token_missing")


@pytest.mark.parametrize("place", ["query", "cookie", "body"])
def test_a_token_counts_nowhere_but_in_its_header(system: FakeServices, place: str) -> None:
    visitor = Caller(system)
    query = f"?access_token={good()}" if place == "query" else ""
    headers = {"Cookie": f"access_token={good()}; Authorization=Bearer {good()}"} if place == "cookie" else {}
    body = {"access_token": good()} if place == "body" else None
    method = "POST" if body else "GET"
    answer = visitor.call(method, f"/v1/requests{query}", body, headers=headers)
    assert problem(answer) == (401, "token_missing")

"""Tokens, passwords, signed links and playlists: what proves who somebody is and what a link may read."""

import base64
import json
import time
import uuid

import jwt
import pytest

from shared.enums import Role
from shared.security import passwords, playlists, tokens
from shared.security.links import LONGEST_SECONDS, LinkState, asset_url, is_object_name, sign_link, verify_link

SECRET = "s" * 32
BEARER = tokens.Bearer(account_id=uuid.UUID(int=7), role=Role.STUDENT)


def _claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    sound = {"iss": "vividly", "aud": "vividly-api", "sub": str(BEARER.account_id), "role": "student"}
    return {
        name: value for name, value in (sound | {"iat": now, "exp": now + 60} | changes).items() if value is not None
    }


def _token(*, secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    return jwt.encode(_claims(**changes), secret, algorithm=algorithm)


def _unsigned() -> str:
    parts = ({"alg": "none", "typ": "JWT"}, _claims())
    header, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{header}.{body}."


def test_a_token_names_the_account_that_it_was_issued_to() -> None:
    assert tokens.read(SECRET, tokens.issue(SECRET, BEARER, minutes=1)) == BEARER


def test_a_token_expires_after_its_minutes_and_a_small_leeway() -> None:
    now = time.time()
    leeway = tokens.LEEWAY_SECONDS
    assert tokens.read(SECRET, tokens.issue(SECRET, BEARER, minutes=1, now=now - 60 - leeway + 5)) == BEARER
    with pytest.raises(tokens.TokenExpired):
        tokens.read(SECRET, tokens.issue(SECRET, BEARER, minutes=1, now=now - 60 - leeway - 5))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("abc", id="no token"),
        pytest.param("ä.ö.ü", id="not ASCII"),
        pytest.param("a" * 5000, id="too long"),
        pytest.param(_token(secret="t" * 32), id="another key"),
        pytest.param(_token(algorithm="HS512", secret="s" * 64), id="another algorithm"),
        pytest.param(_unsigned(), id="algorithm none"),
        pytest.param(_token(iss="somebody"), id="another issuer"),
        pytest.param(_token(aud="elsewhere"), id="another audience"),
        pytest.param(_token(exp=None), id="no expiry"),
        pytest.param(_token(iat=None), id="no time of issue"),
        pytest.param(_token(sub=None), id="no subject"),
        pytest.param(_token(role=None), id="no role"),
        pytest.param(_token(sub="1"), id="subject no UUID"),
        pytest.param(_token(role="emperor"), id="unknown role"),
        pytest.param(_token(iat=int(time.time()) + 600), id="from the future"),
        pytest.param(_token()[:-2], id="cut"),
    ],
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(tokens.TokenRefused):
        tokens.read(SECRET, token)


def test_a_changed_claim_breaks_the_signature() -> None:
    header, _, signature = _token().split(".")
    body = base64.urlsafe_b64encode(json.dumps(_claims(role="admin")).encode()).decode().rstrip("=")
    with pytest.raises(tokens.TokenRefused):
        tokens.read(SECRET, f"{header}.{body}.{signature}")


def test_a_password_matches_its_own_hash_alone() -> None:
    kept = passwords.hashed("correct horse")
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "correct horse")
    assert not passwords.matches(kept, "correct horse ")
    assert kept != passwords.hashed("correct horse")


@pytest.mark.parametrize("kept", [None, "", "none", "$argon2id$broken"])
def test_nothing_matches_where_there_is_no_usable_hash(kept: str | None) -> None:
    assert not passwords.matches(kept, "anything")


def test_generated_passwords_differ_and_are_easy_to_type() -> None:
    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 16 and password.isalnum() for password in made)
    assert not set("".join(made)) & set("0Ol1I5S2Z8B")


NAME = "lessons/ab12/hls/360p/playlist.m3u8"


def test_a_link_is_good_for_its_object_until_it_expires() -> None:
    signature = sign_link(SECRET, NAME, 1000)
    assert verify_link(SECRET, NAME, "1000", signature, now=990) is LinkState.GOOD
    assert verify_link(SECRET, NAME, "1000", signature, now=1001) is LinkState.EXPIRED


@pytest.mark.parametrize(
    ("secret", "name", "expires", "signature"),
    [
        ("t" * 32, NAME, "1000", None),
        (SECRET, "lessons/ab12/video.mp4", "1000", None),
        (SECRET, NAME, "1001", None),
        (SECRET, NAME, "+1000", None),
        (SECRET, NAME, "1000 ", None),
        (SECRET, NAME, "１０００", None),
        (SECRET, NAME, "", None),
        (SECRET, NAME, "9" * 13, None),
        (SECRET, NAME, "1000", ""),
        (SECRET, NAME, "1000", "0" * 64),
        (SECRET, NAME, "1000", "ü"),
        (SECRET, NAME, "1000", "\ud800"),
    ],
)
def test_a_link_that_was_changed_is_forged(secret: str, name: str, expires: str, signature: str | None) -> None:
    good = sign_link(SECRET, NAME, 1000)
    assert verify_link(secret, name, expires, good if signature is None else signature, now=900) is LinkState.FORGED


def test_a_signature_in_capitals_is_forged() -> None:
    assert verify_link(SECRET, NAME, "1000", sign_link(SECRET, NAME, 1000).upper(), now=900) is LinkState.FORGED


def test_no_link_is_good_for_longer_than_links_may_last() -> None:
    expires = 1000 + LONGEST_SECONDS + 60
    signature = sign_link(SECRET, NAME, expires)
    assert verify_link(SECRET, NAME, str(expires), signature, now=1000) is LinkState.FORGED
    assert verify_link(SECRET, NAME, str(expires), signature, now=1060) is LinkState.GOOD


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../secret.txt",
        "lessons/../../etc/passwd",
        "lessons/..",
        "lessons/./a.txt",
        "lessons//a.txt",
        "lessons/a.txt/",
        "lessons/.hidden",
        "lessons/a..b",
        "lessons/a b.txt",
        "lessons/a\\b.txt",
        "lessons/%2e%2e/a.txt",
        "lessons/a.txt\n",
        "lessons/ä.txt",
        "lessons/a.txt\0",
        "c:/a.txt",
        "a/" * 200 + "a.txt",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_never_signed(name: str) -> None:
    assert not is_object_name(name)
    with pytest.raises(ValueError, match="not the name"):
        sign_link(SECRET, name, 1000)
    assert verify_link(SECRET, name, "1000", "0" * 64, now=900) is LinkState.FORGED


def test_a_link_is_bound_to_the_address_that_clients_reach() -> None:
    url = asset_url("https://api.test/", SECRET, "lessons/ab/video.mp4", 1000)
    assert url.startswith("https://api.test/v1/assets/lessons/ab/video.mp4?expires=1000&signature=")


MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio/playlist.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360
360p/playlist.m3u8

#EXT-X-STREAM-INF:BANDWIDTH=2000000
https://elsewhere.test/x.m3u8
"""


def test_every_reference_of_a_playlist_becomes_a_link() -> None:
    signed = playlists.sign_playlist(MASTER, "lessons/ab/hls/master.m3u8", lambda name: f"<{name}>")
    assert signed.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="<lessons/ab/hls/audio/playlist.m3u8>"',
        "#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360",
        "<lessons/ab/hls/360p/playlist.m3u8>",
        "",
        "#EXT-X-STREAM-INF:BANDWIDTH=2000000",
        "https://elsewhere.test/x.m3u8",
    ]


def test_a_playlist_that_points_out_of_its_store_is_not_signed() -> None:
    with pytest.raises(ValueError, match="not the name"):
        playlists.sign_playlist(
            "#EXTM3U\n../../../../etc/passwd\n",
            "lessons/ab/hls/master.m3u8",
            lambda name: asset_url("http://api.test", SECRET, name, 1000),
        )
